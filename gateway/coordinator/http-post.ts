import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { EnvironmentError, ProtocolError, TimeoutError, UsageError } from "../../protocols/bytes/index.ts";

export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  text: string;
}

/** One POST of a JSON text. */
export type HttpPost = (body: string, limits: { timeout: number; maxBytes: number }) => Promise<HttpAnswer>;

function flat(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

function readBody(message: IncomingMessage, host: string, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    message.on("data", (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > maxBytes) {
        message.destroy();
        reject(new ProtocolError("FS-CHAIN-ANSWER", `${host} answers more than ${maxBytes} bytes`));
      }
    });
    message.on("end", () => {
      if (message.complete) resolve(Buffer.concat(chunks).toString("utf8"));
    });
    message.on("error", reject);
    message.on("close", () => {
      if (!message.complete) reject(new ProtocolError("FS-CHAIN-ANSWER", `${host} closed within its answer`));
    });
  });
}

/**
 * POST with node's own client over kept-alive connections. The global `fetch` does the same for 25 MB more memory.
 * @throws UsageError FS-CHAIN-URL.
 */
export function nodePost(url: string): HttpPost {
  let target: URL;
  try {
    target = new URL(url);
  } catch {
    throw new UsageError("FS-CHAIN-URL", "the chain's end point is not a URL", { fix: "Give http://… or https://…" });
  }
  const { protocol, host, username, password } = target;
  if (protocol !== "http:" && protocol !== "https:") {
    throw new UsageError("FS-CHAIN-URL", `the chain's end point is ${protocol}//, not http:// or https://`);
  }
  const secure = protocol === "https:";
  const settings = { keepAlive: true, maxSockets: 4 };
  const agent = secure ? new HttpsAgent(settings) : new HttpAgent(settings);
  const send = secure ? httpsRequest : httpRequest;
  const auth = username ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : undefined;

  return (body, { timeout, maxBytes }) =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const request = send(target, { method: "POST", agent, headers, ...(auth ? { auth } : {}) });
      const late = setTimeout(() => {
        request.destroy(new TimeoutError("FS-CHAIN-TIMEOUT", `${host} did not answer within ${timeout} ms`));
      }, timeout);
      const fail = (cause: unknown) => {
        clearTimeout(late);
        if (cause instanceof TimeoutError || cause instanceof ProtocolError) return reject(cause);
        const why = (cause as NodeJS.ErrnoException).code ?? "the connection failed";
        const error = new EnvironmentError("FS-CHAIN-UNREACHABLE", `${host} cannot be reached: ${why}`, {
          context: { host, why },
          cause,
          fix: "Check the end point and the network; it is tried again.",
        });
        reject(error);
      };
      request.on("error", fail);
      request.on("response", (message) => {
        readBody(message, host, maxBytes).then((text) => {
          clearTimeout(late);
          resolve({ status: message.statusCode ?? 0, headers: flat(message.headers), text });
        }, fail);
      });
      request.end(body);
    });
}
