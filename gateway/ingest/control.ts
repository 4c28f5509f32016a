import type { DeviceCommand } from "../../devices/index.ts";
import { CancelledError, FieldsealError, fromUtf8, InternalError, ProtocolError } from "../../protocols/bytes/index.ts";
import type { Broker, BrokerMessage } from "../broker/broker.ts";

export interface ControlOptions {
  /** Root of the tree. */
  base: string;
  /** Asks the board; resolves with what it acknowledged. */
  control(device: string, command: DeviceCommand): Promise<DeviceCommand>;
  /** The broker does not let us hear commands. */
  onTrouble(error: FieldsealError): void;
}

/** A command has a handful of keys. */
const MAX_COMMAND = 2_048;
/** Commands that are under way; a board takes them one after the other. */
const MAX_UNDERWAY = 64;

interface Asked {
  command: DeviceCommand;
  transaction: string | null;
}

/** @throws ProtocolError FS-CONTROL-COMMAND. */
function decodeCommand(payload: Uint8Array): Asked {
  const bad = (why: string, cause?: unknown) =>
    new ProtocolError("FS-CONTROL-COMMAND", `the command ${why}`, {
      fix: 'send a JSON object of numbers, texts and booleans: {"current_limit":10}',
      cause,
    });
  if (payload.length > MAX_COMMAND) throw bad(`has more than ${MAX_COMMAND} bytes`);
  const text = fromUtf8(payload);
  if (text === undefined) throw bad("is not UTF-8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw bad("is not JSON", cause);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw bad("is not a JSON object");
  const command: Record<string, number | string | boolean> = {};
  let transaction: string | null = null;
  for (const [key, value] of Object.entries(json)) {
    if (key === "transaction") transaction = typeof value === "string" ? value.slice(0, 64) : null;
    else if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") command[key] = value;
    else throw bad(`has ${key}, which is no number, text or boolean`);
  }
  if (Object.keys(command).length === 0) throw bad("is empty");
  return { command, transaction };
}

/**
 * `…/DEVICE/set`: boards that may be controlled. Each command is answered on `…/bridge/response/set`, with what the board acknowledged
 * or why it did not; what a broker kept is never carried out.
 */
export class Control {
  readonly #o: ControlOptions;
  #underway = 0;

  constructor(options: ControlOptions) {
    this.#o = options;
  }

  /** Granted when the broker answers; until then nobody hears commands. */
  attach(broker: Broker): void {
    broker
      .subscribe(`${this.#o.base}/+/set`, (message) => this.#take(broker, message))
      .catch((error: unknown) => {
        if (error instanceof CancelledError) return;
        this.#o.onTrouble(
          error instanceof FieldsealError
            ? error
            : new InternalError("FS-MQTT-BUG", "commands could not be subscribed to", { cause: error }),
        );
      });
  }

  async #take(broker: Broker, { topic, payload, retain }: BrokerMessage): Promise<void> {
    if (retain) return;
    const { base, control } = this.#o;
    const device = topic.slice(base.length + 1, -"/set".length);
    const answer: Record<string, unknown> = { device, transaction: null };
    this.#underway++;
    try {
      if (this.#underway > MAX_UNDERWAY) {
        throw new ProtocolError("FS-CONTROL-BUSY", `${MAX_UNDERWAY} commands are under way`, {
          fix: "wait for answers",
        });
      }
      const { command, transaction } = decodeCommand(payload);
      answer["transaction"] = transaction;
      Object.assign(answer, { status: "ok", data: await control(device, command) });
    } catch (error) {
      const known = error instanceof FieldsealError ? error : undefined;
      Object.assign(answer, {
        status: "error",
        code: known?.code ?? "FS-INTERNAL",
        error: known?.message ?? String(error),
      });
    } finally {
      this.#underway--;
    }
    await broker.publish(`${base}/bridge/response/set`, JSON.stringify(answer), { qos: 1 });
  }
}
