import { addNumbers, Decimal, type SenmlNumber } from "../../protocols/reading/index.ts";
import { decimal } from "../numbers.ts";
import type { MeasurementProfile, Profile } from "../profile.ts";
import type { LintReport } from "./engine.ts";
import type { PushedValues } from "./push-driver.ts";

/** An object of a list, as both HAN and SML give it. */
export interface CosemObject {
  code: string;
  unit?: string;
  value?: unknown;
}

type Found = Decimal | undefined | "malformed";

function find(objects: readonly CosemObject[], codes: readonly string[], unit: string | undefined): Found {
  for (const code of codes) {
    const object = objects.find((candidate) => candidate.code === code);
    if (object?.value === undefined) continue;
    return object.value instanceof Decimal && object.unit === unit ? object.value : "malformed";
  }
  return undefined;
}

function measure(objects: readonly CosemObject[], { cosem, scale = 0 }: MeasurementProfile): SenmlNumber | Found {
  const { codes, less, unit } = cosem!;
  const value = find(objects, codes, unit);
  if (!less || !(value instanceof Decimal)) {
    return value instanceof Decimal ? decimal(value.mantissa, value.exponent + scale) : value;
  }
  const off = find(objects, less, unit);
  if (!(off instanceof Decimal)) return off;
  const rest = addNumbers(value, new Decimal(-off.mantissa, off.exponent));
  return rest instanceof Decimal ? decimal(rest.mantissa, rest.exponent + scale) : undefined;
}

/** A list's measurements in the profile's units, all digits kept. What this list does not carry is left out. */
export function cosemValues(profile: Profile, objects: readonly CosemObject[]): PushedValues {
  const values = new Map<string, SenmlNumber>();
  let malformed = false;
  for (const measurement of profile.measurements) {
    const value = measure(objects, measurement);
    if (value === "malformed") malformed = true;
    else if (value !== undefined) values.set(measurement.name, value);
  }
  return { values, malformed };
}

export const OBIS_REFERENCE = /^\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}(\*\d{1,3})?$/;

/** Checks the measurements' sources of a link whose boards send COSEM objects. */
export function lintCosem({ measurements }: Profile, problem: LintReport): void {
  for (const { name, cosem } of measurements) {
    const path = `measurements.${name}.cosem`;
    if (!cosem) {
      problem(path, "is missing");
      continue;
    }
    if (cosem.codes.length === 0) problem(`${path}.codes`, "are none");
    for (const code of [...cosem.codes, ...(cosem.less ?? [])]) {
      if (!OBIS_REFERENCE.test(code)) problem(`${path}.codes`, `${code} is not an OBIS reference`);
    }
    if (!Number.isInteger(cosem.scaler) || Math.abs(cosem.scaler) > 9) problem(`${path}.scaler`, "must be -9 to 9");
  }
}
