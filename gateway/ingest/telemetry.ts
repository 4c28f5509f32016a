import { treeValues } from "../../devices/index.ts";
import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { ClockState } from "../../protocols/attestation/index.ts";
import { CancelledError, FieldsealError } from "../../protocols/bytes/index.ts";
import { qualityNames, type Reading } from "../../protocols/reading/index.ts";
import type { Broker, BrokerMessage } from "../broker/broker.ts";
import { MqttTree, type TreeDevice } from "../broker/tree.ts";
import type { CheckpointNotice, JsonObject } from "../broker/tree-payloads.ts";
import type { GatewayEvent } from "../events.ts";
import { LiveValues } from "./live-values.ts";

/** What requests over MQTT may ask for; each answers with the `data` of its response. */
export type RequestHandlers = Readonly<Record<string, () => Promise<object>>>;

export interface TelemetryOptions {
  clock: Clock;
  base: string;
  info: () => JsonObject;
  health: () => JsonObject;
  requests: RequestHandlers;
  onEvent(event: GatewayEvent): void;
}

const CLOCKS = ["unsynced", "synced", "disciplined"] as const;

/** `good`, or the marks in words: `out of bounds, gap before`. */
export function qualityText(quality: number): string {
  if (quality === 0) return "good";
  return qualityNames(quality)
    .map((name) => name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase())
    .join(", ");
}

/**
 * The gateway as others see it live: the MQTT tree, requests over it, and events. The broker may come after the first
 * readings or go away: what is durable does not depend on it.
 */
export class Telemetry {
  readonly #o: TelemetryOptions;
  readonly #devices = new Map<string, TreeDevice>();
  readonly #live = new LiveValues();
  #tree: MqttTree | undefined;
  #broker: Broker | undefined;
  #checkpoint: CheckpointNotice | undefined;

  constructor(options: TelemetryOptions) {
    this.#o = options;
  }

  get connected(): boolean {
    return this.#broker?.connected ?? false;
  }

  /** Devices whose data is fresh. */
  get online(): number {
    return this.devices().filter(({ online }) => online).length;
  }

  /** Every device, and whether its data is fresh. */
  devices(): { name: string; id: string; online: boolean }[] {
    return [...this.#devices.values()].map(({ name, id }) => ({ name, id, online: this.#tree?.isOnline(id) ?? false }));
  }

  get newestCheckpoint(): CheckpointNotice | undefined {
    return this.#checkpoint;
  }

  addDevice(device: TreeDevice): void {
    this.#devices.set(device.id, device);
    this.#tree?.addDevice(device);
  }

  /** Publishes over this broker from now on. Called once. */
  async attach(broker: Broker): Promise<void> {
    const { clock, base, health, info } = this.#o;
    this.#broker = broker;
    const tree = new MqttTree({ broker, clock, base, health });
    for (const device of this.#devices.values()) tree.addDevice(device);
    this.#tree = tree;
    await broker.start();
    tree.start();
    tree.info(info());
    if (this.#checkpoint) tree.checkpoint(this.#checkpoint);
    // Granted when the broker answers; until then requests are nobody's.
    broker
      .subscribe(`${base}/bridge/request/+`, (message) => this.#request(message))
      .catch((error: unknown) => {
        if (error instanceof CancelledError || !(error instanceof FieldsealError)) return;
        this.trouble("mqtt", undefined, error.code, `requests are not heard: ${error.message}`);
      });
  }

  async #request({ topic, payload, retain }: BrokerMessage): Promise<void> {
    const { base, requests } = this.#o;
    const verb = topic.slice(`${base}/bridge/request/`.length);
    const handler = Object.hasOwn(requests, verb) ? requests[verb] : undefined;
    if (handler === undefined || retain || payload.length > 8192) return;
    let transaction: unknown;
    try {
      transaction = (JSON.parse(new TextDecoder().decode(payload)) as { transaction?: unknown })?.transaction;
    } catch {
      // A request without JSON is answered without a transaction.
    }
    const answer: Record<string, unknown> = { transaction: typeof transaction === "string" ? transaction : null };
    try {
      Object.assign(answer, { status: "ok", data: await handler() });
    } catch (error) {
      const known = error instanceof FieldsealError ? error : undefined;
      Object.assign(answer, {
        status: "error",
        code: known?.code ?? "FS-INTERNAL",
        error: known?.message ?? String(error),
      });
    }
    await this.#broker?.publish(`${base}/bridge/response/${verb}`, JSON.stringify(answer), { qos: 1 });
  }

  /** A reading that is durable. */
  reading(
    device: { name: string; id: string; key: string; signer: string },
    reading: Reading,
    seq: bigint,
    work: bigint,
    clock: number,
  ): void {
    const values = treeValues(reading);
    const quality = qualityText(reading.quality);
    const { name, id, key, signer } = device;
    this.#o.onEvent({
      event: "reading",
      device: name,
      key,
      seq: seq.toString(),
      quality,
      values,
      work: work.toString(),
    });
    const shown = this.#live.of(id, reading);
    this.#tree?.reading(id, {
      values: shown,
      quality,
      measuredAt: reading.time,
      lastSeen: this.#o.clock.now(),
      clock: CLOCKS[clock] ?? CLOCKS[ClockState.unsynced],
      seq,
      key,
      signer,
      checkpoint: null,
    });
  }

  attestation(
    device: { name: string; id: string; key: string },
    sign1: Uint8Array,
    readings: readonly Uint8Array[],
    index: number,
    first: bigint,
  ): void {
    this.#tree?.attestation(device.id, sign1, readings);
    this.#o.onEvent({
      event: "attestation",
      device: device.name,
      key: device.key,
      index,
      first: first.toString(),
      count: readings.length,
    });
  }

  checkpoint(notice: CheckpointNotice): void {
    this.#checkpoint = notice;
    this.#tree?.checkpoint(notice);
  }

  /** Something that somebody should look at: shown in `bridge/event`, in the log topic, and to the supervisor. */
  trouble(namespace: string, device: string | undefined, code: string, why: string): void {
    if (device !== undefined) this.#o.onEvent({ event: "refused", device, code, why });
    this.#tree?.event({ event: "trouble", namespace, code, why, ...(device === undefined ? {} : { device }) });
    this.#tree?.log({ level: "warn", namespace, message: `${code} ${why}` });
  }

  /** Sequence numbers of a board that have not come. */
  gap(device: string, first: bigint, count: bigint): void {
    this.#tree?.event({ event: "gap", device, first: first.toString(), count: count.toString() });
    this.#tree?.log({
      level: "warn",
      namespace: "boards",
      message: `${device}: ${count} readings from ${first} missing`,
    });
  }

  deviceState(device: string, state: "online" | "offline", why?: string): void {
    this.#o.onEvent({ event: "device", device, state, ...(why === undefined ? {} : { why }) });
    this.#tree?.event({ event: state === "online" ? "joined" : "left", device, ...(why === undefined ? {} : { why }) });
  }

  async stop(): Promise<void> {
    this.#tree?.stop();
    await this.#broker?.stop();
  }
}
