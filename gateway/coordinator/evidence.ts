import { z } from "zod";
import { decodeCoseKey, encodeCoseKey, type PublicKey } from "../../protocols/attestation/index.ts";
import { fromHex, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import { fromAddressText, toAddressText } from "../../protocols/evm/index.ts";
import type { ContractCall } from "./coordinator.ts";
import {
  type CommitmentEvidence,
  faultCalls,
  type LeafEvidence,
  type LoggedEntry,
  type SealedShare,
} from "./faults.ts";

/** What proves a fault of a gateway, or what is demanded of it: one JSON document, byte fields in hex, numbers as text. */
export type Evidence =
  | { fault: "invalid"; logged: LoggedEntry; key?: PublicKey }
  | { fault: "incoherent"; a: LoggedEntry; b: LoggedEntry }
  | { fault: "forked"; index: bigint; a: LeafEvidence; b: LeafEvidence }
  | { fault: "unbacked"; share: SealedShare }
  | { fault: "misquoted"; share: SealedShare; end: boolean; cited: LoggedEntry }
  | { fault: "misdated"; share: SealedShare; within?: CommitmentEvidence; before?: CommitmentEvidence }
  | { fault: "outpaced"; share: SealedShare; end: LoggedEntry; start?: LoggedEntry }
  | { fault: "overlapping"; a: SealedShare; b: SealedShare }
  | { fault: "demand"; commitment: CommitmentEvidence; index: bigint }
  | { fault: "withheld"; commitment: CommitmentEvidence; index: bigint }
  | { fault: "demand-share"; epoch: bigint; kind: number; point: bigint }
  | { fault: "opaque"; epoch: bigint; kind: number; point: bigint };

export type FaultName = Evidence["fault"];

/** Faults that can be challenged, and what is demanded before two of them. */
export const FAULT_NAMES: readonly FaultName[] = [
  ...(["invalid", "incoherent", "forked", "unbacked", "misquoted", "misdated", "outpaced", "overlapping"] as const),
  ...(["demand", "withheld", "demand-share", "opaque"] as const),
];

export interface AccusedEvidence {
  /** 20 bytes. */
  gateway: Uint8Array;
  evidence: Evidence;
}

const hex = (bytes?: number) =>
  z
    .string()
    .regex(bytes === undefined ? /^0x(?:[0-9a-f]{2})*$/ : new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`))
    .transform((text) => fromHex(text.slice(2)));
const number = (bits: bigint) =>
  z
    .string()
    .regex(/^\d{1,39}$/)
    .transform(BigInt)
    .refine((value) => value < 1n << bits, `does not fit ${bits} bits`);
const u64 = number(64n);
/** The longest proof in a tree of 2^63 leaves. */
const path = z.array(hex(32)).max(63);
const kind = z.number().int().min(0).max(15);

const commitment = z.strictObject({ seq: u64, size: u64, root: hex(32) });
const logged = z.strictObject({ commitment, index: u64, entry: hex(), path });
const leaf = z.strictObject({ commitment, leaf: hex(32), path });
const share = z.strictObject({ device: hex(32), from: u64, to: u64, fromIndex: u64, toIndex: u64 });
const sealed = z.strictObject({
  epoch: number(32n),
  kind,
  share,
  index: u64,
  path: z.array(z.strictObject({ hash: hex(32), sum: number(128n) })).max(63),
});
const point = { epoch: number(32n), kind, point: number(128n) };
const gateway = z.string().transform((text, context) => {
  try {
    return fromAddressText(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "no address" });
    return z.NEVER;
  }
});

const schema = z.discriminatedUnion("fault", [
  z.strictObject({ fault: z.literal("invalid"), gateway, logged, key: hex().optional() }),
  z.strictObject({ fault: z.literal("incoherent"), gateway, a: logged, b: logged }),
  z.strictObject({ fault: z.literal("forked"), gateway, index: u64, a: leaf, b: leaf }),
  z.strictObject({ fault: z.literal("unbacked"), gateway, share: sealed }),
  z.strictObject({ fault: z.literal("misquoted"), gateway, share: sealed, end: z.boolean(), cited: logged }),
  z.strictObject({
    fault: z.literal("misdated"),
    gateway,
    share: sealed,
    within: commitment.optional(),
    before: commitment.optional(),
  }),
  z.strictObject({ fault: z.literal("outpaced"), gateway, share: sealed, end: logged, start: logged.optional() }),
  z.strictObject({ fault: z.literal("overlapping"), gateway, a: sealed, b: sealed }),
  z.strictObject({ fault: z.literal("demand"), gateway, commitment, index: u64 }),
  z.strictObject({ fault: z.literal("withheld"), gateway, commitment, index: u64 }),
  z.strictObject({ fault: z.literal("demand-share"), gateway, ...point }),
  z.strictObject({ fault: z.literal("opaque"), gateway, ...point }),
]);

/** Members that are absent, rather than there and undefined. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** @throws ProtocolError FS-EVIDENCE with the place of what is wrong; FS-KEY-… for a key that is none. */
export function decodeEvidence(text: string): AccusedEvidence {
  const fix = "Use a file that fieldseal wrote, or follow the format that the documentation of challenge gives.";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("FS-EVIDENCE", "the evidence is not JSON", { cause, fix });
  }
  const read = schema.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    const at = issue?.path.join(".") || "fault";
    throw new ProtocolError("FS-EVIDENCE", `the evidence's ${at}: ${issue?.message}`, { fix });
  }
  const { gateway: accused, ...rest } = read.data;
  if (rest.fault === "invalid") {
    const { key, ...shown } = rest;
    return { gateway: accused, evidence: { ...shown, ...(key === undefined ? {} : { key: decodeCoseKey(key) }) } };
  }
  return { gateway: accused, evidence: present(rest) as Evidence };
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${toHex(value)}`;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

/** The evidence as the text of a file. */
export function encodeEvidence({ gateway: accused, evidence }: AccusedEvidence): string {
  const { fault, ...rest } = evidence;
  const shown = "key" in rest && rest.key ? { ...rest, key: encodeCoseKey(rest.key) } : rest;
  const document = { fault, gateway: toAddressText(accused), ...(plain(shown) as object) };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/**
 * The call that shows evidence to the Faults contract.
 * @param bond wei that go with a demand.
 */
export function evidenceCall(
  faults: Uint8Array,
  { gateway: accused, evidence }: AccusedEvidence,
  bond: bigint,
): ContractCall {
  const calls = faultCalls(faults, accused);
  switch (evidence.fault) {
    case "invalid":
      return calls.invalid(evidence.logged, evidence.key);
    case "incoherent":
      return calls.incoherent(evidence.a, evidence.b);
    case "forked":
      return calls.forked(evidence.index, evidence.a, evidence.b);
    case "unbacked":
      return calls.unbacked(evidence.share);
    case "misquoted":
      return calls.misquoted(evidence.share, evidence.end, evidence.cited);
    case "misdated":
      return calls.misdated(evidence.share, evidence.within, evidence.before);
    case "outpaced":
      return calls.outpaced(evidence.share, evidence.end, evidence.start);
    case "overlapping":
      return calls.overlapping(evidence.a, evidence.b);
    case "demand":
      return calls.demand(evidence.commitment, evidence.index, bond);
    case "withheld":
      return calls.withheld(evidence.commitment, evidence.index);
    case "demand-share":
      return calls.demandShare(evidence.epoch, evidence.kind, evidence.point, bond);
    case "opaque":
      return calls.opaque(evidence.epoch, evidence.kind, evidence.point);
  }
}
