import { profile } from "../../../profile.ts";
import { hanMeasurements } from "../han-measurements.ts";

export default profile({
  id: "kamstrup-han",
  vendor: "Kamstrup",
  model: "Omnipower, HAN port",
  link: "han",
  source: "Kamstrup HAN-NVE interface description 5512-2012",
  work: "energy_import",
  han: { layout: "kamstrup", version: "Kamstrup_V0001" },
  // A house at night may well stand still to the digit.
  stuckAfter: 86_400_000,
  measurements: hanMeasurements({
    source: (code) => `Kamstrup HAN-NVE interface description, OBIS lists: ${code}`,
    group: "1-1",
    amperes: -2,
    volts: 0,
    energy: 1,
  }),
});
