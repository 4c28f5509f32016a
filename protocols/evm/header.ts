import { ProtocolError } from "../bytes/errors.ts";
import { keccak256 } from "./keccak.ts";
import { decodeRlp, rlpBytes, rlpList, rlpReadUint } from "./rlp.ts";

/** What a verifier needs of a block header; the rest is bound by the hash. */
export interface BlockHeader {
  /** Keccak-256 of the header's RLP: the block's id. */
  hash: Uint8Array;
  parentHash: Uint8Array;
  number: bigint;
  /** Seconds since 1970. */
  timestamp: bigint;
  receiptsRoot: Uint8Array;
}

const CODE = "FS-HEADER";
/** Paris-era headers have 15 fields; forks append (base fee, withdrawals root, blob gas, …), never insert. */
const MIN_FIELDS = 15;
const MAX_FIELDS = 40;
const MAX_BYTES = 8 * 1024;

/**
 * An execution block header (yellow paper §4.3), any fork: fields after the fifteenth are bound by the hash and otherwise ignored.
 * @throws ProtocolError FS-HEADER, FS-RLP.
 */
export function decodeHeader(headerRlp: Uint8Array): BlockHeader {
  const list = rlpList(
    decodeRlp(headerRlp, { maxBytes: MAX_BYTES, maxDepth: 2, maxItems: MAX_FIELDS + 1 }),
    "the block header",
    CODE,
  );
  if (list.length < MIN_FIELDS || list.length > MAX_FIELDS) {
    throw new ProtocolError(CODE, `a block header has ${MIN_FIELDS} or more fields, not ${list.length}`);
  }
  for (let i = 0; i < list.length; i++) rlpBytes(list[i], `field ${i} of the block header`, undefined, CODE);
  const hash32 = (at: number, what: string) => rlpBytes(list[at], what, 32, CODE);
  rlpBytes(list[2], "the beneficiary", 20, CODE);
  rlpBytes(list[6], "the logs bloom", 256, CODE);
  for (const at of [1, 3, 4]) hash32(at, `field ${at} of the block header`);
  return {
    hash: keccak256(headerRlp),
    parentHash: hash32(0, "the parent hash"),
    number: rlpReadUint(list[8], "the block number", 8, CODE),
    timestamp: rlpReadUint(list[11], "the timestamp", 8, CODE),
    receiptsRoot: hash32(5, "the receipts root"),
  };
}
