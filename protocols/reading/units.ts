import { Decimal, decimalOrNumber, type SenmlNumber } from "./decimal.ts";

/** A registered unit and its way to the primary one: `primary = value · numerator / denominator + offset`. */
export interface Unit {
  symbol: string;
  description: string;
  /** Symbol of the primary unit; the unit's own symbol when it is primary itself. */
  primary: string;
  numerator: number;
  denominator: number;
  offset: number;
  /** False for units that new producers should not use (marked with an asterisk in the registry). */
  recommended: boolean;
}

/** Primary units of RFC 8428 §12.1, RFC 8798 §2 and the registry (NTU); a trailing asterisk: not recommended. */
const PRIMARY = `
m meter|kg kilogram|g gram*|s second|A ampere|K kelvin|cd candela|mol mole|Hz hertz|rad radian|sr steradian|N newton|Pa pascal
J joule|W watt|C coulomb|V volt|F farad|Ohm ohm|S siemens|Wb weber|T tesla|H henry|Cel degrees Celsius|lm lumen|lx lux
Bq becquerel|Gy gray|Sv sievert|kat katal|m2 square meter|m3 cubic meter|l liter*|m/s meter per second
m/s2 meter per square second|m3/s cubic meter per second|l/s liter per second*|W/m2 watt per square meter
cd/m2 candela per square meter|bit bit|bit/s bit per second|lat degrees latitude|lon degrees longitude|pH acidity|dB decibel
dBW decibel relative to 1 W|Bspl bel, sound pressure level*|count counter value|/ ratio|% ratio, not a percentage*
%RH percent relative humidity|%EL percent remaining battery|EL seconds remaining battery|1/s per second|1/min per minute*
beat/min heart rate*|beats number of heart beats*|S/m siemens per meter|B byte|VA volt-ampere|VAs volt-ampere second
var volt-ampere reactive|vars volt-ampere-reactive second|J/m joule per meter|kg/m3 kilogram per cubic meter|deg degree*
NTU nephelometric turbidity unit`;

/** Secondary units of RFC 8798 §3 and the registry: symbol, primary, numerator, denominator, offset, description. */
const SECONDARY: readonly (readonly [string, string, number, number, number, string])[] = [
  ["ms", "s", 1, 1000, 0, "millisecond"],
  ["min", "s", 60, 1, 0, "minute"],
  ["h", "s", 3600, 1, 0, "hour"],
  ["MHz", "Hz", 1_000_000, 1, 0, "megahertz"],
  ["kW", "W", 1000, 1, 0, "kilowatt"],
  ["kVA", "VA", 1000, 1, 0, "kilovolt-ampere"],
  ["kvar", "var", 1000, 1, 0, "kilovar"],
  ["Ah", "C", 3600, 1, 0, "ampere-hour"],
  ["Wh", "J", 3600, 1, 0, "watt-hour"],
  ["kWh", "J", 3_600_000, 1, 0, "kilowatt-hour"],
  ["varh", "vars", 3600, 1, 0, "var-hour"],
  ["kvarh", "vars", 3_600_000, 1, 0, "kilovar-hour"],
  ["VAh", "VAs", 3600, 1, 0, "volt-ampere-hour"],
  ["kVAh", "VAs", 3_600_000, 1, 0, "kilovolt-ampere-hour"],
  ["Wh/km", "J/m", 36, 10, 0, "watt-hour per kilometer"],
  ["KiB", "B", 1024, 1, 0, "kibibyte"],
  ["GB", "B", 1_000_000_000, 1, 0, "gigabyte"],
  ["Mbit/s", "bit/s", 1_000_000, 1, 0, "megabit per second"],
  ["B/s", "bit/s", 8, 1, 0, "byte per second"],
  ["MB/s", "bit/s", 8_000_000, 1, 0, "megabyte per second"],
  ["mV", "V", 1, 1000, 0, "millivolt"],
  ["mA", "A", 1, 1000, 0, "milliampere"],
  ["dBm", "dBW", 1, 1, -30, "decibel relative to 1 mW"],
  ["ug/m3", "kg/m3", 1, 1_000_000_000, 0, "microgram per cubic meter"],
  ["mm/h", "m/s", 1, 3_600_000, 0, "millimeter per hour"],
  ["m/h", "m/s", 1, 3600, 0, "meter per hour"],
  ["ppm", "/", 1, 1_000_000, 0, "parts per million"],
  ["ppb", "/", 1, 1_000_000_000, 0, "parts per billion"],
  ["ppt", "/", 1, 1_000_000_000_000, 0, "parts per trillion"],
  ["/100", "/", 1, 100, 0, "percent"],
  ["/1000", "/", 1, 1000, 0, "permille"],
  ["hPa", "Pa", 100, 1, 0, "hectopascal"],
  ["mm", "m", 1, 1000, 0, "millimeter"],
  ["cm", "m", 1, 100, 0, "centimeter"],
  ["km", "m", 1000, 1, 0, "kilometer"],
  ["km/h", "m/s", 10, 36, 0, "kilometer per hour"],
  ["mg/l", "kg/m3", 1, 1000, 0, "milligram per liter"],
  ["ug/l", "kg/m3", 1, 1_000_000, 0, "microgram per liter"],
  ["g/l", "kg/m3", 1, 1, 0, "gram per liter"],
];

function registry(): ReadonlyMap<string, Unit> {
  const units = new Map<string, Unit>();
  for (const entry of PRIMARY.trim().split(/[|\n]/)) {
    const space = entry.indexOf(" ");
    const symbol = entry.slice(0, space);
    const recommended = !entry.endsWith("*");
    const description = entry.slice(space + 1, recommended ? undefined : -1);
    units.set(symbol, { symbol, description, primary: symbol, numerator: 1, denominator: 1, offset: 0, recommended });
  }
  for (const [symbol, primary, numerator, denominator, offset, description] of SECONDARY) {
    // RFC 8798 §3: packs should use the primary unit unless an existing data model is built on the secondary one.
    units.set(symbol, { symbol, description, primary, numerator, denominator, offset, recommended: false });
  }
  return units;
}

/** SenML units and secondary units by symbol. Symbols are case-sensitive. */
export const units: ReadonlyMap<string, Unit> = registry();

/** The registered unit, or undefined. */
export function unitOf(symbol: string): Unit | undefined {
  return units.get(symbol);
}

/** Power of ten as an exponent, or -1. */
function log10(value: number): number {
  const power = Math.round(Math.log10(value));
  return 10 ** power === value ? power : -1;
}

/**
 * The value in the unit's primary unit (RFC 8798 §3). A `Decimal` stays one, exactly, where the scale is a decimal fraction
 * (1834.2 kWh is 6603120000.0 J); otherwise, and where it would not fit, the result is the nearest double.
 */
export function toPrimary(value: SenmlNumber, unit: Unit): SenmlNumber {
  const { numerator, denominator, offset } = unit;
  if (typeof value === "number") return (value * numerator) / denominator + offset;
  const power = log10(denominator);
  if (power < 0) return (value.toNumber() * numerator) / denominator + offset;
  const scaled = decimalOrNumber(value.mantissa * BigInt(numerator), value.exponent - power);
  if (offset === 0) return scaled;
  if (!(scaled instanceof Decimal) || scaled.exponent > 0) return value.toNumber() + offset;
  return decimalOrNumber(scaled.mantissa + BigInt(offset) * 10n ** BigInt(-scaled.exponent), scaled.exponent);
}
