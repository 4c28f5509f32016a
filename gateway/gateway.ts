import type { Duplex } from "node:stream";
import type { DriverHost } from "../devices/index.ts";
import type { Clock } from "../firmware-bridge/port/clock.ts";
import { ClockState, scopeOf } from "../protocols/attestation/index.ts";
import { EnvironmentError, type FieldsealError, toHex, UsageError } from "../protocols/bytes/index.ts";
import { fromAddressText } from "../protocols/evm/index.ts";
import { encodeVkey, type NoteKey, noteKey } from "../protocols/log/index.ts";
import { type CryptoBackend, chainAddress, chainSigner, type Hello, SignerClient } from "./attest/index.ts";
import { Batcher, type DeviceIndex, type LogFiles, LogStore, type PublishedCheckpoint } from "./batch/index.ts";
import { StaleGuard } from "./batch/stale-guard.ts";
import type { Broker, DurableMessage } from "./broker/index.ts";
import type { Config } from "./config/index.ts";
import { CommitmentFiles } from "./coordinator/commitment-files.ts";
import { Committing } from "./coordinator/committing.ts";
import { type Chain, coordinatorAt } from "./coordinator/index.ts";
import type { GatewayEvent } from "./events.ts";
import { DeviceTable } from "./ingest/device-table.ts";
import { indexEntries, openIndex } from "./ingest/indexing.ts";
import { outboxFold, outboxStore } from "./ingest/outbox-records.ts";
import { PathLog } from "./ingest/path-log.ts";
import { GatewayState } from "./ingest/state.ts";
import { Telemetry } from "./ingest/telemetry.ts";
import { TimeSandwich } from "./ingest/time-sandwich.ts";
import type { Journal } from "./journal/index.ts";
import { EnrolmentFiles } from "./proofs/enrolment-files.ts";
import { logFolders } from "./proofs/export.ts";
import { HeaderFiles } from "./proofs/header-files.ts";
import { VERSION } from "./version.ts";

export interface GatewayOptions {
  config: Config;
  clock: Clock;
  random(bytes: number): Uint8Array;
  journal: Journal;
  logFiles: LogFiles;
  drivers: DriverHost;
  /** Verifies what boards sign. */
  backend: CryptoBackend;
  /** Undefined: batches are signed and kept, and committed nowhere. */
  chain: Chain | undefined;
  /** Whether a time service disciplines the clock. Default: what the kernel says. */
  clockSynced?: () => Promise<boolean | undefined>;
  onEvent(event: GatewayEvent): void;
  /** The gateway cannot go on as it is: it is to be stopped and started again. */
  onFatal(error: FieldsealError): void;
}

/**
 * The gateway, wired along the path: board → driver → Reading → journal → Attestation → log → checkpoint → commitment.
 * This is the only place that knows all the parts; each part knows only what it is given here.
 */
export class Gateway {
  readonly #o: GatewayOptions;
  readonly #signer: SignerClient;
  readonly #folders: ReturnType<typeof logFolders>;
  readonly #commitments: CommitmentFiles;
  readonly #enrolments: EnrolmentFiles;
  readonly #telemetry: Telemetry;
  /** Position that may be released once the checkpoint of that size is final. */
  readonly #floors = new Map<number, bigint>();
  readonly #started: number;
  #hello: Hello | undefined;
  #index: DeviceIndex | undefined;
  #indexing = true;
  #log: PathLog | undefined;
  #store: LogStore | undefined;
  #batcher: Batcher | undefined;
  #guard: StaleGuard | undefined;
  #time: TimeSandwich | undefined;
  #committing: Committing | undefined;
  /** Devices that are being set up, and from then on. */
  #opening: DeviceTable | undefined;
  /** Devices that may send. */
  #devices: DeviceTable | undefined;
  #scope: Uint8Array = new Uint8Array(16);
  #stopping = false;

