import type { Timer } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, ProtocolError, TimeoutError } from "../../../protocols/bytes/index.ts";
import type { MeasurementProfile, Profile } from "../../profile.ts";
import { READINGS } from "../../profile.ts";
import type { MessageField, MqttSection } from "../../sections/mqtt.ts";
import type { DeviceCommand, DeviceReading, Driver, DriverCounters, DriverOptions } from "../driver.ts";
import type { BoardMessage, MessageSource } from "../messages.ts";
import { noCounters, Presence } from "../presence.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { BoardControl } from "./control.ts";
import { fieldsOf, keyOf, type TopicOf } from "./topics.ts";
import { fieldText, type Heard, heardValues, payloadValue } from "./values.ts";

export interface MqttDriverOptions {
  driver: DriverOptions;
  profile: Profile;
  messages: MessageSource;
  topicOf: TopicOf;
}

/** What comes may come this much before the next reading is due and still be it: boards keep time a little differently. */
const EARLY = 0.1;

/**
 * A board that publishes by itself. Its latest values are kept, and made a reading when the message comes that the profile
 * names as trigger. Of what comes between two readings nothing of the counters is lost: they are registers.
 */
export class MqttDriver implements Driver {
  readonly name: string;
  readonly set?: (command: DeviceCommand) => Promise<DeviceCommand>;
  readonly #options: DriverOptions;
  readonly #section: MqttSection;
  readonly #measurements: readonly MeasurementProfile[];
  readonly #messages: MessageSource;
  readonly #every: number;
  readonly #maker: ReadingMaker;
  readonly #control: BoardControl | undefined;
  /** Fields by the topic they are read from. */
  readonly #fields = new Map<string, MessageField[]>();
  /** Keys of the fields whose coming makes a reading. */
  readonly #triggers: ReadonlySet<string>;
  readonly #availability: (MessageField & { online: string; offline: string }) | undefined;
  readonly #heard = new Map<string, Heard>();
  readonly #ends: (() => void)[] = [];
  readonly #counters: DriverCounters = noCounters();
  readonly #work: string;
  #running = false;
  /** Until then (monotonic ms) a board that has begun to speak may leave out its work register. */
  #patience = Number.POSITIVE_INFINITY;
  #due = Number.NEGATIVE_INFINITY;
  #malformed = false;
  #silence: Timer | undefined;
  readonly #known: Presence;

