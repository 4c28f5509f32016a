import { join } from "node:path";
import { DriverHost, type SimulatedBoardOptions, simulate } from "../../devices/index.ts";
import { type ManualClock, manualClock, memoryPort } from "../../firmware-bridge/port/index.ts";
import { Keystore, nodeBackend, type Signer, SignerServer } from "../../gateway/attest/index.ts";
import { type LogFiles, LogStore, nodeLogFiles } from "../../gateway/batch/index.ts";
import { type Config, configSchema } from "../../gateway/config/index.ts";
import type { Chain } from "../../gateway/coordinator/index.ts";
import type { GatewayEvent } from "../../gateway/events.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { lostEntry } from "../../gateway/ingest/state.ts";
import { Journal, SimulatedDisk } from "../../gateway/journal/index.ts";
import { decodeAttestation, decodeEnrolment, packRoot, verifyAttestation } from "../../protocols/attestation/index.ts";
import { equalBytes, type FieldsealError, sha256, toHex, utf8 } from "../../protocols/bytes/index.ts";
import { duplexPair } from "./duplex-pair.ts";
import { CHEAP_SCRYPT, PASSPHRASE, startSigner, tempDir } from "./keystore.ts";
import { Random } from "./mutate.ts";

/** What outlives a process: data folder, key store, the journal's disk and the log's files. */
export interface Site {
  data: string;
  keys: string;
  disk: SimulatedDisk;
  files: LogFiles;
  config: Config;
}

export const METERS = ["grid", "solar"] as const;

/** Two simulated meters on one line, each with a key of its own. */
export function makeSite(settings: { pack?: number; every?: string; files?: LogFiles; devices?: object } = {}): Site {
  const { pack = 1, every = "5s", devices = {} } = settings;
  const dir = tempDir();
  const [data, keys] = [join(dir, "data"), join(dir, "keys")];
  const random = new Random(7);
  const keystore = Keystore.create({
    dir: keys,
    passphrase: utf8(PASSPHRASE),
    scrypt: CHEAP_SCRYPT,
    backend: nodeBackend(),
    random: (length) => random.bytes(length),
  });
  for (const name of METERS) keystore.createKey({ purpose: "device", name });
  keystore.createKey({ purpose: "gateway" });
  keystore.createKey({ purpose: "chain" });
  keystore.close();
  const meter = (unit: number) => ({
    driver: "modbus/eastron-sdm120",
    port: "/dev/bus",
    unit,
    every: "1s",
    pack: { count: pack, within: "3s" },
  });
  const config = configSchema.parse({
    version: 1,
    gateway: { name: "shed", data, keys },
    devices: { grid: meter(1), solar: meter(2), ...devices },
    batch: { every },
    journal: { group_commit: "20ms", segment_mb: 1 },
  });
  return { data, keys, disk: new SimulatedDisk(), files: settings.files ?? nodeLogFiles(join(data, "log")), config };
}

export interface Running {
  gateway: Gateway;
  clock: ManualClock;
  journal: Journal;
  signer: Signer;
  events: GatewayEvent[];
  fatal: FieldsealError[];
  /** Resolves when the gateway takes readings; its time runs meanwhile. */
  started: Promise<void>;
}

