import type { ByteReader } from "../bytes/index.ts";
import { Decimal } from "../reading/index.ts";
import type { MbusData, MbusRecord } from "./data.ts";
import { bcdDigits, bcdOf, integerOf } from "./value.ts";

/** Units of the fixed structure (EN 1434-3 table "physical units"): codes in a row, each ten times the one before. */
const UNITS: readonly (readonly [first: number, count: number, quantity: string, unit: string, exponent: number])[] = [
  [0x02, 9, "energy", "Wh", 0],
  [0x0b, 9, "energy", "J", 3],
  [0x14, 9, "power", "W", 0],
  [0x1d, 9, "power", "J/h", 3],
  [0x26, 9, "volume", "m3", -6],
  [0x2f, 9, "volumeFlow", "m3/h", -6],
  [0x38, 1, "temperature", "Cel", -3],
];
const HEAT_COST_UNITS = 0x39;
/** "The unit of counter 1, but an earlier value". */
const SAME_EARLIER = 0x3e;

/**
 * The fixed structure of 16 bytes:
 *
 *   93 92 91 90 10 00 05 69 31 65 00 00 69 00 00 00      heat meter 90919293: 6531 kWh, 69 l
 *   |           |  |  |     |           |
 *   |           |  |  |     counter 1   counter 2
 *   |           |  |  units of counters 1 and 2 in six bits, medium in the two highest of each
 *   |           |  status; 01: counters are binary, not BCD; 02: values of a due date
 *   |           access number
 *   identification, BCD, low byte first
 */
export function readFixed(reader: ByteReader): MbusData {
  const id = bcdDigits(reader.take(4));
  const [access, status, first, second] = [reader.u8(), reader.u8(), reader.u8(), reader.u8()];
  const medium = (first >> 6) | ((second >> 6) << 2);
  const storage = (status >> 1) & 1;
  const counter = (code: number, bytes: Uint8Array): MbusRecord => {
    const unit = code === SAME_EARLIER ? first & 63 : code;
    const number = status & 1 ? integerOf(bytes) : bcdOf(bytes);
    return fixedRecord(unit, code === SAME_EARLIER ? 1 : storage, number);
  };
  const records = [counter(first & 63, reader.take(4)), counter(second & 63, reader.take(4))];
  reader.end();
  return { structure: "fixed", id, medium, access, status, records, more: false };
}

function fixedRecord(code: number, storage: number, number: bigint | undefined): MbusRecord {
  const row = UNITS.find(([first, count]) => code >= first && code < first + count);
  const record: MbusRecord = {
    function: "instantaneous",
    storage,
    tariff: 0,
    subunit: 0,
    quantity: row?.[2] ?? (code === HEAT_COST_UNITS ? "heatCostUnits" : "reserved"),
    codes: [code],
  };
  if (row) record.unit = row[3];
  if (number !== undefined) record.value = new Decimal(number, row ? row[4] + code - row[0] : 0);
  return record;
}
