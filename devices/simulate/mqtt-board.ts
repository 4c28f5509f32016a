import type { Clock, Timer } from "../../firmware-bridge/port/index.ts";
import { fromUtf8, toHex, UsageError } from "../../protocols/bytes/index.ts";
import { encodeRuuvi } from "../../protocols/ruuvi/index.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { builtIn } from "../catalog/index.ts";
import type { MessageSource } from "../drivers/messages.ts";
import { type TopicOf, topicsOf } from "../drivers/mqtt/topics.ts";
import type { MeasurementProfile } from "../profile.ts";
import type { MessageControl } from "../sections/mqtt.ts";
import { SimulatedBoard } from "./board.ts";
import type { PowerSeries } from "./day-profile.ts";
import { MeterModel } from "./meter-model.ts";

export interface MqttBoardOptions {
  /** As in the configuration: `mqtt/tasmota-plug`. */
  driver: string;
  /** The board's own topic, as a device's `topic:` says it. Default: the profile's. */
  topic?: string;
  /** Channel, counted from 1. */
  unit?: number;
  /** Where it publishes, and is told things. */
  messages: MessageSource;
  clock: Clock;
  /** Between two rounds of messages, in ms. Default 10,000. */
  interval?: number;
  seed?: number;
  startImport?: number;
  /** A day of power, in place of a household's. */
  series?: PowerSeries;
  /** Default: the models that ship. */
  catalog?: Catalog;
}

export interface MqttBoard {
  readonly board: SimulatedBoard;
  /** Publishes a round now; resolves when the broker has it. */
  publish(): Promise<void>;
  /** Leaves as a board does that loses its power: the broker says it is offline. */
  vanish(): Promise<void>;
  stop(): void;
}

type Json = string | number | boolean | { [name: string]: Json } | Json[];

/** Puts a value at a path of names and indices. */
function put(root: Json | undefined, path: readonly string[], value: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (/^\d+$/.test(step)) {
    const list = Array.isArray(root) ? root : [];
    for (let i = list.length; i < Number(step); i++) list.push(0);
    list[Number(step)] = put(list[Number(step)], rest, value);
    return list;
  }
  const object = typeof root === "object" && !Array.isArray(root) ? root : {};
  object[step] = put(object[step], rest, value);
  return object;
}

/** What the board says for a measurement, in its own words and digits. */
function said(
  { kind, message, name }: MeasurementProfile,
  reported: ReadonlyMap<string, number>,
  told: Json | undefined,
) {
  if (message!.words) {
    const words = Object.entries(message!.words);
    return (words.find(([, value]) => value === told) ?? words[0])![0];
  }
  if (kind === "state") return told ?? "simulated";
  if (typeof told === "number") return told;
  // Cut, not rounded: a counter never shows more than was counted.
  return Math.floor(1000 * (reported.get(name) ?? 0) + 1e-6) / 1000;
}

class SimulatedMqttBoard implements MqttBoard {
  readonly board: SimulatedBoard;
  readonly #o: MqttBoardOptions;
  readonly #topicOf: TopicOf;
  readonly #ends: (() => void)[] = [];
  /** What it was told, by the key of the command. */
  readonly #told = new Map<string, Json>();
  #timer: Timer | undefined;
  #sequence = 0;

  constructor(options: MqttBoardOptions) {
    const { driver, clock, seed = 1, startImport, topic, unit = 1, series, catalog = builtIn } = options;
    const profile = catalog.find(driver);
    if (profile.link !== "mqtt") {
      throw new UsageError("FS-SIMULATE", `${driver} is not simulated over MQTT`, { fix: "name a driver of mqtt/…" });
    }
    this.#o = options;
    this.#topicOf = topicsOf(driver, profile, { topic, unit });
    const model = new MeterModel({
      clock,
      seed,
      ...(startImport === undefined ? {} : { startImport }),
      ...(series === undefined ? {} : { series }),
    });
    this.board = new SimulatedBoard(profile, model, unit);
  }

