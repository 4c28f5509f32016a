import type { Duplex } from "node:stream";
import {
  type DeviceCommand,
  type DriverHost,
  type PendingStation,
  type SharedCentral,
  sharedCentral,
} from "../devices/index.ts";
import type { Clock } from "../firmware-bridge/port/clock.ts";
import { ClockState, scopeOf } from "../protocols/attestation/index.ts";
import { EnvironmentError, type FieldsealError, toHex, UsageError } from "../protocols/bytes/index.ts";
import { fromAddressText } from "../protocols/evm/index.ts";
import { type NoteKey, noteKey } from "../protocols/log/index.ts";
import { type CryptoBackend, chainAddress, chainSigner, type Hello, SignerClient } from "./attest/index.ts";
import { Batcher, type DeviceIndex, type LogFiles, type LogStore } from "./batch/index.ts";
import { StaleGuard } from "./batch/stale-guard.ts";
import type { Broker, DurableMessage } from "./broker/index.ts";
import type { Config } from "./config/index.ts";
import { CommitmentFiles } from "./coordinator/commitment-files.ts";
import { Committing } from "./coordinator/committing.ts";
import { Duties } from "./coordinator/duties.ts";
import { dutyEvents } from "./coordinator/duty-events.ts";
import { type Chain, coordinatorAt } from "./coordinator/index.ts";
import type { GatewayEvent } from "./events.ts";
import { bridgeHealth, bridgeInfo } from "./health.ts";
import type { BoardMessages } from "./ingest/board-messages.ts";
import { Checkpoints } from "./ingest/checkpoints.ts";
import { Control } from "./ingest/control.ts";
import { DeviceTable } from "./ingest/device-table.ts";
import { outboxStore } from "./ingest/outbox-records.ts";
import type { PathLog } from "./ingest/path-log.ts";
import { recover } from "./ingest/recovery.ts";
import { Telemetry } from "./ingest/telemetry.ts";
import { TimeSandwich } from "./ingest/time-sandwich.ts";
import type { Journal } from "./journal/index.ts";
import { EnrolmentFiles } from "./proofs/enrolment-files.ts";
import { logFolders } from "./proofs/export.ts";
import { HeaderFiles } from "./proofs/header-files.ts";

export interface GatewayOptions {
  config: Config;
  clock: Clock;
  random(bytes: number): Uint8Array;
  journal: Journal;
  logFiles: LogFiles;
  drivers: DriverHost;
  /** Verifies what boards sign. */
  backend: CryptoBackend;
  /** Boards that publish plain messages. Undefined: such boards are not heard. */
  messages?: BoardMessages;
  /** Undefined: batches are signed and kept, and committed nowhere. */
  chain: Chain | undefined;
  /** Whether a time service disciplines the clock. Default: what the kernel says. */
  clockSynced?: () => Promise<boolean | undefined>;
  onEvent(event: GatewayEvent): void;
  /** The gateway cannot go on as it is: it is to be stopped and started again. */
  onFatal(error: FieldsealError): void;
}

