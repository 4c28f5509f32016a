import { profile } from "../../../profile.ts";
import { P1Measurements } from "../p1-measurements.ts";

const p1 = new P1Measurements((code) => `e-MUCS P1 1.7.1, §6 list of OBIS codes: ${code}`, [2, 3], [6, 3]);

export default profile({
  id: "emucs-p1",
  vendor: "any",
  model: "Belgian smart meter (e-MUCS), P1 port",
  link: "p1",
  source: "e-MUCS P1 (Fluvius, ORES, RESA, Sibelga), version 1.7.1",
  work: "energy_import",
  // A house at night may well stand still to the digit.
  stuckAfter: 86_400_000,
  measurements: [
    p1.watts("power", "1-0:1.7.0", "1-0:2.7.0"),
    p1.watts("power_import", "1-0:1.7.0"),
    p1.watts("power_export", "1-0:2.7.0"),
    p1.watts("power_average", "1-0:1.4.0"),
    p1.watts("power_peak", "1-0:1.6.0"),
    p1.energy("energy_import", "1-0:1.8.1", "1-0:1.8.2"),
    p1.energy("energy_export", "1-0:2.8.1", "1-0:2.8.2"),
    p1.energy("energy_import_t1", "1-0:1.8.1"),
    p1.energy("energy_import_t2", "1-0:1.8.2"),
    p1.energy("energy_export_t1", "1-0:2.8.1"),
    p1.energy("energy_export_t2", "1-0:2.8.2"),
    ...p1.phases("voltage", "V", 300, [3, 1], 12),
    ...p1.phases("current", "A", 120, [3, 2], 11),
    ...p1.phasePowers(),
    ...p1.submeters(),
  ],
});