  start(): void {
    const { messages, clock, interval = 10_000 } = this.#o;
    for (const control of this.board.profile.mqtt!.controls) {
      const topic = this.#topicOf(control.topic);
      this.#ends.push(
        messages.subscribe({
          topic,
          durable: false,
          retained: false,
          listener: ({ payload }) => this.#obey(control, fromUtf8(payload) ?? ""),
        }),
      );
    }
    const again = () => {
      this.#timer = clock.after(interval, again);
      void this.publish().catch(() => undefined);
    };
    this.#timer = clock.after(interval, again);
  }

  async publish(): Promise<void> {
    const { faults, profile } = this.board;
    if (faults.has("silent")) return;
    const { availability } = profile.mqtt!;
    if (availability) await this.#say(availability.topic, availability.path, availability.online, true);
    const reported = this.board.reported();
    const topics = new Map<string, Json>();
    for (const measurement of profile.measurements) {
      const { plus = [], topic, path } = measurement.message!;
      const value = said(measurement, reported, this.#told.get(measurement.name));
      const parts = [{ topic, path }, ...plus];
      for (const part of parts) {
        const share = typeof value === "number" ? value / parts.length : value;
        const steps = part.path === undefined ? [] : part.path.split(".");
        topics.set(part.topic, put(topics.get(part.topic), steps, share));
      }
    }
    if (profile.mqtt!.payload === "ruuvi") await this.#advertise(reported);
    else for (const [topic, value] of topics) await this.#send(topic, value);
  }

  /** As a Ruuvi Gateway passes on what it hears of one sensor. */
  async #advertise(reported: ReadonlyMap<string, number>): Promise<void> {
    const { profile } = this.board;
    const sample = {
      temperature: reported.get("temperature"),
      humidity: reported.get("humidity"),
      pressure: reported.get("pressure"),
      voltage: reported.get("battery_voltage"),
      sequence: this.#sequence++,
    };
    const seconds = String(Math.floor(this.#o.clock.now() / 1000));
    const data = toHex(encodeRuuvi(sample)).toUpperCase();
    const [{ message }] = profile.measurements as [MeasurementProfile];
    await this.#send(message!.topic, { rssi: -62, gwts: seconds, ts: seconds, data });
  }

  async #send(topic: string, value: Json): Promise<void> {
    const { faults, profile } = this.board;
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    const damaged = faults.has("garbage") || faults.has("bad-crc") ? `{"cut":${text.slice(0, text.length >> 1)}` : text;
    await this.#o.messages.publish(this.#topicOf(topic), damaged, { qos: 1, retain: profile.mqtt!.retained });
  }

  async #say(topic: string, path: string | undefined, text: string, retain: boolean): Promise<void> {
    const value = path === undefined ? text : JSON.stringify(put(undefined, path.split("."), text));
    await this.#o.messages.publish(this.#topicOf(topic), value, { qos: 1, retain });
  }

  #obey({ key, payload, confirm, range }: MessageControl, text: string): void {
    if (this.board.faults.has("silent")) return;
    const words = typeof payload === "string" ? undefined : Object.entries(payload);
    const value = range ? Number(/-?\d+/.exec(text)?.[0]) : words?.find(([, sent]) => sent === text)?.[0] === "true";
    this.#told.set(key, value);
    const said =
      confirm.accepted ??
      (confirm.words ? Object.entries(confirm.words).find(([, meant]) => meant === value)?.[0] : String(value));
    void this.#say(confirm.topic, confirm.path, said ?? String(value), false).catch(() => undefined);
  }

  async vanish(): Promise<void> {
    this.stop();
    const { availability } = this.board.profile.mqtt!;
    if (availability) await this.#say(availability.topic, availability.path, availability.offline, true);
  }

  stop(): void {
    this.#timer?.cancel();
    for (const end of this.#ends.splice(0)) end();
  }
}

/**
 * A catalog board that publishes over MQTT, and obeys.
 * @throws UsageError FS-DEVICE-DRIVER, FS-DEVICE-TOPIC, FS-SIMULATE.
 */
export function simulateMqttBoard(options: MqttBoardOptions): MqttBoard {
  const board = new SimulatedMqttBoard(options);
  board.start();
  return board;
}
