import { ProtocolError } from "../../protocols/bytes/index.ts";
import type { CborValue } from "../../protocols/cbor/index.ts";
import type { FieldReader } from "./signer-fields.ts";

/** What may be asked of the contracts. */
export type CoordinatorCall =
  | { kind: "commit"; seq: bigint; size: bigint; root: Uint8Array }
  | { kind: "admit"; maker: Uint8Array; root: Uint8Array; count: bigint }
  | {
      kind: "register";
      entry: { maker: Uint8Array; root: Uint8Array; count: bigint; index: bigint; kind: number; cap: bigint };
      path: readonly Uint8Array[];
      enrolled: { gateway: Uint8Array; statement: Uint8Array; body: Uint8Array };
      signature: Uint8Array;
    }
  | { kind: "seal"; epoch: bigint; deviceKind: number; root: Uint8Array; work: bigint; count: bigint }
  | {
      /** The entry that is demanded of the gateway's log. */
      kind: "answer";
      gateway: Uint8Array;
      commitment: { seq: bigint; size: bigint; root: Uint8Array };
      index: bigint;
      entry: Uint8Array;
      path: readonly Uint8Array[];
    }
  | {
      /** The share that is demanded of the gateway's seal. */
      kind: "answer-share";
      gateway: Uint8Array;
      epoch: bigint;
      deviceKind: number;
      point: bigint;
      share: { device: Uint8Array; from: bigint; to: bigint; fromIndex: bigint; toIndex: bigint };
      index: bigint;
      /** Each step of the path: hash 32 ‖ sum 16, big-endian. */
      path: readonly Uint8Array[];
    };

/** Merkle path: one hash for each bit of an index. */
const MAX_PATH = 64;

/** A call as the fields of a request. */
export function encodeSignerCall(call: CoordinatorCall): CborValue[] {
  switch (call.kind) {
    case "commit":
      return ["commit", call.seq, call.size, call.root];
    case "admit":
      return ["admit", call.maker, call.root, call.count];
    case "register": {
      const { entry, path, enrolled, signature } = call;
      return [
        "register",
        [entry.maker, entry.root, entry.count, entry.index, entry.kind, entry.cap],
        path,
        [enrolled.gateway, enrolled.statement, enrolled.body],
        signature,
      ];
    }
    case "seal":
      return ["seal", call.epoch, call.deviceKind, call.root, u128(call.work), call.count];
    case "answer": {
      const { gateway, commitment, index, entry, path } = call;
      return ["answer", gateway, [commitment.seq, commitment.size, commitment.root], index, entry, path];
    }
    case "answer-share": {
      const { gateway, epoch, deviceKind, point, share, index, path } = call;
      const { device, from, to, fromIndex, toIndex } = share;
      return [
        "answer-share",
        gateway,
        epoch,
        deviceKind,
        u128(point),
        [device, from, to, fromIndex, toIndex],
        index,
        path,
      ];
    }
  }
}

/** @throws ProtocolError FS-SIGNER-REQUEST, FS-SIGNER-UNKNOWN. */
export function decodeSignerCall(fields: FieldReader): CoordinatorCall {
  const kind = fields.text("kind", 16);
  switch (kind) {
    case "commit":
      return { kind, seq: fields.u64("seq"), size: fields.u64("size"), root: fields.bytes("root", 32) };
    case "admit":
      return { kind, maker: fields.bytes("maker", 20), root: fields.bytes("root", 32), count: fields.u64("count") };
    case "register":
      return {
        kind,
        entry: fields.array("entry", (entry) => ({
          maker: entry.bytes("maker", 20),
          root: entry.bytes("root", 32),
          count: entry.u64("count"),
          index: entry.u64("index"),
          kind: entry.integer("kind", 0xff),
          cap: entry.u64("cap"),
        })),
        path: fields.list("path", MAX_PATH, 32),
        enrolled: fields.array("enrolled", (enrolled) => ({
          gateway: enrolled.bytes("gateway", 20),
          statement: enrolled.bytes("statement", 160),
          body: enrolled.bytes("body", 160),
        })),
        signature: fields.bytes("signature", 64),
      };
    case "seal":
      return {
        kind,
        epoch: fields.u64("epoch"),
        deviceKind: fields.integer("device kind", 0xff),
        root: fields.bytes("root", 32),
        work: fromU128(fields.bytes("work", 16)),
        count: fields.u64("count"),
      };
    case "answer":
      return {
        kind,
        gateway: fields.bytes("gateway", 20),
        commitment: fields.array("commitment", (commitment) => ({
          seq: commitment.u64("seq"),
          size: commitment.u64("size"),
          root: commitment.bytes("root", 32),
        })),
        index: fields.u64("index"),
        entry: fields.bytes("entry"),
        path: fields.list("path", MAX_PATH, 32),
      };
    case "answer-share":
      return {
        kind,
        gateway: fields.bytes("gateway", 20),
        epoch: fields.u64("epoch"),
        deviceKind: fields.integer("device kind", 0xff),
        point: fromU128(fields.bytes("point", 16)),
        share: fields.array("share", (share) => ({
          device: share.bytes("device", 32),
          from: share.u64("from"),
          to: share.u64("to"),
          fromIndex: share.u64("from index"),
          toIndex: share.u64("to index"),
        })),
        index: fields.u64("index"),
        path: fields.list("path", MAX_PATH, 48),
      };
    default:
      throw new ProtocolError("FS-SIGNER-UNKNOWN", `signer: there is no call ${JSON.stringify(kind)}`, {
        fix: "Run gateway and signer of one version.",
      });
  }
}

/** A number of 128 bits, which CBOR has no integer for, big-endian. */
export function u128(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * (15 - i))) & 0xffn));
}

export const fromU128 = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