  constructor(options: GatewayOptions) {
    this.#o = options;
    const { clock, config } = options;
    this.#folders = logFolders(config.gateway.data);
    this.#commitments = new CommitmentFiles(this.#folders.commitments);
    this.#enrolments = new EnrolmentFiles(this.#folders.enrolments);
    this.#started = clock.monotonic();
    this.#signer = new SignerClient({
      clock,
      onAttached: ({ boot }) => this.#part("signer", "up", `start ${boot}`),
      onDetached: (error) => this.#part("signer", "gone", error?.message),
    });
    this.#telemetry = new Telemetry({
      clock,
      base: config.mqtt.base_topic,
      onEvent: options.onEvent,
      info: () => this.#info(),
      health: () => this.health(),
      requests: { batch: () => this.#closeBatch(), status: async () => this.status() },
    });
  }

  /** Hands over a channel to a signer that has just started. */
  async attachSigner(channel: Duplex): Promise<void> {
    this.#hello = await this.#signer.attach(channel);
  }

  /** Publishes over this broker from now on. */
  attachBroker(broker: Broker): Promise<void> {
    broker.onState = ({ kind, ...state }) => this.#part("broker", kind, "why" in state ? state.why : undefined);
    return this.#telemetry.attach(broker);
  }

  /** A message that a board published durably. Resolves when it need not be sent again. */
  async fromBoard(message: DurableMessage): Promise<void> {
    if (!this.#devices) throw new EnvironmentError("FS-STARTING", "the gateway is still starting");
    await this.#devices.receive(message);
  }

  /**
   * Replays the journal, enrols new devices and begins to take readings; resolves when it does. The signer's channel is
   * attached before.
   * @throws EnvironmentError FS-JOURNAL-*, FS-LOG-*; UsageError FS-KEY-MISSING.
   */
  async start(): Promise<void> {
    const { config, clock, chain, onEvent } = this.#o;
    const hello = this.#hello;
    const key = hello?.keys.find(({ purpose }) => purpose === "gateway");
    const address = hello && chainAddress(hello);
    if (!hello || !key || !address) {
      throw new UsageError("FS-KEY-MISSING", "the key store has no gateway key or no chain key", {
        fix: "fieldseal init makes both",
      });
    }
    const recovered = await this.#openLog(noteKey(config.gateway.name, key.publicKey));

    const { coordinator } = config;
    const contract = chain && coordinator ? coordinatorAt(chain, fromAddressText(coordinator.ledger)) : undefined;
    this.#scope = scopeOf(BigInt(coordinator?.chain ?? 0), contract?.ledger ?? new Uint8Array(20), address);
    this.#time = new TimeSandwich({
      clock,
      coordinator: contract,
      headers: new HeaderFiles(this.#folders.headers),
      every: Math.min(60_000, config.batch.every),
      clockSynced: this.#o.clockSynced,
    });
    await this.#time.start();

    if (contract && coordinator) {
      this.#committing = new Committing({
        coordinator: contract,
        chainId: BigInt(coordinator.chain),
        signer: chainSigner(this.#signer, address),
        store: outboxStore(this.#path),
        clock,
        files: this.#commitments,
        finality: coordinator.confirmations,
        maxFeePerGas: BigInt(Math.round(coordinator.max_fee_gwei * 1e9)),
        pollMs: Math.min(2_000, Math.max(250, config.batch.every / 10)),
        onCommitted: (event) => this.#committed(event),
        onRefused: (label, why) =>
          this.#telemetry.trouble("coordinator", undefined, "FS-CHAIN-REVERT", `${label}: ${why}`),
        onStatus: ({ state, text }) => this.#part("coordinator", state, text),
      });
    }
    this.#batcher = new Batcher({
      store: this.#store!,
      clock,
      origin: config.gateway.name,
      ...config.batch,
      maxWaiting: Number.POSITIVE_INFINITY,
      sign: (checkpoint) => this.#signer.checkpoint(checkpoint),
      chainHead: async () => this.#committing?.head(),
      onCheckpoint: (checkpoint) => this.#published(checkpoint),
      onFailure: (error) => this.#telemetry.trouble("batch", undefined, error.code, error.message),
    });
    for (const { sign1, bodies } of this.#path.state.unstored)
      this.#batcher.add({ attestation: sign1, readings: bodies });

    const devices = new DeviceTable({
      ...this.#o,
      hello,
      address,
      scope: this.#scope,
      context: () => ({ scope: this.#scope, ...this.#time!.current() }),
      clockState: () => this.#time!.state(),
      signer: this.#signer,
      log: this.#path,
      store: this.#store!,
      index: this.#index!,
      committing: this.#committing,
      enrolments: this.#enrolments,
      telemetry: this.#telemetry,
    });
    this.#guard = new StaleGuard({
      clock,
      compare: () => this.#batcher!.compareWithChain(),
      onStale: ({ code, message }) => {
        this.#part("gateway", "refuses to sign", `${code} ${message}`);
        this.#telemetry.trouble("batch", undefined, code, message);
      },
    });
    const fresh = await this.#guard.look();
    if (fresh) await this.#open(devices);
    onEvent({ event: "ready", backend: hello.backend, devices: devices.size, recovered });
    if (fresh) await this.#begin(devices);
    else
      this.#guard.wait(
        () =>
          void this.#open(devices)
            .then(() => this.#begin(devices))
            .catch(this.#o.onFatal),
      );
  }

  async #open(devices: DeviceTable): Promise<void> {
    this.#opening = devices;
    await devices.open();
    if (!this.#stopping) this.#devices = devices;
  }

  async #begin(devices: DeviceTable): Promise<void> {
    if (this.#stopping) return;
    await this.#committing?.start();
    devices.start();
  }

  get #path(): PathLog {
    if (!this.#log) throw new EnvironmentError("FS-STARTING", "the gateway is still starting");
    return this.#log;
  }

  async #openLog(key: NoteKey) {
    const { journal, logFiles, backend } = this.#o;
    const store = new LogStore({
      files: logFiles,
      key,
      verify: (bytes, message, signature) => backend.verify({ alg: "EdDSA", bytes }, message, signature),
    });
    const { size } = await store.open();
    this.#store = store;
    const state = new GatewayState(size, outboxFold);
    journal.onState = (now) => {
      if (now === "failed") this.#o.onFatal(new EnvironmentError("FS-JOURNAL-FAILED", "a write to the journal failed"));
      else this.#part("gateway", `journal ${now}`);
    };
    const report = await journal.open((record) => state.apply(record));
    this.#log = new PathLog(journal, state, ({ sign1, bodies }) => {
      // What becomes durable while the gateway stops is batched at the next start.
      if (!this.#stopping) this.#batcher?.add({ attestation: sign1, readings: bodies });
    });
    for (const { kind, file, lost } of report.damage) {
      const what = `${file}: ${kind}${lost ? `, ${lost} lost` : ""}`;
      this.#telemetry.trouble("journal", undefined, "FS-JOURNAL-DAMAGE", what);
    }
    const signed = store.signed;
    if (signed && !this.#commitments.read(size)) this.#commitments.write(signed.bytes, undefined);
    const damaged = report.damage.some(({ lost }) => lost > 0);
    this.#index = await openIndex(this.#folders.index, store, state, damaged);
    return { records: report.records, pending: state.pendingReadings, logSize: state.logSize };
  }

  #published(checkpoint: PublishedCheckpoint): void {
    const { size, root, count, note } = checkpoint;
    const { state } = this.#path;
    this.#derive(() => {
      if (!this.#indexing) return;
      // After a failure it goes on where it stopped, at the next start: it must not have holes.
      this.#indexing = false;
      indexEntries(this.#index!, state.unstored, size);
      this.#indexing = true;
    });
    this.#derive(() => this.#commitments.write(note, undefined));
    state.stored(size);
    this.#floors.set(size, this.#path.floor());
    this.#o.onEvent({ event: "checkpoint", size, root: toHex(root), count });
    this.#telemetry.checkpoint({ size, root: toHex(root), count, state: "signed" });
    if (this.#committing) this.#committing.offer(checkpoint);
    else this.#release(size);
  }

  /** Writes what is derived from log and journal; where the disk has no room for it, the next start writes it. */
  #derive(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      this.#telemetry.trouble("log", undefined, error.code, error.message);
    }
  }

  #committed(event: Parameters<ConstructorParameters<typeof Committing>[0]["onCommitted"]>[0]): void {
    const { size, root, seq, anchor, gasUsed, final } = event;
    const tx = `0x${toHex(anchor.transactionHash)}`;
    this.#o.onEvent({
      event: "commitment",
      size: Number(size),
      root: toHex(root),
      seq: Number(seq),
      block: Number(anchor.blockNumber),
      tx,
      gas: Number(gasUsed),
      finalized: final,
    });
    if (Number(size) === this.#store?.signed?.checkpoint.size) {
      this.#telemetry.checkpoint({
        size: Number(size),
        root: toHex(root),
        count: 0,
        state: final ? "final" : "committed",
        tx,
      });
    }
    if (final) this.#release(Number(size));
  }

  /** What a final checkpoint covers need not be in the journal any more. */
  #release(size: number): void {
    let floor: bigint | undefined;
    for (const [covered, position] of this.#floors) {
      if (covered > size) continue;
      if (floor === undefined || position > floor) floor = position;
      this.#floors.delete(covered);
    }
    if (floor === undefined || this.#stopping) return;
    this.#path
      .release(floor)
      .catch((error: FieldsealError) => this.#telemetry.trouble("journal", undefined, error.code, error.message));
  }

  async #closeBatch() {
    if (!this.#batcher || !this.#store) throw new EnvironmentError("FS-STARTING", "the gateway is still starting");
    await this.#batcher.close();
    const { size, root } = this.#store.head;
    return { size, root: toHex(root) };
  }

  #info() {
    const { config } = this.#o;
    const key = this.#hello?.keys.find(({ purpose }) => purpose === "gateway");
    const { coordinator } = config;
    return {
      version: VERSION,
      name: config.gateway.name,
      vkey: key ? encodeVkey(noteKey(config.gateway.name, key.publicKey)) : null,
      backend: this.#hello?.backend ?? null,
      coordinator: coordinator ? { chain: coordinator.chain, ledger: coordinator.ledger } : null,
    };
  }

  /** What `bridge/request/status` is answered with. */
  status() {
    return {
      info: this.#info(),
      health: this.health(),
      devices: this.#telemetry.devices(),
      checkpoint: this.#telemetry.newestCheckpoint ?? null,
    };
  }

  /** What `bridge/health` shows. */
  health() {
    const { clock, journal, config } = this.#o;
    const { state, pending, bytes } = journal.metrics;
    const status = this.#committing?.status;
    const refusal = this.#guard?.failure ?? this.#batcher?.failure;
    return {
      uptime_s: Math.round((clock.monotonic() - this.#started) / 1000),
      rss_mb: Math.round(process.memoryUsage.rss() / 1e6),
      backend: this.#hello?.backend ?? "none",
      clock: this.#time && this.#time.state() !== ClockState.unsynced ? "synced" : "unsynced",
      devices: { online: this.#telemetry.online, total: this.#devices?.size ?? 0 },
      journal: { state, pending, bytes },
      log: {
        size: this.#log?.state.logSize ?? 0,
        unbatched: this.#batcher?.waiting ?? 0,
        unsigned: this.#log?.state.pendingReadings ?? 0,
      },
      batch: refusal ? { code: refusal.code, text: refusal.message } : { code: null, text: "ok" },
      coordinator: status
        ? { state: status.state, text: status.text, warning: status.warning ?? null }
        : { state: "none", text: config.coordinator ? "starting" : "none configured" },
    };
  }

  #part(part: "signer" | "broker" | "gateway" | "coordinator", state: string, why?: string): void {
    this.#o.onEvent({ event: "part", part, state, ...(why === undefined ? {} : { why }) });
  }

  /** Stops the sources, signs what is open, ends the batch under way, says goodbye and closes the journal. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#guard?.stop();
    await this.#opening?.stop();
    await this.#batcher?.stop();
    await this.#committing?.stop();
    this.#time?.stop();
    await this.#telemetry.stop();
    this.#signer.close();
    await this.#o.journal.close();
    this.#index?.close();
  }
}