/** Topics of boards that speak the link protocol. */
const LINK_ROOT = "fieldseal-link/";

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
  readonly #startedAt: number;
  #hello: Hello | undefined;
  #index: DeviceIndex | undefined;
  #log: PathLog | undefined;
  #store: LogStore | undefined;
  #batcher: Batcher | undefined;
  #checkpoints: Checkpoints | undefined;
  #guard: StaleGuard | undefined;
  #time: TimeSandwich | undefined;
  #committing: Committing | undefined;
  #duties: Duties | undefined;
  /** Devices that are being set up, and from then on. */
  #opening: DeviceTable | undefined;
  /** Devices that may send. */
  #devices: DeviceTable | undefined;
  #scope: Uint8Array = new Uint8Array(16);
  #stations: SharedCentral | undefined;
  #stopping = false;

  constructor(options: GatewayOptions) {
    this.#o = options;
    const { clock, config } = options;
    this.#folders = logFolders(config.gateway.data);
    this.#commitments = new CommitmentFiles(this.#folders.commitments);
    this.#enrolments = new EnrolmentFiles(this.#folders.enrolments);
    this.#startedAt = clock.monotonic();
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
  async attachBroker(broker: Broker): Promise<void> {
    const { messages, config } = this.#o;
    broker.onState = ({ kind, ...state }) => {
      this.#part("broker", kind, "why" in state ? state.why : undefined);
      messages?.brokerState(kind);
    };
    await this.#telemetry.attach(broker);
    messages?.attach(broker);
    const control = (device: string, command: DeviceCommand) => this.#started.control(device, command);
    const onTrouble = ({ code, message }: FieldsealError) => this.trouble("control", code, message);
    new Control({ base: config.mqtt.base_topic, control, onTrouble }).attach(broker);
  }

  /** Something outside the gateway's own parts that somebody should look at. */
  trouble(namespace: string, code: string, why: string): void {
    this.#telemetry.trouble(namespace, undefined, code, why);
  }

  /** A charging station that nobody configured has dialled in. */
  pendingStation({ station, from, vendor, model }: PendingStation): void {
    this.#o.onEvent({ event: "pending", station, from, ...(vendor ? { vendor } : {}), ...(model ? { model } : {}) });
    const what = `${[vendor, model].filter(Boolean).join(" ") || "a station"} dials in as ${station} from ${from}`;
    this.trouble("stations", "FS-OCPP-PENDING", `${what}; fieldseal pair --ocpp ${station} --name NAME adopts it`);
  }

  /** Settles when everything that was taken up to now is durable. */
  get written(): Promise<void> {
    return this.#path.written;
  }

  /** The time (ms since 1970) that a GNSS receiver tells now: it confirms the clock, and never sets it. */
  hearTime(time: number): void {
    this.#time?.hear(time);
  }

  /** A message that a board published durably. Resolves when it need not be sent again. */
  async fromBoard(message: DurableMessage): Promise<void> {
    const link = message.topic.startsWith(LINK_ROOT);
    if (link || !this.#o.messages) await this.#started.receive(message);
    else await this.#o.messages.receive(message);
  }

  get #started(): DeviceTable {
    if (!this.#devices) throw new EnvironmentError("FS-STARTING", "the gateway is still starting");
    return this.#devices;
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
        onCommitted: (event) => this.#checkpoints?.committed(event),
        onRefused: (label, why) =>
          this.#telemetry.trouble("coordinator", undefined, "FS-CHAIN-REVERT", `${label}: ${why}`),
        onStatus: ({ state, text }) => this.#part("coordinator", state, text),
      });
    }
    if (contract && coordinator && this.#committing) {
      this.#duties = new Duties({
        coordinator: contract,
        gateway: address,
        scope: this.#scope,
        log: this.#store!,
        commitments: this.#commitments,
        folder: this.#folders.seals,
        committing: this.#committing,
        clock,
        ...coordinator,
        everyMs: Math.min(30_000, config.batch.every),
        ...dutyEvents(this.#telemetry, onEvent),
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
      onCheckpoint: (checkpoint) => this.#checkpoints?.published(checkpoint),
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
    // Unknown stations are heard too where the configuration has the section, though no station is configured yet.
    const { config, drivers } = this.#o;
    if (!config.ocpp || this.#stopping) return;
    this.#stations = sharedCentral(drivers);
    await this.#stations.acquire();
  }

  async #begin(devices: DeviceTable): Promise<void> {
    if (this.#stopping) return;
    await this.#committing?.start();
    this.#duties?.start();
    devices.start();
  }

  get #path(): PathLog {
    if (!this.#log) throw new EnvironmentError("FS-STARTING", "the gateway is still starting");
    return this.#log;
  }

  async #openLog(key: NoteKey) {
    const telemetry = this.#telemetry;
    const recovered = await recover({
      ...this.#o,
      key,
      indexFolder: this.#folders.index,
      onDurable: ({ sign1, bodies }) => {
        // What becomes durable while the gateway stops is batched at the next start.
        if (!this.#stopping) this.#batcher?.add({ attestation: sign1, readings: bodies });
      },
      onState: (state) => this.#part("gateway", state),
      onDamage: (what) => telemetry.trouble("journal", undefined, "FS-JOURNAL-DAMAGE", what),
    });
    const { store, log, index, records } = recovered;
    this.#store = store;
    this.#log = log;
    this.#index = index;
    this.#checkpoints = new Checkpoints({
      log,
      store,
      index,
      telemetry,
      files: this.#commitments,
      committing: () => this.#committing,
      onEvent: this.#o.onEvent,
    });
    return { records, pending: log.state.pendingReadings, logSize: log.state.logSize };
  }

  async #closeBatch() {
    if (!this.#batcher || !this.#store) throw new EnvironmentError("FS-STARTING", "the gateway is still starting");
    await this.#batcher.close();
    const { size, root } = this.#store.head;
    return { size, root: toHex(root) };
  }

  #info() {
    return bridgeInfo(this.#o.config, this.#hello);
  }

  /** What `bridge/request/status` is answered with. */
  status() {
    return {
      info: this.#info(),
      health: this.health(),
      devices: this.#telemetry.devices(),
      pending: this.#stations?.pending() ?? [],
      checkpoint: this.#telemetry.newestCheckpoint ?? null,
    };
  }

  /** What `bridge/health` shows. */
  health() {
    const { clock, journal, config } = this.#o;
    return bridgeHealth({
      uptime: clock.monotonic() - this.#startedAt,
      backend: this.#hello?.backend,
      clock: this.#time?.state() ?? ClockState.unsynced,
      devices: { online: this.#telemetry.online, total: this.#devices?.size ?? 0 },
      journal: journal.metrics,
      state: this.#log?.state,
      batcher: this.#batcher,
      refusal: this.#guard?.failure ?? this.#batcher?.failure,
      coordinator: this.#committing?.status,
      duties: this.#duties?.status,
      coordinated: config.coordinator !== undefined,
    });
  }

  #part(part: "signer" | "broker" | "gateway" | "coordinator", state: string, why?: string): void {
    this.#o.onEvent({ event: "part", part, state, ...(why === undefined ? {} : { why }) });
  }

  /** Stops the sources, signs what is open, ends the batch under way, says goodbye and closes the journal. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#checkpoints?.stop();
    this.#guard?.stop();
    await this.#stations?.release();
    await this.#opening?.stop();
    await this.#batcher?.stop();
    await this.#committing?.stop();
    await this.#duties?.stop();
    this.#time?.stop();
    await this.#telemetry.stop();
    this.#signer.close();
    await this.#o.journal.close();
    this.#index?.close();
  }
}
