import { Decimal } from "../../../protocols/reading/index.ts";
import type { SunspecGroup, SunspecPoint } from "../../../protocols/sunspec/index.ts";
import { exactNumber, shifted } from "../../numbers.ts";
import type { MeasurementProfile } from "../../profile.ts";
import type { PointSource } from "../../sections/sunspec.ts";
import type { DeviceValue } from "../engine.ts";

/** Models of a device as they were read, by number. */
export type SunspecImage = ReadonlyMap<number, SunspecGroup>;

function place(model: SunspecGroup, { group, index = 0 }: PointSource): SunspecGroup | undefined {
  if (group === undefined) return model;
  const stack = [...model.groups];
  const found: SunspecGroup[] = [];
  for (let next = stack.shift(); next; next = stack.shift()) {
    if (next.name === group) found.push(next);
    stack.push(...next.groups);
  }
  return found[index];
}

function plain({ value, symbols }: SunspecPoint): DeviceValue | undefined {
  if (symbols) return symbols.length > 0 ? symbols.join(", ") : String(value);
  if (value instanceof Uint8Array) return undefined;
  return typeof value === "number" ? exactNumber(value) : value;
}

function minus(value: DeviceValue, less: DeviceValue): DeviceValue | undefined {
  if (!(value instanceof Decimal && less instanceof Decimal)) {
    return typeof value === "number" && typeof less === "number" ? exactNumber(value - less) : undefined;
  }
  const exponent = Math.min(value.exponent, less.exponent);
  const at = ({ mantissa, exponent: own }: Decimal) => mantissa * 10n ** BigInt(own - exponent);
  return new Decimal(at(value) - at(less), exponent);
}

function pointValue(source: PointSource, image: SunspecImage): DeviceValue | undefined {
  for (const id of source.models) {
    const model = image.get(id);
    const group = model && place(model, source);
    const point = group?.points.get(source.point);
    const value = point && plain(point);
    if (value === undefined) continue;
    if (source.less === undefined) return value;
    const other = group!.points.get(source.less);
    const less = other && plain(other);
    return less === undefined ? value : minus(value, less);
  }
  return undefined;
}

function firstValue(sources: readonly PointSource[], image: SunspecImage): DeviceValue | undefined {
  for (const source of sources) {
    const value = pointValue(source, image);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Reads the measurements into `values`; true when one of them ought to be there and is not. */
export function pointValues(
  measurements: readonly MeasurementProfile[],
  image: SunspecImage,
  values: Map<string, DeviceValue>,
): boolean {
  let malformed = false;
  for (const { name, sunspec, scale = 0, optional } of measurements) {
    const value = firstValue(sunspec ?? [], image);
    if (value === undefined) malformed ||= optional !== true;
    else if (typeof value === "string" || typeof value === "boolean") values.set(name, value);
    // A decimal without a fraction is signed as the integer it is.
    else
      values.set(
        name,
        shifted(value instanceof Decimal && value.exponent === 0 ? Number(value.mantissa) : value, scale),
      );
  }
  return malformed;
}
