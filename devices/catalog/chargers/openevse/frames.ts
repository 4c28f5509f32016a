import type { RecordedFrame } from "../../../profile.ts";

/** Lines of what is asked and what is answered; checksums are the XOR of all before ^. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "firmware 8 while a vehicle charges: the session is not in the total yet",
    source: "composed from OpenEVSE firmware, rapi_proc.h: $GS, $GU, $GG, $GP, $GC",
    answer: [
      "$GS^30 > $OK 03 35 03 0540^27",
      "$GU^36 > $OK 130696 55^2B",
      "$GG^24 > $OK 15840 240000^1E",
      "$GP^33 > $OK 315 315 -2560^2C",
      "$GC^20 > $OK 6 80 16 24^1F",
    ].join("\n"),
    expect: {
      power: "3801.600",
      current: "15.840",
      voltage: "240.000",
      current_limit: "16",
      temperature: "31.5",
      session_energy: "36.304",
      session_time: "35",
      energy_import: "91",
      charging_state: "charging",
      vehicle_connected: "true",
    },
  },
  {
    what: "the same after the vehicle has gone: the session is in the total, and still shown",
    source: "composed from OpenEVSE firmware, rapi_proc.h: $GS, $GU",
    answer: ["$GS^30 > $OK 01 58 01 0200^2F", "$GU^36 > $OK 198348 55^2F"].join("\n"),
    expect: {
      energy_import: "55",
      session_energy: "55.096",
      charging_state: "not connected",
      vehicle_connected: "false",
    },
  },
  {
    what: "a version before 2: no checksums, no flags, a decimal state",
    source: "composed from OpenEVSE firmware, rapi_proc.h: response format v1.0.3",
    answer: ["$GS > $OK 254 12", "$GU > $OK 0 10211482", "$GG > $OK -1 -1", "$GE > $OK 24 0021"].join("\n"),
    expect: { energy_import: "10211482", charging_state: "sleeping", current_limit: "24" },
  },
];
