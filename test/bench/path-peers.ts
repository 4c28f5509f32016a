import * as crypto from "node:crypto";
import { join } from "node:path";
import { ProtectedHeaders, Sign1 } from "@auth0/cose";
import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { Encoder } from "cbor-x";
import { open, type RootDatabase } from "lmdb";
import { toHex } from "../../protocols/bytes/index.ts";
import type { Reading } from "../../protocols/reading/index.ts";
import { merkleRoot, nativeSha256 } from "./native-hash.ts";

/** One way from readings to a durable log, a batch at a time; resolves when all of it is on the disk. */
export interface PathPeer {
  batch(readings: readonly Reading[], group: number): Promise<void>;
  close(): Promise<void>;
}

/** The readings' content as plain SenML with integer labels, which both libraries encode as it is. */
function senml({ time, measurements }: Reading): Map<number, unknown>[] {
  return measurements.map(({ name, unit, value, sum }, i) => {
    const record = new Map<number, unknown>([[0, name]]);
    if (unit !== undefined) record.set(1, unit);
    if (value !== undefined) record.set(2, value);
    if (sum !== undefined) record.set(5, sum);
    if (i === 0) record.set(-3, time / 1000);
    return record;
  });
}

const cbor = new Encoder({ useRecords: false, mapsAsObjects: false });

function openStore(folder: string): RootDatabase<Uint8Array, number> {
  return open<Uint8Array, number>({ path: join(folder, "store"), encoding: "binary", keyEncoding: "uint32" });
}

function p256() {
  return crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** The usual libraries as they are meant to be used: @auth0/cose, lmdb, @openzeppelin/merkle-tree. */
export function libraryPeer(folder: string): PathPeer {
  const key = p256();
  const db = openStore(folder);
  const header = new ProtectedHeaders([[1, -7]]);
  let at = 0;
  return {
    async batch(readings, group) {
      const leaves: string[] = [];
      for (let from = 0; from < readings.length; from += group) {
        for (const reading of readings.slice(from, from + group)) {
          const signed = (await Sign1.sign(header, undefined, cbor.encode(senml(reading)), key)).encode();
          void db.put(at++, signed);
          leaves.push(`0x${toHex(nativeSha256(signed))}`);
        }
        await db.flushed;
      }
      void db.put(at++, Buffer.from(SimpleMerkleTree.of(leaves).root.slice(2), "hex"));
      await db.flushed;
    },
    close: () => db.close(),
  };
}

/** The quickest parts there are, put together by hand: cbor-x, node:crypto, lmdb, a Merkle tree over crypto.hash. */
export function nativePeer(folder: string): PathPeer {
  const key = { key: p256(), dsaEncoding: "ieee-p1363" } as const;
  const db = openStore(folder);
  let at = 0;
  return {
    async batch(readings, group) {
      const leaves = new Uint8Array(32 * readings.length);
      for (let from = 0; from < readings.length; from += group) {
        const end = Math.min(readings.length, from + group);
        for (let i = from; i < end; i++) {
          const bytes = cbor.encode(senml(readings[i]!));
          const record = Buffer.concat([crypto.sign("sha256", bytes, key), bytes]);
          void db.put(at++, record);
          leaves.set(nativeSha256(record), 32 * i);
        }
        await db.flushed;
      }
      void db.put(at++, merkleRoot(leaves));
      await db.flushed;
    },
    close: () => db.close(),
  };
}
