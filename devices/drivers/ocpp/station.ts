import { createHmac } from "node:crypto";
import type { OcmfPublicKey } from "../../../protocols/ocmf/index.ts";
import type { StationEvent } from "../../../protocols/ocpp/index.ts";
import { decimal } from "../../numbers.ts";
import type { Profile } from "../../profile.ts";
import type { OcppField } from "../../sections/ocpp.ts";
import type { DeviceValue } from "../engine.ts";
import { type ChargingSession, type SavedStation, StationLedger } from "./ledger.ts";
import { ConnectorSamples } from "./samples.ts";
import { type SessionEvidence, sessionEvidence } from "./signature.ts";

export interface StationModelOptions {
  profile: Profile;
  station: string;
  /** ms since 1970. */
  now(): number;
  work?: bigint | undefined;
  saved?: SavedStation | undefined;
  meterKey?: OcmfPublicKey | undefined;
  idTagKey?: Uint8Array | undefined;
  /** An id for a transaction of 1.6. */
  nextTransactionId(): number;
}

/** What an event changed: nothing to tell, something new, or the end of a session. */
export interface StationChange {
  kind: "none" | "alive" | "status" | "values" | "started" | "ended";
  malformed: boolean;
  /** Must be durable before the station is answered. */
  durable: boolean;
  transactionId?: number;
  session?: ChargingSession;
  evidence?: SessionEvidence;
}

/** The most telling first, where connectors differ (1.6 §7.7 and 2.0.1 ConnectorStatusEnumType). */
const STATUSES = [
  "Charging",
  "SuspendedEV",
  "SuspendedEVSE",
  "Finishing",
  "Preparing",
  "Occupied",
  "Faulted",
  "Reserved",
  "Available",
  "Unavailable",
];
const MAX_CONNECTORS = 64;
/** What records of a session may take of a reading; a longer one is told by its digest. */
const MAX_EVIDENCE = 6000;

/** A charging station as its messages show it, apart from network and clock. */
export class StationModel {
  readonly ledger: StationLedger;
  readonly #options: StationModelOptions;
  readonly #samples: ConnectorSamples;
  readonly #status = new Map<string, { status: string; error?: string }>();

  constructor(options: StationModelOptions) {
    this.#options = options;
    this.#samples = new ConnectorSamples(options.profile);
    const { profile, work, saved, now } = options;
    this.ledger = new StationLedger({
      maxPower: profile.ocpp!.maxPower,
      work,
      saved,
      now,
      hashIdTag: (idTag) => this.#hash(idTag),
    });
  }

