import { profile } from "../../../profile.ts";
import { stationMeasurements } from "../station-measurements.ts";

export default profile({
  id: "generic",
  vendor: "any",
  model: "charging station, OCPP 1.6J or 2.0.1",
  link: "ocpp",
  source: "OCPP 1.6 edition 2 (2017) with JSON specification; OCPP 2.0.1 edition 2 (2022) parts 2 and 4",
  work: "energy_import",
  // A station without a vehicle stands still for days.
  stuckAfter: 0,
  ocpp: { connectors: 64 },
  measurements: stationMeasurements({
    measurands: "OCPP 1.6 §7.31 Measurand, 2.0.1 part 2 MeasurandEnumType",
    session: "OCPP 1.6 §6.45 and §6.49 Start- and StopTransaction, 2.0.1 part 2 TransactionEvent",
    status: "OCPP 1.6 §6.47, 2.0.1 part 2 StatusNotification",
  }),
});
