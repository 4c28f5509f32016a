import {
  capabilitiesOf,
  type DeviceCommand,
  DeviceKind,
  type Driver,
  type DeviceConfig as DriverConfig,
  type DriverHost,
  usualInterval,
  withPulseConstant,
  workTerms,
} from "../../devices/index.ts";
import type { Clock } from "../../firmware-bridge/port/clock.ts";
import {
  decodeAttestation,
  decodeCoseKey,
  deviceId,
  formatDeviceId,
  type PublicKey,
  StatementKind,
  shortDeviceId,
} from "../../protocols/attestation/index.ts";
import {
  CancelledError,
  equalBytes,
  FieldsealError,
  fromBase64Url,
  ProtocolError,
  toHex,
  UsageError,
} from "../../protocols/bytes/index.ts";
import { fromAddressText } from "../../protocols/evm/index.ts";
import type { CryptoBackend, Hello, SignerClient } from "../attest/index.ts";
import type { DeviceIndex, LogStore } from "../batch/index.ts";
import type { DurableMessage } from "../broker/index.ts";
import type { Config, DeviceConfig } from "../config/index.ts";
import type { Committing } from "../coordinator/committing.ts";
import type { GatewayEvent } from "../events.ts";
import type { EnrolmentFiles } from "../proofs/enrolment-files.ts";
import { Boards } from "./boards.ts";
import { enrolDevice } from "./enrolment.ts";
import { FirstReading } from "./first-reading.ts";
import { Lane, type StatementContext } from "./lane.ts";
import type { PathLog } from "./path-log.ts";
import type { Telemetry } from "./telemetry.ts";
import { workBase } from "./work-base.ts";

export interface DeviceTableOptions {
  config: Config;
  clock: Clock;
  random(bytes: number): Uint8Array;
  /** Keys that the signer holds. */
  hello: Hello;
  /** The gateway's account, 20 bytes: owner of devices where none is configured. */
  address: Uint8Array;
  scope: Uint8Array;
  context(): StatementContext;
  clockState(): number;
  signer: SignerClient;
  drivers: DriverHost;
  backend: CryptoBackend;
  log: PathLog;
  store: LogStore;
  index: DeviceIndex;
  committing: Committing | undefined;
  enrolments: EnrolmentFiles;
  telemetry: Telemetry;
  onEvent(event: GatewayEvent): void;
}

/** A device that is set up: configured, with a key. */
interface Setup {
  name: string;
  id: string;
  key: string;
  signer: "gateway" | "board";
  device: Uint8Array;
  publicKey: PublicKey;
  driver: string;
}

/** Most work an hour that a board which signs for itself is registered with, in Wh: 1 MWh. */
const DEFAULT_CAP = 1_000_000n;
/** A board that pushes by itself counts as offline after this long without a pack. */
const BOARD_FRESH_MS = 120_000;
const MIN_FRESH_MS = 15_000;
/** Attestations read back for a board after a restart, to know repeated ones by. */
const RECENT = 64;

/** The configured devices, each on its way into the log: meters that the gateway reads and signs for, and boards that sign. */
export class DeviceTable {
  readonly #o: DeviceTableOptions;
  readonly #setups = new Map<string, Setup>();
  readonly #lanes: Lane[] = [];
  readonly #drivers: Driver[] = [];
  /** Devices that were never enrolled when they were set up. */
  readonly #fresh: FirstReading[] = [];
  /** Devices that may be controlled, by name. */
  readonly #controlled = new Map<string, Driver>();
  readonly #boards: Boards;

