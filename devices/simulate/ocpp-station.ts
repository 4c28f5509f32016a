import type { Clock, Timer } from "../../firmware-bridge/port/index.ts";
import { FieldsealError } from "../../protocols/bytes/index.ts";
import type { OcppPayload, OcppVersion } from "../../protocols/ocpp/index.ts";
import { OcppConnection } from "../drivers/ocpp/connection.ts";
import { type ValidatePayload, validatePayload } from "../drivers/ocpp/schemas.ts";
import type { OcppSocket } from "../drivers/ocpp/socket.ts";
import type { Fault } from "./board.ts";
import {
  bootCall,
  type MeterMoment,
  type SimulatedCall,
  type SimulatedSession,
  startCall,
  statusCall,
  stopCall,
  valuesCall,
} from "./ocpp-messages.ts";

/** Signs what a simulated meter says: DER of ECDSA with SHA-256 on P-256. */
export interface MeterSigner {
  /** SubjectPublicKeyInfo. */
  publicKey: Uint8Array;
  /** Hex of the signature. */
  sign(payload: string): string;
}

export interface SimulatedStationOptions {
  clock: Clock;
  version: OcppVersion;
  /** Opens a websocket to the central system. */
  dial(): Promise<OcppSocket>;
  connectors?: number;
  /** Power of a session, in W. Default 7360. */
  power?: number;
  /** Register to begin with, in Wh. */
  startWh?: number;
  /** Between two meter values, in ms. Default 10 s. */
  interval?: number;
  signer?: MeterSigner;
  validate?: ValidatePayload;
}

const REDIAL = 5000;

/** A charge point as it stands in the field: dials, reports, obeys, and keeps for later what it cannot send. */
export class SimulatedStation {
  readonly faults = new Set<Fault>();
  /** A in force, as the central system set it. */
  limit: number | undefined;
  enabled = true;
  /** Whether BootNotification was accepted. */
  accepted = false;
  readonly configuration = new Map<string, string>([["MeterValueSampleInterval", "10"]]);
  readonly #options: Required<Omit<SimulatedStationOptions, "signer">> & Pick<SimulatedStationOptions, "signer">;
  readonly #sessions = new Map<number, SimulatedSession>();
  readonly #registers = new Map<number, { wh: number; at: number }>();
  /** What waits to be sent, in its order; made when sent, because ids may come with the answer before. */
  readonly #queue: { make: () => SimulatedCall; done?: (answer: OcppPayload) => void; kept: boolean }[] = [];
  #connection: OcppConnection | undefined;
  #sending = false;
  #running = false;
  #timers: Timer[] = [];
  #made = 0;
  #page = 0;
  #begin = "";

  constructor(options: SimulatedStationOptions) {
    this.#options = {
      connectors: 1,
      power: 7360,
      startWh: 100_000,
      interval: 10_000,
      validate: validatePayload,
      ...options,
    };
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  get session(): boolean {
    return this.#sessions.size > 0;
  }

  async start(): Promise<void> {
    this.#running = true;
    await this.#dial();
  }

  stop(): void {
    this.#running = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#connection?.close(1000, "");
  }

  /** The network goes; it comes back when the station dials again. */
  drop(): void {
    this.#connection?.terminate();
  }

