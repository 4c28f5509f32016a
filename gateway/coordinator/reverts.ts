import { toHex } from "../../protocols/bytes/index.ts";
import { selector, toAddressText, wordToUint } from "../../protocols/evm/index.ts";
import { FAULT_REASONS } from "./fault-reasons.ts";
import { PAY_REASONS } from "./pay-reasons.ts";
import { BASE_REASONS } from "./revert-reasons.ts";

/** Why a contract refused a call. */
export interface Revert {
  /** Name of the custom error, `SeqNotNext`. */
  name: string;
  /** The reason in words, with the error's values. */
  text: string;
}

/** Of all six contracts. */
const REASONS: Readonly<Record<string, string>> = { ...BASE_REASONS, ...FAULT_REASONS, ...PAY_REASONS };

/** Signatures of the custom errors that have words here. */
export const KNOWN_REVERTS: readonly string[] = Object.keys(REASONS);

let bySelector: ReadonlyMap<string, string> | undefined;

/** Hashed when the first revert is read: most gateways never meet one, and 30 hashes by cold code hold up a start. */
function signatureOf(data: Uint8Array): string | undefined {
  bySelector ??= new Map(KNOWN_REVERTS.map((signature) => [toHex(selector(signature)), signature]));
  return bySelector.get(toHex(data.subarray(0, 4)));
}

function valueText(type: string, word: Uint8Array): string {
  if (type === "address") return toAddressText(word.subarray(12));
  const fixed = /^bytes([0-9]+)$/.exec(type);
  return fixed ? `0x${toHex(word.subarray(0, Number(fixed[1])))}` : wordToUint(word).toString();
}

/** Reads revert data; undefined when it is no custom error of ours. */
export function readRevert(data: Uint8Array): Revert | undefined {
  const signature = signatureOf(data);
  if (signature === undefined) return undefined;
  const [name, list] = signature.slice(0, -1).split("(") as [string, string];
  const types = list === "" ? [] : list.split(",");
  if (data.length !== 4 + 32 * types.length) return undefined;
  const values = types.map((type, i) => valueText(type, data.subarray(4 + 32 * i, 36 + 32 * i)));
  const text = REASONS[signature]!.replace(/\{([0-9])\}/g, (_, i: string) => values[Number(i)] ?? "");
  return { name, text };
}
