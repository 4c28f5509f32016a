import { createRequire } from "node:module";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { IClientOptions, MqttClient } from "mqtt";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { Wire, WireConnection, WireHandlers, WireWill } from "./wire.ts";

/*
 * Only the client class of mqtt.js: its main entry also loads websocket and SOCKS transports, 9 MB of memory for
 * nothing we use. It is CommonJS with a marked default, which loaders resolve differently: require() does not.
 * Loaded for the first connection: that is after the gateway takes readings, which need not wait for it.
 */
const clientClass = () =>
  (createRequire(import.meta.url)("mqtt/lib/client") as typeof import("mqtt/lib/client")).default;

export interface MqttWireOptions {
  host: string;
  port: number;
  clientId: string;
  user?: string;
  password?: string;
  /** 4 is MQTT 3.1.1 (default), 5 is MQTT 5. */
  version?: 4 | 5;
  /** Seconds between signs of life. Default 30. */
  keepalive?: number;
  /** Absent: plain TCP. Certificates are PEM text; without `ca` the system's roots are trusted. */
  tls?: { ca?: string; cert?: string; key?: string; serverName?: string };
}

/** How long the broker keeps our subscriptions and unacknowledged messages, in seconds (MQTT 5 §3.1.2.11.2). */
const SESSION_EXPIRY = 7 * 24 * 3600;
/** Handlers that may run at once before we stop reading. */
const MAX_HANDLING = 1_024;

/** Connections over mqtt.js 5 to any MQTT 3.1.1 or 5 broker. Its own reconnecting, queueing and storing are switched off. */
export function mqttWire(options: MqttWireOptions): Wire {
  return (will, handlers) => openMqtt(options, will, handlers);
}

function clientOptions(options: MqttWireOptions, will: WireWill | undefined): IClientOptions {
  return {
    clientId: options.clientId,
    protocolVersion: options.version ?? 4,
    keepalive: options.keepalive ?? 30,
    // A session that outlives the connection, so that what we have not acknowledged is delivered again.
    clean: false,
    ...(options.version === 5 ? { properties: { sessionExpiryInterval: SESSION_EXPIRY } } : {}),
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // The cache would hold 65,536 small buffers, one for each number a packet can contain.
    writeCache: false,
    ...(options.user === undefined ? {} : { username: options.user }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(will === undefined
      ? {}
      : { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
  };
}

function openMqtt(options: MqttWireOptions, will: WireWill | undefined, handlers: WireHandlers): WireConnection {
  const { host, port, tls } = options;
  let lastError: string | undefined;
  let ended = false;
  const Client = clientClass();
  const client: MqttClient = new Client(
    () => (tls === undefined ? connectTcp({ host, port, noDelay: true }) : openTls(host, port, tls)),
    clientOptions(options, will),
  );
  const stream = client.stream;
  client.on("error", (error) => {
    lastError = error.message;
    // After a refusing CONNACK mqtt.js keeps the socket.
    client.stream.destroy();
  });
  client.on("connect", () => {
    if (!ended) handlers.onOpen();
  });
  client.on("close", () => {
    if (ended) return;
    ended = true;
    handlers.onClose(lastError ?? "the connection was closed");
    client.end(true);
  });

  let handling = 0;
  let held: (() => void) | undefined;
  client.handleMessage = ({ topic, payload, retain, qos, messageId }, next) => {
    const proceed = (): void => {
      /*
       * Called without an error, mqtt.js sends the PUBACK now, and until it is called it reads nothing more, not even
       * the acknowledgements that a handler may be waiting for. With an error it goes on and sends none: ours follows below.
       */
      if (qos === 0) next();
      else next(new Error("acknowledged later"));
    };
    handling++;
    let done = false;
    const acknowledge = (): void => {
      if (done) return;
      done = true;
      handling--;
      // Written to the connection the message came from: its packet id means nothing on another one.
      if (qos === 1 && messageId !== undefined && !stream.destroyed) stream.write(Buffer.from(puback(messageId)));
      held?.();
      held = undefined;
    };
    if (!ended) handlers.onMessage({ topic, payload: toBytes(payload), retain, qos }, acknowledge);
    if (qos === 0) acknowledge();
    if (handling < MAX_HANDLING) proceed();
    else held = proceed;
  };

  return {
    publish: (topic, payload, { qos, retain }) =>
      new Promise((resolve, reject) => {
        const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
        client.publish(topic, bytes, { qos, retain }, (error) => (error ? reject(lost(error)) : resolve()));
      }),
    subscribe: (filter) =>
      new Promise((resolve, reject) => {
        client.subscribe(filter, { qos: 1 }, (error, granted) => {
          // 3.1.1 brokers refuse with 0x80, 5 brokers with 0x80 and above (§3.9.3); mqtt.js makes it an error or not.
          const code = granted?.[0]?.qos;
          if (code !== undefined && code >= 128) reject(refused(filter));
          else if (error) reject(ended || !client.connected ? lost(error) : refused(filter, error));
          else resolve();
        });
      }),
    unsubscribe: (filter) =>
      new Promise((resolve, reject) => {
        client.unsubscribe(filter, (error) => (error ? reject(lost(error)) : resolve()));
      }),
    close: (how) =>
      new Promise((resolve) => {
        ended = true;
        client.end(how === "abort", {}, () => resolve());
        if (how === "abort") stream.destroy();
      }),
  };
}

function openTls(host: string, port: number, tls: NonNullable<MqttWireOptions["tls"]>): ReturnType<typeof connectTls> {
  const { ca, cert, key, serverName } = tls;
  return connectTls({
    host,
    port,
    // An address is no name for SNI (RFC 6066 §3).
    ...(serverName === undefined ? (/^[\d.]+$|:/.test(host) ? {} : { servername: host }) : { servername: serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    minVersion: "TLSv1.2",
  });
}

/** 40 02 hi lo   PUBACK, two bytes of packet id; on MQTT 5 that says "success" (§3.4.2.1) */
function puback(id: number): number[] {
  return [0x40, 0x02, id >> 8, id & 0xff];
}

function toBytes(payload: string | Buffer): Uint8Array {
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function lost(cause: Error): EnvironmentError {
  return new EnvironmentError("FS-MQTT-LOST", "the connection to the MQTT broker ended", { cause });
}

function refused(filter: string, cause?: Error): EnvironmentError {
  return new EnvironmentError("FS-MQTT-REFUSED", `the broker refused the subscription to ${filter}`, {
    ...(cause === undefined ? {} : { cause }),
    fix: "allow the gateway's user to read this topic in the broker's access list",
  });
}
