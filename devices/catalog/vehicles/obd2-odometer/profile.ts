import { profile } from "../../../profile.ts";
import { carMeasurements, distanceCounter } from "../obd-measurements.ts";

export default profile({
  id: "obd2-odometer",
  vendor: "any",
  model: "car, work by its odometer (ELM327)",
  link: "obd",
  source: "SAE J1979-DA; ELM327 data sheet v2.3",
  work: "odometer",
  // A parked car tells the same values until it sleeps.
  stuckAfter: 0,
  measurements: [distanceCounter("odometer", "PID A6 odometer"), ...carMeasurements],
});
