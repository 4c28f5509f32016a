import { CancelledError, EnvironmentError } from "../../protocols/bytes/index.ts";
import type { QoS } from "./broker.ts";

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** One message on its way to the broker. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
}

interface Queued extends OutgoingMessage {
  readonly waiter: Waiter;
}

interface Kept {
  message: OutgoingMessage;
  waiters: Waiter[];
  /** The broker may not have this value: it was never acknowledged on the present connection. */
  dirty: boolean;
}

export interface OutgoingLimits {
  /** Messages that may wait, retained topics not counted. */
  messages: number;
  /** Bytes of their payloads and topics. */
  bytes: number;
  /** Retained topics that we own. */
  retained: number;
}

export interface Sending {
  readonly message: OutgoingMessage;
  /** The broker has it. */
  done(): void;
  /** The connection ended first: it goes back to where it came from. */
  back(): void;
}

/**
 * What waits to be sent. Retained messages are state: the last one of each topic counts, and all of them are owed
 * again to a broker that was away. The others are events: first in, first out, bounded, never dropped.
 */
export class Outgoing {
  readonly #limits: OutgoingLimits;
  readonly #queue: Queued[] = [];
  readonly #kept = new Map<string, Kept>();
  /** Topics to send, in order of their first change. */
  readonly #dirty = new Set<string>();
  #bytes = 0;
  #flying = 0;

  constructor(limits: OutgoingLimits) {
    this.#limits = limits;
  }

  /** Nothing waits and nothing is on its way. */
  get idle(): boolean {
    return this.#queue.length === 0 && this.#dirty.size === 0 && this.#flying === 0;
  }

  get waiting(): number {
    return this.#queue.length + this.#dirty.size;
  }

  /** @throws (rejects) EnvironmentError FS-MQTT-QUEUE-FULL */
  add(message: OutgoingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (message.retain) this.#keep(message, waiter);
      else this.#enqueue(message, waiter);
    });
  }

  #enqueue(message: OutgoingMessage, waiter: Waiter): void {
    const size = message.payload.length + message.topic.length;
    if (this.#queue.length >= this.#limits.messages || this.#bytes + size > this.#limits.bytes) {
      waiter.reject(full(`${this.#queue.length} messages (${this.#bytes} bytes) wait for the MQTT broker already`));
      return;
    }
    this.#bytes += size;
    this.#queue.push({ ...message, waiter });
  }

  #keep(message: OutgoingMessage, waiter: Waiter): void {
    const kept = this.#kept.get(message.topic);
    if (kept !== undefined) {
      kept.message = message;
      kept.waiters.push(waiter);
      kept.dirty = true;
    } else if (this.#kept.size >= this.#limits.retained) {
      waiter.reject(full(`${this.#kept.size} retained topics are kept already`));
      return;
    } else {
      this.#kept.set(message.topic, { message, waiters: [waiter], dirty: true });
    }
    this.#dirty.add(message.topic);
  }

  /** A new connection: every retained topic is owed again. */
  owe(): void {
    for (const [topic, kept] of this.#kept) {
      kept.dirty = true;
      this.#dirty.add(topic);
    }
  }

  /** One topic is owed again (somebody else wrote to it). */
  oweTopic(topic: string): void {
    const kept = this.#kept.get(topic);
    if (kept === undefined) return;
    kept.dirty = true;
    this.#dirty.add(topic);
  }

  /** The next message to send, state before events, or undefined. */
  next(): Sending | undefined {
    for (const topic of this.#dirty) {
      this.#dirty.delete(topic);
      const kept = this.#kept.get(topic);
      if (kept !== undefined) return this.#sendKept(topic, kept);
    }
    const queued = this.#queue.shift();
    return queued === undefined ? undefined : this.#sendQueued(queued);
  }

  #sendKept(topic: string, kept: Kept): Sending {
    const { message, waiters } = kept;
    kept.waiters = [];
    kept.dirty = false;
    this.#flying++;
    return {
      message,
      done: () => {
        this.#flying--;
        for (const waiter of waiters) waiter.resolve();
        // A cleared topic is no state of ours any more, once the broker knows.
        if (!kept.dirty && message.payload.length === 0 && kept.message === message) this.#kept.delete(topic);
      },
      back: () => {
        this.#flying--;
        kept.waiters.unshift(...waiters);
        kept.dirty = true;
        this.#dirty.add(topic);
      },
    };
  }

  #sendQueued(queued: Queued): Sending {
    this.#flying++;
    return {
      message: queued,
      done: () => {
        this.#flying--;
        this.#bytes -= queued.payload.length + queued.topic.length;
        queued.waiter.resolve();
      },
      back: () => {
        this.#flying--;
        this.#queue.unshift(queued);
      },
    };
  }

  /** Ends all waiting. What was not sent is told to its callers. */
  cancel(): void {
    const error = new CancelledError(
      "FS-MQTT-STOPPED",
      "the connection to the MQTT broker was stopped before this was sent",
    );
    for (const { waiter } of this.#queue.splice(0)) waiter.reject(error);
    for (const kept of this.#kept.values()) for (const waiter of kept.waiters.splice(0)) waiter.reject(error);
    this.#dirty.clear();
    this.#bytes = 0;
  }
}

function full(message: string): EnvironmentError {
  return new EnvironmentError("FS-MQTT-QUEUE-FULL", message, {
    fix: "see why the MQTT broker is unreachable; retained state is sent again by itself, events have to be published again",
  });
}