  /** Keyed, because there are few enough id tags to try them all. */
  #hash(idTag: string): string | undefined {
    const { idTagKey } = this.#options;
    return idTagKey && createHmac("sha256", idTagKey).update(idTag).digest("hex");
  }

  take(event: StationEvent): StationChange {
    const none: StationChange = { kind: "none", malformed: false, durable: false };
    switch (event.kind) {
      case "boot":
        // What runs on through a restart of the station is told again by its messages.
        this.#samples.clearAll();
        return { ...none, kind: "alive" };
      case "heartbeat":
        return { ...none, kind: "alive" };
      case "status":
        return { ...none, kind: this.#setStatus(event) ? "status" : "none" };
      case "start":
        return this.#start(event);
      case "values": {
        const connector = this.#connectorOf(event);
        const unit = this.#samples.take(connector, event.values);
        return { ...none, kind: "values", malformed: this.ledger.values(event) || unit };
      }
      case "stop":
        return this.#stop(event);
      case "authorize":
      case "notice":
        return none;
    }
  }

  #connectorOf({ connector, transaction }: Extract<StationEvent, { kind: "values" }>): string {
    if (connector !== "0" || transaction === undefined) return connector;
    return this.ledger.sessions.find((session) => session.transaction === transaction)?.connector ?? connector;
  }

  #setStatus({ connector, status, error }: Extract<StationEvent, { kind: "status" }>): boolean {
    const before = this.#status.get(connector);
    if (before === undefined && this.#status.size >= MAX_CONNECTORS) return false;
    this.#status.set(connector, error === undefined ? { status } : { status, error });
    return before?.status !== status || before?.error !== error;
  }

  #start(event: Extract<StationEvent, { kind: "start" }>): StationChange {
    const known = this.ledger.knownStart(event);
    const transaction = known ?? String(this.#options.nextTransactionId());
    const isNew = this.ledger.start(event, transaction);
    const malformed = isNew && this.#samples.take(event.connector, event.values);
    return {
      kind: isNew ? "started" : "none",
      malformed,
      durable: isNew,
      ...(event.transaction === undefined ? { transactionId: Number(transaction) } : {}),
    };
  }

  #stop(event: Extract<StationEvent, { kind: "stop" }>): StationChange {
    const session = this.ledger.stop(event);
    if (!session) return { kind: "none", malformed: false, durable: false };
    this.#samples.clear(session.connector);
    const evidence = sessionEvidence(session, this.#options.meterKey, this.ledger.pages);
    return {
      kind: "ended",
      malformed: session.doubtful,
      durable: true,
      session,
      ...(evidence === undefined ? {} : { evidence }),
    };
  }

  /**
   * Values by measurement name after a change. Samples stand in the reading they came with: a heartbeat tells nothing of the
   * power of now.
   */
  values({ kind, session, evidence }: Partial<StationChange> = {}): Map<string, DeviceValue> {
    const out = new Map<string, DeviceValue>();
    if (kind === "values") this.#samples.into(out);
    const fields = new Map<OcppField, DeviceValue>([["energy", milli(this.ledger.total)]]);
    this.#statusInto(fields);
    if (session) sessionInto(fields, session, evidence);
    for (const { name, ocpp } of this.#options.profile.measurements) {
      const value = ocpp && "field" in ocpp ? fields.get(ocpp.field) : undefined;
      if (value !== undefined) out.set(name, value);
    }
    return out;
  }

  #statusInto(fields: Map<OcppField, DeviceValue>): void {
    // Connector 0 is the station itself; it tells only where no connector does.
    const own = [...this.#status].filter(([connector]) => connector !== "0" || this.#status.size === 1);
    const rank = ({ status }: { status: string }) =>
      (STATUSES.indexOf(status) + STATUSES.length + 1) % (STATUSES.length + 1);
    const [first] = own.map(([, state]) => state).sort((a, b) => rank(a) - rank(b));
    if (first) fields.set("status", first.status);
    const error = [...this.#status.values()].find((state) => state.error !== undefined)?.error;
    if (error !== undefined) fields.set("error", error);
  }
}

const milli = (value: bigint): DeviceValue => decimalTrimmed(value, -3);

function decimalTrimmed(mantissa: bigint, exponent: number): DeviceValue {
  let digits = mantissa;
  let power = exponent;
  while (digits !== 0n && power < 0 && digits % 10n === 0n) {
    digits /= 10n;
    power++;
  }
  return decimal(digits, power);
}

/** Seconds since 1970, with the milliseconds the station gave. */
const seconds = (ms: number): DeviceValue => decimalTrimmed(BigInt(Math.round(ms)), -3);

function sessionInto(
  fields: Map<OcppField, DeviceValue>,
  session: ChargingSession,
  evidence: SessionEvidence | undefined,
): void {
  const set = (field: OcppField, value: DeviceValue | undefined) => {
    if (value !== undefined) fields.set(field, value);
  };
  const energy = (value: bigint | undefined) => (value === undefined ? undefined : milli(value));
  const time = (value: number | undefined) => (value === undefined ? undefined : seconds(value));
  set("session_id", session.transaction);
  set("session_connector", session.connector);
  set("session_start", time(session.start));
  set("session_end", time(session.end));
  set("session_meter_start", energy(session.meterStart));
  set("session_meter_stop", energy(session.meterStop));
  set("session_energy", energy(session.energy));
  set("session_stop_reason", session.reason);
  set("session_id_tag_hash", session.idTagHash);
  set("session_signature", evidence?.verdict ?? "none");
  set("session_grade", evidence?.grade ?? "station");
  if (!evidence || evidence.records.trim() === "") return;
  set("session_ocmf_sha256", evidence.digest);
  if (new TextEncoder().encode(evidence.records).length <= MAX_EVIDENCE) set("session_ocmf", evidence.records);
}
