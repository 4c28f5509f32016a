import { isIP } from "node:net";
import { UsageError } from "../../protocols/bytes/index.ts";
import { isFilter, isTopic } from "./topics.ts";
import type { BrokerUser } from "./users.ts";

/** All of it can travel as JSON, because the broker runs in a process of its own. */
export interface EmbeddedBrokerOptions {
  listen: { host: string; port: number };
  /** PEM text. Without it the broker speaks plain TCP, on loopback only. */
  tls?: { key: string; cert: string };
  users?: readonly BrokerUser[];
  /** Lets anybody in without a login. Default: true on loopback when there are no users, else false. */
  anonymous?: boolean;
  /** The login of the gateway's own connection, made anew for each start. */
  gateway?: { user: string; token: string };
  /** Root of the gateway's own tree. Default `fieldseal`. */
  base?: string;
  /** Root of the boards' link topics. Default `fieldseal-link`. */
  link?: string;
  /**
   * Which topics are acknowledged only when the gateway says "durable". Default `<link>/+/up`. `boards`: topics of boards that
   * publish plain values, which may be retained as well.
   */
  durable?: { filters?: readonly string[]; boards?: readonly string[]; timeoutMs?: number; maxPending?: number };
  limits?: Partial<BrokerLimits>;
}

export interface BrokerLimits {
  /** Connections at once, and of one address. Loopback counts as one address with the total as its cap. */
  connections: number;
  perAddress: number;
  /** Connections that have not completed CONNECT; with more the oldest goes. */
  pending: number;
  /** Time to complete CONNECT, TLS handshake included. */
  connectWithinMs: number;
  /** Bytes of remaining length of one packet; the gateway's own connection may send `maxGatewayPacket`. */
  maxPacket: number;
  maxGatewayPacket: number;
  /** Bytes left unread by a subscriber before it is disconnected. */
  maxOutgoing: number;
  packetsPerSecond: number;
  burst: number;
  /** Topic filters of one client. */
  subscriptions: number;
  /** Retained topics, and their bytes, of everybody but the gateway. */
  retained: number;
  retainedBytes: number;
}

export const DEFAULT_LIMITS: Readonly<BrokerLimits> = {
  connections: 16_384,
  perAddress: 64,
  pending: 256,
  connectWithinMs: 5_000,
  maxPacket: 8 * 1024,
  maxGatewayPacket: 1024 * 1024,
  maxOutgoing: 2 * 1024 * 1024,
  packetsPerSecond: 500,
  burst: 2_000,
  subscriptions: 1_024,
  retained: 4_096,
  retainedBytes: 4 * 1024 * 1024,
};

/** True for an address that no other machine can reach. Names other than `localhost` are not trusted to stay what they are. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  const address = host.replace(/^::ffff:/i, "");
  return isIP(address) === 4 && address.startsWith("127.");
}

export interface ResolvedOptions {
  host: string;
  port: number;
  tls: { key: string; cert: string } | undefined;
  users: readonly BrokerUser[];
  anonymous: boolean;
  gateway: { user: string; token: string } | undefined;
  base: string;
  link: string;
  durable: { filters: readonly string[]; boards: ReadonlySet<string>; timeoutMs: number; maxPending: number };
  limits: BrokerLimits;
}

/**
 * Defaults, and the rule that nothing listens beyond loopback without logins and TLS.
 * @throws UsageError FS-MQTT-EXPOSED, FS-MQTT-TOPIC
 */
export function resolveOptions(options: EmbeddedBrokerOptions): ResolvedOptions {
  const { listen, users = [], tls, gateway } = options;
  const loopback = isLoopback(listen.host);
  const anonymous = options.anonymous ?? (loopback && users.length === 0);
  const missing = [
    ...(tls === undefined ? ["TLS"] : []),
    ...(users.length === 0 ? ["a user with a password"] : []),
    ...(anonymous ? ["logins for everybody (anonymous is on)"] : []),
  ];
  if (!loopback && missing.length > 0) {
    throw new UsageError(
      "FS-MQTT-EXPOSED",
      `the broker would listen on ${listen.host} without ${missing.join(" and ")}`,
      {
        fix: "set mqtt.user, mqtt.password and mqtt.tls, or listen on 127.0.0.1",
      },
    );
  }
  const link = options.link ?? "fieldseal-link";
  const base = options.base ?? "fieldseal";
  const filters = options.durable?.filters ?? [`${link}/+/up`];
  const boards = options.durable?.boards ?? [];
  if (!isTopic(base) || !isTopic(link) || !filters.every(isFilter) || !boards.every(isTopic)) {
    throw new UsageError("FS-MQTT-TOPIC", "the broker's base topic, link topic or durable filters are not topics", {
      fix: "choose a mqtt.base_topic without wildcards",
    });
  }
  return {
    // The name could be made to mean another address; the number cannot.
    host: listen.host === "localhost" ? "127.0.0.1" : listen.host,
    port: listen.port,
    tls,
    users,
    anonymous,
    gateway,
    base,
    link,
    durable: {
      filters,
      boards: new Set(boards),
      timeoutMs: options.durable?.timeoutMs ?? 10_000,
      maxPending: options.durable?.maxPending ?? 4_096,
    },
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
}
