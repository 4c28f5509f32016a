import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { type FieldsealError, fromHex } from "../../protocols/bytes/index.ts";
import { readRevert } from "./reverts.ts";

/** What the submitter is doing, for people and machines. */
export interface SubmitterStatus {
  /**
   * idle: nothing to commit. pending: sent, in no block yet. confirming: in a block, not final yet.
   * held: something must change before it goes on. retrying: the end point does not do its part.
   */
  state: "idle" | "pending" | "confirming" | "held" | "retrying";
  /** One line. */
  text: string;
  /** Error code behind held or retrying. */
  code?: string;
  /** When this state began, ms since 1970. */
  since: number;
  /** Something that is going to be a problem. */
  warning?: string;
  /** Whether what counts was seen by more than one end point: `one end point, not cross-checked`, `2 of 2 end points agree`. */
  crossCheck: string;
}

/** `14:02` in UTC. */
export const hourOf = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

/** Wei as a decimal number of ether. */
export function ether(wei: bigint): string {
  const text = wei.toString().padStart(19, "0");
  const fraction = text.slice(-18).replace(/0+$/, "");
  return fraction === "" ? text.slice(0, -18) : `${text.slice(0, -18)}.${fraction.slice(0, 6)}`;
}

/** Wei per gas as gwei. */
export const gwei = (wei: bigint): string => `${Number(wei / 1_000_000n) / 1000} gwei`;

/** A few words for a fault of the end point: `503`, `no answer in time`. */
export function faultWords(error: FieldsealError): string {
  switch (error.code) {
    case "FS-CHAIN-STATUS":
      return String(error.context["status"]);
    case "FS-CHAIN-TIMEOUT":
      return "no answer in time";
    case "FS-CHAIN-UNREACHABLE":
      return `unreachable (${String(error.context["why"])})`;
    case "FS-CHAIN-REVERT": {
      const data = error.context["data"];
      const revert = typeof data === "string" ? readRevert(fromHex(data.slice(2))) : undefined;
      return revert === undefined ? "refuses the call" : `refuses: ${revert.text}`;
    }
    default:
      return error.message;
  }
}

/** Errors that another try cannot mend: an owner has to act. */
const HELD: ReadonlySet<string> = new Set([
  "FS-CHAIN-ID",
  "FS-CHAIN-FUNDS",
  "FS-CHAIN-FEE",
  "FS-CHAIN-AHEAD",
  "FS-CHAIN-FORKED",
  "FS-CHAIN-BEHIND",
  "FS-CHAIN-NO-CONTRACT",
  "FS-CHAIN-REGISTRY",
]);

/** Whether an owner has to act, rather than wait. */
export const isHeld = (error: FieldsealError): boolean => HELD.has(error.code) || error.code === "FS-CHAIN-REVERT";

/** Waits between tries, ms: quick at first, then once a minute. */
export function* retryDelays(): Generator<number, never> {
  yield* [500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000];
  for (;;) yield 60_000;
}

/** Keeps the status, and how long and how often things have failed. */
export class StatusBoard {
  readonly #clock: Clock;
  readonly #warning: () => string | undefined;
  readonly #crossCheck: () => string;
  readonly #onStatus: ((status: SubmitterStatus) => void) | undefined;
  #current: SubmitterStatus;
  #delays = retryDelays();
  #failingSince: number | undefined;

  constructor(
    clock: Clock,
    warning: () => string | undefined,
    crossCheck: () => string,
    onStatus?: (status: SubmitterStatus) => void,
  ) {
    this.#clock = clock;
    this.#warning = warning;
    this.#crossCheck = crossCheck;
    this.#onStatus = onStatus;
    this.#current = { state: "idle", text: "nothing to commit", since: clock.now(), crossCheck: crossCheck() };
  }

  get current(): SubmitterStatus {
    return this.#current;
  }

  get failing(): boolean {
    return this.#failingSince !== undefined;
  }

  recovered(): void {
    this.#failingSince = undefined;
    this.#delays = retryDelays();
  }

  /** @returns how long to wait before the next try, ms. */
  failed(fault: FieldsealError): number {
    this.#failingSince ??= this.#clock.now();
    const asked = fault.context["retryAfterMs"];
    const wait = Math.max(this.#delays.next().value, typeof asked === "number" ? asked : 0);
    const words = faultWords(fault);
    const since = `since ${hourOf(this.#failingSince)} (retry in ${Math.ceil(wait / 1000)} s)`;
    if (isHeld(fault)) this.set("held", words, fault.code);
    else this.set("retrying", `coordinator ${words} ${since}`, fault.code);
    return wait;
  }

  set(state: SubmitterStatus["state"], text: string, code?: string): void {
    const warning = this.#warning();
    const crossCheck = this.#crossCheck();
    const { since, ...before } = this.#current;
    const same = before.warning === warning && before.crossCheck === crossCheck;
    if (before.state === state && before.text === text && same) return;
    this.#current = {
      state,
      text,
      since: before.state === state ? since : this.#clock.now(),
      crossCheck,
      ...(code === undefined ? {} : { code }),
      ...(warning === undefined ? {} : { warning }),
    };
    this.#onStatus?.(this.#current);
  }
}
