import { UsageError } from "../../protocols/bytes/index.ts";
import { addressOfPublicKey, type TransactionFields } from "../../protocols/evm/index.ts";
import { decodeCoordinatorCall } from "./coordinator-call.ts";
import type { SignerClient } from "./signer-client.ts";
import type { Hello } from "./signer-response.ts";

/** The account of the key store's chain key, 20 bytes; undefined when it has none. */
export function chainAddress({ keys }: Hello): Uint8Array | undefined {
  const key = keys.find(({ purpose }) => purpose === "chain");
  return key === undefined ? undefined : addressOfPublicKey(key.publicKey);
}

/**
 * The coordinator's `TransactionSigner` over the signer's channel. Its call data is taken apart into a typed call, and the
 * signer puts it together again: a transaction that is none of its calls, pays or creates a contract is not signed.
 * @throws from `sign`: UsageError FS-SIGNER-CALL, and those of the signer.
 */
export function chainSigner(
  client: Pick<SignerClient, "transaction">,
  address: Uint8Array,
): { readonly address: Uint8Array; sign(fields: TransactionFields): Promise<Uint8Array> } {
  return {
    address,
    async sign({ to, value, data, ...fields }) {
      if (to === undefined || value !== 0n) {
        throw new UsageError("FS-SIGNER-CALL", "the signer pays nobody and creates no contract", {
          fix: "Send such a transaction from a wallet.",
        });
      }
      return await client.transaction({ ...fields, to, call: decodeCoordinatorCall(data) });
    },
  };
}
