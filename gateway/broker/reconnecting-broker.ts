import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { CancelledError, EnvironmentError, FieldsealError, InternalError, utf8 } from "../../protocols/bytes/index.ts";
import type {
  Broker,
  BrokerCounters,
  BrokerState,
  MessageHandler,
  PresenceTopic,
  PublishOptions,
  Subscription,
} from "./broker.ts";
import { Outgoing, type Sending } from "./outgoing.ts";
import { assertFilter, assertTopic, matchesFilter } from "./topics.ts";
import type { Wire, WireConnection, WireMessage } from "./wire.ts";

export interface ReconnectingOptions {
  clock: Clock;
  /** Published retained on connecting and on `stop()`, left as our will, and asserted again when somebody overwrites it. */
  presence?: PresenceTopic;
  /** Waiting time before each attempt; the last one repeats. Default 0, 1, 2, 5, 10, 30 s. */
  delays?: readonly number[];
  /** A connection that has not opened by then is given up. Default 10 s. */
  openWithin?: number;
  /** A connection that leaves a message unacknowledged for so long is given up. Default 30 s. */
  acknowledgeWithin?: number;
  /** How long `stop()` tries to send what waits. Default 2 s. */
  flushWithin?: number;
  /** Messages on their way at once. Default 64. */
  window?: number;
  queue?: Partial<{ messages: number; bytes: number; retained: number }>;
}

interface Subscribed {
  readonly filter: string;
  readonly handler: MessageHandler;
  /** Resolves the caller's promise when first granted. */
  settle: { granted(): void; refused(error: Error): void } | undefined;
}

interface Live {
  readonly connection: WireConnection;
  /** Messages on their way, oldest first, and when each has to be acknowledged (monotonic). */
  readonly flying: Map<Sending, number>;
  open: boolean;
  openedAt: number;
  watchdog: Timer | undefined;
}

const DEFAULT_DELAYS = [0, 1_000, 2_000, 5_000, 10_000, 30_000];
/** A connection that lasted so long was a good one: the next loss starts with the shortest delay again. */
const STABLE_AFTER = 30_000;

/**
 * A Broker over any Wire. Everything that has to outlive a connection is here: retained state, the bounded queue,
 * subscriptions, presence, and the watchdog. A connection is never repaired; it is given up and a new one is made,
 * because clients have been seen to stop reconnecting for good.
 */
export class ReconnectingBroker implements Broker {
  onState: ((state: BrokerState) => void) | undefined;
  readonly counters: BrokerCounters = {
    published: 0,
    refused: 0,
    received: 0,
    unacknowledged: 0,
    connects: 0,
    rebuilt: 0,
    reasserted: 0,
  };

  readonly #wire: Wire;
  readonly #options: Required<Omit<ReconnectingOptions, "presence" | "queue">>;
  readonly #presence: PresenceTopic | undefined;
  readonly #outgoing: Outgoing;
  readonly #subscribed = new Set<Subscribed>();
  #live: Live | undefined;
  #running = false;
  #attempt = 0;
  #timer: Timer | undefined;
  #idle: (() => void) | undefined;

