import {
  type Attestation,
  decodeAttestation,
  MAX_PACK,
  type PublicKey,
  packRoot,
  StatementKind,
  type Verifier,
  verifyAttestation,
} from "../../protocols/attestation/index.ts";
import { equalBytes, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import { decodeCbor, encodeCbor } from "../../protocols/cbor/index.ts";
import { decodeReading, type Reading } from "../../protocols/reading/index.ts";

/** An attestation with the readings it speaks for: payload of `DEVICE/attestation`, and what boards send. */
export interface BoardPack {
  attestation: Attestation;
  /** In order; bytes as they were signed. */
  readings: readonly { bytes: Uint8Array; reading: Reading }[];
}

/** A pack that has been read and not checked. */
export interface DecodedPack {
  attestation: Attestation;
  readings: readonly Uint8Array[];
}

export interface PackCheckOptions {
  verifier: Verifier;
  /** The enrolled key of a device, or undefined when there is none. */
  keyOf(device: Uint8Array): PublicKey | undefined;
}

export interface BoardPackOptions extends PackCheckOptions {
  /** Refused before anything is looked at when longer. Default 512 KiB. */
  maxBytes?: number;
}

const MAX_BYTES = 512 * 1024;

const bad = (what: string, message: string, context: Record<string, unknown> = {}) =>
  new ProtocolError(`FS-PACK-${what}`, `pack: ${message}`, { context });

/** CBOR `[sign1 bstr, [reading bstr, …]]`: exact bytes of both. */
export function encodeBoardPack(sign1: Uint8Array, readings: readonly Uint8Array[]): Uint8Array {
  return encodeCbor([sign1, readings]);
}

/**
 * Reads a pack without trusting it: nothing of it counts before `verifyBoardPack`.
 * @throws ProtocolError FS-CBOR-…, FS-PACK-SHAPE, FS-SIGN1-…, FS-STATEMENT-…
 */
export function decodeBoardPack(payload: Uint8Array, maxBytes = MAX_BYTES): DecodedPack {
  const value = decodeCbor(payload, { maxBytes, maxDepth: 2, tags: new Set() });
  const [sign1, readings, ...rest] = Array.isArray(value) ? value : [];
  const isBytes = (item: unknown): item is Uint8Array => item instanceof Uint8Array;
  if (!isBytes(sign1) || !Array.isArray(readings) || rest.length > 0 || !readings.every(isBytes)) {
    throw bad("SHAPE", "not [attestation, [reading, …]] of byte strings");
  }
  if (readings.length > MAX_PACK) throw bad("COUNT", `${readings.length} readings, at most ${MAX_PACK}`);
  return { attestation: decodeAttestation(sign1), readings };
}

/**
 * Reads and checks a pack signed by a board.
 * @throws ProtocolError as `decodeBoardPack` and `checkBoardPack`.
 */
export function verifyBoardPack(payload: Uint8Array, options: BoardPackOptions): BoardPack {
  return checkBoardPack(decodeBoardPack(payload, options.maxBytes), options);
}

/**
 * Checks a pack signed by a board: enrolled key, count, root over the readings, signature, and only then what the readings
 * say. Replay and equivocation are the guard's matter (`admit`).
 * @throws ProtocolError FS-PACK-KIND, -DEVICE, -COUNT, -ROOT, -SIGNATURE, -TIME; FS-READING-…
 */
export function checkBoardPack(
  { attestation, readings }: DecodedPack,
  { verifier, keyOf }: PackCheckOptions,
): BoardPack {
  const { statement } = attestation;
  const context = { device: toHex(statement.device), first: String(statement.first) };
  if (statement.kind !== StatementKind.readings) throw bad("KIND", `a statement of kind ${statement.kind}`, context);
  const key = keyOf(statement.device);
  if (key === undefined) throw bad("DEVICE", "the device is not enrolled here", context);
  if (readings.length !== statement.count) {
    throw bad("COUNT", `${readings.length} readings where the statement says ${statement.count}`, context);
  }
  if (!equalBytes(packRoot(readings), statement.root)) {
    throw bad("ROOT", "the readings are not the ones the statement speaks for", context);
  }
  const verdict = verifyAttestation(attestation, key, verifier);
  if (verdict !== "ok") throw bad("SIGNATURE", `the signature does not hold: ${verdict}`, context);
  const decoded = readings.map((bytes) => ({ bytes, reading: decodeReading(bytes) }));
  checkTimes(
    decoded.map(({ reading }) => reading.time),
    statement,
    context,
  );
  return { attestation, readings: decoded };
}

/** Statement, offsets 24 and 32: the times of the first and the last reading; the others lie between. */
function checkTimes(times: readonly number[], { from, to }: { from: number; to: number }, context: object): void {
  if (times[0] !== from || times.at(-1) !== to || times.some((time) => time < from || time > to)) {
    throw bad("TIME", "the times of the readings are not the ones the statement gives", { ...context });
  }
}
