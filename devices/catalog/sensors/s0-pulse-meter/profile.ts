import { profile } from "../../../profile.ts";

export default profile({
  id: "s0-pulse-meter",
  vendor: "any",
  model: "meter with an S0 output, 1000 pulses per kWh (Firmata)",
  link: "firmata",
  source: "EN 62053-31:1998",
  work: "energy_import",
  stuckAfter: 0,
  measurements: [
    {
      name: "energy_import",
      unit: "Wh",
      kind: "counter",
      bounds: [0, 1000000000],
      step: 17,
      // A pulse and its pause last 60 ms at least (§4.2): 16.7 of them a second.
      scale: 3,
      resolution: 1,
      source: "EN 62053-31:1998 §4: pulse output class B; 1000 pulses per kWh as printed on the meter",
      firmata: { pulses: 2, impulses: 1000, pullup: true },
    },
  ],
});
