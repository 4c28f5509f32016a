import mqtt, { type MqttClient } from "mqtt";
import { EnvironmentError, TimeoutError } from "../../protocols/bytes/index.ts";
import type { Config } from "../config/index.ts";

export interface Message {
  topic: string;
  payload: Uint8Array;
  retained: boolean;
}

/** Connects to the configured broker as any MQTT client would. @throws EnvironmentError FS-MQTT-DOWN. */
export async function connect(config: Config): Promise<MqttClient> {
  const { broker, listen, user, password } = config.mqtt;
  const url =
    broker === "embedded"
      ? `mqtt://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${listen.port}`
      : broker;
  try {
    return await mqtt.connectAsync(url, {
      reconnectPeriod: 0,
      connectTimeout: 5_000,
      ...(user === undefined ? {} : { username: user }),
      ...(password === undefined ? {} : { password }),
    });
  } catch (cause) {
    throw new EnvironmentError("FS-MQTT-DOWN", `no MQTT broker answers at ${url}`, {
      cause,
      fix: "start the gateway (fieldseal run), or check mqtt.listen and mqtt.broker in the configuration",
    });
  }
}

/** Subscribes and hands over every message until the client ends. */
export async function listen(
  client: MqttClient,
  topics: string[],
  onMessage: (message: Message) => void,
): Promise<void> {
  client.on("message", (topic, payload, packet) => onMessage({ topic, payload, retained: packet.retain }));
  await client.subscribeAsync(topics, { qos: 1 });
}

/** Asks the running gateway to do something: `bridge/request/VERB` → `bridge/response/VERB` with our transaction. */
export async function request(
  config: Config,
  verb: string,
  body: Record<string, unknown>,
  timeoutMs = 30_000,
): Promise<Record<string, unknown>> {
  const client = await connect(config);
  const transaction = `cli-${process.pid}-${Date.now()}`;
  const base = `${config.mqtt.base_topic}/bridge`;
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(
            new TimeoutError("FS-GATEWAY-TIMEOUT", `the gateway did not answer within ${timeoutMs / 1000} s`, {
              fix: "fieldseal status shows what it is doing",
            }),
          ),
        timeoutMs,
      );
      const onMessage = ({ payload }: Message) => {
        const answer = parseJson(payload);
        if (answer?.["transaction"] !== transaction) return;
        clearTimeout(timer);
        resolve(answer);
      };
      listen(client, [`${base}/response/${verb}`], onMessage)
        .then(() =>
          client.publishAsync(`${base}/request/${verb}`, JSON.stringify({ transaction, ...body }), { qos: 1 }),
        )
        .catch(reject);
    });
  } finally {
    client.end(true);
  }
}

/** A JSON object, or undefined for anything else. */
export function parseJson(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
