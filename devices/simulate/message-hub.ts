import { utf8 } from "../../protocols/bytes/index.ts";
import type { MessageSource, MessageSubscription } from "../drivers/messages.ts";

/**
 * The memory twin of a broker for boards and drivers in one process: it keeps retained messages, delivers in the order of
 * arrival in a later turn, and can be away.
 */
export class MessageHub implements MessageSource {
  readonly #subscriptions = new Set<MessageSubscription>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  readonly #kept = new Map<string, Uint8Array>();
  #connected = true;

  get connected(): boolean {
    return this.#connected;
  }

  /** The broker goes or comes back. What it kept stays. */
  set connected(connected: boolean) {
    if (connected === this.#connected) return;
    this.#connected = connected;
    for (const watcher of [...this.#watchers]) watcher(connected);
  }

  subscribe(subscription: MessageSubscription): () => void {
    this.#subscriptions.add(subscription);
    const payload = this.#kept.get(subscription.topic);
    if (payload && subscription.retained) this.#deliver(subscription, payload, true);
    return () => void this.#subscriptions.delete(subscription);
  }

  watch(listener: (connected: boolean) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  publish(topic: string, payload: string | Uint8Array, { retain = false }: { retain?: boolean } = {}): Promise<void> {
    const bytes = typeof payload === "string" ? utf8(payload) : payload;
    if (retain) {
      if (bytes.length === 0) this.#kept.delete(topic);
      else this.#kept.set(topic, bytes);
    }
    if (!this.#connected) return Promise.resolve();
    for (const subscription of this.#subscriptions) {
      if (subscription.topic === topic) this.#deliver(subscription, bytes, false);
    }
    return Promise.resolve();
  }

  #deliver(subscription: MessageSubscription, payload: Uint8Array, retained: boolean): void {
    queueMicrotask(() => {
      if (!this.#subscriptions.has(subscription)) return;
      subscription.listener({ topic: subscription.topic, payload, retained });
    });
  }
}
