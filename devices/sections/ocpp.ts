/** What a station says of itself and its sessions, beside what it samples. */
export type OcppField =
  | "energy"
  | "status"
  | "error"
  | "session_id"
  | "session_connector"
  | "session_start"
  | "session_end"
  | "session_meter_start"
  | "session_meter_stop"
  | "session_energy"
  | "session_stop_reason"
  | "session_id_tag_hash"
  | "session_signature"
  | "session_grade"
  | "session_ocmf_sha256"
  | "session_ocmf";

/** Where a charging station reports a measurement. */
export type OcppSource =
  | {
      /** Measurand of OCPP 1.6 §7.31 and 2.0.1 part 2 MeasurandEnumType. */
      sample: string;
      phase?: "L1" | "L2" | "L3";
      /** Of several connectors: added up, or the one heard last. */
      of: "sum" | "last";
      /** Unit as the station sends it, prefixes taken off: `W`, `Percent`. */
      unit: string;
    }
  | { field: OcppField };

export interface OcppSection {
  /** Versions this model speaks, the preferred one first. */
  versions: readonly ("1.6" | "2.0.1")[];
  /** Connectors of 1.6, EVSEs of 2.0.1. */
  connectors: number;
  /** Most that all connectors together deliver, in W: a register that grows faster is not believed. */
  maxPower: number;
  /** Range of the current limit in A. */
  current: readonly [least: number, most: number];
  /** Shortest distance of two readings that are kept, in ms; a session's end is always kept. */
  every: number;
  /** Between two heartbeats, in ms. */
  heartbeat: number;
  /** Time a station has to answer a call, in ms. */
  timeout: number;
}

export const OCPP: OcppSection = {
  versions: ["2.0.1", "1.6"],
  connectors: 1,
  maxPower: 360_000,
  current: [6, 500],
  every: 30_000,
  heartbeat: 60_000,
  timeout: 30_000,
};
