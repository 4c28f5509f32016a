import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type BenchContext, type Row, race } from "./bench.ts";
import { ourPath } from "./path-ours.ts";
import { libraryPeer, nativePeer } from "./path-peers.ts";
import { meterReading } from "./path-readings.ts";

/** Entries of one batch and its tree: a larger one costs OpenZeppelin more a leaf, a smaller one costs us more files a leaf. */
const ENTRIES = 1_024;
/** Readings of one group commit, on all sides. */
const GROUP = 1_024;
const PACK = 64;
const TMPFS_MAGIC = 0x01021994;

/** A folder on a real disk: the system's temporary folder, unless that is memory. */
function realFolder(): { path: string; where: string } {
  const temporary = statfsSync(tmpdir()).type !== TMPFS_MAGIC;
  const base = temporary ? tmpdir() : join(import.meta.dirname, "../artifacts");
  mkdirSync(base, { recursive: true });
  return {
    path: mkdtempSync(join(base, "fieldseal-bench-")),
    where: temporary ? "temporary folder" : "test/artifacts",
  };
}

/** What nothing that signs each reading with this library can pass. */
function rawSignatures(count: number): () => number {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" }));
  const message = randomBytes(182);
  return () => {
    for (let i = 0; i < count; i++) sign("sha256", message, { key, dsaEncoding: "ieee-p1363" });
    return count;
  };
}

export const bench: Bench = {
  name: "path",
  async run({ quick }: BenchContext): Promise<Row[]> {
    const { path, where } = realFolder();
    const folder = (name: string): string => {
      mkdirSync(join(path, name));
      return join(path, name);
    };
    const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
    const alone = await ourPath(folder("alone"), 1, random);
    const packed = await ourPath(folder("packed"), PACK, random);
    const libraries = libraryPeer(folder("libraries"));
    const native = nativePeer(folder("native"));
    const all = Array.from({ length: ENTRIES * PACK }, (_, i) => meterReading(i));
    const batches = (of: { batch: typeof alone.batch }, size: number, times: number) => {
      const readings = all.slice(0, size);
      return async () => {
        for (let i = 0; i < times; i++) await of.batch(readings, GROUP);
        return size * times;
      };
    };
    const rates = await race(
      [
        { name: "alone", work: batches(alone, ENTRIES, 4) },
        { name: "packed", work: batches(packed, ENTRIES * PACK, 1) },
        { name: "libraries", work: batches(libraries, ENTRIES, 1) },
        { name: "native", work: batches(native, ENTRIES, 4) },
        { name: "raw", work: rawSignatures(4_096) },
      ],
      quick ? 3 : 5,
    );
    for (const part of [alone, packed, libraries, native]) await part.close();
    rmSync(path, { recursive: true });

    const rate = (name: string): number => rates.get(name) ?? Number.NaN;
    const peers = [
      { name: "@auth0/cose + lmdb + OpenZeppelin", value: rate("libraries") },
      { name: "cbor-x + node:crypto + lmdb + crypto.hash", value: rate("native") },
    ];
    const best = Math.max(...peers.map(({ value }) => value));
    const note = `ES256; durable in groups of ${GROUP} (${where}), a tree of ${ENTRIES} entries a batch, on all sides; ours with tiles, read back and checked, and a signed checkpoint`;
    return [
      {
        row: "whole path, reading → CBOR → signature → durable → log, every reading signed alone",
        ours: rate("alone"),
        unit: "readings per CPU-second",
        peers,
        limit: { name: "raw signature", value: rate("raw") },
        ratio: rate("alone") / best,
        goal: "near the raw signature; ≥ 2× the libraries",
        note: `${(rate("alone") / rate("libraries")).toFixed(1)}× the libraries; ${note}`,
      },
      {
        row: `the same in packs of ${PACK}`,
        ours: rate("packed"),
        unit: "readings per CPU-second",
        peers,
        ratio: rate("packed") / best,
        goal: "≥ 25× the better peer, which signs each reading",
        note,
      },
    ];
  },
};
