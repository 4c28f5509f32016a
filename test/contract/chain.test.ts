import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chain, httpChain } from "../../gateway/coordinator/chain.ts";
import { type LocalChain, startLocalChain } from "../../gateway/coordinator/local-chain.ts";
import {
  getBlock,
  getChainId,
  getNonce,
  readArray,
  readData,
  readObject,
  readQuantity,
} from "../../gateway/coordinator/rpc.ts";
import { ProtocolError, UsageError } from "../../protocols/bytes/index.ts";
import { type Fault, type FaultProxy, proxiedChain, startFaultProxy } from "../support/fault-proxy.ts";

let local: LocalChain;
let proxy: FaultProxy;
beforeAll(async () => {
  local = await startLocalChain();
  proxy = await startFaultProxy(local.chain);
});
afterAll(async () => {
  await proxy?.stop();
  await local?.stop();
});

/** The seam's twin: answers from a table. */
const scripted = (answers: Record<string, unknown>): Chain => ({
  request: async ({ method }) => answers[method],
});

describe("a chain over http", () => {
  it.each<[Fault, string]>([
    ["429", "FS-CHAIN-STATUS"],
    ["500", "FS-CHAIN-STATUS"],
    ["hang", "FS-CHAIN-TIMEOUT"],
    ["accept-then-hang", "FS-CHAIN-TIMEOUT"],
    ["close", "FS-CHAIN-UNREACHABLE"],
    ["wrong-id", "FS-CHAIN-ANSWER"],
    ["truncated", "FS-CHAIN-ANSWER"],
    ["not-json", "FS-CHAIN-ANSWER"],
    ["rpc-error", "FS-CHAIN-RPC"],
  ])("maps %s to %s", async (fault, code) => {
    const chain = proxiedChain(proxy);
    proxy.plan = () => fault;
    await expect(getChainId(chain)).rejects.toMatchObject({ code });
    proxy.plan = () => undefined;
    expect(await getChainId(chain)).toBe(31337n);
  });

  it("passes on how long to wait", async () => {
    proxy.plan = () => "429";
    await expect(getChainId(proxiedChain(proxy))).rejects.toMatchObject({
      context: { status: 429, retryAfterMs: 1000 },
    });
    proxy.plan = () => undefined;
  });

  it("answers what anvil answers, through many requests at once", async () => {
    const numbers = await Promise.all(Array.from({ length: 40 }, () => getBlock(local.chain, 0n)));
    expect(new Set(numbers.map((block) => block?.number))).toEqual(new Set([0n]));
    expect(await getBlock(local.chain, 10n ** 12n)).toBeUndefined();
    expect(await getNonce(local.chain, new Uint8Array(20))).toBe(0n);
  });

  it("reads no more than the limit", async () => {
    const small = httpChain(local.url, { maxBytes: 50 });
    await expect(getBlock(small, 0n)).rejects.toMatchObject({ code: "FS-CHAIN-ANSWER" });
  });

  it("never shows the URL, which may hold a key", async () => {
    const secret = httpChain("http://someone:hunter2@127.0.0.1:9/v3/hunter2", { timeout: 500 });
    const error: unknown = await getChainId(secret).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "FS-CHAIN-UNREACHABLE" });
    expect(`${String(error)} ${JSON.stringify((error as ProtocolError).context)}`).not.toMatch(/hunter2/);
  });

  it("refuses what is no http URL", () => {
    expect(() => httpChain("nonsense")).toThrow(UsageError);
    expect(() => httpChain("ws://127.0.0.1:1")).toThrow(UsageError);
  });

  it("tells a revert from other faults and keeps its data", async () => {
    const answers: [string, unknown, string][] = [
      ["with code 3", { code: 3, message: "execution reverted", data: "0x1234" }, "FS-CHAIN-REVERT"],
      ["with nested data", { code: -32000, message: "reverted", data: { data: "0x1234" } }, "FS-CHAIN-REVERT"],
      ["without data", { code: -32000, message: "nonce too low" }, "FS-CHAIN-RPC"],
      ["without a code", { message: "?" }, "FS-CHAIN-ANSWER"],
    ];
    for (const [, error, code] of answers) {
      const post = async (body: string) => {
        const { id } = JSON.parse(body) as { id: number };
        return { status: 200, headers: {}, text: JSON.stringify({ jsonrpc: "2.0", id, error }) };
      };
      await expect(httpChain("http://127.0.0.1", { post }).request({ method: "eth_call" })).rejects.toMatchObject({
        code,
      });
    }
    for (const text of ["[]", "null", "1", '{"id":1}']) {
      const post = async () => ({ status: 200, headers: {}, text });
      const chain = httpChain("http://127.0.0.1", { post });
      await expect(chain.request({ method: "eth_call" })).rejects.toMatchObject({ code: "FS-CHAIN-ANSWER" });
    }
  });
});

describe("JSON-RPC values", () => {
  it.each<[string, () => unknown]>([
    ["a quantity without 0x", () => readQuantity("12", "x")],
    ["a quantity that is a number", () => readQuantity(12, "x")],
    ["an empty quantity", () => readQuantity("0x", "x")],
    ["a quantity of 65 digits", () => readQuantity(`0x${"1".repeat(65)}`, "x")],
    ["data of odd length", () => readData("0x123", "x")],
    ["data of another length", () => readData("0x1234", "x", 3)],
    ["an array for an object", () => readObject([], "x")],
    ["null for an object", () => readObject(null, "x")],
    ["an object for an array", () => readArray({}, "x", 5)],
    ["too long an array", () => readArray([1, 2], "x", 1)],
  ])("%s is refused", (_, read) => {
    expect(read).toThrow(ProtocolError);
  });

  it("a block of another number than asked for is refused", async () => {
    const chain = scripted({ eth_getBlockByNumber: { number: "0x5", hash: `0x${"00".repeat(32)}`, timestamp: "0x1" } });
    await expect(getBlock(chain, 4n)).rejects.toMatchObject({ code: "FS-CHAIN-ANSWER" });
    expect(await getBlock(chain, 5n)).toMatchObject({ number: 5n, baseFeePerGas: 0n });
  });
});
