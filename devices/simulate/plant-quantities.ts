/**
 * What inverters, batteries and charging stations know beside a meter's values, in the vocabulary's units: the same power, as
 * if it were generated on two PV strings or charged into a car.
 * @param power in W. @param energy its register in Wh. @param second since the start.
 */
export function plantQuantities(power: number, energy: number, second: number): [name: string, value: number][] {
  const made = Math.max(0, power);
  const out: [string, number][] = [
    ["power_produced", made],
    ["energy_produced", energy],
    ["pv_power", made],
    ["pv_power_ac", made],
    ["pv_current", made / 400],
    ["power_input", made],
    ["power_load", Math.abs(power)],
    ["energy_load", energy],
    ["energy_charged", energy * 0.3],
    ["energy_discharged", energy * 0.25],
    ["energy_today", energy % 20_000],
    ["battery_voltage", 52.4],
    ["battery_current", power / 524],
    ["battery_power", power / 10],
    ["soc", 81],
    ["dc_voltage", 620],
    ["dc_voltage_half", 310],
    ["temperature", 31.5],
    ["temperature_heatsink", 38],
    ["operating_time", 3_600_000 + second],
    ["current_limit", 16],
    ["phases_allowed", 3],
    ["session_energy", energy % 50_000],
  ];
  for (const pair of ["l12", "l23", "l31"]) out.push([`voltage_${pair}`, 400]);
  for (const phase of ["l1", "l2", "l3"]) out.push([`frequency_${phase}`, 50]);
  for (const n of [1, 2])
    out.push([`pv_voltage_${n}`, 400], [`pv_current_${n}`, made / 800], [`pv_power_${n}`, made / 2]);
  return out;
}
