import { fromHex, ProtocolError } from "../../protocols/bytes/index.ts";
import { KINDS, type Share } from "../../protocols/shares/index.ts";

/** The shares of one kind that a gateway publishes for an epoch, in the order of its seal. */
export interface PublishedSeal {
  kind: number;
  shares: Share[];
}

const DECIMAL = /^(?:0|[1-9][0-9]{0,19})$/;
const DEVICE = /^[0-9a-f]{64}$/;
const U64_END = 1n << 64n;

const bad = (what: string) => new ProtocolError("FS-WATCH-SHARES", `published shares: ${what}`);

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw bad(`${what} is no object`);
}

function array(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw bad(`${what} is no list`);
}

function number(value: unknown, what: string): bigint {
  const found = typeof value === "string" && DECIMAL.test(value) ? BigInt(value) : U64_END;
  if (found < U64_END) return found;
  throw bad(`${what} is no u64`);
}

function shareOf(value: unknown): Share {
  const [device, from, to, fromIndex, toIndex, ...more] = array(value, "a share");
  if (typeof device !== "string" || !DEVICE.test(device) || more.length > 0) throw bad("a share names no device");
  const share = {
    device: fromHex(device),
    from: number(from, "a share's begin"),
    to: number(to, "a share's end"),
    fromIndex: number(fromIndex, "the place of a share's begin"),
    toIndex: number(toIndex, "the place of a share's end"),
  };
  if (share.to <= share.from) throw bad("a share has no work");
  return share;
}

/**
 * The seals of a gateway's file of an epoch (`SealFiles` writes them), as another party may read it: every field of a share is
 * checked, what else the file holds is passed over.
 * @throws ProtocolError FS-WATCH-SHARES.
 */
export function decodePublishedShares(text: string, epoch: bigint): PublishedSeal[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("FS-WATCH-SHARES", "published shares: not JSON", { cause });
  }
  const document = object(json, "the document");
  if (document["version"] !== 1) throw bad("another version than 1");
  if (number(document["epoch"], "the epoch") !== epoch) throw bad("of another epoch");
  const seals = array(document["seals"], "the seals").map((item) => {
    const seal = object(item, "a seal");
    const kind = seal["kind"];
    if (typeof kind !== "number" || !Number.isInteger(kind) || kind < 0 || kind >= KINDS) throw bad("an unknown kind");
    return { kind, shares: array(seal["shares"], "the shares").map(shareOf) };
  });
  if (new Set(seals.map(({ kind }) => kind)).size !== seals.length) throw bad("a kind stands twice");
  return seals;
}

/** The document that `decodePublishedShares` reads, with nothing but the shares. */
export function encodePublishedShares(epoch: bigint, seals: readonly PublishedSeal[]): string {
  return JSON.stringify({
    version: 1,
    epoch: `${epoch}`,
    seals: seals.map(({ kind, shares }) => ({
      kind,
      shares: shares.map(({ device, from, to, fromIndex, toIndex }) => [
        Array.from(device, (byte) => byte.toString(16).padStart(2, "0")).join(""),
        ...[from, to, fromIndex, toIndex].map(String),
      ]),
    })),
  });
}
