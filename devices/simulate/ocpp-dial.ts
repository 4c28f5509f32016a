import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { OCPP_SUBPROTOCOLS, type OcppVersion } from "../../protocols/ocpp/index.ts";
import type { OcppSocket } from "../drivers/ocpp/socket.ts";
import { webSocket } from "../drivers/ocpp/web-socket.ts";

export interface DialOptions {
  /** `ws://127.0.0.1:9220` or `wss://…`. */
  url: string;
  station: string;
  version: OcppVersion;
  password?: string;
  /** PEM texts: whom to trust, and the station's own certificate. */
  tls?: { ca: string; key?: string; cert?: string };
}

/**
 * Dials a central system.
 * @throws EnvironmentError FS-OCPP-DIAL, with the HTTP status in `context.status` where there was an answer.
 */
export async function dialCentral({ url, station, version, password, tls }: DialOptions): Promise<OcppSocket> {
  const { WebSocket } = await import("ws");
  const authorization = password === undefined ? {} : { authorization: `Basic ${btoa(`${station}:${password}`)}` };
  const ws = new WebSocket(`${url}/${encodeURIComponent(station)}`, [OCPP_SUBPROTOCOLS[version]], {
    perMessageDeflate: false,
    headers: authorization,
    ...tls,
  });
  // At once: what the central system says with its consent must find an ear.
  const socket = webSocket(ws);
  return new Promise((resolve, reject) => {
    const failed = (why: string, context: Record<string, unknown> = {}) =>
      reject(
        new EnvironmentError("FS-OCPP-DIAL", `the central system at ${url} did not let ${station} in: ${why}`, {
          context,
          fix: "check address, identity and password",
        }),
      );
    ws.once("open", () => resolve(socket));
    ws.once("unexpected-response", (request, response) => {
      failed(`HTTP ${response.statusCode}`, { status: response.statusCode });
      request.destroy();
    });
    ws.once("error", (error) => failed(error.message));
  });
}
