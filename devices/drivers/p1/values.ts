import { ProtocolError } from "../../../protocols/bytes/index.ts";
import {
  decimalText,
  type MbusChannel,
  mbusChannels,
  type ObisValue,
  type Telegram,
} from "../../../protocols/meter/index.ts";
import { addNumbers, Decimal, type SenmlNumber } from "../../../protocols/reading/index.ts";
import { decimal } from "../../numbers.ts";
import type { MeasurementProfile, ObisSource, Profile } from "../../profile.ts";

/** The last value behind a reference: before it, some objects have the time it is of (1-0:1.6.0 of eMUCS). */
function lastValue(telegram: Telegram, code: string): ObisValue | undefined {
  return telegram.objects.find((object) => object.code === code)?.values.at(-1);
}

/** The number of a value, times `sign`; undefined when there is none, `malformed` for another unit. */
function one(
  value: ObisValue | undefined,
  unit: string | undefined,
  sign: 1n | -1n,
): Decimal | undefined | "malformed" {
  if (value === undefined) return undefined;
  // Makers print kVArh, kvarh and kVarh.
  if (value.unit?.toLowerCase() !== unit?.toLowerCase()) return "malformed";
  const number = Decimal.parse(decimalText(value));
  return new Decimal(sign * number.mantissa, number.exponent);
}

/**
 * The reading of the first sub-meter of these types that counts in `unit`; heat counts in GJ or in kWh. A sub-meter that has
 * lost its connection sends no date: `malformed`, as it says nothing against the meter itself.
 */
function submeter(telegram: Telegram, { channel = [], unit }: ObisSource): Decimal | undefined | "malformed" {
  try {
    const fits = ({ type, reading }: MbusChannel) => channel.includes(type ?? -1) && reading?.unit === unit;
    const reading = mbusChannels(telegram).find(fits)?.reading;
    return reading && Decimal.parse(reading.value);
  } catch (error) {
    if (error instanceof ProtocolError) return "malformed";
    throw error;
  }
}

function measure(telegram: Telegram, { obis, scale = 0 }: MeasurementProfile): SenmlNumber | undefined | "malformed" {
  const { sum, less = [], unit, channel } = obis!;
  const found = channel
    ? [submeter(telegram, obis!)]
    : [...sum, ...less].map((code) => one(lastValue(telegram, code), unit, sum.includes(code) ? 1n : -1n));
  let total: SenmlNumber | undefined;
  for (const value of found) {
    if (value === undefined || value === "malformed") return value;
    total = total === undefined ? value : addNumbers(total, value);
  }
  return total instanceof Decimal ? decimal(total.mantissa, total.exponent + scale) : undefined;
}

/** A telegram's measurements in the profile's units, all digits kept. What this meter does not send is left out. */
export function telegramValues(
  profile: Profile,
  telegram: Telegram,
): { values: Map<string, SenmlNumber>; malformed: boolean } {
  const values = new Map<string, SenmlNumber>();
  let malformed = false;
  for (const measurement of profile.measurements) {
    const value = measure(telegram, measurement);
    if (value === "malformed") malformed = true;
    else if (value !== undefined) values.set(measurement.name, value);
  }
  return { values, malformed };
}