/** Starts the whole gateway on a site, in one process, in manual time. */
export async function startGateway(
  site: Site,
  options: { now?: number; chain?: Chain; startImport?: number } = {},
): Promise<Running> {
  const clock = manualClock(options.now);
  const events: GatewayEvent[] = [];
  const fatal: FieldsealError[] = [];
  const { host, device } = memoryPort("/dev/bus");
  const register = options.startImport === undefined ? {} : { startImport: options.startImport };
  const boards: SimulatedBoardOptions[] = METERS.map((_, i) => ({
    driver: "modbus/eastron-sdm120",
    unit: i + 1,
    ...register,
  }));
  await simulate({ boards, on: device, clock });
  const journal = new Journal({
    disk: site.disk,
    clock,
    random: (length) => new Uint8Array(length).fill(0xa5),
    commitMs: site.config.journal.group_commit,
    segmentBytes: 16 << 10,
    groupBytes: 4096,
  });
  const random = new Random(11);
  const gateway = new Gateway({
    config: site.config,
    clock,
    random: (length) => random.bytes(length),
    journal,
    logFiles: site.files,
    drivers: new DriverHost({ clock, openPort: () => host }),
    backend: nodeBackend(),
    chain: options.chain,
    clockSynced: async () => true,
    onEvent: (event) => events.push(event),
    onFatal: (error) => fatal.push(error),
  });
  const [ours, theirs] = duplexPair();
  const signer = startSigner(site.keys);
  new SignerServer({ signer, channel: theirs, onEnd: () => undefined }).start();
  await gateway.attachSigner(ours);
  return { gateway, clock, journal, signer, events, fatal, started: gateway.start() };
}

/** Lets time pass until a promise settles: what it waits for may be time, or work of the real file system. */
export async function settled<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let done = false;
  const ended = promise.finally(() => {
    done = true;
  });
  ended.catch(() => undefined);
  while (!done) await clock.advance(25);
  return ended;
}

/** Lets time pass until something is true. */
export async function until(clock: ManualClock, condition: () => boolean): Promise<void> {
  while (!condition()) await clock.advance(25);
}

/** Lets the gateway come up. */
export async function up(running: Running): Promise<Running> {
  await settled(running.clock, running.started);
  return running;
}

export const stop = ({ gateway, clock }: Running): Promise<void> => settled(clock, gateway.stop());

/** Whether a checkpoint covers every reading that was attested up to now. */
export function allBatched(running: Running): () => boolean {
  const index = Math.max(-1, ...running.events.map((event) => (event.event === "attestation" ? event.index : -1)));
  return () => running.events.some((event) => event.event === "checkpoint" && event.size > index);
}

/** `device key:seq` of the readings that were acknowledged. */
export const acknowledged = (events: readonly GatewayEvent[]): string[] =>
  events.flatMap((event) => (event.event === "reading" ? [`${event.key}:${event.seq}`] : []));

/**
 * What the log's files hold, each entry verified under the key it enrolled with and against its readings.
 * @param damaged whether the journal was: then entries and readings may be missing.
 * @returns `device key:seq` of every reading, in log order.
 */
export async function loggedReadings(files: LogFiles, { damaged = false } = {}): Promise<string[]> {
  const store = new LogStore({ files, readOnly: true });
  const { size } = await store.open();
  const keys = new Map<string, Parameters<typeof verifyAttestation>[1]>();
  const said: string[] = [];
  const next = new Map<string, bigint>();
  for (let index = 0; index < size; index++) {
    const entry = await store.entry(index);
    if (damaged && equalBytes(entry, lostEntry(index))) continue;
    const attestation = decodeAttestation(entry);
    const { statement } = attestation;
    const id = toHex(statement.device);
    const bodies = (await store.readings(index))!;
    if (statement.kind === 1) {
      const [body] = bodies;
      keys.set(id, decodeEnrolment(body!).key);
      if (!equalBytes(sha256(body!), statement.root)) throw new Error(`entry ${index}: enrolment body`);
    } else if (damaged && bodies.length === 0) continue;
    else if (!equalBytes(packRoot(bodies), statement.root)) throw new Error(`entry ${index}: readings`);
    const key = keys.get(id);
    if (damaged && !key) continue;
    if (verifyAttestation(attestation, key!, nodeBackend()) !== "ok") throw new Error(`entry ${index}: key`);
    const expected = next.get(id) ?? 0n;
    if (damaged ? statement.first < expected : statement.first !== expected)
      throw new Error(`entry ${index}: ${statement.first} is out of turn`);
    next.set(id, statement.first + BigInt(statement.count));
    if (statement.kind !== 0) continue;
    for (let i = 0; i < statement.count; i++) said.push(`fs:${id.slice(0, 8)}:${statement.first + BigInt(i)}`);
  }
  return said;
}
