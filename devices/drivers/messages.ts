/** A message of a board, as it came over a broker. */
export interface BoardMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker kept it and replays it: nobody knows how old it is. */
  readonly retained: boolean;
}

export interface MessageSubscription {
  /** One topic, without wildcards. */
  topic: string;
  /** A reading may come of it: it is acknowledged to its sender only when what came of it is durable. */
  durable: boolean;
  /** Whether kept messages are wanted. */
  retained: boolean;
  /** Takes a message, and whatever becomes of it, before it returns. Must not throw. */
  listener(message: BoardMessage): void;
}

/** The boards that speak MQTT, as drivers see them: a seam, so that no driver knows a broker. */
export interface MessageSource {
  /** Whether a broker is there now. */
  readonly connected: boolean;
  /** Hears messages from now on, whenever there is a broker. Returns what ends it. */
  subscribe(subscription: MessageSubscription): () => void;
  /** Hears when a broker comes and goes. Returns what ends it. */
  watch(listener: (connected: boolean) => void): () => void;
  /**
   * Resolves when the broker has it.
   * @throws EnvironmentError, CancelledError when it cannot be sent.
   */
  publish(topic: string, payload: string, options: { qos: 0 | 1; retain?: boolean }): Promise<void>;
}