  constructor(wire: Wire, options: ReconnectingOptions) {
    this.#wire = wire;
    this.#presence = options.presence;
    this.#options = {
      clock: options.clock,
      delays: options.delays ?? DEFAULT_DELAYS,
      openWithin: options.openWithin ?? 10_000,
      acknowledgeWithin: options.acknowledgeWithin ?? 30_000,
      flushWithin: options.flushWithin ?? 2_000,
      window: options.window ?? 64,
    };
    this.#outgoing = new Outgoing({ messages: 4_096, bytes: 8 * 1024 * 1024, retained: 16_384, ...options.queue });
  }

  get connected(): boolean {
    return this.#live?.open ?? false;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#attempt = 0;
    if (this.#presence !== undefined) {
      this.#send(this.#presence.topic, utf8(this.#presence.online), { qos: 1, retain: true }).catch(ignoreCancelled);
      this.#watchPresence(this.#presence);
    }
    this.#connect();
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    const { clock, flushWithin } = this.#options;
    if (this.connected) {
      // The will is forgotten on a clean disconnect, so we say it ourselves (MQTT 3.1.1 §3.14.4).
      if (this.#presence !== undefined) {
        const { topic, offline } = this.#presence;
        this.#send(topic, utf8(offline), { qos: 1, retain: true }).catch(ignoreCancelled);
      }
      await new Promise<void>((resolve) => {
        const limit = clock.after(flushWithin, resolve);
        this.#idle = () => {
          limit.cancel();
          resolve();
        };
        this.#pump();
      });
      this.#idle = undefined;
    }
    const live = this.#live;
    this.#give(live);
    await live?.connection.close(live.open ? "clean" : "abort");
    this.#timer?.cancel();
    this.#outgoing.cancel();
    const stopped = new CancelledError("FS-MQTT-STOPPED", "the connection to the MQTT broker was stopped");
    for (const subscribed of this.#subscribed) subscribed.settle?.refused(stopped);
    this.#subscribed.clear();
    this.onState?.({ kind: "stopped" });
  }

  async publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    assertTopic(topic);
    if (!this.#running)
      throw new CancelledError("FS-MQTT-STOPPED", "publish on a broker connection that is not started");
    await this.#send(topic, typeof payload === "string" ? utf8(payload) : new Uint8Array(payload), options);
  }

  async #send(topic: string, payload: Uint8Array, { qos, retain = false }: PublishOptions): Promise<void> {
    const sent = this.#outgoing.add({ topic, payload, qos, retain });
    this.#pump();
    try {
      await sent;
      this.counters.published++;
    } catch (error) {
      if (error instanceof EnvironmentError) this.counters.refused++;
      throw error;
    }
  }

  async subscribe(filter: string, handler: MessageHandler): Promise<Subscription> {
    assertFilter(filter);
    if (!this.#running)
      throw new CancelledError("FS-MQTT-STOPPED", "subscribe on a broker connection that is not started");
    const subscribed: Subscribed = { filter, handler, settle: undefined };
    this.#subscribed.add(subscribed);
    await new Promise<void>((resolve, reject) => {
      subscribed.settle = { granted: resolve, refused: reject };
      if (this.#live?.open) this.#ask(this.#live, subscribed);
    });
    return { cancel: () => this.#unsubscribe(subscribed) };
  }

  async #unsubscribe(subscribed: Subscribed): Promise<void> {
    if (!this.#subscribed.delete(subscribed)) return;
    const shared = [...this.#subscribed].some(({ filter }) => filter === subscribed.filter);
    if (shared || !this.#live?.open) return;
    // When the connection ends before the answer, the subscription ended with it.
    await this.#live.connection.unsubscribe(subscribed.filter).catch(() => undefined);
  }

  #connect(): void {
    this.onState?.({ kind: "connecting" });
    const will = this.#presence && { topic: this.#presence.topic, payload: this.#presence.offline };
    const current = (): boolean => this.#live === live;
    const connection = this.#wire(will, {
      onOpen: () => {
        if (current()) this.#opened(live);
      },
      onMessage: (message, acknowledge) => {
        if (current()) void this.#receive(live, message, acknowledge);
      },
      onClose: (why) => {
        if (current()) this.#lost(live, why);
      },
    });
    const live: Live = { connection, flying: new Map(), open: false, openedAt: 0, watchdog: undefined };
    this.#live = live;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(this.#options.openWithin, () =>
      this.#rebuild(live, "the broker did not accept the connection in time"),
    );
  }

  #opened(live: Live): void {
    live.open = true;
    live.openedAt = this.#options.clock.monotonic();
    this.counters.connects++;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#outgoing.owe();
    for (const subscribed of this.#subscribed) this.#ask(live, subscribed);
    this.onState?.({ kind: "online" });
    this.#pump();
  }

  #ask(live: Live, subscribed: Subscribed): void {
    live.connection.subscribe(subscribed.filter).then(
      () => {
        subscribed.settle?.granted();
        subscribed.settle = undefined;
      },
      (error: unknown) => {
        // Only the broker's refusal is an answer; when the connection ended first, the next one asks again.
        if (!(error instanceof FieldsealError) || error.code !== "FS-MQTT-REFUSED") return;
        this.#subscribed.delete(subscribed);
        subscribed.settle?.refused(error);
        subscribed.settle = undefined;
      },
    );
  }

  /** Takes the messages of a finished connection back, in their order. */
  #give(live: Live | undefined): void {
    if (live === undefined || this.#live !== live) return;
    this.#live = undefined;
    live.watchdog?.cancel();
    for (const sending of [...live.flying.keys()].reverse()) sending.back();
    live.flying.clear();
  }

  #lost(live: Live, why: string): void {
    this.#give(live);
    this.#timer?.cancel();
    this.onState?.({ kind: "offline", why });
    if (!this.#running) {
      this.#idle?.();
      return;
    }
    const { clock, delays } = this.#options;
    if (live.open && clock.monotonic() - live.openedAt >= STABLE_AFTER) this.#attempt = 0;
    const delay = delays[Math.min(this.#attempt, delays.length - 1)] ?? 0;
    this.#attempt++;
    this.#timer = clock.after(delay, () => {
      if (this.#running) this.#connect();
    });
  }

  #rebuild(live: Live, why: string): void {
    if (this.#live !== live) return;
    this.counters.rebuilt++;
    void live.connection.close("abort").catch(() => undefined);
    this.#lost(live, why);
  }

  #pump(): void {
    const live = this.#live;
    if (!live?.open) return;
    const { clock, window, acknowledgeWithin } = this.#options;
    while (live.flying.size < window) {
      const sending = this.#outgoing.next();
      if (sending === undefined) break;
      live.flying.set(sending, clock.monotonic() + acknowledgeWithin);
      if (live.watchdog === undefined) this.#watch(live, acknowledgeWithin);
      const { topic, payload, qos, retain } = sending.message;
      live.connection.publish(topic, payload, { qos, retain }).then(
        () => {
          // False when the connection was given up meanwhile: then it went back to the queue and is sent again.
          if (!live.flying.delete(sending)) return;
          sending.done();
          this.#pump();
        },
        (error: unknown) => this.#rebuild(live, `the broker did not take a message: ${String(error)}`),
      );
    }
    if (this.#outgoing.idle) this.#idle?.();
  }

  /** The watchdog: a connection that accepts messages and acknowledges none is dead, whatever its socket says. */
  #watch(live: Live, wait: number): void {
    const { clock, acknowledgeWithin } = this.#options;
    live.watchdog = clock.after(wait, () => {
      live.watchdog = undefined;
      const [oldest] = live.flying.values();
      if (this.#live !== live || oldest === undefined) return;
      const left = oldest - clock.monotonic();
      if (left <= 0) this.#rebuild(live, `no acknowledgement for ${acknowledgeWithin} ms`);
      else this.#watch(live, left);
    });
  }

  async #receive(live: Live, message: WireMessage, acknowledge: () => void): Promise<void> {
    this.counters.received++;
    try {
      const handlers = [...this.#subscribed].filter(({ filter }) => matchesFilter(filter, message.topic));
      await Promise.all(handlers.map(async ({ handler }) => handler(message)));
    } catch (error) {
      this.counters.unacknowledged++;
      // The broker delivers an unacknowledged message again only on a new connection (MQTT 3.1.1 §4.4).
      if (message.qos > 0)
        this.#rebuild(
          live,
          `a message was not taken: ${error instanceof FieldsealError ? error.code : "handler failed"}`,
        );
      return;
    }
    if (message.qos > 0) acknowledge();
  }

  #watchPresence(presence: PresenceTopic): void {
    const online = utf8(presence.online);
    const handler: MessageHandler = ({ payload }) => {
      const same = payload.length === online.length && payload.every((byte, i) => byte === online[i]);
      if (same || !this.#running) return;
      this.counters.reasserted++;
      this.#outgoing.oweTopic(presence.topic);
      this.#pump();
    };
    this.#subscribed.add({ filter: presence.topic, handler, settle: undefined });
  }
}

/** What becomes of our own presence is not the caller's concern; a bug is. */
function ignoreCancelled(error: unknown): void {
  if (error instanceof CancelledError) return;
  throw new InternalError("FS-MQTT-PRESENCE", "the presence topic could not be queued", { cause: error });
}
