import type { CosemSource, MeasurementProfile } from "../../profile.ts";

export interface HanMeasurementsOptions {
  /** The place in the document that describes a reference. */
  source(code: string): string;
  /** Groups A and B of the maker's references: `1-0`, at Kamstrup `1-1`. */
  group: string;
  /** Powers of ten of one count. */
  amperes: number;
  volts: number;
  energy: number;
}

/**
 * What the three makers' lists have in common. Registers come with the hourly list only, so they are optional: readings in
 * between carry the powers, and the work register stays where the last list put it.
 */
export function hanMeasurements({ source, group, amperes, volts, energy }: HanMeasurementsOptions) {
  const gauge = (
    name: string,
    unit: string,
    bounds: readonly [number, number],
    scaler: number,
    code: string,
    less?: string,
  ): MeasurementProfile => {
    const cosem: CosemSource = {
      codes: [`${group}:${code}`],
      ...(less && { less: [`${group}:${less}`] }),
      unit,
      scaler,
    };
    return { name, unit, kind: "gauge", bounds, optional: true, source: source(`${group}:${code}`), cosem };
  };
  // 3 x 80 A at 253 V is 61 kW: 17 Wh a second.
  const counter = (name: string, unit: string, code: string): MeasurementProfile => ({
    name,
    unit,
    kind: "counter",
    bounds: [0, 5_000_000_000],
    step: 18,
    optional: true,
    source: source(`${group}:${code}`),
    cosem: { codes: [`${group}:${code}`], unit, scaler: energy },
  });
  return [
    gauge("power", "W", [-100_000, 100_000], 0, "1.7.0", "2.7.0"),
    gauge("power_import", "W", [0, 100_000], 0, "1.7.0"),
    gauge("power_export", "W", [0, 100_000], 0, "2.7.0"),
    gauge("reactive_power", "var", [-100_000, 100_000], 0, "3.7.0", "4.7.0"),
    // Without a neutral (IT networks) the current of L2 is computed and may be negative.
    ...[1, 2, 3].map((phase) => gauge(`current_l${phase}`, "A", [-120, 120], amperes, `${20 * phase + 11}.7.0`)),
    ...[1, 2, 3].map((phase) => gauge(`voltage_l${phase}`, "V", [0, 300], volts, `${20 * phase + 12}.7.0`)),
    counter("energy_import", "Wh", "1.8.0"),
    counter("energy_export", "Wh", "2.8.0"),
    counter("reactive_energy_import", "varh", "3.8.0"),
    counter("reactive_energy_export", "varh", "4.8.0"),
  ];
}
