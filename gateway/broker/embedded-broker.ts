import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from "aedes";
import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { type AccessRule, basicAccess, type Principal, sameParty } from "./access.ts";
import { ConnackCode, type ConnectPacket } from "./connect-packet.ts";
import { Door, type DoorCounters } from "./door.ts";
import { DurableOutlet } from "./durable-outlet.ts";
import { type EmbeddedBrokerOptions, type ResolvedOptions, resolveOptions } from "./embedded-options.ts";
import { PacketGate } from "./packet-gate.ts";
import { RetainedBudget } from "./retained-budget.ts";
import { isTopic, matchesFilter } from "./topics.ts";
import { UserList } from "./users.ts";

/*
 * On its first packet mqtt-packet makes 65,536 small buffers, one for each number a packet can contain: 11 MB resident.
 * It is reached through aedes, so that it is the copy aedes uses.
 */
const { writeToStream } = createRequire(createRequire(import.meta.url).resolve("aedes"))("mqtt-packet") as {
  writeToStream: { cacheNumbers: boolean };
};
writeToStream.cacheNumbers = false;

export interface EmbeddedCounters extends DoorCounters {
  connections: number;
  /** Logins refused: wrong credentials, or the client id is in use by somebody else. */
  denied: number;
  /** Publishes and subscriptions against the access rule. */
  forbidden: number;
  /** Subscribers disconnected because they did not read. */
  slow: number;
  durable: number;
  /** Messages that the gateway did not make durable: their senders were disconnected without an acknowledgement. */
  notDurable: number;
}

interface Session {
  readonly connect: ConnectPacket;
  readonly gate: PacketGate;
  principal: Principal | undefined;
  filters: Set<string>;
  /** PUBACKs leave in the order of their messages ([MQTT-4.6.0-2]), whatever the order of the gateway's answers. */
  turns: Promise<void>;
  turnsWaiting: number;
}

/**
 * The aedes engine behind a Door and a gate per connection. It keeps no sessions: the journal is our store, boards
 * send again what was not acknowledged, and a session without a client would only collect memory.
 */
export class EmbeddedBroker {
  readonly durable: DurableOutlet;
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #access: AccessRule;
  readonly #users: UserList;
  readonly #door: Door;
  readonly #retained: RetainedBudget;
  readonly #sessions = new WeakMap<object, Session>();
  readonly #holders = new Map<string, { client: Client; principal: Principal }>();
  readonly #counts = { denied: 0, forbidden: 0, slow: 0, durable: 0, notDurable: 0 };
  #aedes: Aedes | undefined;

