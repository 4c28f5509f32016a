import { UsageError } from "../../protocols/bytes/index.ts";
import { type MqttWireOptions, mqttWire } from "./mqtt-wire.ts";
import { ReconnectingBroker, type ReconnectingOptions } from "./reconnecting-broker.ts";

export interface MqttBrokerOptions extends ReconnectingOptions, Omit<MqttWireOptions, "host" | "port"> {
  /** `mqtt://host[:1883]` or `mqtts://host[:8883]`; credentials do not belong in it. */
  url: string;
}

/**
 * A Broker over the network: the embedded one or any MQTT 3.1.1 or 5 broker.
 * @throws UsageError FS-MQTT-URL
 */
export function mqttBroker(options: MqttBrokerOptions): ReconnectingBroker {
  const { host, port, secure } = parseBrokerUrl(options.url);
  const tls = secure ? { tls: options.tls ?? {} } : {};
  if (!secure && options.tls !== undefined) throw badUrl("certificates are set, but the URL is not mqtts://");
  const { tls: _, ...rest } = options;
  return new ReconnectingBroker(mqttWire({ ...rest, ...tls, host, port }), options);
}

/** @throws UsageError FS-MQTT-URL */
export function parseBrokerUrl(text: string): { host: string; port: number; secure: boolean } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "mqtt:" && url.protocol !== "mqtts:") || url.hostname === "") {
    throw badUrl("it is not mqtt://host:port or mqtts://host:port");
  }
  if (url.username !== "" || url.password !== "") throw badUrl("it contains credentials");
  const secure = url.protocol === "mqtts:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: url.port === "" ? (secure ? 8883 : 1883) : Number(url.port), secure };
}

/** The URL stays out of the message: it may hold a password. */
function badUrl(why: string): UsageError {
  return new UsageError("FS-MQTT-URL", `the broker's URL is refused: ${why}`, {
    fix: "write mqtt.broker as mqtt://host:1883 or mqtts://host:8883, and mqtt.user and mqtt.password apart",
  });
}
