import { EnvironmentError, ProtocolError } from "../../protocols/bytes/index.ts";
import { type HttpPost, nodePost } from "./http-post.ts";

export interface ChainRequest {
  method: string;
  params?: readonly unknown[];
}

/** The seam to a chain: EIP-1193's one function. */
export interface Chain {
  /**
   * @throws TimeoutError FS-CHAIN-TIMEOUT; EnvironmentError FS-CHAIN-UNREACHABLE, FS-CHAIN-STATUS (context: `status`,
   *   `retryAfterMs`), FS-CHAIN-RPC (context: `rpcCode`, `rpcMessage`, `data`), FS-CHAIN-REVERT (context: `data`);
   *   ProtocolError FS-CHAIN-ANSWER.
   */
  request(args: ChainRequest): Promise<unknown>;
  /** What messages call it: the end point's host. */
  readonly name?: string;
  /** The end points behind it, where it is several as one: each can be asked on its own. */
  readonly points?: readonly Chain[];
}

export interface HttpChainOptions {
  /** Most time for one request, ms. */
  timeout?: number;
  /** Longest answer read, bytes. A block's receipts are the longest that are asked for. */
  maxBytes?: number;
  /** How one POST is made; by default with node's own client. */
  post?: HttpPost;
}

const bad = (method: string, why: string, cause?: unknown) =>
  new ProtocolError("FS-CHAIN-ANSWER", `${method}: the end point's answer ${why}`, {
    context: { method },
    fix: "Try another JSON-RPC end point.",
    ...(cause === undefined ? {} : { cause }),
  });

interface RpcFault {
  code: number;
  message: string;
  data?: unknown;
}

/** JSON-RPC 2.0 §5.1. */
function faultOf(value: unknown): RpcFault | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { code, message, data } = value as Record<string, unknown>;
  if (typeof code !== "number" || typeof message !== "string") return undefined;
  return { code, message: message.slice(0, 300), data };
}

/** Revert data of a call's fault: a hex string, or one level down (`{data: "0x…"}`), as nodes differ. */
function revertData({ data }: RpcFault): string | undefined {
  const inner = typeof data === "object" && data !== null ? (data as Record<string, unknown>)["data"] : data;
  return typeof inner === "string" && /^0x([0-9a-fA-F]{2})*$/.test(inner) ? inner : undefined;
}

function faultError(method: string, host: string, fault: RpcFault): EnvironmentError {
  const context = { method, host, rpcCode: fault.code, rpcMessage: fault.message, data: revertData(fault) };
  const reverted = fault.code === 3 || context.data !== undefined;
  const code = reverted ? "FS-CHAIN-REVERT" : "FS-CHAIN-RPC";
  return new EnvironmentError(code, `${method}: ${host} says "${fault.message}" (${fault.code})`, { context });
}

function resultOf(method: string, host: string, id: number, text: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw bad(method, "is not JSON", cause);
  }
  if (typeof answer !== "object" || answer === null) throw bad(method, "is not a JSON-RPC object");
  const { id: got, result, error } = answer as Record<string, unknown>;
  if (error !== undefined && error !== null) {
    const fault = faultOf(error);
    if (fault === undefined) throw bad(method, "holds an error without code and message");
    // A request that could not be read is answered with id null (§5).
    if (got !== id && got !== null) throw bad(method, "belongs to another request");
    throw faultError(method, host, fault);
  }
  if (got !== id) throw bad(method, "belongs to another request");
  if (result === undefined) throw bad(method, "has neither result nor error");
  return result;
}

/** Milliseconds of a Retry-After header in seconds; dates are passed over. */
function retryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^[0-9]{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

/**
 * A chain behind a JSON-RPC end point over http or https. The URL may hold a key: messages name its host only.
 * @throws UsageError FS-CHAIN-URL.
 */
export function httpChain(url: string, options: HttpChainOptions = {}): Chain {
  const { timeout = 15_000, maxBytes = 16 << 20, post = nodePost(url) } = options;
  const { host } = new URL(url);
  let lastId = 0;
  return {
    name: host,
    async request({ method, params = [] }) {
      const id = ++lastId;
      const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
      const { status, text, headers } = await post(body, { timeout, maxBytes });
      if (status !== 200) {
        // Some nodes put a JSON-RPC error under another status; the status is what matters for trying again.
        throw new EnvironmentError("FS-CHAIN-STATUS", `${method}: ${host} answers ${status}`, {
          context: { method, host, status, retryAfterMs: retryAfter(headers["retry-after"]) },
          fix: status === 401 || status === 403 ? "Check the end point's key." : "It is tried again.",
        });
      }
      return resultOf(method, host, id, text);
    },
  };
}
