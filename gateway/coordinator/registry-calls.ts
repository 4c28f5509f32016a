import type { PublicKey } from "../../protocols/attestation/index.ts";
import { type AbiValue, encodeCall } from "../../protocols/evm/index.ts";
import type { ContractCall, Registration } from "./coordinator.ts";

/** A signed statement of kind 2 or 3 with which a key ends, as Registry.sol's `Ending`. */
export interface Ending {
  /** The gateway in the statement's scope, 20 bytes. */
  gateway: Uint8Array;
  /** The ending key. */
  key: PublicKey;
  statement: Uint8Array;
  body: Uint8Array;
  /** 64 bytes. */
  signature: Uint8Array;
}

/** The enrolment of the key that follows. */
export type NextEnrolment = Pick<Registration, "gateway" | "statement" | "body" | "signature">;

const ENDING = "(address,(uint8,bytes32,bytes32),bytes,bytes,bytes)";
/** COSE algorithm numbers as one signed byte (Signatures.sol). */
const ALGORITHM_BYTES = { ES256: 0xf9n, EdDSA: 0xf8n, ES256K: 0xd1n };

/** A key as the contracts take it (Signatures.sol, `PublicKey`). */
export function keyValue({ alg, bytes }: PublicKey): AbiValue {
  const coordinates = new Uint8Array(64);
  coordinates.set(bytes);
  return [ALGORITHM_BYTES[alg], coordinates.subarray(0, 32), coordinates.subarray(32)];
}

const endingValue = ({ gateway, key, statement, body, signature }: Ending): AbiValue => [
  gateway,
  keyValue(key),
  statement,
  body,
  signature,
];

const named = (name: string, device: Uint8Array): string =>
  `${name} fs:${Array.from(device.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** Offers a device to another account; 20 zero bytes take an offer back. Sent by its owner. */
export function offerCall(registry: Uint8Array, device: Uint8Array, to: Uint8Array): ContractCall {
  return { label: named("offer", device), to: registry, data: encodeCall("offer(bytes32,address)", [device, to]) };
}

/** Takes over a device that was offered to the sender. */
export function acceptCall(registry: Uint8Array, device: Uint8Array): ContractCall {
  return { label: named("accept", device), to: registry, data: encodeCall("accept(bytes32)", [device]) };
}

/** Takes a device out of service. Sent by its owner. */
export function retireCall(registry: Uint8Array, device: Uint8Array): ContractCall {
  return { label: named("retire", device), to: registry, data: encodeCall("retire(bytes32)", [device]) };
}

/** Takes a device out of service on its key's own word: a statement of kind 3. Sent by anyone. */
export function revokeCall(registry: Uint8Array, revocation: Ending): ContractCall {
  const data = encodeCall(`revoke(${ENDING})`, [endingValue(revocation)]);
  return { label: "revoke a key", to: registry, data };
}

/**
 * Puts a new key in the place of an old one.
 * @param rotation statement of kind 2 by the old key
 * @param next enrolment by the new key for the device's present owner; the owner or that enrolment's gateway sends the call
 */
export function succeedCall(registry: Uint8Array, rotation: Ending, next: NextEnrolment): ContractCall {
  const { gateway, statement, body, signature } = next;
  const values = [endingValue(rotation), [gateway, statement, body], signature];
  return {
    label: "succeed a key",
    to: registry,
    data: encodeCall(`succeed(${ENDING},(address,bytes,bytes),bytes)`, values),
  };
}
