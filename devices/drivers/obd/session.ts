import { EnvironmentError, FieldsealError, ProtocolError } from "../../../protocols/bytes/index.ts";
import {
  decodeAnswers,
  decodeVin,
  type ElmAnswer,
  type ElmProblem,
  type ObdAnswer,
  type ObdRequest,
  requestText,
  signalValue,
  supportedPids,
} from "../../../protocols/obd/index.ts";
import { exactNumber } from "../../numbers.ts";
import type { MeasurementProfile, Profile } from "../../profile.ts";
import type { DeviceValue } from "../engine.ts";
import type { ElmLine } from "./elm-line.ts";

/** A car may be looked for this long before it is given up: the adapter tries each protocol (ELM327 data sheet, AT SP 0). */
const SEARCH_MS = 15_000;
/** An adapter's own commands, and its restart. */
const COMMAND_MS = 2_000;
/** Echo off, line feeds off, spaces off, headers on, adaptive timing on, protocol by itself. */
const SETUP = ["ATE0", "ATL0", "ATS0", "ATH1", "ATAT1", "ATSP0"];
/** Digits behind the point of a scaled value: the standard's scales need no more than three, percentages have no end. */
const DIGITS = 10_000;

const WHY: Readonly<Record<ElmProblem, string>> = {
  "no-data": "the car does not answer: is the ignition on?",
  "no-car": "no protocol reaches the car: is the ignition on, and the plug in?",
  "bus-error": "the adapter reports an error on the car's bus",
  stopped: "the adapter was interrupted",
  rejected: "the adapter does not know a command",
  overrun: "the adapter lost part of an answer",
  power: "the adapter reports low voltage",
};

function troubleOf(problem: ElmProblem, command: string): EnvironmentError {
  return new EnvironmentError(`FS-OBD-${problem.toUpperCase()}`, `${command}: ${WHY[problem]}`, {
    fix: "it is tried again by itself",
    context: { problem },
  });
}

/** A car behind an adapter: found once, then asked for what the profile wants and the car has. */
export class ObdSession {
  readonly #line: ElmLine;
  readonly #profile: Profile;
  /** Identifiers of service 01 that some control unit supports. */
  #supported = new Set<number>();
  /** Vehicle identification number, where the car tells it. */
  vin: string | undefined;
  /** Frames and lines that were no part of a good answer. */
  discarded = 0;

  constructor(line: ElmLine, profile: Profile) {
    this.#line = line;
    this.#profile = profile;
  }

  /**
   * Sets the adapter up and finds the car.
   * @throws EnvironmentError FS-OBD-NO-CAR, FS-OBD-NO-DATA, …; TimeoutError FS-OBD-TIMEOUT.
   */
  async begin(): Promise<void> {
    // Whatever a command of before left there ends with this; the answer, if one comes, is of no interest.
    await this.#line.ask("", COMMAND_MS).catch(portErrors);
    await this.#line.ask("ATZ", COMMAND_MS);
    for (const command of SETUP) {
      const { problem } = await this.#line.ask(command, COMMAND_MS);
      // Clones lack adaptive timing; without the others nothing can be read.
      if (problem && command !== "ATAT1") throw troubleOf(problem, command);
    }
    this.#supported = new Set();
    for (let base = 0; base <= 0xc0; base += 0x20) {
      const answers = await this.#ask({ service: 1, pid: base }, base === 0 ? SEARCH_MS : this.#profile.obd!.timeout);
      for (const { data } of answers) for (const pid of supportedPids(base, data)) this.#supported.add(pid);
      if (!this.#supported.has(base + 0x20)) break;
    }
    this.vin = await this.#readVin();
  }

  /** Values by measurement name; one that the car does not have is left out. */
  async read(): Promise<{ values: Map<string, DeviceValue>; malformed: boolean }> {
    const values = new Map<string, DeviceValue>();
    let malformed = false;
    if (this.vin !== undefined && this.#profile.measurements.some(({ name }) => name === "vin")) {
      values.set("vin", this.vin);
    }
    const asked = new Map<string, ObdAnswer[] | undefined>();
    for (const measurement of this.#profile.measurements) {
      const { obd } = measurement;
      if (!obd || !this.#has(measurement)) continue;
      const key = requestText(obd);
      if (!asked.has(key)) asked.set(key, await this.#tryAsk(obd));
      const answers = asked.get(key);
      const answer = answers?.find(({ id }) => obd.from === undefined || id === obd.from);
      try {
        if (!answer) throw new ProtocolError("FS-OBD-SHORT", `${key} was not answered`);
        const value = signalValue(obd, answer.data);
        values.set(
          measurement.name,
          typeof value === "string" ? value : exactNumber(Math.round(value * DIGITS) / DIGITS),
        );
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        malformed ||= !measurement.optional;
      }
    }
    return { values, malformed };
  }

  #has({ obd }: MeasurementProfile): boolean {
    return obd?.service !== 1 || this.#supported.has(obd.pid);
  }

  /** One value that fails takes no other with it; a car that is gone ends the reading. */
  async #tryAsk(request: ObdRequest): Promise<ObdAnswer[] | undefined> {
    try {
      return await this.#ask(request, this.#profile.obd!.timeout);
    } catch (error) {
      if (error instanceof FieldsealError && error.code === "FS-OBD-OVERRUN") return undefined;
      throw error;
    }
  }

  async #ask(request: ObdRequest, timeout: number): Promise<ObdAnswer[]> {
    const command = requestText(request);
    const { lines, problem } = await this.#line.ask(command, timeout);
    if (problem) throw troubleOf(problem, command);
    const { answers, discarded } = decodeAnswers(request, lines);
    this.discarded += discarded.length;
    // The engine's control unit has the lowest identifier (ISO 15765-4 §6.3.2.2).
    return answers.sort((a, b) => a.id - b.id);
  }

  /** Cars before 2005 and many electric ones keep it to themselves. */
  async #readVin(): Promise<string | undefined> {
    let answer: ElmAnswer;
    try {
      answer = await this.#line.ask("0902", this.#profile.obd!.timeout);
    } catch (error) {
      portErrors(error);
      return undefined;
    }
    for (const { data } of decodeAnswers({ service: 9, pid: 2 }, answer.lines).answers) {
      try {
        return decodeVin(data);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
    }
    return undefined;
  }
}

/** Passes on what concerns the port; an adapter's silence is no error here. */
function portErrors(error: unknown): undefined {
  if (error instanceof FieldsealError && error.code === "FS-OBD-TIMEOUT") return undefined;
  throw error;
}
