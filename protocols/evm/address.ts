import { utf8 } from "../bytes/bytes.ts";
import { ProtocolError, UsageError } from "../bytes/errors.ts";
import { fromHex, toHex } from "../bytes/text.ts";
import { keccak256 } from "./keccak.ts";
import { encodeRlp, rlpUint } from "./rlp.ts";

/**
 * The account of a secp256k1 public key: the last 20 bytes of Keccak-256 over x‖y.
 * @param publicKey 64 bytes x‖y, or 65 bytes with the uncompressed marker 04 in front.
 */
export function addressOfPublicKey(publicKey: Uint8Array): Uint8Array {
  const point = publicKey.length === 65 && publicKey[0] === 4 ? publicKey.subarray(1) : publicKey;
  if (point.length !== 64) {
    throw new UsageError("FS-ADDRESS-KEY", `an uncompressed public key has 64 or 65 bytes, not ${publicKey.length}`);
  }
  return keccak256(point).slice(12);
}

/** The address of the contract that `sender`'s transaction with `nonce` creates (yellow paper §7). */
export function createdAddress(sender: Uint8Array, nonce: bigint): Uint8Array {
  return keccak256(encodeRlp([sender, rlpUint(nonce)])).slice(12);
}

/** `0x` and 40 hex digits whose case is the checksum of EIP-55. */
export function toAddressText(address: Uint8Array): string {
  if (address.length !== 20) throw new UsageError("FS-ADDRESS", `an address has 20 bytes, not ${address.length}`);
  const hex = toHex(address);
  const digest = toHex(keccak256(utf8(hex)));
  let out = "0x";
  for (let i = 0; i < 40; i++) out += digest.charCodeAt(i) >= 56 ? hex[i]!.toUpperCase() : hex[i]!;
  return out;
}

/**
 * The 20 bytes of an address text. All lower or all upper case digits carry no checksum; mixed case must carry the right one.
 * @throws ProtocolError FS-ADDRESS.
 */
export function fromAddressText(text: string): Uint8Array {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw new ProtocolError("FS-ADDRESS", "an address is 0x and 40 hex digits", { context: { length: text.length } });
  }
  const digits = text.slice(2);
  const address = fromHex(digits);
  const cased = digits !== digits.toLowerCase() && digits !== digits.toUpperCase();
  if (cased && toAddressText(address) !== text) {
    throw new ProtocolError("FS-ADDRESS", `the case of the digits of ${text} does not match its checksum (EIP-55)`, {
      fix: "Copy the address again; one character is wrong.",
    });
  }
  return address;
}
