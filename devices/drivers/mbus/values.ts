import { ProtocolError } from "../../../protocols/bytes/index.ts";
import {
  decodeMbusData,
  isMbusAnswer,
  type MbusData,
  type MbusFrame,
  type MbusRecord,
} from "../../../protocols/mbus/index.ts";
import { Decimal, type SenmlNumber } from "../../../protocols/reading/index.ts";
import { decimal, exactNumber, shortestFloat } from "../../numbers.ts";
import type { MeasurementProfile, Profile } from "../../profile.ts";

/** Divisors from what meters count in to what is signed. */
export const MBUS_DIVISORS: Readonly<Record<string, bigint>> = {
  "J>Wh": 3600n,
  "J/h>W": 3600n,
  "m3/h>m3/s": 3600n,
  "m3/min>m3/s": 60n,
};
/** Digits kept behind those the meter sent when a division does not end. Cut, so that no register shows more than was counted. */
const MORE_DIGITS = 6;

function fits(record: MbusRecord, { mbus }: MeasurementProfile): boolean {
  const { quantity, function: of = "instantaneous", storage = 0, tariff = 0, subunit = 0 } = mbus!;
  return (
    record.quantity === quantity &&
    record.function === of &&
    record.storage === storage &&
    record.tariff === tariff &&
    record.subunit === subunit &&
    (record.value instanceof Decimal || typeof record.value === "number")
  );
}

function converted(record: MbusRecord, { unit, scale = 0 }: MeasurementProfile): SenmlNumber | "malformed" {
  const value = record.value as Decimal | number;
  const divisor = record.unit === unit ? 1n : MBUS_DIVISORS[`${record.unit}>${unit}`];
  if (divisor === undefined) return "malformed";
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return "malformed";
    const float = divisor === 1n && Math.fround(value) === value;
    return float ? shortestFloat(value, scale) : exactNumber(value / Number(divisor), scale);
  }
  const { mantissa, exponent } = value;
  if (divisor === 1n) return decimal(mantissa, exponent + scale);
  return decimal((mantissa * 10n ** BigInt(MORE_DIGITS)) / divisor, exponent - MORE_DIGITS + scale);
}

/** The measurements in a meter's records, in the profile's units. What this meter does not send is left out. */
export function recordValues(
  profile: Profile,
  records: readonly MbusRecord[],
): { values: Map<string, SenmlNumber>; malformed: boolean } {
  const values = new Map<string, SenmlNumber>();
  let malformed = false;
  for (const measurement of profile.measurements) {
    const record = records.find((candidate) => fits(candidate, measurement));
    if (!record) continue;
    const value = converted(record, measurement);
    if (value === "malformed") malformed = true;
    else values.set(measurement.name, value);
  }
  return { values, malformed };
}

/** The data of an answer. @throws ProtocolError FS-MBUS-ANSWER for another frame, FS-MBUS-… of `decodeMbusData`. */
export function answerData(frame: MbusFrame): MbusData {
  if (!isMbusAnswer(frame)) throw new ProtocolError("FS-MBUS-ANSWER", "the frame is no meter's answer with data");
  return decodeMbusData(frame.ci, frame.data);
}
