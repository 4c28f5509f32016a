import { profile } from "../../../profile.ts";
import { P1Measurements } from "../p1-measurements.ts";

const p1 = new P1Measurements((code) => `Energiföretagen, bilaga A, OBIS table: ${code}`, [4, 3], [8, 3]);

export default profile({
  id: "swedish-p1",
  vendor: "any",
  model: "Swedish smart meter, HAN port with P1 telegrams",
  link: "p1",
  source: "Energiföretagen Sverige, Branschrekommendation för lokalt kundgränssnitt för elmätare 2.0",
  work: "energy_import",
  // A house at night may well stand still to the digit.
  stuckAfter: 86_400_000,
  measurements: [
    p1.watts("power", "1-0:1.7.0", "1-0:2.7.0"),
    p1.watts("power_import", "1-0:1.7.0"),
    p1.watts("power_export", "1-0:2.7.0"),
    p1.vars("reactive_power", "1-0:3.7.0", "1-0:4.7.0"),
    p1.energy("energy_import", "1-0:1.8.0"),
    p1.energy("energy_export", "1-0:2.8.0"),
    p1.reactiveEnergy("reactive_energy_import", "1-0:3.8.0"),
    p1.reactiveEnergy("reactive_energy_export", "1-0:4.8.0"),
    ...p1.phases("voltage", "V", 300, [3, 1], 12),
    ...p1.phases("current", "A", 120, [3, 1], 11),
    ...p1.phasePowers(),
  ],
});
