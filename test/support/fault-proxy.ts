import { createServer, type ServerResponse } from "node:http";
import { type Chain, httpChain } from "../../gateway/coordinator/chain.ts";

/** What an end point may do to one request. */
export type Fault =
  | "429"
  | "500"
  | "hang"
  | "accept-then-hang"
  | "close"
  | "wrong-id"
  | "truncated"
  | "not-json"
  | "rpc-error";

export const ALL_FAULTS: readonly Fault[] = [
  "429",
  "500",
  "hang",
  "accept-then-hang",
  "close",
  "wrong-id",
  "truncated",
  "not-json",
  "rpc-error",
];

interface Request {
  id: number;
  method: string;
  params: unknown[];
}

export interface FaultProxy {
  url: string;
  /** Methods asked for so far. */
  readonly methods: string[];
  /** Decides on each request, `n` from 0; undefined lets it through. */
  plan: (n: number, request: Request) => Fault | undefined;
  /** Changes a result on its way back. */
  alter: (request: Request, result: unknown) => unknown;
  stop(): Promise<void>;
}

/** A JSON-RPC end point that hands requests to `chain`, except where the plan says otherwise. */
export async function startFaultProxy(chain: Chain): Promise<FaultProxy> {
  const open = new Set<ServerResponse>();
  const proxy: FaultProxy = {
    url: "",
    methods: [],
    plan: () => undefined,
    alter: (_, result) => result,
    stop: () =>
      new Promise((resolve) => {
        for (const response of open) response.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(request: Request, response: ServerResponse): Promise<void> {
    const fault = proxy.plan(proxy.methods.length, request);
    proxy.methods.push(request.method);
    if (fault === "hang") return;
    if (fault === "close") return void response.destroy();
    if (fault === "429") return void response.writeHead(429, { "retry-after": "1" }).end();
    if (fault === "500") return void response.writeHead(500).end("oops");
    if (fault === "not-json") return void response.end("<html>");
    const { id } = request;
    if (fault === "rpc-error") {
      return void response.end(
        JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message: "internal error" } }),
      );
    }
    let body: string;
    try {
      const result = proxy.alter(request, await chain.request(request));
      body = JSON.stringify({ jsonrpc: "2.0", id: fault === "wrong-id" ? id + 1 : id, result });
    } catch (error) {
      const { rpcCode, rpcMessage, data } = (error as { context: Record<string, unknown> }).context;
      body = JSON.stringify({ jsonrpc: "2.0", id, error: { code: rpcCode, message: rpcMessage, data } });
    }
    if (fault === "accept-then-hang") return;
    response.end(fault === "truncated" ? body.slice(0, -5) : body);
  }

  const server = createServer((incoming, response) => {
    open.add(response);
    response.on("close", () => open.delete(response));
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => void answer(JSON.parse(Buffer.concat(chunks).toString()) as Request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  proxy.url = `http://127.0.0.1:${address.port}`;
  return proxy;
}

/** The chain as seen through the proxy. */
export const proxiedChain = (proxy: FaultProxy): Chain => httpChain(proxy.url, { timeout: 150 });
