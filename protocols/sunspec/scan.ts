import { ProtocolError } from "../bytes/index.ts";

/** Registers to read: address as on the wire (0-based), count of two-byte registers. */
export interface SunspecRange {
  address: number;
  count: number;
}

/** One model of a device; its data are the `length` registers behind `address` + 2. */
export interface SunspecModel extends SunspecRange {
  /** Model number. `address` is that of the register that holds it, `count` includes it and the length. */
  id: number;
  /** Registers of data. */
  length: number;
}

export interface SunspecMap {
  base: number;
  models: readonly SunspecModel[];
}

/** Where the marker may stand (Device Information Model Specification V1.1 §6.2), the usual one first. */
export const SUNSPEC_BASES: readonly number[] = [40_000, 0, 50_000];
/** "SunS" */
const MARKER = [0x53, 0x75, 0x6e, 0x53];
const END = 0xffff;
/** More than any device has; a chain that goes on longer is not one. */
const MAX_MODELS = 256;

/**
 * Finds marker and models: yields what to read and is resumed with the bytes read, or with undefined where the device refuses
 * (an exception answer). Whoever runs it owns time-outs and retries.
 *
 *   53 75 6E 53 | 00 01 00 42 … | 00 67 00 32 … | FF FF 00 00
 *   marker        model 1, 66     model 103, 50   end
 *
 * @param bases addresses to try in order.
 * @throws ProtocolError FS-SUNSPEC-ABSENT when no base has the marker, FS-SUNSPEC-CHAIN when the models do not end.
 */
export function* scanSunspec(
  bases: readonly number[] = SUNSPEC_BASES,
): Generator<SunspecRange, SunspecMap, Uint8Array | undefined> {
  for (const base of bases) {
    const marker = yield { address: base, count: 2 };
    if (marker?.length === 4 && MARKER.every((byte, i) => marker[i] === byte))
      return { base, models: yield* chain(base) };
  }
  throw new ProtocolError("FS-SUNSPEC-ABSENT", `no SunSpec marker at ${bases.join(", ")}`, {
    fix: "Switch SunSpec on in the device's Modbus settings, or check the unit address.",
  });
}

function* chain(base: number): Generator<SunspecRange, SunspecModel[], Uint8Array | undefined> {
  const models: SunspecModel[] = [];
  let address = base + 2;
  for (;;) {
    const head = address <= 0xfffe ? yield { address, count: 2 } : undefined;
    if (head?.length !== 4) throw broken(address, "no model header can be read");
    const id = (head[0]! << 8) | head[1]!;
    const length = (head[2]! << 8) | head[3]!;
    if (id === END) return models;
    if (id === 0) throw broken(address, "model 0");
    if (models.length === MAX_MODELS) throw broken(address, `more than ${MAX_MODELS} models`);
    const model = { id, length, address, count: length + 2 };
    if (address + model.count > 0x1_0000) throw broken(address, `model ${id} of ${length} registers ends behind 65535`);
    models.push(model);
    address += model.count;
  }
}

function broken(address: number, why: string): ProtocolError {
  return new ProtocolError("FS-SUNSPEC-CHAIN", `SunSpec models at ${address}: ${why}`, { context: { address } });
}

/** The reads that fetch `range`, each of at most `limit` registers (Modbus allows 125, MODBUS V1.1b3 §6.3). */
export function splitRange(range: SunspecRange, limit = 125): SunspecRange[] {
  const parts: SunspecRange[] = [];
  for (let at = 0; at < range.count; at += limit) {
    parts.push({ address: range.address + at, count: Math.min(limit, range.count - at) });
  }
  return parts;
}
