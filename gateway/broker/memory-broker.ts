import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { ReconnectingBroker, type ReconnectingOptions } from "./reconnecting-broker.ts";
import { isFilter, isTopic, matchesFilter } from "./topics.ts";
import type { Wire, WireConnection, WireHandlers, WireMessage, WireWill } from "./wire.ts";

interface Session {
  readonly clientId: string;
  readonly will: WireWill | undefined;
  readonly handlers: WireHandlers;
  readonly filters: Set<string>;
  alive: boolean;
}

/** Delivered and not acknowledged QoS 1 messages, by client: what a persistent session holds (MQTT 3.1.1 §4.1). */
type Unacknowledged = Map<string, Set<WireMessage>>;

export interface MemoryClientOptions extends Omit<ReconnectingOptions, "clock"> {
  clientId: string;
  clock?: Clock;
}

/**
 * The memory twin of an MQTT broker, with what the real ones do that matters to us: topic matching, retained
 * messages, wills, one connection a client id, redelivery of unacknowledged messages, and going away.
 */
export class MemoryBrokerHub {
  readonly #sessions = new Map<string, Session>();
  readonly #unacknowledged: Unacknowledged = new Map();
  readonly #clock: Clock;
  #up = true;
  #mute = false;
  /** Topics and payloads kept for later subscribers. */
  readonly retained = new Map<string, Uint8Array>();
  /** A filter that is refused (SUBACK 0x80), to see what callers make of it. */
  refuse: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A Broker that talks to this hub. */
  client(options: MemoryClientOptions): ReconnectingBroker {
    return new ReconnectingBroker(this.wire(options.clientId), { clock: this.#clock, ...options });
  }

  wire(clientId: string): Wire {
    return (will, handlers) => this.#open(clientId, will, handlers);
  }

  get clientIds(): string[] {
    return [...this.#sessions.keys()];
  }

  /** The process of a client is killed: its connection ends without a DISCONNECT, its will is published, it hears nothing. */
  kill(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session !== undefined) this.#end(session, undefined);
  }

  /** The network between hub and client is cut: as `kill()`, but the client notices. */
  cut(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session !== undefined) this.#end(session, "connection reset");
  }

  /** The broker is killed: every connection ends, retained messages and sessions are lost. */
  crash(): void {
    this.#up = false;
    this.retained.clear();
    this.#unacknowledged.clear();
    for (const session of [...this.#sessions.values()]) {
      session.alive = false;
      this.#sessions.delete(session.clientId);
      queueMicrotask(() => session.handlers.onClose("connection reset"));
    }
  }

  restart(): void {
    this.#up = true;
  }

  /** While true the broker accepts everything and answers nothing (a half-dead network). */
  set mute(mute: boolean) {
    this.#mute = mute;
  }

  #open(clientId: string, will: WireWill | undefined, handlers: WireHandlers): WireConnection {
    const session: Session = { clientId, will, handlers, filters: new Set(), alive: false };
    queueMicrotask(() => {
      if (this.#mute) return;
      if (!this.#up) {
        handlers.onClose("connection refused");
        return;
      }
      // The second CONNECT with an id ends the first session (MQTT 3.1.1 [MQTT-3.1.4-2]).
      const previous = this.#sessions.get(clientId);
      if (previous !== undefined) this.#end(previous, "another connection took this client id");
      session.alive = true;
      this.#sessions.set(clientId, session);
      handlers.onOpen();
      for (const message of this.#unacknowledged.get(clientId) ?? []) this.#deliver(session, message);
    });
    return {
      publish: (topic, payload, { qos, retain }) => {
        if (!session.alive) return Promise.reject(gone());
        if (!isTopic(topic))
          return Promise.reject(new EnvironmentError("FS-MQTT-REFUSED", "the broker refused a topic"));
        this.#publish({ topic, payload, retain, qos });
        return this.#mute && qos > 0 ? new Promise(() => undefined) : Promise.resolve();
      },
      subscribe: (filter) => {
        if (!session.alive) return Promise.reject(gone());
        if (filter === this.refuse || !isFilter(filter)) {
          return Promise.reject(
            new EnvironmentError("FS-MQTT-REFUSED", `the broker refused the subscription to ${filter}`),
          );
        }
        session.filters.add(filter);
        for (const [topic, payload] of this.retained) {
          if (matchesFilter(filter, topic)) this.#deliver(session, { topic, payload, retain: true, qos: 1 });
        }
        return Promise.resolve();
      },
      unsubscribe: (filter) => {
        session.filters.delete(filter);
        return Promise.resolve();
      },
      close: (how) => {
        if (session.alive) {
          if (how === "abort") this.#end(session, undefined);
          else this.#forget(session);
        }
        return Promise.resolve();
      },
    };
  }

  #forget(session: Session): void {
    session.alive = false;
    if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
  }

  #end(session: Session, why: string | undefined): void {
    this.#forget(session);
    if (why !== undefined) queueMicrotask(() => session.handlers.onClose(why));
    if (session.will !== undefined) {
      this.#publish({
        topic: session.will.topic,
        payload: new TextEncoder().encode(session.will.payload),
        retain: true,
        qos: 1,
      });
    }
  }

  #publish(message: WireMessage): void {
    if (message.retain) {
      if (message.payload.length === 0) this.retained.delete(message.topic);
      else this.retained.set(message.topic, message.payload);
    }
    for (const session of this.#sessions.values()) {
      const matches = [...session.filters].some((filter) => matchesFilter(filter, message.topic));
      // The retain flag marks only replays to a new subscription (MQTT 3.1.1 [MQTT-3.3.1-9]).
      if (matches) this.#deliver(session, { ...message, retain: false });
    }
  }

  #deliver(session: Session, message: WireMessage): void {
    const held = this.#unacknowledged.get(session.clientId) ?? new Set();
    if (message.qos > 0) this.#unacknowledged.set(session.clientId, held.add(message));
    queueMicrotask(() => {
      if (session.alive && !this.#mute) session.handlers.onMessage(message, () => void held.delete(message));
    });
  }
}

/** A hub with one client, for those who need a Broker and no second party. */
export function memoryBroker(options: MemoryClientOptions & { clock: Clock }): ReconnectingBroker {
  return new MemoryBrokerHub(options.clock).client(options);
}

function gone(): EnvironmentError {
  return new EnvironmentError("FS-MQTT-LOST", "the connection to the MQTT broker ended");
}
