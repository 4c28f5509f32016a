/** What a measurement of an OpenEVSE is made of. */
export type RapiValue =
  /** The state as words, from `$GS`. */
  | "state"
  /** Whether a vehicle is plugged in, from `$GS`. */
  | "vehicle"
  /** A and V of `$GG`, and their product in W. */
  | "current"
  | "voltage"
  | "power"
  /** Wh delivered so far: the total of `$GU`, and the session that is not in it yet. */
  | "energy"
  /** Wh of the current or last session, from the Ws of `$GU`. */
  | "session"
  /** s of the current or last session, from `$GS`. */
  | "elapsed"
  /** A that the pilot offers, from `$GC` or `$GE`. */
  | "limit"
  /** °C: the first sensor of `$GP` that is fitted. */
  | "temperature";

export interface RapiSection {
  baudRate: number;
  dataBits: 8;
  parity: "none";
  stopBits: 1;
  /** How long the board may take to answer, in ms. */
  timeout: number;
  every: number;
}

// OpenEVSE firmware, rapi_proc.h: 115200 8N1.
export const RAPI: RapiSection = {
  baudRate: 115_200,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  timeout: 1000,
  every: 10_000,
};
