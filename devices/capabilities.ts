import type { Profile } from "./profile.ts";

/** What a device is to a builder, whatever it is called and however it speaks. */
export interface EnergyMeter {
  kind: "energy-meter";
  /** Measurement names. */
  power: string;
  energyImport: string;
  energyExport?: string;
  /** Phases it measures separately; 1 where it does not. */
  phases: 1 | 2 | 3;
}

export type Capability = EnergyMeter;

/** The capabilities that a profile's measurements amount to. */
export function capabilitiesOf(profile: Profile): Capability[] {
  const has = (name: string) => profile.measurements.some((measurement) => measurement.name === name);
  if (!has("power") || !has("energy_import")) return [];
  const phases = ["voltage_l1", "voltage_l2", "voltage_l3"].filter(has).length;
  const meter: EnergyMeter = {
    kind: "energy-meter",
    power: "power",
    energyImport: "energy_import",
    phases: phases === 2 || phases === 3 ? phases : 1,
  };
  if (has("energy_export")) meter.energyExport = "energy_export";
  return [meter];
}
