import { profile } from "../../../profile.ts";
import { carMeasurements, distanceCounter } from "../obd-measurements.ts";

export default profile({
  id: "obd2-distance",
  vendor: "any",
  model: "car, work by distance since codes were cleared (ELM327)",
  link: "obd",
  source: "SAE J1979-DA; ELM327 data sheet v2.3",
  work: "distance",
  // A parked car tells the same values until it sleeps.
  stuckAfter: 0,
  measurements: [distanceCounter("distance", "PID 31 distance since trouble codes were cleared"), ...carMeasurements],
});
