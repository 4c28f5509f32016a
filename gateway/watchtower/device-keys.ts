import { decodeEnrolment, deviceId, ENROLMENT_LENGTH, type PublicKey } from "../../protocols/attestation/index.ts";
import { copyOf, equalBytes, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import type { Chain } from "../coordinator/chain.ts";
import { data, readData, readObject } from "../coordinator/rpc.ts";

/**
 * The key of a device, out of the call data with which it was registered: the enrolment's body stands in it, wherever that is.
 * The register of devices keeps no keys.
 */
export function keyInCallData(input: Uint8Array, device: Uint8Array): PublicKey | undefined {
  for (let at = 0; at + ENROLMENT_LENGTH <= input.length; at++) {
    // Version 1, and the first reserved byte: most places are told apart without reading them.
    if (input[at] !== 1 || input[at + 3] !== 0) continue;
    try {
      const { key } = decodeEnrolment(copyOf(input, at, at + ENROLMENT_LENGTH));
      if (equalBytes(deviceId(key), device)) return key;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  return undefined;
}

/** The keys of registered devices, each read from the chain when it is first needed. */
export class DeviceKeys {
  readonly #chain: Chain;
  /** Device → the transaction that registered it. */
  readonly #registered = new Map<string, Uint8Array>();
  readonly #keys = new Map<string, PublicKey | undefined>();

  constructor(chain: Chain, registered: Iterable<readonly [device: string, transaction: Uint8Array]> = []) {
    this.#chain = chain;
    for (const [device, transaction] of registered) this.#registered.set(device, transaction);
  }

  registered(device: Uint8Array, transaction: Uint8Array): void {
    this.#registered.set(toHex(device), transaction);
  }

  /** Device in hex and transaction, to be kept. */
  entries(): Iterable<[string, Uint8Array]> {
    return this.#registered;
  }

  /** Undefined for a device that is not registered, or whose registration the node does not show. */
  async keyOf(device: Uint8Array): Promise<PublicKey | undefined> {
    const name = toHex(device);
    if (this.#keys.has(name)) return this.#keys.get(name);
    const transaction = this.#registered.get(name);
    if (transaction === undefined) return undefined;
    const json = await this.#chain.request({ method: "eth_getTransactionByHash", params: [data(transaction)] });
    if (json === null) return undefined;
    const key = keyInCallData(readData(readObject(json, "a transaction")["input"], "its input"), device);
    this.#keys.set(name, key);
    return key;
  }
}
