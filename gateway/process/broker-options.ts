import { randomBytes } from "node:crypto";
import type { EmbeddedBrokerOptions } from "../broker/embedded-options.ts";
import { hashPassword } from "../broker/users.ts";
import type { Config } from "../config/index.ts";

/** What the embedded broker is started with: the configured user, and the gateway's own login of this start. */
export async function brokerOptions(
  mqtt: Config["mqtt"],
  gateway: { user: string; token: string },
): Promise<EmbeddedBrokerOptions> {
  const { listen, base_topic, user, password } = mqtt;
  const options: EmbeddedBrokerOptions = { listen, base: base_topic, gateway };
  if (user === undefined || password === undefined) return options;
  return { ...options, users: [{ name: user, password: await hashPassword(password, randomBytes(16)) }] };
}
