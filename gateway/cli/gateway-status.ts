import { EnvironmentError, TimeoutError } from "../../protocols/bytes/index.ts";
import type { Config } from "../config/index.ts";
import type { Gateway } from "../gateway.ts";
import { request } from "./mqtt-client.ts";

export type GatewayStatus = ReturnType<Gateway["status"]>;

/** What the running gateway says of itself, or undefined when none answers. */
export async function askStatus(config: Config): Promise<GatewayStatus | undefined> {
  try {
    const answer = await request(config, "status", {}, 5_000);
    return answer["status"] === "ok" ? (answer["data"] as GatewayStatus) : undefined;
  } catch (error) {
    if (error instanceof TimeoutError || (error instanceof EnvironmentError && error.code === "FS-MQTT-DOWN"))
      return undefined;
    throw error;
  }
}
