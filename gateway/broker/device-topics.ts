import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import type { PublishOptions } from "./broker.ts";
import { type DeviceReading, readingJson, stateJson } from "./tree-payloads.ts";

export interface DeviceTopicsOptions {
  base: string;
  name: string;
  clock: Clock;
  /** Data older than this makes the device offline. */
  freshForMs: number;
  send(topic: string, payload: string | Uint8Array, options: PublishOptions): void;
}

/**
 * The topics of one device. Whether it is online is decided by the age of its data, not by whether it answers: a meter
 * that answers pings and sends no reading is of no use to anyone.
 */
export class DeviceTopics {
  readonly #options: DeviceTopicsOptions;
  #name: string;
  #shown: DeviceReading | undefined;
  #freshUntil = Number.NEGATIVE_INFINITY;
  #online: boolean | undefined;
  #timer: Timer | undefined;

  constructor(options: DeviceTopicsOptions) {
    this.#options = options;
    this.#name = options.name;
  }

  get name(): string {
    return this.#name;
  }

  get online(): boolean {
    return this.#online ?? false;
  }

  /** Announces the device. Until its first fresh reading it is offline. */
  open(): void {
    this.#showAvailability();
  }

  show(reading: DeviceReading): void {
    const { clock, freshForMs } = this.#options;
    const synced = reading.clock !== "unsynced";
    // A backlog that a board delivers late must not make the past look like now.
    const age = synced ? Math.max(0, clock.now() - reading.measuredAt) : 0;
    this.#freshUntil = Math.max(this.#freshUntil, clock.monotonic() + freshForMs - age);
    const shown = this.#shown;
    const older = shown !== undefined && synced && shown.clock !== "unsynced" && reading.measuredAt < shown.measuredAt;
    if (!older) {
      this.#shown = reading;
      this.#send("", readingJson(reading));
    }
    this.#showAvailability();
  }

  attestation(payload: Uint8Array): void {
    this.#options.send(`${this.#options.base}/${this.#name}/attestation`, payload, { qos: 1 });
  }

  /** Moves every retained topic to the new name. */
  rename(name: string): void {
    this.#clear();
    this.#name = name;
    this.#online = undefined;
    if (this.#shown !== undefined) this.#send("", readingJson(this.#shown));
    this.#showAvailability();
  }

  /** Clears every retained topic. */
  remove(): void {
    this.#timer?.cancel();
    this.#clear();
  }

  /** Stops watching the age of the data; leaves the topics. */
  close(): void {
    this.#timer?.cancel();
  }

  #showAvailability(): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    const left = this.#freshUntil - clock.monotonic();
    const online = left > 0;
    if (online) this.#timer = clock.after(left, () => this.#showAvailability());
    if (online === this.#online) return;
    this.#online = online;
    this.#send("/availability", stateJson(online ? "online" : "offline"));
  }

  #send(suffix: string, payload: string): void {
    this.#options.send(`${this.#options.base}/${this.#name}${suffix}`, payload, { qos: 1, retain: true });
  }

  #clear(): void {
    for (const topic of retainedTopics(this.#options.base, this.#name)) {
      this.#options.send(topic, "", { qos: 1, retain: true });
    }
  }
}

/** Every topic of a device that a broker keeps. */
export function retainedTopics(base: string, name: string): string[] {
  return [`${base}/${name}`, `${base}/${name}/availability`];
}
