import { ByteReader, ProtocolError } from "../bytes/index.ts";
import { Decimal } from "../reading/index.ts";
import { readFixed } from "./fixed.ts";
import { bcdDigits, bcdOf, floatOf, integerOf, type MbusTime, mbusTimeOf, textOf } from "./value.ts";
import { correctionOf, quantityOf } from "./vif.ts";

export type MbusFunction = "instantaneous" | "maximum" | "minimum" | "error";

/** One value of a meter. */
export interface MbusRecord {
  function: MbusFunction;
  /** 0 is now, others are earlier readings (due dates, months); `tariff` and `subunit` tell registers apart. */
  storage: number;
  tariff: number;
  subunit: number;
  /** Quantity as in `MbusQuantity.name`; with `text` when the meter names its unit itself. */
  quantity: string;
  unit?: string;
  /**
   * Exact decimal in `unit`; a number for floating point (already in `unit`); text; a time; the raw bytes of what only the
   * maker knows; absent when none was sent or its digits are no number.
   */
  value?: Decimal | number | string | MbusTime | Uint8Array;
  /** VIF and VIFEs as sent, for what `quantity` does not tell. */
  codes: readonly number[];
}

export interface MbusData {
  /** `fixed`: the old structure with two counters (EN 13757-3:2004 annex); `variable`: records. */
  structure: "fixed" | "variable";
  /** Eight digits as printed on the meter. */
  id: string;
  /** Three letters (EN 62056-21 flag association); absent with the fixed structure. */
  manufacturer?: string;
  version?: number;
  /** Device type, see `mbusMedium`. */
  medium: number;
  access: number;
  /** Bits of EN 13757-3 §5.9: 4 power low, 8 permanent error, 16 temporary error, others the maker's. */
  status: number;
  records: readonly MbusRecord[];
  /** What stands behind the last record (DIF 0F and 1F): the maker's own. */
  trailer?: Uint8Array;
  /** The meter has more: ask again (DIF 1F). */
  more: boolean;
}

const CODE = "FS-MBUS-DATA";
const MEDIA: ReadonlyMap<number, string> = new Map(
  [
    "other",
    "oil",
    "electricity",
    "gas",
    "heat (outlet)",
    "steam",
    "warm water",
    "water",
    "heat cost allocator",
    "compressed air",
    "cooling (outlet)",
    "cooling (inlet)",
    "heat (inlet)",
    "heat and cooling",
    "bus or system",
    "unknown",
  ].map((name, code) => [code, name]),
);
const LATER_MEDIA: Readonly<Record<number, string>> = {
  20: "calorific value",
  21: "hot water",
  22: "cold water",
  23: "dual water",
  24: "pressure",
  25: "A/D converter",
  26: "smoke detector",
  27: "room sensor",
  28: "gas detector",
  32: "breaker (electricity)",
  33: "valve",
};

/** Name of a device type (EN 13757-3 table 3), or undefined for a reserved one. */
export function mbusMedium(medium: number): string | undefined {
  return MEDIA.get(medium) ?? LATER_MEDIA[medium];
}

/** Three letters from 15 bits (EN 13757-3 §5.6). */
export function mbusManufacturer(code: number): string {
  return String.fromCharCode(((code >> 10) & 31) + 64, ((code >> 5) & 31) + 64, (code & 31) + 64);
}

/**
 * Reads an answer's data by its CI field: 72 variable structure, 73 fixed structure, low byte first (EN 13757-3 §5.2).
 * @throws ProtocolError FS-MBUS-CI for other fields, FS-MBUS-ENCRYPTED, FS-MBUS-DATA, FS-MBUS-TIME.
 */
export function decodeMbusData(ci: number, data: Uint8Array): MbusData {
  const reader = new ByteReader(data, CODE);
  if (ci === 0x73) return readFixed(reader);
  if (ci !== 0x72) {
    throw new ProtocolError("FS-MBUS-CI", `CI field ${ci.toString(16)} is not read here`, {
      fix: "Set the meter to answer with low byte first (CI 72).",
    });
  }
  const id = bcdDigits(reader.take(4));
  const manufacturer = mbusManufacturer(u16(reader));
  const [version, medium, access, status] = [reader.u8(), reader.u8(), reader.u8(), reader.u8()];
  refuseEncrypted(u16(reader), data.subarray(reader.offset));
  const records: MbusRecord[] = [];
  const head = { structure: "variable", id, manufacturer, version, medium, access, status } as const;
  while (reader.remaining > 0) {
    const dif = reader.u8();
    if (dif === 0x2f) continue;
    if (dif === 0x0f || dif === 0x1f) {
      const trailer = new Uint8Array(reader.take(reader.remaining));
      return { ...head, records, trailer, more: dif === 0x1f };
    }
    records.push(readRecord(reader, dif));
  }
  return { ...head, records, more: false };
}

function u16(reader: ByteReader): number {
  return reader.u8() | (reader.u8() << 8);
}

