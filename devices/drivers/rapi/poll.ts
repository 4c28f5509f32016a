import { ProtocolError } from "../../../protocols/bytes/index.ts";
import { type EvseState, evseState, evseStates } from "../../../protocols/rapi/index.ts";
import { decimal } from "../../numbers.ts";
import type { Profile } from "../../profile.ts";
import type { RapiValue } from "../../sections/rapi.ts";
import type { DeviceValue } from "../engine.ts";
import type { DeliveredEnergy } from "./delivered.ts";

/** Questions one by one; each is given the words of its answer, or undefined when the station does not know it. */
type Asking<T> = Generator<string, T, readonly string[] | undefined>;

/** What one round of questions gave. */
export interface Polled {
  state: EvseState;
  /** mA and mV; undefined where the board measures none. */
  current?: bigint | undefined;
  voltage?: bigint | undefined;
  /** Ws of the session, Wh of all sessions that ended. */
  session: bigint;
  total: bigint;
  /** A */
  limit?: bigint | undefined;
  /** Tenths of °C. */
  temperature?: bigint | undefined;
  /** Wh delivered so far. */
  energy: bigint;
}

/** A sensor of `$GP` that is not fitted shows this. */
const NOT_FITTED = -2560n;

/** A whole number of an answer. @throws ProtocolError FS-RAPI-ANSWER. */
function whole(words: readonly string[], index: number, what: string): bigint {
  const word = words[index] ?? "";
  if (/^-?\d{1,15}$/.test(word)) return BigInt(word);
  throw new ProtocolError("FS-RAPI-ANSWER", `the answer to ${what} has no number in place ${index + 1}`);
}

function* needed(name: string): Asking<readonly string[]> {
  const words = yield name;
  if (words) return words;
  throw new ProtocolError("FS-RAPI-REFUSED", `the station refuses $${name}`, {
    fix: "the controller needs firmware with energy metering (version 1.0.3 of RAPI or later)",
  });
}

/**
 * One reading's questions. The session's state is asked before and after its energy: when it ended in between, the session
 * may be in the total already, and all is asked again.
 * @throws ProtocolError FS-RAPI-ANSWER, FS-RAPI-REFUSED.
 */
export function* pollStation(delivered: DeliveredEnergy): Asking<Polled> {
  for (let attempt = 1; ; attempt++) {
    const state = evseState(yield* needed("GS"));
    const open = delivered.isOpen(state);
    const energy = yield* needed("GU");
    const session = whole(energy, 0, "$GU");
    const total = whole(energy, 1, "$GU");
    if (open && delivered.isOpen(evseState(yield* needed("GS"))) !== open && attempt < 3) continue;
    const electric = yield "GG";
    const electricAt = (index: number) => {
      const value = electric && whole(electric, index, "$GG");
      // -1: no ammeter, or no voltmeter.
      return value !== undefined && value >= 0n ? value : undefined;
    };
    const heat = (yield "GP")?.slice(0, 3).map((_, i, words) => whole(words, i, "$GP"));
    return {
      state,
      current: electricAt(0),
      voltage: electricAt(1),
      session,
      total,
      limit: yield* offered(),
      temperature: heat?.find((value) => value !== NOT_FITTED),
      energy: delivered.total(session, total),
    };
  }
}

/** `$GC`: least, most, pilot, configured; versions before 5 have two words there, and the current setting in `$GE`. */
function* offered(): Asking<bigint | undefined> {
  const capacity = yield "GC";
  if (capacity && capacity.length >= 3) return whole(capacity, 2, "$GC");
  const settings = yield "GE";
  return settings && whole(settings, 0, "$GE");
}

/** The measurements of a round, in the profile's units. */
export function polledValues(profile: Profile, polled: Polled): Map<string, DeviceValue> {
  const values = new Map<string, DeviceValue>();
  for (const { name, rapi } of profile.measurements) {
    const value = rapi && measured(rapi, polled);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

function measured(what: RapiValue, polled: Polled): DeviceValue | undefined {
  const { state, current, voltage, session, limit, temperature, energy } = polled;
  const scaled = (value: bigint | undefined, exponent: number) =>
    value === undefined ? undefined : decimal(value, exponent);
  switch (what) {
    case "state":
      return evseStates[state.state] ?? `state ${state.state}`;
    case "vehicle":
      return state.vehicle;
    case "current":
      return scaled(current, -3);
    case "voltage":
      return scaled(voltage, -3);
    case "power":
      return current === undefined || voltage === undefined ? undefined : decimal((current * voltage) / 1000n, -3);
    case "energy":
      return decimal(energy, 0);
    case "session":
      // Ws as thousandths of a Wh, cut.
      return decimal((session * 1000n) / 3600n, -3);
    case "elapsed":
      return state.elapsed;
    case "limit":
      return scaled(limit, 0);
    case "temperature":
      return scaled(temperature, -1);
  }
}
