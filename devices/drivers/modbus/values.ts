import { decodeRegisters } from "../../../protocols/modbus/index.ts";
import type { SenmlNumber } from "../../../protocols/reading/index.ts";
import { decimal, exactNumber, shortestFloat } from "../../numbers.ts";
import type { MeasurementProfile } from "../../profile.ts";
import type { Block } from "./plan.ts";

/**
 * A register's number in the profile's unit. A 32-bit float becomes the shortest decimal that rounds to it, an integer
 * keeps its digits; the scale only moves the point. Undefined for NaN and infinities: meters send them for "none".
 */
export function registerValue(
  measurement: MeasurementProfile,
  registers: Uint8Array,
  offset: number,
): SenmlNumber | undefined {
  const { register, scale = 0 } = measurement;
  const raw = decodeRegisters(register!, registers, offset);
  if (typeof raw === "bigint") return decimal(raw, scale);
  if (typeof raw === "string" || !Number.isFinite(raw)) return undefined;
  if (register!.type === "f32") return shortestFloat(raw, scale);
  if (register!.type === "f64") return exactNumber(raw, scale);
  return decimal(BigInt(raw), scale);
}

/** Reads a block's measurements into `values`; true when one of them was no number. */
export function readBlock(block: Block, registers: Uint8Array, values: Map<string, SenmlNumber>): boolean {
  let malformed = false;
  for (const measurement of block.measurements) {
    const value = registerValue(measurement, registers, measurement.register!.at - block.at);
    if (value === undefined) malformed = true;
    else values.set(measurement.name, value);
  }
  return malformed;
}