  /** @throws UsageError FS-MQTT-EXPOSED, FS-MQTT-TOPIC, FS-MQTT-USER */
  constructor(options: EmbeddedBrokerOptions, clock: Clock) {
    const resolved = resolveOptions(options);
    this.#options = resolved;
    this.#clock = clock;
    const owned = resolved.users.flatMap(({ topics }) => topics?.write ?? []);
    this.#access = basicAccess({ ...resolved, owned });
    this.#users = new UserList({ users: resolved.users, secret: randomBytes(32) });
    this.#retained = new RetainedBudget(resolved.limits);
    this.durable = new DurableOutlet({ clock, ...resolved.durable });
    this.#door = new Door({
      limits: resolved.limits,
      clock,
      tls: resolved.tls,
      onConnect: (socket, connect, first, rest) => this.#enter(socket, connect, first, rest),
    });
  }

  get counters(): EmbeddedCounters {
    return { ...this.#door.counters, connections: this.#door.connections, ...this.#counts };
  }

  /** @returns the port it listens on. @throws EnvironmentError FS-MQTT-LISTEN */
  async start(): Promise<number> {
    this.#aedes = await Aedes.createBroker({
      connectTimeout: this.#options.limits.connectWithinMs,
      maxTopicLevels: 16,
      preConnect: (_client, packet, done) => {
        packet.clean = true;
        done(null, true);
      },
      authenticate: (client, user, password, done) => {
        this.#authenticate(client, user, password).then(
          (refusal) => (refusal === undefined ? done(null, true) : done(authenticateError(refusal), false)),
          () => done(authenticateError(ConnackCode.unavailable), false),
        );
      },
      authorizePublish: (client, packet, done) => {
        this.#authorizePublish(client, packet, done);
      },
      authorizeSubscribe: (client, subscription, done) => {
        done(null, this.#maySubscribe(client, subscription.topic) ? subscription : null);
      },
    });
    this.#aedes.on("clientError", (_client, error) => {
      if ("code" in error && error.code === "FS-MQTT-SLOW") this.#counts.slow++;
    });
    this.#aedes.on("unsubscribe", (filters, client) => {
      for (const filter of filters) this.#sessions.get(client.conn)?.filters.delete(filter);
    });
    return this.#door.listen(this.#options.host, this.#options.port);
  }

  async stop(): Promise<void> {
    await this.#door.close();
    await new Promise<void>((resolve) => (this.#aedes ? this.#aedes.close(resolve) : resolve()));
  }

  #enter(socket: Socket, connect: ConnectPacket, first: Uint8Array, rest: Uint8Array): void {
    const gate = new PacketGate(socket, this.#clock, this.#options.limits, first, rest);
    this.#sessions.set(gate, {
      connect,
      gate,
      principal: undefined,
      filters: new Set(),
      turns: Promise.resolve(),
      turnsWaiting: 0,
    });
    this.#aedes?.handle(gate);
  }

  /** @returns the CONNACK code of a refusal, or undefined. */
  async #authenticate(
    client: Client,
    user: string | undefined,
    password: Uint8Array | undefined,
  ): Promise<number | undefined> {
    const session = this.#sessions.get(client.conn);
    if (session === undefined) return ConnackCode.unavailable;
    const principal = await this.#identify(session.connect.clientId, user, password);
    if (principal === undefined || typeof principal === "number") {
      this.#counts.denied++;
      return principal ?? ConnackCode.credentials;
    }
    // The living session wins against a stranger; the same party takes over its own ([MQTT-3.1.4-2]), as a board has to
    // that comes back before its old connection is noticed to be dead.
    const holder = this.#holders.get(client.id);
    if (holder !== undefined && !holder.client.closed && !sameParty(holder.principal, principal)) {
      this.#counts.denied++;
      return ConnackCode.identifier;
    }
    const { will } = session.connect;
    if (will !== undefined && !this.#mayPublish(principal, will.topic, will.retain, true)) {
      this.#counts.forbidden++;
      return ConnackCode.notAuthorized;
    }
    session.principal = principal;
    if (session.gate.destroyed) return ConnackCode.unavailable;
    this.#holders.set(client.id, { client, principal });
    session.gate.once("close", () => {
      if (this.#holders.get(client.id)?.client === client) this.#holders.delete(client.id);
    });
    if (principal.kind === "gateway") {
      const { maxGatewayPacket } = this.#options.limits;
      // What the gateway sends is bounded by the gateway itself.
      session.gate.limits = { ...this.#options.limits, maxPacket: maxGatewayPacket, packetsPerSecond: 1e6, burst: 1e6 };
    }
    return undefined;
  }

  async #identify(
    clientId: string,
    user: string | undefined,
    password: Uint8Array | undefined,
  ): Promise<Principal | number | undefined> {
    const { gateway, anonymous } = this.#options;
    if (user === undefined) {
      if (!anonymous) return ConnackCode.notAuthorized;
      const device = /^[0-9a-f]{64}$/.test(clientId) ? { device: clientId } : {};
      return { kind: "person", name: "", ...device };
    }
    const given = password ?? new Uint8Array(0);
    if (gateway !== undefined && user === gateway.user) {
      return sameSecret(given, gateway.token) ? { kind: "gateway" } : undefined;
    }
    const known = await this.#users.login(user, given);
    if (known === "busy") return ConnackCode.unavailable;
    if (known === undefined) return undefined;
    if (known.device !== undefined) return { kind: "device", device: known.device };
    const { name, topics } = known;
    return topics === undefined ? { kind: "person", name } : { kind: "board", name, ...topics };
  }

  #isDurable(topic: string): boolean {
    return this.#options.durable.filters.some((filter) => matchesFilter(filter, topic));
  }

  #mayPublish(principal: Principal, topic: string, retain: boolean, will: boolean): boolean {
    if (!isTopic(topic) || !this.#access.mayPublish(principal, topic)) return false;
    // Readings are said by a board that is there, once: neither a will nor a retained replay of them makes sense.
    return !(this.#isDurable(topic) && (retain || will));
  }

  #authorizePublish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const session = client === null ? undefined : this.#sessions.get(client.conn);
    // Without a client aedes speaks itself: its own $SYS notices.
    if (client === null || session === undefined) {
      done(client === null ? null : forbidden(packet.topic));
      return;
    }
    const { topic, retain } = packet;
    const { principal } = session;
    if (principal === undefined || !this.#mayPublish(principal, topic, retain, false)) {
      this.#counts.forbidden++;
      done(forbidden(topic));
      return;
    }
    const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
    if (retain && !this.#retained.take(topic, payload.length, principal.kind !== "gateway")) {
      this.#counts.forbidden++;
      done(new EnvironmentError("FS-MQTT-RETAINED", "clients have no more room for retained messages"));
      return;
    }
    // An empty retained message clears a topic, and says nothing.
    const durable = this.#isDurable(topic) || (this.#options.durable.boards.has(topic) && payload.length > 0);
    if (!durable && session.turnsWaiting === 0) {
      done(null);
      return;
    }
    const answer = durable ? this.#makeDurable({ clientId: client.id, topic, payload }) : Promise.resolve(null);
    session.turnsWaiting++;
    session.turns = session.turns.then(async () => {
      const error = await answer;
      session.turnsWaiting--;
      done(error);
    });
  }

  /** @returns what went wrong, or null once the gateway has it on disk. */
  async #makeDurable(message: { clientId: string; topic: string; payload: Uint8Array }): Promise<Error | null> {
    try {
      await this.durable.deliver(message);
      this.#counts.durable++;
      return null;
    } catch (error) {
      this.#counts.notDurable++;
      return error instanceof Error ? error : new EnvironmentError("FS-DURABLE-REFUSED", String(error));
    }
  }

  #maySubscribe(client: Client, filter: string): boolean {
    const session = this.#sessions.get(client.conn);
    const allowed =
      session?.principal !== undefined &&
      this.#access.maySubscribe(session.principal, filter) &&
      (session.filters.size < this.#options.limits.subscriptions || session.principal.kind === "gateway");
    if (allowed) session.filters.add(filter);
    else this.#counts.forbidden++;
    return allowed;
  }
}

function forbidden(topic: string): EnvironmentError {
  return new EnvironmentError("FS-MQTT-FORBIDDEN", `a client may not publish to ${topic.slice(0, 80)}`);
}

function authenticateError(returnCode: number): AuthenticateError {
  const error = new EnvironmentError("FS-MQTT-LOGIN", "the broker refused a login");
  return Object.assign(error, { returnCode });
}

/** Hashing first makes the lengths equal. */
function sameSecret(given: Uint8Array, expected: string): boolean {
  const digest = (bytes: Uint8Array | string): Buffer => createHash("sha256").update(bytes).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
