import { ProtocolError } from "../bytes/index.ts";

/** EVSE_STATE_… of the firmware (J1772EvseController.h), as words. */
export const evseStates: Readonly<Record<string, string>> = {
  0: "unknown",
  1: "not connected",
  2: "connected",
  3: "charging",
  4: "ventilation required",
  5: "diode check failed",
  6: "ground fault",
  7: "no ground",
  8: "stuck relay",
  9: "self-test failed",
  10: "over temperature",
  11: "over current",
  254: "sleeping",
  255: "disabled",
};

/** What `$GS` says. */
export interface EvseState {
  state: number;
  /** Charging time of the current or last session, in s. */
  elapsed: number;
  /**
   * Whether the session's energy is still missing in the total: the firmware adds it when the session ends. Undefined where
   * the version does not say (no flags).
   */
  open?: boolean;
  vehicle?: boolean;
}

/** ECVF_SESSION_ENDED and ECVF_EV_CONNECTED. */
const SESSION_ENDED = 0x0200;
const EV_CONNECTED = 0x0100;

/**
 * `evsestate elapsed [pilotstate vflags]`: hexadecimal states and flags with four words, a decimal state with two.
 * @throws ProtocolError FS-RAPI-ANSWER.
 */
export function evseState(words: readonly string[]): EvseState {
  const [state = "", elapsed = "", , flags] = words;
  const long = words.length >= 4;
  const good = /^\d{1,10}$/.test(elapsed) && (long ? /^[0-9a-f]{1,2}$/i : /^\d{1,3}$/).test(state);
  if (!good || (flags !== undefined && !/^[0-9a-f]{1,8}$/i.test(flags))) {
    throw new ProtocolError("FS-RAPI-ANSWER", "the answer to $GS is not a state");
  }
  const found = { state: Number.parseInt(state, long ? 16 : 10), elapsed: Number(elapsed) };
  if (flags === undefined) return found;
  const bits = Number.parseInt(flags, 16);
  return { ...found, open: (bits & SESSION_ENDED) === 0, vehicle: (bits & EV_CONNECTED) !== 0 };
}
