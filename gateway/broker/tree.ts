import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { CancelledError, type FieldsealError, UsageError } from "../../protocols/bytes/index.ts";
import { encodeBoardPack } from "../attest/board-pack.ts";
import type { Broker, BrokerMessage, PublishOptions, Subscription } from "./broker.ts";
import { DeviceTopics, retainedTopics } from "./device-topics.ts";
import { assertDeviceName, assertTopic } from "./topics.ts";
import type { CheckpointNotice, DeviceReading, JsonObject, LogLine } from "./tree-payloads.ts";

export interface MqttTreeOptions {
  broker: Broker;
  clock: Clock;
  /** Default `fieldseal`. */
  base?: string;
  /** What `bridge/health` shows, asked once a minute. */
  health?: () => JsonObject;
  healthEveryMs?: number;
  /** How long the replay of retained topics is listened to after the start. Default 5 s. */
  sweepForMs?: number;
  /** A message that could not be queued. Retained state is unaffected: it waits in the broker connection. */
  onDropped?: (error: FieldsealError) => void;
}

export interface TreeDevice {
  /** 64 hex digits. */
  readonly id: string;
  /** One level of a topic: 1 to 64 bytes without / + # and control characters. */
  readonly name: string;
  /** Data older than this makes the device offline. */
  readonly freshForMs: number;
  /** What `bridge/devices` says about it beside name and id: key, signer, model, capabilities. */
  readonly about: JsonObject;
}

/**
 * The gateway's MQTT tree: readable state for people and home automation, and the signed bytes for those who verify.
 * `bridge/state` belongs to the broker connection (`bridgePresence`), because only it knows when it is there.
 */
export class MqttTree {
  readonly #options: Required<Omit<MqttTreeOptions, "health" | "onDropped">> &
    Pick<MqttTreeOptions, "health" | "onDropped">;
  readonly #devices = new Map<string, { topics: DeviceTopics; device: TreeDevice }>();
  /** Retained topics that were set before the start. */
  readonly #early = new Map<string, string | Uint8Array>();
  #running = false;
  #dropped = 0;
  #health: Timer | undefined;
  #sweep: Timer | undefined;
  #listed: string | undefined;

