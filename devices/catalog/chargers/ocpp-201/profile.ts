import { profile } from "../../../profile.ts";
import { stationMeasurements } from "../station-measurements.ts";

export default profile({
  id: "ocpp-201",
  vendor: "any",
  model: "charging station, OCPP 2.0.1",
  link: "ocpp",
  source: "OCPP 2.0.1 edition 2 (2022-12-15), part 2 and part 4",
  work: "energy_import",
  // A station without a vehicle stands still for days.
  stuckAfter: 0,
  ocpp: { versions: ["2.0.1"], connectors: 64 },
  measurements: stationMeasurements({
    measurands: "OCPP 2.0.1 part 2 MeasurandEnumType",
    session: "OCPP 2.0.1 part 2 TransactionEventRequest",
    status: "OCPP 2.0.1 part 2 StatusNotificationRequest",
  }),
});
