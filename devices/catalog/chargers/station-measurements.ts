import type { MeasurementProfile } from "../../profile.ts";
import type { OcppField } from "../../sections/ocpp.ts";

type Bounds = readonly [number, number];
type Phase = "L1" | "L2" | "L3";

/** What a charging station samples and says, whichever version it speaks. `source` names the version's tables. */
export function stationMeasurements(source: {
  measurands: string;
  session: string;
  status: string;
}): MeasurementProfile[] {
  const sampled = (
    name: string,
    unit: string,
    bounds: Bounds,
    measurand: string,
    sent: string,
    of: "sum" | "last",
    phase?: Phase,
  ): MeasurementProfile => ({
    name,
    unit,
    kind: "gauge",
    bounds,
    optional: true,
    source: `${source.measurands}: ${measurand}`,
    ocpp: { sample: measurand, unit: sent, of, ...(phase === undefined ? {} : { phase }) },
  });
  const lines = (name: string, unit: string, bounds: Bounds, measurand: string, of: "sum" | "last") =>
    (["L1", "L2", "L3"] as const).map((phase) =>
      sampled(`${name}_${phase.toLowerCase()}`, unit, bounds, measurand, unit, of, phase),
    );
  const state = (name: string, field: OcppField, where: string): MeasurementProfile => ({
    name,
    unit: "",
    kind: "state",
    bounds: [0, 1],
    optional: true,
    source: where,
    ocpp: { field },
  });
  const told = (name: string, unit: string, bounds: Bounds, field: OcppField): MeasurementProfile => ({
    name,
    unit,
    kind: "gauge",
    bounds,
    optional: true,
    source: source.session,
    ocpp: { field },
  });
  const session = (name: string & OcppField) => state(name, name, source.session);
  const register: Bounds = [0, 1e12];
  const time: Bounds = [0, 4_102_444_800];
  return [
    {
      name: "energy_import",
      unit: "Wh",
      kind: "counter",
      bounds: register,
      // 360 kW. What a station kept while it was offline comes at once; each register is held to its own times before.
      step: 100,
      resolution: 1_000_000,
      source: `${source.measurands}: Energy.Active.Import.Register, increases of all connectors`,
      ocpp: { field: "energy" },
    },
    sampled("power", "W", [-400_000, 400_000], "Power.Active.Import", "W", "sum"),
    ...lines("power", "W", [-150_000, 150_000], "Power.Active.Import", "sum"),
    sampled("current", "A", [-1000, 1000], "Current.Import", "A", "sum"),
    ...lines("current", "A", [-500, 500], "Current.Import", "sum"),
    sampled("voltage", "V", [0, 1500], "Voltage", "V", "last"),
    ...lines("voltage", "V", [0, 500], "Voltage", "last"),
    sampled("frequency", "Hz", [45, 66], "Frequency", "Hz", "last"),
    sampled("soc", "%EL", [0, 100], "SoC", "Percent", "last"),
    sampled("temperature", "Cel", [-60, 150], "Temperature", "Celsius", "last"),
    sampled("current_limit", "A", [0, 1000], "Current.Offered", "A", "sum"),
    state("charging_state", "status", source.status),
    state("station_error", "error", source.status),
    session("session_id"),
    session("session_connector"),
    told("session_start", "s", time, "session_start"),
    told("session_end", "s", time, "session_end"),
    told("session_meter_start", "Wh", register, "session_meter_start"),
    told("session_meter_stop", "Wh", register, "session_meter_stop"),
    told("session_energy", "Wh", [0, 1e7], "session_energy"),
    session("session_stop_reason"),
    session("session_id_tag_hash"),
    session("session_signature"),
    session("session_grade"),
    session("session_ocmf_sha256"),
    session("session_ocmf"),
  ];
}
