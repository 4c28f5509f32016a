import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { EnvironmentError, UsageError } from "../../../protocols/bytes/index.ts";
import { OCPP_SUBPROTOCOLS } from "../../../protocols/ocpp/index.ts";
import type { AdmissionRequest, Refusal } from "./admission.ts";
import type { CentralSystem } from "./central-system.ts";
import type { OcppOptions } from "./options.ts";
import { webSocket } from "./web-socket.ts";

/** The longest OCPP message: a MeterValues of 256 samples takes less than half of it. */
const MAX_MESSAGE = 65_536;
const MAX_CONNECTIONS = 256;

function requestOf(request: IncomingMessage): AdmissionRequest {
  const { socket, headers } = request;
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
  const name = certificate?.subject?.CN;
  return {
    path: request.url ?? "/",
    protocols: (headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim()),
    authorization: headers.authorization,
    certificateName: typeof name === "string" ? name : undefined,
    from: socket.remoteAddress ?? "",
  };
}

function refuse(socket: Duplex, { status, why }: Refusal): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, "Connection: close", "Content-Type: text/plain"];
  if (status === 401) lines.push('WWW-Authenticate: Basic realm="ocpp"');
  socket.end(`${lines.join("\r\n")}\r\nContent-Length: ${why.length}\r\n\r\n${why}`);
}

function serverOf({ security = 0, tls }: OcppOptions): Server {
  const limits = { headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 8192, keepAliveTimeout: 1000 };
  if (security < 2) return createServer(limits);
  if (!tls || (security === 3 && tls.ca === undefined)) {
    const what = security === 3 ? "key, cert and ca" : "key and cert";
    throw new UsageError("FS-OCPP-TLS", `security profile ${security} needs ${what}`, {
      fix: "give them under ocpp.tls",
    });
  }
  const mutual = security === 3;
  // Security whitepaper §4, TLS 1.2 or later; profile 3 asks the station for a certificate too.
  return createTlsServer({ ...limits, ...tls, minVersion: "TLSv1.2", requestCert: mutual, rejectUnauthorized: mutual });
}

/** The network's side of a central system. */
export interface WebListener {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Opens the websocket server that stations dial.
 * @throws EnvironmentError FS-OCPP-LISTEN; UsageError FS-OCPP-TLS.
 */
export async function listenForStations(central: CentralSystem, options: OcppOptions): Promise<WebListener> {
  const { WebSocketServer } = await import("ws");
  const { host, port } = options.listen ?? { host: "127.0.0.1", port: 9220 };
  const server = serverOf(options);
  server.maxConnections = MAX_CONNECTIONS;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    maxFragments: 256,
    maxBufferedChunks: 4096,
    perMessageDeflate: false,
    clientTracking: true,
    handleProtocols: (offered, request) => chosen.get(request) ?? [...offered][0] ?? false,
  });
  const chosen = new WeakMap<IncomingMessage, string>();
  server.on("request", (_, response) => response.writeHead(404, { connection: "close" }).end());
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A peer that goes away during the handshake takes nothing with it.
    socket.on("error", () => socket.destroy());
    void central.admit(requestOf(request)).then((decision) => {
      if ("status" in decision) return refuse(socket, decision);
      if (socket.destroyed) return decision.cancel();
      chosen.set(request, OCPP_SUBPROTOCOLS[decision.version]);
      let done = false;
      // ws answers a malformed handshake itself and then never calls back.
      socket.once("close", () => {
        if (!done) decision.cancel();
      });
      sockets.handleUpgrade(request, socket, head, (ws) => {
        done = true;
        decision.accept(webSocket(ws));
      });
    });
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new EnvironmentError("FS-OCPP-LISTEN", `charging stations cannot dial ${host}:${port}`, {
          fix: "choose another address under ocpp.listen, or end the program that has it",
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    async stop() {
      central.closeAll();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const ws of sockets.clients) ws.terminate();
      server.closeAllConnections();
      await closed;
    },
  };
}
