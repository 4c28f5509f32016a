import type { MeasurementProfile, ObisSource } from "../../profile.ts";

/** Measurements of a document on the P1 port: what they have in common is told once. */
export class P1Measurements {
  readonly #source: (code: string) => string;
  readonly #kW: ObisSource["digits"];
  readonly #kWh: ObisSource["digits"];

  /** @param source the place in the document that describes a reference. `kW`, `kWh`: digits before and after the point. */
  constructor(source: (code: string) => string, kW: ObisSource["digits"], kWh: ObisSource["digits"]) {
    this.#source = source;
    this.#kW = kW;
    this.#kWh = kWh;
  }

  watts(name: string, sum: string, less?: string): MeasurementProfile {
    const obis: ObisSource = { sum: [sum], ...(less && { less: [less] }), unit: "kW", digits: this.#kW };
    const bounds = [less ? -100_000 : 0, 100_000] as const;
    return { name, unit: "W", kind: "gauge", bounds, scale: 3, source: this.#source(sum), obis };
  }

  vars(name: string, sum: string, less: string): MeasurementProfile {
    const obis: ObisSource = { sum: [sum], less: [less], unit: "kVAr", digits: this.#kW };
    const bounds = [-100_000, 100_000] as const;
    return { name, unit: "var", kind: "gauge", bounds, scale: 3, source: this.#source(sum), obis };
  }

  // 3 x 80 A at 253 V, the largest connection a P1 meter is built for, is 61 kW: 17 Wh a second.
  energy(name: string, ...sum: string[]): MeasurementProfile {
    const obis: ObisSource = { sum, unit: "kWh", digits: this.#kWh };
    return {
      name,
      unit: "Wh",
      kind: "counter",
      bounds: [0, 2_000_000_000],
      step: 18,
      scale: 3,
      source: this.#source(sum.join(", ")),
      obis,
    };
  }

  reactiveEnergy(name: string, code: string): MeasurementProfile {
    const obis: ObisSource = { sum: [code], unit: "kVArh", digits: this.#kWh };
    const bounds = [0, 2_000_000_000] as const;
    return { name, unit: "varh", kind: "counter", bounds, scale: 3, source: this.#source(code), obis };
  }

  phases(name: string, unit: string, most: number, digits: ObisSource["digits"], group: number): MeasurementProfile[] {
    return [1, 2, 3].map((phase): MeasurementProfile => {
      const code = `1-0:${20 * phase + group}.7.0`;
      const obis = { sum: [code], unit, digits };
      return { name: `${name}_l${phase}`, unit, kind: "gauge", bounds: [0, most], source: this.#source(code), obis };
    });
  }

  /** Import and export of each phase: 1-0:21.7.0, 1-0:22.7.0 and so on. */
  phasePowers(): MeasurementProfile[] {
    return [1, 2, 3].flatMap((phase) => [
      this.watts(`power_import_l${phase}`, `1-0:${20 * phase + 1}.7.0`),
      this.watts(`power_export_l${phase}`, `1-0:${20 * phase + 2}.7.0`),
    ]);
  }

  /** What meters on the M-Bus behind the smart meter have counted; those that are not there are left out. */
  submeters(): MeasurementProfile[] {
    const counter = (name: string, unit: string, channel: readonly number[], of: string, scale = 0) => {
      const obis: ObisSource = { sum: [], channel, unit: of, digits: [5, 3] };
      const source = this.#source("0-n:24.1.0, 0-n:24.2.1");
      return { name, unit, kind: "counter", bounds: [0, 1e15], scale, source, obis, optional: true } as const;
    };
    return [
      counter("gas_volume", "m3", [3], "m3"),
      counter("water_volume", "m3", [7], "m3"),
      counter("hot_water_volume", "m3", [6], "m3"),
      // 4 and 12: heat counted in the outlet or in the inlet.
      counter("heat_quantity", "J", [4, 12], "GJ", 9),
      counter("heat_energy", "Wh", [4, 12], "kWh", 3),
    ];
  }
}
