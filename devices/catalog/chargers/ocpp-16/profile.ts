import { profile } from "../../../profile.ts";
import { stationMeasurements } from "../station-measurements.ts";

export default profile({
  id: "ocpp-16",
  vendor: "any",
  model: "charge point, OCPP 1.6J",
  link: "ocpp",
  source: "OCPP 1.6 edition 2 (2017-09-28), OCPP-J 1.6 specification",
  work: "energy_import",
  // A station without a vehicle stands still for days.
  stuckAfter: 0,
  ocpp: { versions: ["1.6"], connectors: 64 },
  measurements: stationMeasurements({
    measurands: "OCPP 1.6 §7.31 Measurand",
    session: "OCPP 1.6 §6.45 StartTransaction.req, §6.49 StopTransaction.req",
    status: "OCPP 1.6 §6.47 StatusNotification.req",
  }),
});
