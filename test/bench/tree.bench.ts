import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { MerkleTree as MerkleTreeJs } from "merkletreejs";
import { InternalError, sha256, toHex } from "../../protocols/bytes/index.ts";
import { leafHashes, rootOfLeafHashes } from "../../protocols/log/index.ts";
import { type Bench, type BenchContext, cpuMicros, median, type Row, race } from "./bench.ts";
import { merkleRoot, nativeSha256 } from "./native-hash.ts";

function randomHashes(count: number): Uint8Array {
  return new Uint8Array(randomBytes(32 * count));
}

const split = (hashes: Uint8Array) =>
  Array.from({ length: hashes.length / 32 }, (_, i) => hashes.subarray(32 * i, 32 * i + 32));

/** SHA-256 of 64-byte messages a second of `openssl speed`, which counts CPU time. Undefined without openssl. */
function opensslSpeed(seconds: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn("openssl", ["speed", "-seconds", String(seconds), "-bytes", "64", "sha256"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.on("error", () => resolve(undefined));
    child.on("close", () => {
      const kilobytes = /^sha256\s+([0-9.]+)k/m.exec(out)?.[1];
      resolve(kilobytes === undefined ? undefined : (Number(kilobytes) * 1000) / 64);
    });
  });
}

/** Median CPU seconds of a few runs. */
async function seconds(work: () => unknown, rounds: number): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < rounds; i++) taken.push((await cpuMicros(work)) / 1e6);
  return median(taken);
}

async function treeRow(count: number, limit: number | undefined, { quick }: BenchContext): Promise<Row> {
  const hashes = randomHashes(count);
  const expected = toHex(merkleRoot(hashes));
  if (toHex(rootOfLeafHashes(hashes)) !== expected) throw new InternalError("FS-BENCH", "the roots differ");
  const nodes = count - 1;
  const repeat = (times: number, work: () => unknown) => () => {
    for (let i = 0; i < times; i++) work();
    return times * nodes;
  };
  const leaves = split(hashes).map((hash) => Buffer.from(hash));
  const rates = await race(
    [
      { name: "ours", work: repeat(Math.ceil(1_000_000 / count), () => rootOfLeafHashes(hashes)) },
      { name: "crypto.hash loop", work: repeat(1, () => merkleRoot(hashes)) },
      {
        name: "merkletreejs, crypto.hash",
        work: repeat(1, () => new MerkleTreeJs(leaves, (data: Buffer) => nativeSha256(data))),
      },
    ],
    quick ? 3 : 5,
  );
  // OpenZeppelin takes about ten seconds for 100,000 leaves: measured at 4,000 or 20,000; its cost grows faster than linearly.
  const few = quick ? 4000 : Math.min(count, 20_000);
  const hex = split(hashes.subarray(0, 32 * few)).map((hash) => `0x${toHex(hash)}`);
  const openZeppelin = (few - 1) / (await seconds(() => SimpleMerkleTree.of(hex), 1));
  const ours = rates.get("ours")!;
  const peers = [
    { name: "crypto.hash loop", value: rates.get("crypto.hash loop")! },
    { name: "merkletreejs", value: rates.get("merkletreejs, crypto.hash")! },
    { name: `@openzeppelin/merkle-tree (${few} leaves)`, value: openZeppelin },
  ];
  return {
    row: `tree of ${count.toLocaleString("en")} leaves`,
    ours,
    unit: "nodes/CPU-s",
    peers,
    ...(limit === undefined ? {} : { limit: { name: "openssl speed sha256, 64 B", value: limit } }),
    ratio: ours / Math.max(...peers.map(({ value }) => value)),
    goal: "≥ 0.8 of the limit, no native code",
    note: `${limit === undefined ? "no openssl here" : `${(ours / limit).toFixed(2)} of the limit`}; OpenZeppelin (keccak-256) measured at ${few} leaves`,
  };
}

/** From entries of an attestation's size to the root: leaf hashes and nodes. */
async function entriesRow({ quick }: BenchContext): Promise<Row> {
  const count = 20_000;
  const entries = Array.from({ length: count }, () => new Uint8Array(randomBytes(240)));
  const message = Buffer.alloc(241);
  const rates = await race(
    [
      {
        name: "ours",
        work: () => {
          rootOfLeafHashes(leafHashes(entries));
          return count;
        },
      },
      {
        name: "crypto.hash loop",
        work: () => {
          const hashes = new Uint8Array(32 * count);
          for (const [i, entry] of entries.entries()) {
            message.set(entry, 1);
            hashes.set(nativeSha256(message), 32 * i);
          }
          merkleRoot(hashes);
          return count;
        },
      },
    ],
    quick ? 5 : 9,
  );
  const ours = rates.get("ours")!;
  const peer = rates.get("crypto.hash loop")!;
  return {
    row: "tree over 20,000 entries of 240 B, leaves hashed too",
    ours,
    unit: "entries/CPU-s",
    peers: [{ name: "crypto.hash loop", value: peer }],
    ratio: ours / peer,
    goal: "ahead of native calls",
  };
}

async function messageRow(length: number, { quick }: BenchContext): Promise<Row> {
  const bytes = new Uint8Array(randomBytes(length));
  const { sha256: noble } = await import("@noble/hashes/sha2.js");
  const loop = (hash: (data: Uint8Array) => unknown) => () => {
    for (let i = 0; i < 50_000; i++) hash(bytes);
    return 50_000;
  };
  const rates = await race(
    [
      { name: "ours", work: loop(sha256) },
      { name: "noble", work: loop(noble) },
      { name: "crypto.hash", work: loop(nativeSha256) },
    ],
    quick ? 3 : 5,
  );
  const ours = rates.get("ours")!;
  const peers = ["noble", "crypto.hash"].map((name) => ({ name, value: rates.get(name)! }));
  return {
    row: `sha256 of one message of ${length} B`,
    ours,
    unit: "messages/CPU-s",
    peers,
    ratio: ours / rates.get("noble")!,
    goal: "ahead of noble; ratio is to it",
  };
}

export const bench: Bench = {
  name: "tree",
  async run(context) {
    const limit = await opensslSpeed(context.quick ? 1 : 2);
    return [
      await treeRow(20_000, limit, context),
      await treeRow(100_000, limit, context),
      await entriesRow(context),
      await messageRow(64, context),
      await messageRow(160, context),
    ];
  },
};