/**
 * Modes 4, 5, 7 and 13 of the configuration field encrypt (EN 13757-7 §7.6). Older meters put a signature there, so bytes that
 * begin like a plain block (two fillers, as modes 5 and 7 prescribe) are read.
 */
function refuseEncrypted(configuration: number, records: Uint8Array): void {
  const mode = (configuration >> 8) & 31;
  const plain = records[0] === 0x2f && records[1] === 0x2f;
  if ((mode === 4 || mode === 5 || mode === 7 || mode === 13) && !plain) {
    throw new ProtocolError("FS-MBUS-ENCRYPTED", `the meter encrypts its data (mode ${mode})`, {
      fix: "Have encryption switched off on the meter's wired interface.",
    });
  }
}

const FUNCTIONS: readonly MbusFunction[] = ["instantaneous", "maximum", "minimum", "error"];
/** Bytes of data by the low four bits of the DIF; -1 tells its length itself, F is special (EN 13757-3 table 4). */
const LENGTHS = [0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, -1, 6];
const MAX_EXTENSIONS = 10;

function readRecord(reader: ByteReader, dif: number): MbusRecord {
  const field = dif & 15;
  if (field === 15) throw new ProtocolError(CODE, `DIF ${dif.toString(16)} at offset ${reader.offset - 1} is reserved`);
  let storage = (dif >> 6) & 1;
  let [tariff, subunit] = [0, 0];
  readExtensions(reader, dif, "DIFE").forEach((dife, i) => {
    storage += (dife & 15) * 2 ** (4 * i + 1);
    tariff += ((dife >> 4) & 3) * 2 ** (2 * i);
    subunit += ((dife >> 6) & 1) * 2 ** i;
  });
  const vif = reader.u8();
  const text = (vif & 0x7f) === 0x7c ? textOf(reader.take(reader.u8())) : undefined;
  const codes = [vif, ...readExtensions(reader, vif, "VIFE")];
  const quantity =
    text === undefined ? quantityOf(codes) : { name: "text", unit: text, exponent: correctionOf(codes.slice(1)) };
  const record: MbusRecord = {
    function: FUNCTIONS[(dif >> 4) & 3]!,
    storage,
    tariff,
    subunit,
    quantity: quantity.name,
    codes,
  };
  if (quantity.unit !== undefined) record.unit = quantity.unit;
  const value = readValue(reader, field, quantity);
  if (value !== undefined) record.value = value;
  return record;
}

function readExtensions(reader: ByteReader, first: number, what: string): number[] {
  const bytes: number[] = [];
  for (let last = first; last & 0x80; last = bytes.at(-1)!) {
    if (bytes.length === MAX_EXTENSIONS) throw new ProtocolError(CODE, `more than ${MAX_EXTENSIONS} ${what}`);
    bytes.push(reader.u8());
  }
  return bytes;
}

/** Bits rather than a number (type D). */
const FLAGS = new Set(["errorFlags", "errorMask", "digitalInput", "digitalOutput"]);

function readValue(
  reader: ByteReader,
  field: number,
  { name, exponent }: { name: string; exponent: number },
): MbusRecord["value"] | undefined {
  const length = LENGTHS[field]!;
  if (length < 0) return readVariable(reader, exponent);
  const bytes = reader.take(length);
  if (length === 0) return undefined;
  if (field === 5) return scaled(floatOf(bytes), exponent);
  if (field >= 9) return bcd(bytes, exponent);
  if ((name === "date" && length === 2) || (name === "dateTime" && (length === 4 || length === 6))) {
    return mbusTimeOf(bytes);
  }
  return new Decimal(integerOf(bytes, !FLAGS.has(name)), exponent);
}

function bcd(bytes: Uint8Array, exponent: number): Decimal | undefined {
  const number = bcdOf(bytes);
  return number === undefined ? undefined : new Decimal(number, exponent);
}

/** Dividing by a power of ten that a double holds exactly rounds once; multiplying by 0.001 would round twice. */
function scaled(value: number, exponent: number): number {
  return exponent < 0 ? value / 10 ** -exponent : value * 10 ** exponent;
}

/** LVAR of EN 13757-3 table 5: text, BCD, binary or floating point of stated length. */
function readVariable(reader: ByteReader, exponent: number): MbusRecord["value"] | undefined {
  const lvar = reader.u8();
  if (lvar < 0xc0) return textOf(reader.take(lvar));
  if (lvar < 0xca) return bcd(reader.take(lvar - 0xc0), exponent);
  if (lvar >= 0xd0 && lvar < 0xda) {
    const number = bcdOf(reader.take(lvar - 0xd0));
    return number === undefined ? undefined : new Decimal(-number, exponent);
  }
  if (lvar >= 0xe0 && lvar <= 0xef) {
    const bytes = reader.take(lvar - 0xe0);
    return bytes.length <= 8 ? new Decimal(integerOf(bytes), exponent) : new Uint8Array(bytes);
  }
  if (lvar === 0xf4) return scaled(floatOf(reader.take(4)), exponent);
  throw new ProtocolError(CODE, `a value of variable length ${lvar.toString(16)} is reserved`);
}
