import type { Clock } from "../../firmware-bridge/port/index.ts";
import type { PowerSeries } from "./day-profile.ts";
import { houseQuantities } from "./house-quantities.ts";
import { plantQuantities } from "./plant-quantities.ts";

export interface MeterModelOptions {
  clock: Clock;
  /** Same seed and same clock: same values. */
  seed?: number;
  /** Register readings to begin with, in Wh. */
  startImport?: number;
  startExport?: number;
  /** A day of power in place of the household's own; below 0 it is fed in. */
  series?: PowerSeries;
}

/** A number of 0…1 that depends on seed and index only (integer hash after Wellons' lowbias32). */
function noise(seed: number, index: number): number {
  let x = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ index) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 0x1_0000_0000;
}

const DAY = 86_400;

/**
 * A household behind a meter: a base load with a daily rhythm, a fridge, a kettle now and then. Power is constant within a
 * second, so that energy is its exact integral, whenever and however often it is read.
 */
export class MeterModel {
  readonly #clock: Clock;
  readonly #seed: number;
  readonly #startImport: number;
  readonly #startExport: number;
  readonly #started: number;
  readonly #secondOfDay: number;
  readonly #series: PowerSeries | undefined;
  /** Joules taken and fed in up to the start of second `#second`. */
  #taken = 0;
  #fedIn = 0;
  #second = 0;

  constructor({ clock, seed = 1, startImport = 10_211_482, startExport = 0, series }: MeterModelOptions) {
    this.#clock = clock;
    this.#seed = seed;
    this.#startImport = startImport;
    this.#startExport = startExport;
    this.#series = series;
    this.#started = clock.monotonic();
    this.#secondOfDay = Math.floor(clock.now() / 1000) % DAY;
  }

  /** Watts in the n-th second since the start. */
  #power(second: number): number {
    const time = (this.#secondOfDay + second) % DAY;
    if (this.#series) return this.#series.watts[Math.floor(time / this.#series.step)]!;
    const rhythm = 1 - Math.cos((2 * Math.PI * time) / DAY);
    const fridge = (second + this.#seed * 97) % 1800 < 600 ? 90 : 0;
    const slot = Math.floor(second / 180);
    const kettle = noise(this.#seed, slot) < 0.12 ? 2000 : 0;
    const flicker = 20 * noise(this.#seed + 1, second);
    return Math.round(10 * (220 + 180 * rhythm + fridge + kettle + flicker)) / 10;
  }

  /** Every quantity of the vocabulary that a meter knows, in the vocabulary's units, at this moment. */
  values(): ReadonlyMap<string, number> {
    const elapsed = Math.max(0, this.#clock.monotonic() - this.#started) / 1000;
    const second = Math.floor(elapsed);
    for (; this.#second < second; this.#second++) {
      const watts = this.#power(this.#second);
      if (watts > 0) this.#taken += watts;
      else this.#fedIn -= watts;
    }
    const power = this.#power(second);
    const part = elapsed - second;
    const imported = this.#startImport + (this.#taken + Math.max(0, power) * part) / 3600;
    return this.#quantities(
      power,
      imported,
      this.#startExport + (this.#fedIn + Math.max(0, -power) * part) / 3600,
      second,
    );
  }

  #quantities(power: number, imported: number, exported: number, second: number): ReadonlyMap<string, number> {
    const out = new Map<string, number>();
    const factor = 0.97;
    const volts = (phase: number) => Math.round(10 * (229 + phase + 2 * noise(this.#seed + 2 + phase, second))) / 10;
    const share = [0.5, 0.3, 0.2];
    const set = (name: string, value: number) => void out.set(name, value);
    let amps = 0;
    for (const phase of [1, 2, 3]) {
      const own = power * share[phase - 1]!;
      const current = Math.abs(own) / factor / volts(phase);
      amps += current;
      set(`power_l${phase}`, own);
      set(`power_import_l${phase}`, Math.max(0, own));
      set(`power_export_l${phase}`, Math.max(0, -own));
      set(`voltage_l${phase}`, volts(phase));
      set(`current_l${phase}`, current);
    }
    set("power", power);
    set("power_import", Math.max(0, power));
    set("power_export", Math.max(0, -power));
    set("apparent_power", Math.abs(power) / factor);
    set("reactive_power", (power / factor) * Math.sqrt(1 - factor * factor));
    set("power_factor", factor);
    set("voltage", volts(1));
    set("current", amps);
    set("frequency", 50 + Math.round(60 * (noise(this.#seed + 9, second) - 0.5)) / 1000);
    set("energy_import", imported);
    set("energy_import_t1", imported * 0.6);
    set("energy_import_t2", imported * 0.4);
    set("energy_export", exported);
    set("energy_export_t1", exported);
    set("energy_export_t2", 0);
    set("energy_total", imported + exported);
    for (const [name, value] of plantQuantities(power, imported, second)) set(name, value);
    for (const [name, value] of houseQuantities(imported, second)) set(name, value);
    return out;
  }
}
