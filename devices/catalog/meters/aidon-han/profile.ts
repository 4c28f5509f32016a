import { profile } from "../../../profile.ts";
import { hanMeasurements } from "../han-measurements.ts";

export default profile({
  id: "aidon-han",
  vendor: "Aidon",
  model: "6515, 6525, 6534 and 6550, HAN port",
  link: "han",
  source: "Aidon RJ12 HAN interface, OBIS list information",
  work: "energy_import",
  han: { layout: "cosem", version: "AIDON_V0001" },
  // A house at night may well stand still to the digit.
  stuckAfter: 86_400_000,
  measurements: hanMeasurements({
    source: (code) => `Aidon HAN interface, OBIS lists 1 to 3: ${code}`,
    group: "1-0",
    amperes: -1,
    volts: -1,
    energy: 1,
  }),
});
