import type { MessageSource, MessageSubscription } from "../../devices/index.ts";
import { CancelledError, FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import type { Broker, BrokerMessage, DurableMessage, Subscription } from "../broker/index.ts";

export interface BoardMessagesOptions {
  /**
   * Whether the broker is ours: then live messages on durable topics come by `receive`, before their senders are
   * acknowledged, and the subscription only brings what the broker kept.
   */
  embedded: boolean;
  /** Resolves when everything that was taken up to now is on disk; rejects when it will not be. */
  durable(): Promise<void>;
  /** A topic that the broker does not let us hear. */
  onTrouble(error: FieldsealError): void;
}

/** One topic: who listens, and its subscription while there is a broker. */
interface Heard {
  readonly listeners: Set<MessageSubscription>;
  subscription: Promise<Subscription | undefined> | undefined;
}

/**
 * Boards that publish plain messages, for drivers. What they say is acknowledged when the readings that came of it are
 * durable: by our own broker to the board, by an external one to us (it has acknowledged the board already).
 */
export class BoardMessages implements MessageSource {
  readonly counters = { received: 0, unwanted: 0 };
  readonly #o: BoardMessagesOptions;
  readonly #topics = new Map<string, Heard>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  #broker: Broker | undefined;
  #connected = false;

  constructor(options: BoardMessagesOptions) {
    this.#o = options;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Uses this broker from now on. */
  attach(broker: Broker): void {
    this.#broker = broker;
    for (const heard of this.#topics.values()) heard.subscription = undefined;
    this.#askAll();
    this.brokerState(broker.connected ? "online" : "offline");
  }

  #askAll(): void {
    if (!this.#broker) return;
    for (const [topic, heard] of this.#topics) heard.subscription ??= this.#ask(this.#broker, topic, heard);
  }

  /** To be told of every state of the broker: `kind` of `BrokerState`. */
  brokerState(kind: string): void {
    const connected = kind === "online";
    if (connected === this.#connected) return;
    this.#connected = connected;
    if (connected) this.#askAll();
    for (const watcher of [...this.#watchers]) watcher(connected);
  }

  subscribe(subscription: MessageSubscription): () => void {
    const { topic } = subscription;
    const heard = this.#topics.get(topic) ?? { listeners: new Set(), subscription: undefined };
    this.#topics.set(topic, heard);
    heard.listeners.add(subscription);
    if (this.#broker) heard.subscription ??= this.#ask(this.#broker, topic, heard);
    return () => {
      if (!heard.listeners.delete(subscription) || heard.listeners.size > 0) return;
      this.#topics.delete(topic);
      void heard.subscription?.then((granted) => granted?.cancel());
    };
  }

  /** Only what has to: with our own broker most of it comes another way. */
  #ask(broker: Broker, topic: string, heard: Heard): Promise<Subscription | undefined> | undefined {
    const needed = [...heard.listeners].some(({ durable, retained }) => !this.#o.embedded || !durable || retained);
    if (!needed) return undefined;
    return broker
      .subscribe(topic, (message) => this.#heard(message))
      .catch((error: unknown) => {
        // A broker that is stopped, or not started yet, grants nothing, and is asked again when it is online.
        if (error instanceof CancelledError) {
          heard.subscription = undefined;
          return undefined;
        }
        this.#o.onTrouble(
          error instanceof FieldsealError
            ? error
            : new InternalError("FS-MQTT-BUG", `${topic} could not be subscribed to`, { cause: error }),
        );
        return undefined;
      });
  }

  #heard({ topic, payload, retain }: BrokerMessage): void | Promise<void> {
    const { embedded, durable } = this.#o;
    let taken = false;
    for (const subscription of this.#topics.get(topic)?.listeners ?? []) {
      if (retain ? !subscription.retained : embedded && subscription.durable) continue;
      this.counters.received++;
      subscription.listener({ topic, payload, retained: retain });
      taken ||= subscription.durable && !retain;
    }
    return taken ? durable() : undefined;
  }

  /**
   * A live message that our own broker holds the acknowledgement of. Resolves when it need not be sent again.
   * @throws what `durable` rejects with.
   */
  async receive({ topic, payload }: DurableMessage): Promise<void> {
    let taken = false;
    for (const subscription of this.#topics.get(topic)?.listeners ?? []) {
      if (!subscription.durable) continue;
      taken = true;
      this.counters.received++;
      subscription.listener({ topic, payload, retained: false });
    }
    if (taken) await this.#o.durable();
    else this.counters.unwanted++;
  }

  watch(listener: (connected: boolean) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  async publish(topic: string, payload: string, options: { qos: 0 | 1; retain?: boolean }): Promise<void> {
    if (!this.#broker) throw new CancelledError("FS-MQTT-STOPPED", "there is no broker to publish to");
    await this.#broker.publish(topic, payload, options);
  }
}
