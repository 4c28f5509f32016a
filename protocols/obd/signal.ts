import { ProtocolError } from "../bytes/index.ts";

/** Where a value stands in an answer's data, and how it is scaled: raw · mul ÷ div + add. */
export interface SignalFormat {
  /** First bit, counted from the highest bit of the first data byte. Default 0. */
  bit?: number;
  /** Bits, at most 32. */
  length: number;
  /** Two's complement. */
  signed?: boolean;
  mul?: number;
  div?: number;
  add?: number;
  /** Text of each raw value, in place of a number. */
  map?: Readonly<Record<number, string>>;
}

/**
 * The raw number of a signal.
 * @param data what follows service and identifier in the answer.
 * @throws ProtocolError FS-OBD-SHORT when the answer ends before the signal does.
 */
export function rawSignal({ bit = 0, length, signed = false }: SignalFormat, data: Uint8Array): number {
  if (bit + length > data.length * 8) {
    throw new ProtocolError(
      "FS-OBD-SHORT",
      `the answer has ${data.length} bytes, the value ends at bit ${bit + length}`,
    );
  }
  let raw = 0;
  for (let at = bit; at < bit + length; ) {
    const take = Math.min(8 - (at % 8), bit + length - at);
    const part = (data[at >> 3]! >> (8 - (at % 8) - take)) & ((1 << take) - 1);
    raw = raw * 2 ** take + part;
    at += take;
  }
  return signed && raw >= 2 ** (length - 1) ? raw - 2 ** length : raw;
}

/** A signal's value: a number, or the text its raw value stands for. An unknown raw value of a map is its number as text. */
export function signalValue(format: SignalFormat, data: Uint8Array): number | string {
  const raw = rawSignal(format, data);
  const { mul = 1, div = 1, add = 0, map } = format;
  if (map) return map[raw] ?? String(raw);
  return (raw * mul) / div + add;
}
