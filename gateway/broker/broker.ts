/** Quality of service we use: 0 at most once, 1 at least once (MQTT 3.1.1 §4.3). QoS 2 is nowhere needed: readings carry sequence numbers. */
export type QoS = 0 | 1;

export interface PublishOptions {
  qos: QoS;
  /** The broker keeps the message for later subscribers; an empty payload clears it. */
  retain?: boolean;
}

export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** True only when the broker replays what it kept, right after a subscription. */
  readonly retain: boolean;
  readonly qos: QoS | 2;
}

/** A QoS 1 message is acknowledged to the broker when the returned promise resolves; a rejection leaves it unacknowledged. */
export type MessageHandler = (message: BrokerMessage) => void | Promise<void>;

export type BrokerState =
  | { readonly kind: "connecting" }
  | { readonly kind: "online" }
  | { readonly kind: "offline"; readonly why: string }
  | { readonly kind: "stopped" };

export interface Subscription {
  cancel(): Promise<void>;
}

/** The topic that says whether we are there: kept by the broker, and left by it as our will when we vanish. */
export interface PresenceTopic {
  readonly topic: string;
  readonly online: string;
  readonly offline: string;
}

/** What a broker seam has counted since it was made. Nothing is dropped without showing up here. */
export interface BrokerCounters {
  published: number;
  /** Publishes refused because the outgoing queue was full. */
  refused: number;
  received: number;
  /** Messages whose handler failed: not acknowledged, to be delivered again. */
  unacknowledged: number;
  connects: number;
  /** Connections given up because they did not open, or did not acknowledge, in time. */
  rebuilt: number;
  /** Times we saw ourselves reported offline while we were online. */
  reasserted: number;
}

/**
 * The seam to an MQTT broker: the embedded one, an external one (MQTT 3.1.1 or 5), or the memory twin.
 * It keeps trying to be connected from `start()` to `stop()`; callers never reconnect.
 */
export interface Broker {
  readonly connected: boolean;
  readonly counters: Readonly<BrokerCounters>;
  onState: ((state: BrokerState) => void) | undefined;

  /** Begins to connect, and returns without waiting for the connection. */
  start(): Promise<void>;

  /** Sends what is queued (within a time limit), says that we are offline, and disconnects. */
  stop(): Promise<void>;

  /**
   * Resolves when the broker has it: acknowledged for QoS 1, handed to the connection for QoS 0. While offline it
   * waits in a bounded queue. A retained message that a newer one for the same topic overtakes resolves with that one;
   * the last retained message of each topic is sent again after every reconnect.
   * @throws EnvironmentError FS-MQTT-QUEUE-FULL · CancelledError FS-MQTT-STOPPED · UsageError FS-MQTT-TOPIC
   */
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void>;

  /**
   * Subscribes at QoS 1, now and after each reconnect; resolves when the broker has granted it. Delivery is at least
   * once: overlapping filters and reconnects may repeat a message. Handlers start in the order of arrival and run side by side.
   * @throws EnvironmentError FS-MQTT-REFUSED · CancelledError FS-MQTT-STOPPED · UsageError FS-MQTT-TOPIC
   */
  subscribe(filter: string, handler: MessageHandler): Promise<Subscription>;
}