  /** @throws UsageError FS-MQTT-TOPIC */
  constructor(options: MqttTreeOptions) {
    this.#options = { base: "fieldseal", healthEveryMs: 60_000, sweepForMs: 5_000, ...options };
    assertTopic(this.#options.base);
  }

  /** Messages that could not be queued. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Begins to publish, over a broker that has been started. Devices that are known should have been added before, so
   * that they are not swept as strangers.
   */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const [topic, payload] of this.#early) this.#send(topic, payload, { qos: 1, retain: true });
    this.#early.clear();
    for (const { topics } of this.#devices.values()) topics.open();
    this.#list();
    this.#beat();
    this.#sweepStrangers().catch((error: FieldsealError) => this.#drop(error));
  }

  /** Stops publishing. Retained topics stay: `bridge/state` tells their readers that nobody keeps them up to date. */
  stop(): void {
    this.#running = false;
    this.#health?.cancel();
    this.#sweep?.cancel();
    for (const { topics } of this.#devices.values()) topics.close();
  }

  /** Version, gateway key, coordinator, clock. */
  info(info: JsonObject): void {
    this.#bridge("info", info, { qos: 1, retain: true });
  }

  /** joined, left, gap, quality, equivocation. */
  event(event: JsonObject): void {
    this.#bridge("event", event, { qos: 0 });
  }

  log({ level, namespace, message }: LogLine): void {
    this.#bridge("logging", { level, namespace, message }, { qos: 0 });
  }

  checkpoint({ size, root, count, state, tx }: CheckpointNotice): void {
    const payload = { size, root, count, state, ...(tx === undefined ? {} : { tx }) };
    this.#bridge("checkpoint", payload, { qos: 1, retain: true });
  }

  /** @throws UsageError FS-MQTT-NAME for a name that is unfit, or taken. */
  addDevice(device: TreeDevice): void {
    this.#assertFree(device.id, device.name);
    if (this.#devices.has(device.id))
      throw new UsageError("FS-MQTT-DEVICE", `device ${device.id} is in the tree already`);
    const { base, clock } = this.#options;
    const topics = new DeviceTopics({
      base,
      clock,
      name: device.name,
      freshForMs: device.freshForMs,
      send: (topic, payload, options) => this.#send(topic, payload, options),
    });
    this.#devices.set(device.id, { topics, device });
    if (!this.#running) return;
    topics.open();
    this.#list();
  }

  /** Clears every retained topic of the device. */
  removeDevice(id: string): void {
    this.#find(id).topics.remove();
    this.#devices.delete(id);
    this.#list();
  }

  /** Clears the topics of the old name and shows the same state under the new one. @throws UsageError FS-MQTT-NAME */
  renameDevice(id: string, name: string): void {
    const found = this.#find(id);
    if (found.device.name === name) return;
    this.#assertFree(id, name);
    found.topics.rename(name);
    this.#devices.set(id, { topics: found.topics, device: { ...found.device, name } });
    this.#list();
  }

  reading(id: string, reading: DeviceReading): void {
    this.#find(id).topics.show(reading);
  }

  /** CBOR `[sign1, [reading, …]]`. @param sign1 COSE_Sign1, as signed. @param readings the canonical bytes that it covers. */
  attestation(id: string, sign1: Uint8Array, readings: readonly Uint8Array[]): void {
    this.#find(id).topics.attestation(encodeBoardPack(sign1, readings));
  }

  isOnline(id: string): boolean {
    return this.#find(id).topics.online;
  }

  #find(id: string): { topics: DeviceTopics; device: TreeDevice } {
    const found = this.#devices.get(id);
    if (found === undefined) throw new UsageError("FS-MQTT-DEVICE", `no device ${id} is in the tree`);
    return found;
  }

  #assertFree(id: string, name: string): void {
    assertDeviceName(name);
    for (const other of this.#devices.values()) {
      if (other.device.name === name && other.device.id !== id) {
        throw new UsageError("FS-MQTT-NAME", `the name ${name} belongs to another device`, {
          fix: "choose another name",
        });
      }
    }
  }

  #list(): void {
    const devices = [...this.#devices.values()].map(({ device }) => ({
      ...device.about,
      name: device.name,
      id: device.id,
    }));
    const text = JSON.stringify(devices);
    if (!this.#running || text === this.#listed) return;
    this.#listed = text;
    this.#send(`${this.#options.base}/bridge/devices`, text, { qos: 1, retain: true });
  }

  #beat(): void {
    const { clock, health, healthEveryMs } = this.#options;
    if (health === undefined) return;
    this.#bridge("health", health(), { qos: 1, retain: true });
    this.#health = clock.after(healthEveryMs, () => this.#beat());
  }

  #bridge(topic: string, payload: JsonObject, options: PublishOptions): void {
    this.#send(`${this.#options.base}/bridge/${topic}`, JSON.stringify(payload), options);
  }

  #send(topic: string, payload: string | Uint8Array, options: PublishOptions): void {
    if (!this.#running) {
      if (options.retain) this.#early.set(topic, payload);
      else this.#dropped++;
      return;
    }
    this.#options.broker.publish(topic, payload, options).catch((error: FieldsealError) => this.#drop(error));
  }

  #drop(error: FieldsealError): void {
    // Stopping ends what waits: that is what was asked for.
    if (error instanceof CancelledError && !this.#running) return;
    this.#dropped++;
    this.#options.onDropped?.(error);
  }

  /**
   * Devices that were removed or renamed while we were away still have retained topics. The broker replays every
   * `<base>/NAME/availability` to a new subscription; each that names no device of ours is cleared. There is no mark for the end of
   * the replay, so we listen for a while. One base topic belongs to one gateway: two would sweep each other.
   */
  async #sweepStrangers(): Promise<void> {
    const { broker, base, clock, sweepForMs } = this.#options;
    const subscription: Subscription = await broker.subscribe(`${base}/+/availability`, (message) =>
      this.#meet(message),
    );
    if (!this.#running) return subscription.cancel();
    this.#sweep = clock.after(sweepForMs, () => void subscription.cancel());
  }

  #meet({ topic, payload, retain }: BrokerMessage): void {
    if (!retain || payload.length === 0 || !this.#running) return;
    const { base } = this.#options;
    const name = topic.slice(base.length + 1, -"/availability".length);
    if (name === "bridge" || [...this.#devices.values()].some(({ device }) => device.name === name)) return;
    for (const stranger of retainedTopics(base, name)) this.#send(stranger, "", { qos: 1, retain: true });
  }
}
