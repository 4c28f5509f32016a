import type { EvseState } from "../../../protocols/rapi/index.ts";

const NOT_CONNECTED = 1;
const CHARGING = 3;

/**
 * All energy that a station has delivered. The firmware adds a session to its total when the session ends, and goes on
 * showing the session; so the session counts beside the total until it has ended, and never twice.
 */
export class DeliveredEnergy {
  #open = false;
  /** Ws of the session that was last seen in the total. */
  #ended = 0n;

  /** Takes up a state, and says whether the session is still missing in the total. */
  isOpen({ state, open }: EvseState): boolean {
    if (open !== undefined) this.#open = open;
    // Versions that show no flags: a session begins with charging and ends when the vehicle goes. One that was under way
    // before the first look counts from its next charging on: too little for a while, never too much.
    else if (state === CHARGING) this.#open = true;
    else if (state === NOT_CONNECTED) this.#open = false;
    return this.#open;
  }

  /**
   * Whole Wh.
   * @param session Ws of the session. `total`: Wh of all that ended.
   */
  total(session: bigint, total: bigint): bigint {
    if (!this.#open) this.#ended = session;
    // A new session has been announced, and still the old one is shown.
    return this.#open && session !== this.#ended ? total + session / 3600n : total;
  }
}
