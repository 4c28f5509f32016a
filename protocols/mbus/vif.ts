/**
 * What a value information block says (EN 13757-3 §6.4): the quantity, its unit and the power of ten that turns the sent
 * number into that unit.
 */
export interface MbusQuantity {
  /** `energy`, `volume`, `power`, …; `text` for one that the meter names itself; `reserved` for codes without a meaning here. */
  name: string;
  unit?: string;
  exponent: number;
}

type Row = readonly [first: number, count: number, name: string, unit: string | undefined, exponent: number];

/** Codes in a row raise the exponent by one each. Table 10 (primary VIF); J/h and m3/min are kept as the meter counts. */
const PRIMARY: readonly Row[] = [
  [0x00, 8, "energy", "Wh", -3],
  [0x08, 8, "energy", "J", 0],
  [0x10, 8, "volume", "m3", -6],
  [0x18, 8, "mass", "kg", -3],
  [0x28, 8, "power", "W", -3],
  [0x30, 8, "power", "J/h", 0],
  [0x38, 8, "volumeFlow", "m3/h", -6],
  [0x40, 8, "volumeFlow", "m3/min", -7],
  [0x48, 8, "volumeFlow", "m3/s", -9],
  [0x50, 8, "massFlow", "kg/h", -3],
  [0x58, 4, "flowTemperature", "Cel", -3],
  [0x5c, 4, "returnTemperature", "Cel", -3],
  [0x60, 4, "temperatureDifference", "K", -3],
  [0x64, 4, "externalTemperature", "Cel", -3],
  [0x68, 4, "pressure", "bar", -3],
  [0x6c, 1, "date", undefined, 0],
  [0x6d, 1, "dateTime", undefined, 0],
  [0x6e, 1, "heatCostUnits", undefined, 0],
  [0x78, 1, "fabricationNumber", undefined, 0],
  [0x79, 1, "enhancedIdentification", undefined, 0],
  [0x7a, 1, "busAddress", undefined, 0],
  [0x7e, 1, "any", undefined, 0],
  [0x7f, 1, "manufacturerSpecific", undefined, 0],
];

/** Durations in two bits: seconds, minutes, hours, days. */
const DURATIONS: readonly (readonly [first: number, name: string])[] = [
  [0x20, "onTime"],
  [0x24, "operatingTime"],
  [0x70, "averagingDuration"],
  [0x74, "actualityDuration"],
];
const DURATION_UNITS = ["s", "min", "h", "d"];

/** Table 12 (first extension, behind FD). */
const EXTENSION_FD: readonly Row[] = [
  [0x00, 4, "credit", undefined, -3],
  [0x04, 4, "debit", undefined, -3],
  [0x08, 1, "accessNumber", undefined, 0],
  [0x09, 1, "medium", undefined, 0],
  [0x0a, 1, "manufacturer", undefined, 0],
  [0x0b, 1, "parameterSet", undefined, 0],
  [0x0c, 1, "model", undefined, 0],
  [0x0d, 1, "hardwareVersion", undefined, 0],
  [0x0e, 1, "firmwareVersion", undefined, 0],
  [0x0f, 1, "softwareVersion", undefined, 0],
  [0x10, 1, "customerLocation", undefined, 0],
  [0x11, 1, "customer", undefined, 0],
  [0x17, 1, "errorFlags", undefined, 0],
  [0x18, 1, "errorMask", undefined, 0],
  [0x1a, 1, "digitalOutput", undefined, 0],
  [0x1b, 1, "digitalInput", undefined, 0],
  [0x3a, 1, "dimensionless", undefined, 0],
  [0x40, 16, "voltage", "V", -9],
  [0x50, 16, "current", "A", -12],
  [0x60, 1, "resetCounter", undefined, 0],
  [0x61, 1, "cumulationCounter", undefined, 0],
];

/** Table 11 (second extension, behind FB). Humidity: EN 13757-3:2013. */
const EXTENSION_FB: readonly Row[] = [
  [0x00, 2, "energy", "Wh", 5],
  [0x08, 2, "energy", "J", 8],
  [0x10, 2, "volume", "m3", 2],
  [0x18, 2, "mass", "kg", 5],
  [0x1a, 2, "relativeHumidity", "%RH", -1],
  [0x28, 2, "power", "W", 5],
  [0x30, 2, "power", "J/h", 8],
];

const RESERVED: MbusQuantity = { name: "reserved", exponent: 0 };

function lookUp(rows: readonly Row[], code: number): MbusQuantity | undefined {
  for (const [first, count, name, unit, exponent] of rows) {
    if (code < first || code >= first + count) continue;
    const quantity: MbusQuantity = { name, exponent: count > 1 ? exponent + code - first : exponent };
    if (unit !== undefined) quantity.unit = unit;
    return quantity;
  }
  return undefined;
}

function duration(code: number): MbusQuantity | undefined {
  const row = DURATIONS.find(([first]) => (code & 0x7c) === first);
  return row && { name: row[1], unit: DURATION_UNITS[code & 3]!, exponent: 0 };
}

/** Quantity of a whole block; `codes` is the VIF and its VIFEs as sent, without the text of a plain-text VIF. */
export function quantityOf(codes: readonly number[]): MbusQuantity {
  const vif = codes[0]!;
  let used = 1;
  let found: MbusQuantity | undefined;
  if (vif === 0xfd || vif === 0xfb) {
    used = 2;
    found = lookUp(vif === 0xfd ? EXTENSION_FD : EXTENSION_FB, (codes[1] ?? 0) & 0x7f);
  } else if ((vif & 0x7f) === 0x7f) {
    return lookUp(PRIMARY, 0x7f)!;
  } else {
    found = lookUp(PRIMARY, vif & 0x7f) ?? duration(vif & 0x7f);
  }
  if (!found) return RESERVED;
  return { ...found, exponent: found.exponent + correctionOf(codes.slice(used)) };
}

/** Combinable VIFEs that multiply (table 15): 70–77 by 10^(n-6), 7D by 1000. Behind FF the maker's own begin. */
export function correctionOf(vifes: readonly number[]): number {
  let exponent = 0;
  for (const vife of vifes) {
    const code = vife & 0x7f;
    if (code === 0x7f) break;
    if (code >= 0x70 && code <= 0x77) exponent += code - 0x76;
    else if (code === 0x7d) exponent += 3;
  }
  return exponent;
}