  async #dial(): Promise<void> {
    const { clock, version, dial, validate } = this.#options;
    let socket: OcppSocket;
    try {
      socket = await dial();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return this.#redial();
    }
    if (!this.#running) return socket.terminate();
    this.accepted = false;
    const { send } = socket;
    // Faults of the line, below everything the station means to say.
    socket.send = (text) => {
      if (this.faults.has("silent")) return;
      send(this.faults.has("garbage") ? text.slice(0, text.length >> 1) : text);
    };
    const connection = new OcppConnection({
      socket,
      version,
      clock,
      validate,
      timeout: 30_000,
      onCall: (action, payload) => this.#obey(action, payload),
      onClosed: () => {
        if (this.#connection !== connection) return;
        this.#connection = undefined;
        this.#sending = false;
        this.#redial();
      },
    });
    this.#connection = connection;
    this.#boot();
  }

  #redial(): void {
    if (this.#running) this.#after(REDIAL, () => void this.#dial());
  }

  #after(ms: number, task: () => void): void {
    const timer = this.#options.clock.after(ms, () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
      task();
    });
    this.#timers.push(timer);
  }

  #boot(): void {
    const connection = this.#connection;
    const { version, clock, connectors } = this.#options;
    if (!connection) return;
    const { action, payload } = bootCall(version);
    connection
      .call(action, payload)
      .then((answer) => {
        if (this.#connection !== connection) return;
        this.accepted = answer.status === "Accepted";
        const seconds = Number(answer.interval);
        if (!this.accepted) return this.#after(seconds * 1000, () => this.#boot());
        for (let connector = 1; connector <= connectors; connector++) {
          this.#say(() => statusCall(version, connector, this.#sessions.has(connector), clock.now()));
        }
        this.#beat(connection, seconds);
        this.#pump();
      })
      .catch((error: unknown) => this.#failed(error));
  }

  #beat(connection: OcppConnection, seconds: number): void {
    this.#after(seconds * 1000, () => {
      if (this.#connection !== connection) return;
      this.#say(() => ({ action: "Heartbeat", payload: {} }));
      this.#beat(connection, seconds);
    });
  }

  #failed(error: unknown): void {
    if (!(error instanceof FieldsealError)) throw error;
  }

  /** Lost when the station is offline. */
  #say(make: () => SimulatedCall): void {
    if (!this.accepted) return;
    this.#queue.push({ make, kept: false });
    this.#pump();
  }

  /** Sent when the station is online again (1.6 §3.7.1: transaction messages are queued). */
  #keep(make: () => SimulatedCall, done?: (answer: OcppPayload) => void): void {
    this.#queue.push(done ? { make, done, kept: true } : { make, kept: true });
    this.#pump();
  }

  #pump(): void {
    const connection = this.#connection;
    const next = this.#queue[0];
    if (!connection || !this.accepted || this.#sending || !next) return;
    this.#sending = true;
    const { action, payload } = next.make();
    const settled = (answer?: OcppPayload) => {
      if (this.#connection !== connection) return;
      this.#sending = false;
      if (answer || !next.kept) this.#queue.shift();
      if (answer) next.done?.(answer);
      if (answer || !next.kept) this.#pump();
      else this.#after(REDIAL, () => this.#pump());
    };
    connection.call(action, payload).then(settled, (error: unknown) => {
      this.#failed(error);
      settled();
    });
  }

  #advance(connector: number): { wh: number; at: number } {
    const { clock, startWh } = this.#options;
    const at = clock.now();
    const register = this.#registers.get(connector) ?? { wh: startWh, at };
    const watts = this.#sessions.has(connector) ? this.#watts() : 0;
    const next = { wh: register.wh + (watts * (at - register.at)) / 3_600_000, at };
    this.#registers.set(connector, next);
    return next;
  }

  #watts(): number {
    const { power } = this.#options;
    return this.limit === undefined ? power : Math.min(power, this.limit * 230);
  }

  #moment(connector: number, context: MeterMoment["context"], signed: boolean): MeterMoment {
    const { wh, at } = this.#advance(connector);
    const power = context === "Sample.Periodic" ? this.#watts() : 0;
    const told = this.faults.has("register-fell") ? 0 : wh;
    const { signer } = this.#options;
    const moment = { at, wh: told, power, amperes: power / 230, volts: 230, soc: 50, context };
    return signer && signed
      ? { ...moment, signed: { record: this.#record(signer, wh, at, context), publicKey: signer.publicKey } }
      : moment;
  }

  /** An OCMF record of the begin, or of begin and end; the meter's register is that of the session's connector. */
  #record(signer: MeterSigner, wh: number, at: number, context: string): string {
    const time = `${new Date(at).toISOString().replace(".", ",").replace("Z", "+0000")} S`;
    const reading = (letter: string) =>
      `{"TM":"${time}","TX":"${letter}","RV":${(wh / 1000).toFixed(4)},"RI":"1-b:1.8.0","RU":"kWh","ST":"G"}`;
    const isBegin = context === "Transaction.Begin";
    if (isBegin) this.#begin = reading("B");
    const readings = isBegin ? this.#begin : `${this.#begin},${reading("E")}`;
    this.#page++;
    const payload = `{"FV":"1.0","GI":"Fieldseal simulator","GS":"SIM-0001","PG":"T${this.#page}","MS":"SIM-M-0001","IS":false,"RD":[${readings}]}`;
    const signature = signer.sign(payload);
    // An altered record: the meter's signature is over another energy.
    const sent = this.faults.has("bad-crc")
      ? payload.replace(/"RV":(\d)/, (_, digit) => `"RV":${(Number(digit) + 1) % 10}`)
      : payload;
    return `OCMF|${sent}|{"SA":"ECDSA-secp256r1-SHA256","SD":"${signature}"}`;
  }

  /** A vehicle is plugged in and charges. */
  plug(connector = 1, idTag = "TAG-0001"): void {
    if (this.#sessions.has(connector) || !this.enabled) return;
    const { version, clock, interval } = this.#options;
    const begin = this.#moment(connector, "Transaction.Begin", true);
    this.#made++;
    const session: SimulatedSession = {
      connector,
      transaction: version === "1.6" ? "-1" : `sim-${clock.now().toString(36)}-${this.#made}`,
      idTag,
      seqNo: 0,
    };
    this.#sessions.set(connector, session);
    this.#keep(
      () => startCall(version, { ...session }, begin),
      (answer) => {
        if (typeof answer.transactionId === "number") session.transaction = String(answer.transactionId);
      },
    );
    this.#say(() => statusCall(version, connector, true, clock.now()));
    const sample = () => {
      if (this.#sessions.get(connector) !== session) return;
      const moment = this.#moment(connector, "Sample.Periodic", false);
      session.seqNo++;
      const seqNo = session.seqNo;
      this.#keep(() => valuesCall(version, { ...session, seqNo }, moment));
      this.#after(interval, sample);
    };
    this.#after(interval, sample);
  }

  /** The vehicle leaves. */
  unplug(connector = 1): void {
    const session = this.#sessions.get(connector);
    if (!session) return;
    const { version, clock } = this.#options;
    const end = this.#moment(connector, "Transaction.End", true);
    this.#sessions.delete(connector);
    const seqNo = session.seqNo + 1;
    this.#keep(() => stopCall(version, { ...session, seqNo }, end));
    this.#say(() => statusCall(version, connector, false, clock.now()));
  }

  /** Sends the call made last once more, as stations do that missed its answer. */
  repeat(make: () => SimulatedCall): void {
    this.#keep(make);
  }

  #obey(action: string, p: OcppPayload): OcppPayload | undefined {
    const accepted = { status: "Accepted" };
    switch (action) {
      case "RemoteStartTransaction":
      case "RequestStartTransaction":
        this.#after(0, () => this.plug(Number(p.connectorId ?? p.evseId ?? 1), "REMOTE"));
        return accepted;
      case "RemoteStopTransaction":
      case "RequestStopTransaction": {
        const wanted = String(p.transactionId);
        const found = [...this.#sessions.values()].find(({ transaction }) => transaction === wanted);
        if (!found) return { status: "Rejected" };
        this.#after(0, () => this.unplug(found.connector));
        return accepted;
      }
      case "ChangeAvailability":
        this.enabled = (p.type ?? p.operationalStatus) === "Operative";
        return accepted;
      case "SetChargingProfile": {
        for (const connector of this.#sessions.keys()) this.#advance(connector);
        const text = JSON.stringify(p);
        this.limit = Number(/"limit":([0-9.]+)/.exec(text)?.[1] ?? Number.NaN);
        return accepted;
      }
      case "Reset":
        this.#after(0, () => this.drop());
        return accepted;
      case "TriggerMessage":
        if (p.requestedMessage !== "Heartbeat") return { status: "NotImplemented" };
        this.#after(0, () => this.#say(() => ({ action: "Heartbeat", payload: {} })));
        return accepted;
      case "GetConfiguration":
        return { configurationKey: [...this.configuration].map(([key, value]) => ({ key, value, readonly: false })) };
      case "ChangeConfiguration":
        if (!this.configuration.has(String(p.key))) return { status: "NotSupported" };
        this.configuration.set(String(p.key), String(p.value));
        return accepted;
      default:
        return undefined;
    }
  }
}