  constructor(options: DeviceTableOptions) {
    this.#o = options;
    const { log, backend, scope, telemetry } = options;
    this.#boards = new Boards({
      log,
      verifier: backend,
      scope,
      recent: (device) => this.#recent(device),
      enrolment: async (device) => (await this.#enrolment(device))?.sign1,
      onAttested: ({ key }, sign1, readings, index) => {
        const setup = this.#setups.get(formatDeviceId(deviceId(key)))!;
        const { first, work, clock } = decodeAttestation(sign1).statement;
        for (const [i, { reading }] of readings.entries())
          telemetry.reading(setup, reading, first + BigInt(i), work, clock);
        this.#attested(
          setup,
          sign1,
          readings.map(({ bytes }) => bytes),
          index,
          first,
        );
      },
      onEnrolled: ({ key }, sign1, body, index) => {
        const setup = this.#setups.get(formatDeviceId(deviceId(key)))!;
        telemetry.deviceState(setup.name, "online", `enrolled, log entry ${index}`);
        this.#show(setup, sign1, body);
      },
      onGap: ({ name }, gap) => telemetry.gap(name, gap.first, gap.count),
      onRefused: (board, code, why) => telemetry.trouble("boards", board?.name ?? "unknown", code, why),
    });
  }

  get size(): number {
    return this.#setups.size;
  }

  /** Packs that wait for their signature. */
  get waiting(): number {
    return this.#lanes.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Sets up every device; one that cannot be is told and left out, and the others run. */
  async open(): Promise<void> {
    for (const [name, device] of Object.entries(this.#o.config.devices)) {
      try {
        if (device.driver === "link") this.#openBoard(name, device);
        else await this.#openMeter(name, device);
      } catch (error) {
        if (error instanceof CancelledError) return;
        // A configuration that does not fit concerns this device; a signer or a journal that fails concerns all.
        if (!(error instanceof UsageError || error instanceof ProtocolError)) throw error;
        this.#o.telemetry.trouble("devices", name, error.code, `${error.message}${error.fix ? `; ${error.fix}` : ""}`);
      }
    }
    await this.#boards.start();
    for (const setup of this.#setups.values()) {
      const enrolled = await this.#enrolment(setup.device);
      if (enrolled) this.#show(setup, enrolled.sign1, enrolled.body);
    }
  }

  /** Goes on with what was pending, then takes readings. */
  start(): void {
    for (const lane of this.#lanes) lane.recover();
    for (const driver of this.#drivers) driver.start();
  }

  /** Ends the drivers, then signs what is open. */
  async stop(): Promise<void> {
    for (const first of this.#fresh) first.stop();
    await Promise.all(this.#drivers.map((driver) => driver.stop()));
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }

  /**
   * Controls a board; resolves with what it acknowledged.
   * @throws UsageError FS-DEVICE-CONTROL; what the driver's `set` throws.
   */
  async control(name: string, command: DeviceCommand): Promise<DeviceCommand> {
    const driver = this.#controlled.get(name);
    if (!driver?.set) {
      throw new UsageError("FS-DEVICE-CONTROL", `${name} is not to be controlled`, {
        fix: "set control: true for it, where its profile has something to control",
      });
    }
    return await driver.set(command);
  }

  /** A message of `fieldseal-link/DEVICEID/up`. Resolves when it need not be sent again. */
  receive({ topic, payload }: DurableMessage): Promise<void> {
    return this.#boards.receive(topic.split("/")[1] ?? "", payload);
  }

  #openBoard(name: string, { driver, public_key }: DeviceConfig): void {
    const key = decodeCoseKey(fromBase64Url(public_key!));
    this.#admit({ name, key, signer: "board", driver }, BOARD_FRESH_MS);
    this.#boards.add({ name, key });
  }

  #admit(about: { name: string; key: PublicKey; signer: Setup["signer"]; driver: string }, freshForMs: number): Setup {
    const { name, key, signer, driver } = about;
    const device = deviceId(key);
    const setup: Setup = {
      name,
      id: formatDeviceId(device),
      key: shortDeviceId(device),
      signer,
      device,
      publicKey: key,
      driver,
    };
    this.#setups.set(setup.id, setup);
    const model = driver === "link" ? undefined : this.#o.drivers.catalog.find(driver);
    this.#o.telemetry.addDevice({
      id: setup.id,
      name,
      freshForMs,
      about: {
        key: setup.key,
        signer,
        driver,
        ...(model
          ? { vendor: model.vendor, model: model.model, capabilities: capabilitiesOf(model).map(({ kind }) => kind) }
          : {}),
      },
    });
    return setup;
  }

  /** A device that the gateway reads and signs for, with a key of that device's own. */
  async #openMeter(name: string, device: DeviceConfig): Promise<void> {
    const { clock, drivers, random, config, hello, address, log, signer, telemetry, context, clockState } = this.#o;
    const held = hello.keys.find((known) => known.purpose === "device" && known.name === name);
    if (!held) {
      throw new UsageError("FS-KEY-MISSING", `${name} has no key`, { fix: `fieldseal key create ${name}` });
    }
    const key: PublicKey = { alg: held.alg, bytes: held.publicKey };
    const { driver, pack } = device;
    const profile = withPulseConstant(drivers.catalog.find(driver), device.pulses_per_kwh);
    const every = device.every ?? usualInterval(profile);
    const setup = this.#admit({ name, key, signer: "gateway", driver }, Math.max(3 * every, MIN_FRESH_MS));
    const cursor = log.state.cursor(setup.device);
    const base = cursor.time > 0 ? await workBase(setup.device, this.#o) : 0n;
    const last = cursor.time > 0 ? { last: { work: cursor.work, time: cursor.time, base } } : {};
    const lane = new Lane({
      name,
      device: setup.device,
      pack,
      log,
      clock,
      context,
      clockState,
      sign: (request) => signer.attest(request),
      onDurable: (reading, seq, work) => telemetry.reading(setup, reading, seq, work, clockState()),
      onAttested: (sign1, { readings, first }, index) =>
        this.#attested(
          setup,
          sign1,
          readings.map(({ bytes }) => bytes),
          index,
          first,
        ),
      onTrouble: ({ code, message }, what) => telemetry.trouble("ingest", name, code, `${what}: ${message}`),
    });
    const owner = config.coordinator?.owner ? fromAddressText(config.coordinator.owner) : address;
    const about = { device: setup.device, profile, owner, log, random };
    const enrol = (work: bigint) =>
      enrolDevice({ ...about, context: context(), now: clock.now(), work, enrol: (request) => signer.enrol(request) });
    const fresh = cursor.enrolment < 0;
    const first = new FirstReading({
      submit: ({ reading, work }) => lane.submit(reading, work),
      enrol: async (work) => {
        const enrolled = await enrol(work);
        if (enrolled) this.#show(setup, enrolled.sign1, enrolled.body);
      },
      onTrouble: ({ code, message }, what) => telemetry.trouble("ingest", name, code, `${what}: ${message}`),
    });
    const source = drivers.create({
      name,
      driver,
      config: driverConfig(device),
      clock,
      ...last,
      onReading: (read) => (fresh ? first.take(read) : lane.submit(read.reading, read.work)),
      onState: ({ state, why }) => telemetry.deviceState(name, state, why),
    });
    this.#lanes.push(lane);
    if (fresh) this.#fresh.push(first);
    else if (!equalBytes(cursor.scope, context().scope)) {
      // What was taken for the old scope is signed for it: an enrolment in between would take the numbers after them.
      lane.recover();
      await lane.settle();
      await enrol(cursor.work);
    }
    this.#drivers.push(source);
    if (device.control) this.#controlled.set(name, source);
  }

  /** The enrolment in force, from the journal or the log; undefined when there is none, or its body was deleted. */
  async #enrolment(device: Uint8Array): Promise<{ sign1: Uint8Array; body: Uint8Array } | undefined> {
    const { log, store } = this.#o;
    const { enrolment: at } = log.state.cursor(device);
    if (at < 0) return undefined;
    const unstored = log.state.unstored.find(({ index }) => index === at);
    const sign1 = unstored?.sign1 ?? (await store.entry(at));
    const [body] = unstored?.bodies ?? (await store.readings(at)) ?? [];
    return body && { sign1, body };
  }

  /** Puts an enrolment where proofs find it, and on its way to the chain. */
  #show(setup: Setup, sign1: Uint8Array, body: Uint8Array): void {
    const { name, publicKey: key, device } = setup;
    try {
      this.#o.enrolments.write({ name, key, attestation: sign1, body });
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      // It is written at the next start; until then proofs of this device cannot be exported.
      this.#o.telemetry.trouble("devices", name, error.code, error.message);
    }
    if (equalBytes(this.#o.log.state.cursor(device).scope, this.#o.scope)) this.#register(setup, sign1, body);
  }

  /** Registers a device on chain behind the commitments; a refusal is told, and tried again at the next start. */
  #register({ name, key, device, driver }: Setup, sign1: Uint8Array, body: Uint8Array): void {
    const { committing, config, onEvent } = this.#o;
    const { coordinator } = config;
    if (!committing || !coordinator?.register) return;
    const { sign1: signed } = decodeAttestation(sign1);
    const known = driver === "link" ? undefined : this.#o.drivers.catalog.find(driver);
    const profile = known && withPulseConstant(known, config.devices[name]?.pulses_per_kwh);
    const terms = profile
      ? workTerms(profile, config.devices[name]?.every ?? usualInterval(profile))
      : { kind: DeviceKind.energy, cap: DEFAULT_CAP };
    const enrolment = { statement: signed.payload, body, signature: signed.signature };
    committing.register(device, terms, enrolment, `register ${key}`).then(
      (tx) => tx && onEvent({ event: "registered", device: name, key, tx: `0x${toHex(tx)}` }),
      (error: FieldsealError) => {
        if (error instanceof CancelledError) return;
        this.#o.telemetry.trouble("coordinator", name, error.code, `registration: ${error.message}`);
      },
    );
  }

  /** The device's latest attestations, oldest first. */
  async #recent(device: Uint8Array): Promise<Uint8Array[]> {
    const { index, store, log } = this.#o;
    const places = index.latest(device, RECENT);
    const stored = await Promise.all(places.map(({ index: at }) => store.entry(at)));
    const unstored = log.state.unstored.map(({ sign1 }) => sign1);
    return [...stored, ...unstored].filter((sign1) => {
      const { statement } = decodeAttestation(sign1);
      return equalBytes(statement.device, device) && statement.kind === StatementKind.readings;
    });
  }

  #attested(setup: Setup, sign1: Uint8Array, readings: Uint8Array[], index: number, first: bigint): void {
    this.#o.telemetry.attestation(setup, sign1, readings, index, first);
  }
}

/** A device's section as its driver takes it. */
function driverConfig(device: DeviceConfig): DriverConfig {
  const { port, unit, baud, parity, stop_bits, every, timeout, topic, address, station, control } = device;
  const { encryption_key: encryptionKey, authentication_key: authenticationKey } = device;
  const line = { port, unit, baud, parity, stopBits: stop_bits, every, timeout };
  const meter = { pulsesPerKwh: device.pulses_per_kwh, encryptionKey, authenticationKey };
  return { ...line, topic, address, station, control, ...meter };
}
