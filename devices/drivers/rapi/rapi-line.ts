import type { Clock, Port, Timer } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, ProtocolError, TimeoutError } from "../../../protocols/bytes/index.ts";
import { encodeRapi, RapiDecoder, type RapiFrame } from "../../../protocols/rapi/index.ts";

export interface RapiLineOptions {
  port: Port;
  clock: Clock;
  /** How long an answer may take, in ms. */
  timeout: number;
  /** `$AT`, `$AB` and other frames that nobody asked for. */
  onNotice(frame: RapiFrame): void;
}

interface Asked {
  sequence: number | undefined;
  settle(frame: RapiFrame | Error): void;
}

/** After an answer that did not come, what comes late within this time belongs to it, in ms. */
const DRAIN = 250;

/** Commands and answers on one port, one at a time. */
export class RapiLine {
  readonly counters = { timeouts: 0, late: 0, discardedBytes: 0 };
  readonly #o: RapiLineOptions;
  #decoder = new RapiDecoder();
  #asked: Asked | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #sequence = 0;
  /** Whether the firmware repeats sequence ids. */
  #numbered = false;

  constructor(options: RapiLineOptions) {
    this.#o = options;
  }

  /** A new connection: nothing of the one before counts. */
  reset(): void {
    this.#decoder = new RapiDecoder();
    this.#numbered = false;
    this.fail("the connection begins anew");
  }

  /** Ends what is under way. */
  fail(why: string): void {
    this.#asked?.settle(new EnvironmentError("FS-PORT-LOST", `${this.#o.port.name}: ${why}`));
  }

  receive(bytes: Uint8Array): void {
    for (const event of this.#decoder.push(bytes)) {
      if (event.kind === "discarded") {
        this.counters.discardedBytes += event.bytes.length;
        continue;
      }
      const { frame } = event;
      if (frame.name !== "OK" && frame.name !== "NK") {
        this.#o.onNotice(frame);
        continue;
      }
      const asked = this.#asked;
      const wanted = asked && (frame.sequence === undefined ? !this.#numbered : frame.sequence === asked.sequence);
      if (asked && wanted) asked.settle(frame);
      else this.counters.late++;
    }
  }

  /** Finds out whether answers repeat sequence ids; versions from 3.0 on can, and not all are built so. */
  async probe(): Promise<void> {
    try {
      const answer = await this.ask("GS", [], { numbered: true });
      this.#numbered = answer.sequence !== undefined;
    } catch (error) {
      // A refusal or silence says that they are not known.
      if (!(error instanceof ProtocolError || error instanceof TimeoutError)) throw error;
    }
  }

  /**
   * The answer, `$OK` or `$NK`.
   * @throws TimeoutError FS-RAPI-TIMEOUT; EnvironmentError FS-PORT-LOST, FS-PORT-WRITE.
   */
  ask(name: string, parameters: readonly string[] = [], { numbered = this.#numbered } = {}): Promise<RapiFrame> {
    const answer = this.#turn.then(() => this.#exchange(name, parameters, numbered));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #exchange(name: string, parameters: readonly string[], numbered: boolean): Promise<RapiFrame> {
    const { port, clock, timeout } = this.#o;
    this.#sequence = (this.#sequence % 255) + 1;
    const sequence = numbered ? this.#sequence : undefined;
    const bytes = encodeRapi({ name, parameters, checksum: "xor", ...(sequence === undefined ? {} : { sequence }) });
    let timer: Timer | undefined;
    const answered = new Promise<RapiFrame>((resolve, reject) => {
      const settle = (frame: RapiFrame | Error) => (frame instanceof Error ? reject(frame) : resolve(frame));
      this.#asked = { sequence, settle };
      timer = clock.after(timeout, () => {
        this.counters.timeouts++;
        settle(
          new TimeoutError("FS-RAPI-TIMEOUT", `no answer to $${name} from ${port.name} in ${timeout} ms`, {
            fix: "check the cable, and that the port is the station's RAPI port (115200 8N1)",
          }),
        );
      });
    });
    // Who waits below hears of it; until then nobody has to.
    answered.catch(() => undefined);
    try {
      await port.write(bytes);
      return await answered;
    } catch (error) {
      this.#asked = undefined;
      if (error instanceof TimeoutError && !numbered) await new Promise<void>((done) => void clock.after(DRAIN, done));
      throw error;
    } finally {
      timer?.cancel();
      this.#asked = undefined;
    }
  }
}
