import type { Clock } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, UsageError } from "../../../protocols/bytes/index.ts";
import {
  commandVerdict,
  type OcppPayload,
  type OcppVersion,
  type StationCommand,
  type StationEvent,
  stationAnswer,
  stationCall,
  stationEvent,
} from "../../../protocols/ocpp/index.ts";
import {
  type AdmissionRequest,
  chooseVersion,
  passwordFits,
  type Refusal,
  refusal,
  stationIdentity,
} from "./admission.ts";
import { OcppConnection } from "./connection.ts";
import type { Adoption, OcppOptions, PendingStation } from "./options.ts";
import type { ValidatePayload } from "./schemas.ts";
import type { OcppSocket } from "./socket.ts";

/** The configured device behind a station. */
export interface StationHandler {
  readonly versions: readonly OcppVersion[];
  /** Seconds between heartbeats. */
  readonly heartbeat: number;
  /** Time the station has to answer a call, in ms. */
  readonly timeout: number;
  /** Highest security profile it ever connected with. */
  readonly security: number;
  connected(connection: OcppConnection, security: number): void;
  disconnected(code: number): void;
  /** @throws FieldsealError when the station has to report it again. */
  handle(event: StationEvent): { authorized: boolean; transactionId?: number };
}

/** Lets a station in: `accept` is called with its socket, or `cancel` when there is none after all. */
export interface Admission {
  version: OcppVersion;
  accept(socket: OcppSocket): void;
  cancel(): void;
}

export interface CentralSystemOptions extends OcppOptions {
  clock: Clock;
  validate: ValidatePayload;
}

export interface AdmissionCounters {
  admitted: number;
  refused: number;
  /** Second sockets of a station that still answered. */
  duplicates: number;
  /** Dead sockets that a new one took the place of. */
  replaced: number;
}

interface Held {
  connection: OcppConnection;
  pending: PendingStation;
}

const MAX_PENDING = 32;
/** Seconds until a pending station asks again. */
const PENDING_INTERVAL = 30;
/** A station that is still there answers a ping within this, in ms. */
const ALIVE_WITHIN = 5000;
/** Wrong passwords from one address within a minute. */
const MAX_FAILURES = 10;
const FAILURE_WINDOW = 60_000;
const MAX_ADDRESSES = 1024;
const BOTH: readonly OcppVersion[] = ["2.0.1", "1.6"];
/** Transaction ids are counted from here, in seconds since 1970: they fit 31 bits until 2085. */
const ID_EPOCH = 1_600_000_000;

/** The central system (1.6) or CSMS (2.0.1) for the stations of one gateway, apart from the network. */
export class CentralSystem {
  readonly counters: AdmissionCounters = { admitted: 0, refused: 0, duplicates: 0, replaced: 0 };
  readonly #options: CentralSystemOptions;
  readonly #handlers = new Map<string, StationHandler>();
  readonly #living = new Map<string, OcppConnection>();
  readonly #held = new Map<string, Held>();
  /** Stations whose admission is being decided. */
  readonly #deciding = new Set<string>();
  readonly #failures = new Map<string, { count: number; since: number }>();
  #lastId = 0;

  constructor(options: CentralSystemOptions) {
    this.#options = options;
  }

