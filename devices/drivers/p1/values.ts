import { decimalText, findValue, type Telegram } from "../../../protocols/meter/index.ts";
import { addNumbers, Decimal, type SenmlNumber } from "../../../protocols/reading/index.ts";
import { decimal } from "../../numbers.ts";
import type { MeasurementProfile, Profile } from "../../profile.ts";

/** The number behind one reference, times `sign`; undefined when the telegram has none, `malformed` for another unit. */
function one(
  telegram: Telegram,
  code: string,
  unit: string | undefined,
  sign: 1n | -1n,
): Decimal | undefined | "malformed" {
  const value = findValue(telegram, code);
  if (value === undefined) return undefined;
  if (value.unit !== unit) return "malformed";
  const number = Decimal.parse(decimalText(value));
  return new Decimal(sign * number.mantissa, number.exponent);
}

function measure(telegram: Telegram, { obis, scale = 0 }: MeasurementProfile): SenmlNumber | undefined | "malformed" {
  const { sum, less = [], unit } = obis!;
  let total: SenmlNumber | undefined;
  for (const code of [...sum, ...less]) {
    const value = one(telegram, code, unit, sum.includes(code) ? 1n : -1n);
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
