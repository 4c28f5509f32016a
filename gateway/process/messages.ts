import type { Config } from "../config/index.ts";
import type { GatewayEvent } from "../events.ts";

/** What the supervisor tells the gateway process. Sockets travel beside `signer` and `broker`. */
export type ToGateway =
  | {
      type: "start";
      config: Config;
      /** The gateway's login at the embedded broker. */
      login: { user: string; token: string };
      brokenDevices: readonly { name: string; why: string }[];
      forwardEvents: boolean;
    }
  | { type: "signer" }
  | { type: "broker"; port: number }
  | { type: "stop" };

/** What the gateway process tells the supervisor. */
export type FromGateway =
  | { type: "ready" }
  | { type: "event"; event: GatewayEvent }
  | { type: "fatal"; code: string; message: string; fix?: string; exit: number }
  | { type: "stopped" };

/** Exit code of a part that must not be started again as it is: the configuration is at fault. */
export const EXIT_CONFIGURATION = 78;