  /** Stations that wait for `adopt`. */
  pending(): PendingStation[] {
    return [...this.#held.values()].map(({ pending }) => pending);
  }

  /**
   * What the configuration must say to make a device of a pending station; a driver made of it takes the station over.
   * @throws UsageError FS-OCPP-STATION when it is not pending.
   */
  adopt(station: string, name: string): Adoption {
    if (!this.#held.has(station)) {
      throw new UsageError("FS-OCPP-STATION", `no station "${station.slice(0, 48)}" waits to be adopted`, {
        fix: "set the gateway's address in the station and wait until it dials in",
      });
    }
    return { name, driver: "ocpp/generic", station };
  }

  /** @throws UsageError FS-DEVICE-TAKEN when another device has the station. */
  attach(station: string, handler: StationHandler): void {
    if (this.#handlers.has(station)) {
      throw new UsageError("FS-DEVICE-TAKEN", `station ${station} already belongs to another device`, {
        fix: "give each device a station of its own",
      });
    }
    this.#handlers.set(station, handler);
    // What it showed when it was let in may not be what a configured station has to show: it dials again.
    const held = this.#held.get(station);
    held?.connection.close(1012, "adopted");
  }

  /** Does nothing when the station belongs to another handler. */
  detach(station: string, handler: StationHandler): void {
    if (this.#handlers.get(station) !== handler) return;
    this.#handlers.delete(station);
    this.#living.get(station)?.close(1001, "going away");
  }

  /**
   * Asks a connected station for something and waits for its consent. Resolves with its answer.
   * @throws EnvironmentError FS-OCPP-ABSENT, FS-OCPP-REFUSED, FS-OCPP-CLOSED, FS-OCPP-BUSY; TimeoutError FS-OCPP-TIMEOUT;
   * UsageError FS-OCPP-CALL; ProtocolError FS-OCPP-ANSWER.
   */
  async send(station: string, command: StationCommand): Promise<OcppPayload> {
    const connection = this.#living.get(station);
    if (!connection) {
      throw new EnvironmentError("FS-OCPP-ABSENT", `station ${station.slice(0, 48)} is not connected`, {
        fix: "wait until it has dialled in",
      });
    }
    const { action, payload } = stationCall(connection.version, command);
    const answer = await connection.call(action, payload);
    const { accepted, status } = commandVerdict(answer);
    if (accepted) return answer;
    throw new EnvironmentError("FS-OCPP-REFUSED", `station ${station} refused ${action}: ${status.slice(0, 40)}`, {
      fix: "check whether the station supports it in its present state",
    });
  }

  /** Ends every connection. */
  closeAll(): void {
    for (const connection of [...this.#living.values()]) connection.close(1001, "going away");
    for (const { connection } of [...this.#held.values()]) connection.close(1001, "going away");
  }

  /**
   * An id no transaction had: by the clock, and above every one given or seen, so that a restarted gateway repeats none. Distinct
   * as long as transactions begin less than once a second on average.
   */
  nextTransactionId(): number {
    const bySecond = Math.floor(this.#options.clock.now() / 1000) - ID_EPOCH;
    this.#lastId = Math.min(0x7fff_ffff, Math.max(this.#lastId + 1, bySecond, 1));
    return this.#lastId;
  }

  /** An id that was given before the restart. */
  seenTransactionId(id: number): void {
    if (Number.isSafeInteger(id) && id <= 0x7fff_ffff) this.#lastId = Math.max(this.#lastId, id);
  }

  /** Decides on a handshake. */
  async admit(request: AdmissionRequest): Promise<Admission | Refusal> {
    const decision = await this.#decide(request);
    if ("status" in decision) this.counters.refused++;
    return decision;
  }

  async #decide(request: AdmissionRequest): Promise<Admission | Refusal> {
    const station = stationIdentity(request.path);
    if (station === undefined) return refusal(404, "no station identity");
    const refused = this.#authenticate(station, request);
    if (refused) return refused;
    const handler = this.#handlers.get(station);
    const version = chooseVersion(handler?.versions ?? BOTH, request.protocols);
    if (version === undefined) return refusal(400, "no common subprotocol");
    if (this.#deciding.has(station)) return refusal(409, "another handshake of this station is under way");
    if (!handler && !this.#held.has(station) && this.#held.size >= MAX_PENDING)
      return refusal(503, "too many stations");
    this.#deciding.add(station);
    const living = this.#living.get(station) ?? this.#held.get(station)?.connection;
    if (living && (await living.answers(ALIVE_WITHIN))) {
      this.#deciding.delete(station);
      this.counters.duplicates++;
      return refusal(409, "the station is connected");
    }
    if (living) {
      this.counters.replaced++;
      living.terminate();
    }
    return {
      version,
      cancel: () => this.#deciding.delete(station),
      accept: (socket) => {
        this.#deciding.delete(station);
        this.counters.admitted++;
        this.#welcome(station, version, socket, request.from);
      },
    };
  }

  #authenticate(station: string, request: AdmissionRequest): Refusal | undefined {
    const { security = 0 } = this.#options;
    const handler = this.#handlers.get(station);
    if (handler && handler.security > security) return refusal(403, "the security profile must not be lowered");
    if (security === 3) {
      return request.certificateName === station ? undefined : refusal(403, "the certificate is of another station");
    }
    // A pending station is not known by any password yet, and nothing it says is taken.
    if (security === 0 || !handler) return undefined;
    if (this.#isLocked(request.from)) return refusal(429, "too many wrong passwords");
    const expected = this.#options.password?.(station);
    if (expected !== undefined && passwordFits(request.authorization, station, expected)) return undefined;
    this.#failed(request.from);
    return refusal(401, "wrong password");
  }

  #isLocked(from: string): boolean {
    const failures = this.#failures.get(from);
    if (!failures) return false;
    if (this.#options.clock.monotonic() - failures.since < FAILURE_WINDOW) return failures.count >= MAX_FAILURES;
    this.#failures.delete(from);
    return false;
  }

  #failed(from: string): void {
    const failures = this.#failures.get(from);
    if (failures) {
      failures.count++;
      return;
    }
    if (this.#failures.size >= MAX_ADDRESSES) this.#failures.delete(this.#failures.keys().next().value!);
    this.#failures.set(from, { count: 1, since: this.#options.clock.monotonic() });
  }

  #welcome(station: string, version: OcppVersion, socket: OcppSocket, from: string): void {
    const { clock, validate, security = 0 } = this.#options;
    const handler = this.#handlers.get(station);
    let ended = false;
    const connection = new OcppConnection({
      socket,
      version,
      clock,
      validate,
      timeout: handler?.timeout ?? 30_000,
      onCall: (action, payload) =>
        handler ? this.#call(handler, version, action, payload) : this.#pendingCall(station, version, action, payload),
      onClosed: (code) => {
        ended = true;
        if (this.#held.get(station)?.connection === connection) this.#held.delete(station);
        if (this.#living.get(station) !== connection) return;
        this.#living.delete(station);
        handler?.disconnected(code);
      },
    });
    if (ended) return;
    if (handler) {
      this.#living.set(station, connection);
      handler.connected(connection, security);
      return;
    }
    const pending: PendingStation = { station, version, from, since: clock.now() };
    this.#held.set(station, { connection, pending });
    this.#options.onPending?.(pending);
  }

  #call(handler: StationHandler, version: OcppVersion, action: string, payload: OcppPayload): OcppPayload | undefined {
    const event = stationEvent(version, action, payload);
    return stationAnswer(version, event, action, {
      now: this.#options.clock.now(),
      registration: "Accepted",
      interval: handler.heartbeat,
      ...handler.handle(event),
    });
  }

  #pendingCall(station: string, version: OcppVersion, action: string, payload: OcppPayload): OcppPayload | undefined {
    const event = stationEvent(version, action, payload);
    if (event.kind !== "boot") {
      // 1.6 §4.2, 2.0.1 part 2 B02: until it is accepted a station reports nothing else; it keeps it for later.
      throw new EnvironmentError("FS-OCPP-PENDING", `station ${station} is not adopted yet`, {
        fix: `adopt it: fieldseal pair --ocpp ${station} --name NAME`,
      });
    }
    const { vendor, model, serial, firmware } = event;
    const held = this.#held.get(station);
    if (held) Object.assign(held.pending, { vendor, model, ...(serial && { serial }), ...(firmware && { firmware }) });
    const { clock } = this.#options;
    return stationAnswer(version, event, action, {
      now: clock.now(),
      registration: "Pending",
      interval: PENDING_INTERVAL,
      authorized: false,
    });
  }
}
