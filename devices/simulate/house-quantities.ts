/**
 * What the other meters of the same house show: gas, water, heat, climate, numbered inputs. All of it follows from the
 * electricity counted, so that counters never fall and equal clocks give equal values.
 * @param imported Wh counted so far. `second`: since the start.
 */
export function houseQuantities(imported: number, second: number): ReadonlyMap<string, number> {
  const heat = imported * 2.5;
  const flow = 55 + (second % 600) / 100;
  const spread = 12;
  const out = new Map([
    ["power_average", 410],
    ["power_peak", 3215],
    ["gas_volume", imported / 9800],
    ["water_volume", imported / 52_000],
    ["hot_water_volume", imported / 210_000],
    ["heat_energy", heat],
    ["heat_quantity", heat * 3600],
    ["heat_power", 4200],
    // Water carries 1.16 kWh per cubic metre and kelvin.
    ["heat_volume", heat / (1160 * spread)],
    ["volume_flow", 4200 / (1160 * spread) / 3600],
    ["flow_temperature", flow],
    ["return_temperature", flow - spread],
    ["temperature_difference", spread],
    ["pulses", Math.floor(imported)],
    ["soh", 97],
    ["humidity", 46 + (second % 60) / 120],
    ["pressure", 101_325],
    ["reactive_energy_import", imported / 8],
    ["reactive_energy_export", imported / 40],
  ]);
  for (let n = 1; n <= 6; n++) {
    out.set(`power_${n}`, 100 * n);
    out.set(`energy_${n}`, imported / n);
    out.set(`temperature_${n}`, 18 + n / 2);
  }
  return out;
}
