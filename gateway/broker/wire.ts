import type { QoS } from "./broker.ts";

/** What the broker publishes for us when our connection ends without a DISCONNECT. Always retained, QoS 1. */
export interface WireWill {
  readonly topic: string;
  readonly payload: string;
}

export interface WireMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly qos: QoS | 2;
}

export interface WireHandlers {
  /** The broker accepted the connection. */
  onOpen(): void;
  /** `acknowledge` sends the PUBACK of a QoS 1 message; it does nothing when the connection is gone. */
  onMessage(message: WireMessage, acknowledge: () => void): void;
  /** The connection ended or could not be made. Called at most once. */
  onClose(why: string): void;
}

/** One connection. It is never reused: after `onClose` a new one is made. */
export interface WireConnection {
  /** Resolves on PUBACK (QoS 1) or when handed over (QoS 0); rejects when the connection ends first. */
  publish(topic: string, payload: Uint8Array, options: { qos: QoS; retain: boolean }): Promise<void>;
  /** At QoS 1. @throws EnvironmentError FS-MQTT-REFUSED when the broker does not grant it. */
  subscribe(filter: string): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  /** `clean` sends a DISCONNECT, so that the broker forgets the will; `abort` just cuts. No handler is called afterwards. */
  close(how: "clean" | "abort"): Promise<void>;
}

/** The seam below the reconnecting broker: how one connection is made. No handler is called before this returns. */
export type Wire = (will: WireWill | undefined, handlers: WireHandlers) => WireConnection;
