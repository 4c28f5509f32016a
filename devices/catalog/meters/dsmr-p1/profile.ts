import { profile } from "../../../profile.ts";
import { P1Measurements } from "../p1-measurements.ts";

const p1 = new P1Measurements(
  (code) => `P1 Companion Standard 5.0.2, §6.12 representation of P1 telegram: ${code}`,
  [2, 3],
  [6, 3],
);

export default profile({
  id: "dsmr-p1",
  vendor: "any",
  model: "DSMR 2.2 to 5.0.2 smart meter, P1 port",
  link: "p1",
  source: "Dutch Smart Meter Requirements, P1 Companion Standard 5.0.2 (2016)",
  work: "energy_import",
  // A house at night may well stand still to the digit.
  stuckAfter: 86_400_000,
  measurements: [
    p1.watts("power", "1-0:1.7.0", "1-0:2.7.0"),
    p1.watts("power_import", "1-0:1.7.0"),
    p1.watts("power_export", "1-0:2.7.0"),
    p1.energy("energy_import", "1-0:1.8.1", "1-0:1.8.2"),
    p1.energy("energy_export", "1-0:2.8.1", "1-0:2.8.2"),
    p1.energy("energy_import_t1", "1-0:1.8.1"),
    p1.energy("energy_import_t2", "1-0:1.8.2"),
    p1.energy("energy_export_t1", "1-0:2.8.1"),
    p1.energy("energy_export_t2", "1-0:2.8.2"),
    ...p1.phases("voltage", "V", 300, [4, 1], 12),
    ...p1.phases("current", "A", 120, [3, 2], 11),
    ...p1.phasePowers(),
    ...p1.submeters(),
  ],
});
