import { randomBytes } from "node:crypto";
import { boardTopics, builtIn, type Catalog, readingTopics } from "../../devices/index.ts";
import { UsageError } from "../../protocols/bytes/index.ts";
import type { BrokerUser, EmbeddedBrokerOptions } from "../broker/index.ts";
import { hashPassword } from "../broker/users.ts";
import type { Config } from "../config/index.ts";

const salted = (password: string) => hashPassword(password, randomBytes(16));

/** What a device's topics are good for; undefined for one that cannot be set up, which the gateway tells. */
function ofBoard<T>(
  [name, { driver, topic, unit }]: [string, Config["devices"][string]],
  catalog: Catalog,
  topicsOf: (name: string, profile: ReturnType<Catalog["find"]>, config: { topic?: string; unit?: number }) => T,
): T | undefined {
  if (!driver.startsWith("mqtt/")) return undefined;
  try {
    const config = { ...(topic === undefined ? {} : { topic }), ...(unit === undefined ? {} : { unit }) };
    return topicsOf(name, catalog.find(driver), config);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/**
 * What the embedded broker is started with: the configured users, the gateway's own login of this start, and which boards are
 * acknowledged only when what they say is durable.
 */
export async function brokerOptions(
  { mqtt, devices }: Pick<Config, "mqtt" | "devices">,
  gateway: { user: string; token: string },
  catalog: Catalog = builtIn,
): Promise<EmbeddedBrokerOptions> {
  const { listen, base_topic, user, password } = mqtt;
  const boards = Object.entries(devices).flatMap((entry) => ofBoard(entry, catalog, readingTopics) ?? []);
  const users: BrokerUser[] = [];
  if (user !== undefined && password !== undefined) users.push({ name: user, password: salted(password) });
  for (const [name, { password: secret, device }] of Object.entries(mqtt.users)) {
    const topics = ofBoard([device, devices[device]!], catalog, boardTopics) ?? { write: [], read: [] };
    users.push({ name, password: salted(secret), topics });
  }
  return {
    listen,
    base: base_topic,
    gateway,
    durable: { boards },
    ...(users.length > 0 ? { users } : {}),
  };
}
