import { equalBytes, InternalError } from "../../protocols/bytes/index.ts";
import {
  addressOfPrivateKey,
  decodeTransaction,
  signTransaction,
  type TransactionFields,
  transactionSender,
} from "../../protocols/evm/index.ts";

/** Who holds the gateway's chain key. It is given what the transaction says, never bytes to sign. */
export interface TransactionSigner {
  /** The account, 20 bytes. */
  readonly address: Uint8Array;
  /** @returns the raw signed transaction. */
  sign(fields: TransactionFields): Promise<Uint8Array>;
}

/** A signer within this process, for tests and for deploying with a key at hand. */
export function localTransactionSigner(privateKey: Uint8Array): TransactionSigner {
  const address = addressOfPrivateKey(privateKey);
  return { address, sign: async (fields) => signTransaction(fields, privateKey) };
}

/** Signs, and makes sure that what came back says what was asked for. @throws InternalError FS-SIGNER-ANSWER. */
export async function signChecked(signer: TransactionSigner, fields: TransactionFields): Promise<Uint8Array> {
  const raw = await signer.sign(fields);
  const decoded = decodeTransaction(raw);
  const { nonce, gas, maxFeePerGas, maxPriorityFeePerGas, chainId, value, to, data } = decoded.fields;
  const same =
    nonce === fields.nonce &&
    gas === fields.gas &&
    maxFeePerGas === fields.maxFeePerGas &&
    maxPriorityFeePerGas === fields.maxPriorityFeePerGas &&
    chainId === fields.chainId &&
    value === fields.value &&
    equalBytes(to ?? new Uint8Array(0), fields.to ?? new Uint8Array(0)) &&
    equalBytes(data, fields.data) &&
    equalBytes(transactionSender(decoded), signer.address);
  if (!same)
    throw new InternalError("FS-SIGNER-ANSWER", "the signer returned another transaction than it was asked for");
  return raw;
}