  constructor({ driver, profile, messages, topicOf }: MqttDriverOptions) {
    const { name, clock, config, last } = driver;
    const section = profile.mqtt!;
    this.name = name;
    this.#options = driver;
    this.#known = new Presence(driver);
    this.#section = section;
    this.#work = profile.work;
    this.#messages = messages;
    this.#every = config.every ?? section.every;
    this.#maker = new ReadingMaker({
      device: name,
      profile,
      clock,
      every: Math.max(this.#every, section.slowest),
      last,
    });
    const own = (field: MessageField) => ({ ...field, topic: topicOf(field.topic) });
    this.#measurements = profile.measurements.map((measurement) => {
      const message = measurement.message!;
      const { or, plus } = message;
      return {
        ...measurement,
        message: { ...own(message), ...(or && { or: or.map(own) }), ...(plus && { plus: plus.map(own) }) },
      };
    });
    for (const field of this.#measurements.flatMap(({ message }) => fieldsOf(message!))) {
      const known = this.#fields.get(field.topic) ?? [];
      if (!known.some((other) => keyOf(other) === keyOf(field))) known.push(field);
      this.#fields.set(field.topic, known);
    }
    this.#triggers = triggersOf(section.trigger, profile.work, this.#measurements);
    this.#availability = section.availability && { ...section.availability, ...own(section.availability) };
    if (config.control && section.controls.length > 0) {
      const control = new BoardControl({ driver, section, messages, topicOf });
      this.#control = control;
      this.set = (command) => control.set(command);
    }
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    const { retained } = this.#section;
    for (const topic of this.#fields.keys()) {
      const listener = (message: BoardMessage) => this.#take(message);
      this.#ends.push(this.#messages.subscribe({ topic, durable: true, retained, listener }));
    }
    if (this.#availability) {
      const { topic } = this.#availability;
      const listener = (message: BoardMessage) => this.#presence(message);
      this.#ends.push(this.#messages.subscribe({ topic, durable: false, retained: true, listener }));
    }
    this.#ends.push(this.#messages.watch((connected) => this.#broker(connected)));
    this.#control?.start();
    this.#watch();
    if (!this.#messages.connected) this.#broker(false);
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const end of this.#ends.splice(0)) end();
    this.#silence?.cancel();
    this.#control?.stop();
  }

  counters(): DriverCounters {
    return { ...this.#counters };
  }

  #broker(connected: boolean): void {
    if (connected) {
      this.#counters.reconnects++;
      this.#watch();
    } else {
      const fix = "see the state of the broker; the board is heard again when it is back";
      this.#offline(new EnvironmentError("FS-MQTT-BROKER", `${this.name}: there is no broker to hear it by`, { fix }));
    }
  }

  /** From now on the board has its time to say something. */
  #watch(): void {
    const { clock } = this.#options;
    const silence = Math.max(this.#section.silence, 3 * this.#every);
    this.#silence?.cancel();
    this.#silence = clock.after(silence, () => {
      if (!this.#messages.connected) return;
      this.#counters.timeouts++;
      const what = `${this.name} published nothing for ${silence / 1000} s`;
      const fix = "see whether the board is on, is connected to this broker, and publishes on the configured topic";
      this.#offline(new TimeoutError("FS-MQTT-SILENT", what, { fix }));
    });
  }

  #presence({ payload }: BoardMessage): void {
    const { path, offline } = this.#availability!;
    const text = this.#read(payload, false, (value) =>
      // Older versions of a board say plainly what newer ones put into an object.
      typeof value === "string" ? value : fieldText(value, path === undefined ? { topic: "" } : { topic: "", path }),
    );
    if (text !== offline) return;
    const fix = "see whether the board has power and network; it is heard again when it is back";
    this.#offline(
      new EnvironmentError("FS-MQTT-GONE", `${this.name}: the board, or the broker for it, says offline`, { fix }),
    );
  }

  #take({ topic, payload, retained }: BoardMessage): void {
    const fields = this.#fields.get(topic);
    if (!fields || payload.length === 0) return;
    if (retained && !this.#section.retained) {
      this.#counters.late++;
      return;
    }
    const isJson = fields.every(({ path }) => path !== undefined);
    const message = this.#read(payload, isJson, (value) => value);
    if (message === undefined) return;
    const now = this.#options.clock.monotonic();
    let triggered = false;
    for (const field of fields) {
      const key = keyOf(field);
      const text = fieldText(message, field);
      if (text === "malformed") this.#malformed = true;
      else if (text !== undefined) {
        // A live value is newer than any that a broker kept.
        if (!retained || !this.#heard.has(key)) this.#heard.set(key, { text, at: now });
        triggered ||= this.#triggers.has(key);
      } else if (field.path === undefined) this.#heard.delete(key);
    }
    if (retained) return;
    if (this.#patience === Number.POSITIVE_INFINITY) this.#patience = now + this.#section.slowest;
    this.#watch();
    if (triggered && now >= this.#due - EARLY * this.#every) this.#make(now);
  }

  /** Undefined for a payload that is nothing, which is counted. */
  #read<T>(payload: Uint8Array, isJson: boolean, use: (value: ReturnType<typeof payloadValue>) => T): T | undefined {
    try {
      return use(payloadValue(payload, this.#section.payload, isJson));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#counters.refusals++;
      this.#counters.discardedBytes += payload.length;
      // One unreadable message among good ones is counted; a board of which nothing can be read says why at once.
      if (this.#known.online !== true) this.#offline(error);
      return undefined;
    }
  }

  #make(now: number): void {
    const { keep } = this.#section;
    const since = keep > 0 ? now - keep : Number.NEGATIVE_INFINITY;
    let reading: DeviceReading;
    try {
      const { values, malformed } = heardValues(this.#measurements, this.#heard, since);
      // The parts of a board that publishes them one by one come in any order.
      if (this.#section.trigger === "any" && !values.has(this.#work) && now < this.#patience) return;
      reading = this.#maker.make(values, malformed || this.#malformed);
    } catch (error) {
      this.#offline(error);
      return;
    } finally {
      this.#malformed = false;
    }
    const every = this.#every;
    // The grid stays where it is, unless the board was silent for longer than it is wide.
    this.#due = (now < this.#due + every ? this.#due : now) + every;
    this.#counters.readings++;
    this.#known.up();
    this.#options.onReading(reading);
  }

  #offline(error: unknown): void {
    if (this.#running) this.#known.down(error);
  }
}

/** The fields whose coming makes a reading: the last of those that the work register is made of, or all there are. */
function triggersOf(
  trigger: MqttSection["trigger"],
  work: string,
  measurements: readonly MeasurementProfile[],
): ReadonlySet<string> {
  const named = work === READINGS ? measurements[0] : measurements.find(({ name }) => name === work);
  const message = named?.message;
  if (trigger === "any" || !message) {
    return new Set(measurements.flatMap((one) => fieldsOf(one.message!).map(keyOf)));
  }
  const last = message.plus?.at(-1);
  return new Set((last ? [last] : [message, ...(message.or ?? [])]).map(keyOf));
}
