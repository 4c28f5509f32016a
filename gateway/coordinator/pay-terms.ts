import { decodeWords, encodeCall, wordToUint } from "../../protocols/evm/index.ts";
import type { PayTerms } from "../rewards/index.ts";
import type { Chain } from "./chain.ts";
import { call } from "./rpc.ts";
import type { LedgerSeals } from "./seals.ts";

/**
 * Reads what decides the pay of an epoch and kind. What a deployment fixes for ever is asked once.
 * @param rewards address of the Rewards contract, 20 bytes.
 */
export function payTermsReader(chain: Chain, rewards: Uint8Array, seals: Pick<LedgerSeals, "totalWork">) {
  const fixed = new Map<string, Promise<bigint>>();
  const ask = async (signature: string, values: readonly bigint[]) => {
    const [word] = decodeWords(await call(chain, { to: rewards, data: encodeCall(signature, values) }), 1);
    return wordToUint(word!);
  };
  const once = (signature: string, values: readonly bigint[] = []): Promise<bigint> => {
    const name = `${signature}${values.join()}`;
    const known = fixed.get(name) ?? ask(signature, values);
    fixed.set(name, known);
    return known;
  };
  return async (epoch: bigint, kind: number): Promise<PayTerms> => ({
    epoch,
    split: await once("split(uint8)", [BigInt(kind)]),
    auditPart: await once("AUDIT_PART()"),
    gatewayPart: await once("GATEWAY_PART()"),
    totalWork: await seals.totalWork(epoch, kind),
  });
}
