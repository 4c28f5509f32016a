import type { MeasurementProfile, Profile } from "../../profile.ts";
import type { FirmataSource } from "../../sections/firmata.ts";
import type { LintReport } from "../engine.ts";
import { CHIPS } from "./chips.ts";
import { addressOf, pinOf } from "./image.ts";

const isPin = (pin: number): boolean => Number.isInteger(pin) && pin >= 0 && pin < 128;

/** What a profile for a Firmata board says that cannot be. */
export function lintFirmata(profile: Profile, problem: LintReport): void {
  const { firmata: section } = profile;
  if (!section) {
    problem("firmata", "is missing");
    return;
  }
  // Firmata protocol.md, "Sampling Interval": 14 bits; boards take no less than 10 ms.
  if (!(section.sampling >= 10 && section.sampling <= 16_383)) problem("firmata.sampling", "must be 10 to 16383 ms");
  const chips = new Map<number, string>();
  const uses = new Map<number, string>();
  for (const measurement of profile.measurements) {
    const { firmata, name } = measurement;
    const path = `measurements.${name}.firmata`;
    if (!firmata) {
      problem(path, "is missing");
      continue;
    }
    lintSource(measurement, firmata, (key, message) => problem(`${path}.${key}`, message));
    lintPin(firmata, uses, (message) => problem(path, message));
    const address = addressOf(firmata);
    if (address === undefined || !("chip" in firmata)) continue;
    if ((chips.get(address) ?? firmata.chip) !== firmata.chip) problem(`${path}.address`, "is another chip's, too");
    chips.set(address, firmata.chip);
  }
}

function lintPin(source: FirmataSource, uses: Map<number, string>, problem: (message: string) => void): void {
  const pin = pinOf(source) ?? ("oneWire" in source ? source.oneWire : "dht" in source ? source.dht : undefined);
  if (pin === undefined) return;
  if (!isPin(pin)) problem("must be on a pin from 0 to 127");
  const [use] = Object.keys(source) as [string];
  if ((uses.get(pin) ?? use) !== use) problem(`pin ${pin} is used twice`);
  uses.set(pin, use);
}

function lintSource({ kind, unit }: MeasurementProfile, source: FirmataSource, problem: LintReport): void {
  if ("pulses" in source) {
    if (kind !== "counter") problem("pulses", "must be a counter");
    if (!(source.impulses > 0)) problem("impulses", "must be above 0");
    if (source.debounce !== undefined && !(source.debounce >= 0)) problem("debounce", "must not be negative");
  } else if ("analog" in source) {
    if (!(Number.isInteger(source.analog) && source.analog >= 0 && source.analog < 16))
      problem("analog", "must be 0 to 15");
    const rising = source.points.every(([raw], i) => i === 0 || raw > source.points[i - 1]![0]);
    if (source.points.length < 2 || !rising) problem("points", "must be two or more, by rising raw value");
    if (!(source.decimals >= 0 && source.decimals <= 9)) problem("decimals", "must be 0 to 9");
  } else if ("digital" in source) {
    if (kind !== "state" || unit !== "") problem("digital", "is a boolean: kind must be state, without unit");
  } else if ("chip" in source) {
    const chip = CHIPS[source.chip];
    if (chip === undefined) problem("chip", `must be one of ${Object.keys(CHIPS).join(", ")}`);
    else if (!chip.quantities.includes(source.quantity))
      problem("quantity", `must be one of ${chip.quantities.join(", ")}`);
    const address = addressOf(source)!;
    // I2C-bus specification UM10204 §3.1.12: the others are reserved.
    if (!(address >= 0x08 && address <= 0x77)) problem("address", "must be 0x08 to 0x77");
    if (source.shunt !== undefined && !(source.shunt > 0)) problem("shunt", "must be above 0");
  } else if ("oneWire" in source) {
    if (source.rom !== undefined && !/^28[0-9a-f]{14}$/.test(source.rom))
      problem("rom", "must be 16 hex digits from 28 on");
  } else if (source.model !== 11 && source.model !== 22) problem("model", "must be 11 or 22");
}
