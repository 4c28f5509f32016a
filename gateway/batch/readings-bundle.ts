import { ByteReader, ByteWriter, concatBytes, ProtocolError, UsageError } from "../../protocols/bytes/index.ts";
import { type CborValue, decodeCbor, writeArray, writeBytes } from "../../protocols/cbor/index.ts";
import { TILE_WIDTH, tileIndexPath } from "../../protocols/log/index.ts";

/**
 * The readings of up to 256 attestations, beside the log and not part of it: `readings/<N>[.p/<W>]`, numbered like the
 * entry bundles. An attestation's `root` binds its readings, so a bundle needs no hash of its own, and a pack can be
 * deleted without breaking a proof of the log.
 *
 *     00 00 00 09  82 43 61 62 63 43 64 65 66   00 00 00 00
 *     |            |                            |
 *     length, u32  CBOR array of byte strings   length 0: deleted
 *
 * A pack that never had readings is the empty array, one byte long.
 */

/** A pack of 1,024 readings of 16 kB. */
const MAX_PACK_BYTES = 1 << 24;
/** Bytes of the length in front. */
const LENGTH = 4;
/** Bytes of the head of a CBOR array or byte string of at most 16 MiB. */
const LONGEST_HEAD = 5;

/** `readings/<N>[.p/<W>]`. */
export function readingsPath(index: number, width = TILE_WIDTH): string {
  return `readings/${tileIndexPath(index, width)}`;
}

/** What stands in a bundle for one attestation's readings; undefined: deleted. */
export function encodePackReadings(readings: readonly Uint8Array[] | undefined): Uint8Array {
  if (readings === undefined) return new Uint8Array(LENGTH);
  const room = readings.reduce((length, reading) => length + LONGEST_HEAD + reading.length, LENGTH + LONGEST_HEAD);
  const out = new ByteWriter(room).u32(0);
  writeArray(out, readings.length);
  for (const reading of readings) writeBytes(out, reading);
  const pack = out.view();
  const length = pack.length - LENGTH;
  if (length > MAX_PACK_BYTES) {
    throw new UsageError("FS-READINGS-LENGTH", `a pack's readings have ${length} bytes; 16 MiB is the most`);
  }
  new DataView(pack.buffer).setUint32(0, length);
  return pack;
}

/** The packs of a bundle, each with its length in front, as views. @throws ProtocolError FS-READINGS-BUNDLE. */
export function splitReadingsBundle(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes, "FS-READINGS-BUNDLE");
  const packs: Uint8Array[] = [];
  while (reader.remaining > 0) {
    const start = reader.offset;
    const length = reader.u32();
    if (length > MAX_PACK_BYTES || packs.length === TILE_WIDTH) {
      throw new ProtocolError("FS-READINGS-BUNDLE", `no pack of readings at byte ${start}`, { context: { at: start } });
    }
    reader.take(length);
    packs.push(bytes.subarray(start, reader.offset));
  }
  return packs;
}

const isReadings = (value: CborValue): value is Uint8Array[] =>
  Array.isArray(value) && value.every((item) => item instanceof Uint8Array);

/** One pack's readings, or undefined when they were deleted. @throws ProtocolError FS-READINGS-BUNDLE, FS-CBOR…. */
export function decodePackReadings(pack: Uint8Array): Uint8Array[] | undefined {
  const bytes = pack.subarray(4);
  if (bytes.length === 0) return undefined;
  const value = decodeCbor(bytes, { maxBytes: MAX_PACK_BYTES, maxDepth: 2 });
  if (!isReadings(value)) throw new ProtocolError("FS-READINGS-BUNDLE", "a pack of readings is not byte strings");
  return value;
}

/** The bundle with the readings of its pack number `place` deleted. */
export function withoutPack(bundle: Uint8Array, place: number): Uint8Array {
  return concatBytes(
    ...splitReadingsBundle(bundle).map((pack, i) => (i === place ? encodePackReadings(undefined) : pack)),
  );
}
