import { profile } from "../../../profile.ts";
import { hanMeasurements } from "../han-measurements.ts";

export default profile({
  id: "kaifa-han",
  vendor: "Kaifa",
  model: "MA105, MA304 and MA304H, HAN port",
  link: "han",
  source: "Kaifa KFM_001 HAN interface, OBIS list information",
  work: "energy_import",
  han: { parity: "even", layout: "kaifa", version: "KFM_001" },
  // A house at night may well stand still to the digit.
  stuckAfter: 86_400_000,
  measurements: hanMeasurements({
    source: (code) => `Kaifa HAN interface, OBIS lists 1 to 3: ${code}`,
    group: "1-0",
    amperes: -3,
    volts: -1,
    energy: 0,
  }),
});
