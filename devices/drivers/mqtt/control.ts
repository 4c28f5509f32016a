import type { Timer } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, ProtocolError, TimeoutError, UsageError } from "../../../protocols/bytes/index.ts";
import type { MessageControl, MqttSection } from "../../sections/mqtt.ts";
import type { DeviceCommand, DriverOptions } from "../driver.ts";
import type { BoardMessage, MessageSource } from "../messages.ts";
import type { TopicOf } from "./topics.ts";
import { fieldText, payloadValue } from "./values.ts";

export interface BoardControlOptions {
  driver: DriverOptions;
  section: MqttSection;
  messages: MessageSource;
  topicOf: TopicOf;
}

interface Waiting {
  control: MessageControl;
  value: number | boolean;
  settle(error?: Error): void;
}

/** How long a board may take to confirm, in ms. */
const CONFIRM_WITHIN = 5000;

/** Tells a board what to do over MQTT, one thing at a time, and waits until it confirms. */
export class BoardControl {
  readonly #o: BoardControlOptions;
  readonly #ends: (() => void)[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #waiting: Waiting | undefined;
  #stopped = false;

  constructor(options: BoardControlOptions) {
    this.#o = options;
  }

  start(): void {
    const { section, messages, topicOf } = this.#o;
    this.#stopped = false;
    for (const topic of new Set(section.controls.map(({ confirm }) => topicOf(confirm.topic)))) {
      const listener = (message: BoardMessage) => this.#heard(message);
      this.#ends.push(messages.subscribe({ topic, durable: false, retained: false, listener }));
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const end of this.#ends.splice(0)) end();
    this.#waiting?.settle(new EnvironmentError("FS-DEVICE-STOPPED", "the device was stopped before it confirmed"));
  }

  /** As `Driver.set`. */
  async set(command: DeviceCommand): Promise<DeviceCommand> {
    const steps = Object.entries(command).map(([key, value]) => this.#checked(key, value));
    if (this.#queued >= 8) {
      throw new EnvironmentError("FS-DEVICE-BUSY", `${this.#o.driver.name}: too many commands wait already`, {
        fix: "wait for the answer to one command before the next",
      });
    }
    this.#queued++;
    const done = this.#turn.then(async () => {
      for (const step of steps) await this.#send(step.control, step.value);
      return command;
    });
    this.#turn = done.catch(() => undefined);
    return done.finally(() => void this.#queued--);
  }

  #checked(key: string, value: DeviceCommand[string]): { control: MessageControl; value: number | boolean } {
    const { section, driver } = this.#o;
    const control = section.controls.find((known) => known.key === key);
    const refuse = (why: string, fix: string) => new UsageError("FS-DEVICE-CONTROL", `${driver.name}: ${why}`, { fix });
    if (!control) {
      const known = section.controls.map((one) => one.key).join(", ");
      throw refuse(`"${key.slice(0, 40)}" cannot be set`, `this board knows ${known}`);
    }
    const { range } = control;
    if (range === undefined) {
      if (typeof value === "boolean") return { control, value };
      throw refuse(`${key} must be true or false`, "send true or false");
    }
    if (typeof value === "number" && Number.isInteger(value) && value >= range[0] && value <= range[1]) {
      return { control, value };
    }
    throw refuse(`${key} must be a whole number from ${range[0]} to ${range[1]}`, "send a number in that range");
  }

  async #send(control: MessageControl, value: number | boolean): Promise<void> {
    const { driver, messages, topicOf } = this.#o;
    if (this.#stopped || !messages.connected) {
      throw new EnvironmentError("FS-MQTT-BROKER", `${driver.name}: there is no broker to reach it by`, {
        fix: "see the state of the broker; send the command again when it is online",
      });
    }
    const { payload } = control;
    const text = typeof payload === "string" ? payload.replaceAll("{value}", String(value)) : payload[String(value)]!;
    let timer: Timer | undefined;
    const confirmed = new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => (error ? reject(error) : resolve());
      this.#waiting = { control, value, settle };
      const within = driver.config.timeout ?? CONFIRM_WITHIN;
      timer = driver.clock.after(within, () =>
        settle(
          new TimeoutError("FS-MQTT-UNCONFIRMED", `${driver.name} did not confirm ${control.key} in ${within} ms`, {
            fix: "see whether the board is online and lets itself be controlled over MQTT",
          }),
        ),
      );
    });
    // Who waits below hears of it; until then nobody has to.
    confirmed.catch(() => undefined);
    try {
      await messages.publish(topicOf(control.topic), text, { qos: 1 });
      await confirmed;
    } finally {
      timer?.cancel();
      this.#waiting = undefined;
    }
  }

  #heard({ topic, payload }: BoardMessage): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const { control, value, settle } = waiting;
    const { confirm } = control;
    const { section, driver, topicOf } = this.#o;
    if (topicOf(confirm.topic) !== topic) return;
    let text: string | undefined;
    try {
      text = fieldText(payloadValue(payload, section.payload, confirm.path !== undefined), confirm);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // What cannot be read confirms nothing; the wait goes on.
      return;
    }
    if (text === undefined) return;
    if (confirm.accepted === undefined) {
      const said = confirm.words ? confirm.words[text] : text;
      if (String(said) === String(value)) settle();
      return;
    }
    if (text === confirm.accepted) settle();
    else {
      const why = `${driver.name} refused ${control.key}: ${text.slice(0, 60)}`;
      settle(new EnvironmentError("FS-DEVICE-REFUSED", why, { fix: "the board says why; see its settings" }));
    }
  }
}
