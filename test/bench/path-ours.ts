import { join } from "node:path";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { Keystore, nodeBackend, Signer, SignerState } from "../../gateway/attest/index.ts";
import { Batcher, LogStore, nodeLogFiles } from "../../gateway/batch/index.ts";
import { Lane } from "../../gateway/ingest/lane.ts";
import { PathLog } from "../../gateway/ingest/path-log.ts";
import { GatewayState } from "../../gateway/ingest/state.ts";
import { Journal, NodeDisk } from "../../gateway/journal/index.ts";
import { ClockState } from "../../protocols/attestation/index.ts";
import { utf8 } from "../../protocols/bytes/index.ts";
import { noteKey } from "../../protocols/log/index.ts";
import type { Reading } from "../../protocols/reading/index.ts";

export interface OurPath {
  /** Resolves when every reading is durable, signed, in the log, and the checkpoint over it is in place. */
  batch(readings: readonly Reading[], group: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The gateway's own path with the gateway's own classes: Lane, PathLog, Journal on the real disk, Signer over a key store,
 * Batcher and LogStore with their tiles. Left out: the channel to the signer's process, and telemetry.
 */
export async function ourPath(folder: string, pack: number, random: (bytes: number) => Uint8Array): Promise<OurPath> {
  const clock = systemClock();
  const backend = nodeBackend();
  const dir = join(folder, "keys");
  const scrypt = { N: 16, r: 1, p: 1 };
  const keystore = Keystore.create({ dir, passphrase: utf8("bench"), scrypt, backend, random });
  const { id: device } = keystore.createKey({ purpose: "device", name: "meter" });
  const gatewayKey = keystore.createKey({ purpose: "gateway" });
  const signer = new Signer({ keystore, state: SignerState.start(dir), backendName: "node:crypto" });
  keystore.close();

  const disk = new NodeDisk({ directory: join(folder, "journal"), random });
  const journal = new Journal({ disk, clock, random, commitMs: 0 });
  const state = new GatewayState(0, { idOf: () => ({ id: 0n, open: false }) });
  await journal.open((record) => state.apply(record));
  const log = new PathLog(journal, state, ({ sign1, bodies }) => batcher.add({ attestation: sign1, readings: bodies }));
  const origin = "bench";
  const store = new LogStore({
    files: nodeLogFiles(join(folder, "log")),
    key: noteKey(origin, gatewayKey.publicKey),
    verify: (bytes, message, signature) => backend.verify({ alg: "EdDSA", bytes }, message, signature),
  });
  await store.open();
  const batcher = new Batcher({
    store,
    clock,
    origin,
    every: 3_600_000,
    max: 1 << 20,
    sign: async (checkpoint) => {
      const result = signer.handle({ op: "checkpoint", ...checkpoint });
      if (result.op !== "checkpoint") throw new Error(result.op);
      return result.value;
    },
    chainHead: async () => undefined,
    onCheckpoint: ({ size }) => state.stored(size),
    onFailure: (error) => fail(error),
  });

  let attested = 0;
  let wanted = 0;
  let done: () => void = () => undefined;
  let fail: (error: unknown) => void = (error) => {
    throw error;
  };
  const statement = { scope: new Uint8Array(16), anchorBlock: 0n, anchorHash: new Uint8Array(16) };
  const lane = new Lane({
    name: "meter",
    device,
    pack: { count: pack, within: 60_000 },
    log,
    clock,
    context: () => ({ clock: ClockState.network, ...statement }),
    clockState: () => ClockState.network,
    sign: async (request) => {
      const result = signer.handle({ op: "attest", ...request });
      if (result.op !== "attest") throw new Error(result.op);
      return result.value;
    },
    onDurable: () => undefined,
    onAttested: (_sign1, { count }) => {
      attested += count;
      if (attested === wanted) done();
    },
    onTrouble: (error) => fail(error),
  });
  let register = 0n;
  return {
    async batch(readings, group) {
      for (let from = 0; from < readings.length; from += group) {
        const part = readings.slice(from, from + group);
        await new Promise<void>((resolve, reject) => {
          [done, fail, wanted] = [resolve, reject, attested + part.length];
          for (const reading of part) lane.submit(reading, register++);
        });
      }
      await batcher.close();
      await log.release(log.floor());
    },
    async close() {
      await lane.stop();
      await batcher.stop();
      await journal.close();
      signer.close();
    },
  };
}
