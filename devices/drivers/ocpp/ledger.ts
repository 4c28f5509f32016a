import type {
  OcppMeterValue,
  OcppSignedValue,
  StationEvent,
  StationStart,
  StationStop,
} from "../../../protocols/ocpp/index.ts";
import type { Decimal } from "../../../protocols/reading/index.ts";
import { EnergyRegister, type MilliWattHours, milliWattHours, type SavedRegister } from "./energy-register.ts";
import { registerOf } from "./samples.ts";

/** One charging session as it is known. Energies in thousandths of a Wh, times in ms since 1970 by the station's clock. */
export interface ChargingSession {
  transaction: string;
  connector: string;
  /** What a replayed StartTransaction is recognised by. */
  startKey: string;
  start?: number;
  end?: number;
  meterStart?: MilliWattHours;
  /** The register heard last; at the end the one of the end. */
  meterStop?: MilliWattHours;
  /** Absent where begin or end is missing or contradicts. */
  energy?: MilliWattHours;
  reason?: string;
  idTagHash?: string;
  /** Signed values of begin and end, at most. */
  signed: OcppSignedValue[];
  /** A value of it was not believed. */
  doubtful: boolean;
}

export interface SavedStation {
  total: string;
  registers: Record<string, SavedRegister>;
  open: SavedSession[];
  closed: (readonly [transaction: string, startKey: string])[];
  /** Security profile this station last connected with. */
  security?: number;
  /** OCMF page by meter, of the last verified record. */
  pages?: Record<string, string>;
}

type SavedSession = Omit<ChargingSession, "meterStart" | "meterStop" | "energy"> & {
  meterStart?: string;
  meterStop?: string;
};

export interface LedgerOptions {
  /** W, of the whole station. */
  maxPower: number;
  /** Work register known from before, in Wh. */
  work?: bigint | undefined;
  saved?: SavedStation | undefined;
  /** ms since 1970. */
  now(): number;
  hashIdTag(idTag: string): string | undefined;
}

/** Sessions that run at once; a station with more has lost the ends of some. */
const MAX_OPEN = 64;
const MAX_CLOSED = 256;
const MAX_CONNECTORS = 64;

export interface LedgerCounters {
  /** Starts, values and ends that were known already. */
  replayed: number;
  /** Ends of sessions whose start was never heard. */
  orphans: number;
  /** Sessions given up for want of their end. */
  abandoned: number;
  /** Registers that began anew. */
  rebased: number;
}

function revive(saved: SavedSession): ChargingSession {
  const { meterStart, meterStop, ...rest } = saved;
  return {
    ...rest,
    ...(meterStart === undefined ? {} : { meterStart: BigInt(meterStart) }),
    ...(meterStop === undefined ? {} : { meterStop: BigInt(meterStop) }),
  };
}

/** What one station delivered and in which sessions; the part that must survive a restart. */
export class StationLedger {
  readonly counters: LedgerCounters = { replayed: 0, orphans: 0, abandoned: 0, rebased: 0 };
  readonly #options: LedgerOptions;
  readonly #registers = new Map<string, EnergyRegister>();
  readonly #open = new Map<string, ChargingSession>();
  #closed: (readonly [transaction: string, startKey: string])[] = [];
  #base: MilliWattHours;
  readonly pages: Record<string, string>;
  security: number;

  constructor(options: LedgerOptions) {
    this.#options = options;
    const { saved, maxPower, work = 0n } = options;
    const known = work * 1000n;
    this.#base = saved ? BigInt(saved.total) : known;
    this.security = saved?.security ?? 0;
    this.pages = { ...saved?.pages };
    if (!saved) return;
    // An older copy of the state knows less than was told already: what its registers would count again is left out.
    const stale = this.#base < known - (known === 0n ? 0n : 1000n);
    if (stale) this.#base = known;
    else
      for (const [key, register] of Object.entries(saved.registers)) {
        this.#registers.set(key, new EnergyRegister(maxPower, register));
      }
    for (const session of saved.open) this.#open.set(session.transaction, revive(session));
    this.#closed = [...saved.closed];
  }

  /** Delivered over all connectors, in thousandths of a Wh. Never falls. */
  get total(): MilliWattHours {
    let sum = this.#base;
    for (const register of this.#registers.values()) sum += register.counted;
    return sum;
  }

  get sessions(): readonly ChargingSession[] {
    return [...this.#open.values()];
  }

  /** The transaction a replayed StartTransaction was given. */
  knownStart(event: StationStart): string | undefined {
    const key = startKey(event);
    const found =
      [...this.#open.values()].find((session) => session.startKey === key)?.transaction ??
      this.#closed.find(([, closed]) => closed === key)?.[0];
    return event.transaction ?? found;
  }

  isKnown(transaction: string): boolean {
    return this.#open.has(transaction) || this.#closed.some(([closed]) => closed === transaction);
  }

  /** @returns false when it was known. */
  start(event: StationStart, transaction: string): boolean {
    if (this.isKnown(transaction)) {
      this.counters.replayed++;
      return false;
    }
    if (this.#open.size >= MAX_OPEN) {
      const [oldest] = this.#open.values();
      this.#close(oldest!);
      this.counters.abandoned++;
    }
    const idTagHash = event.idTag === undefined ? undefined : this.#options.hashIdTag(event.idTag);
    const session: ChargingSession = {
      transaction,
      connector: event.connector,
      startKey: startKey(event),
      ...(event.at === undefined ? {} : { start: event.at }),
      ...(idTagHash === undefined ? {} : { idTagHash }),
      signed: [],
      doubtful: false,
    };
    this.#open.set(transaction, session);
    if (event.meterStart) this.#move(session.connector, event.meterStart, event.at, session, true);
    this.#values(session.connector, event.values, session);
    return true;
  }

  /** @returns whether a value was not believed. */
  values({ connector, transaction, values }: Extract<StationEvent, { kind: "values" }>): boolean {
    const session = transaction === undefined ? undefined : this.#open.get(transaction);
    // 2.0.1 names the EVSE only where it is news.
    return this.#values(connector === "0" ? (session?.connector ?? "0") : connector, values, session);
  }

  /** The finished session; undefined when its end was known already. */
  stop(event: StationStop): ChargingSession | undefined {
    let session = this.#open.get(event.transaction);
    if (!session) {
      if (this.isKnown(event.transaction)) {
        this.counters.replayed++;
        return undefined;
      }
      this.counters.orphans++;
      session = {
        transaction: event.transaction,
        connector: event.connector ?? "0",
        startKey: "",
        signed: [],
        doubtful: false,
      };
    }
    session.reason = event.reason;
    this.#values(session.connector, event.values, session);
    if (event.meterStop) this.#move(session.connector, event.meterStop, event.at, session, false);
    if (event.at !== undefined) session.end = event.at;
    const { meterStart, meterStop } = session;
    if (meterStart !== undefined && meterStop !== undefined && meterStop >= meterStart && !session.doubtful) {
      session.energy = meterStop - meterStart;
    }
    this.#close(session);
    return session;
  }

  save(): SavedStation {
    const registers: Record<string, SavedRegister> = {};
    for (const [key, register] of this.#registers) {
      const saved = register.save();
      if (saved) registers[key] = saved;
    }
    const open = [...this.#open.values()].map(({ meterStart, meterStop, energy: _, ...rest }) => ({
      ...rest,
      ...(meterStart === undefined ? {} : { meterStart: String(meterStart) }),
      ...(meterStop === undefined ? {} : { meterStop: String(meterStop) }),
    }));
    const { security, pages } = this;
    return { total: String(this.total), registers, open, closed: this.#closed, security, pages };
  }

  #close(session: ChargingSession): void {
    this.#open.delete(session.transaction);
    this.#closed.push([session.transaction, session.startKey]);
    if (this.#closed.length > MAX_CLOSED) this.#closed.shift();
  }

  #values(connector: string, values: readonly OcppMeterValue[], session: ChargingSession | undefined): boolean {
    let doubtful = false;
    for (const entry of values) {
      const register = registerOf(entry);
      if (register && !this.#move(connector, register, entry.at, session, isBegin(entry))) doubtful = true;
      for (const signed of entry.signed) if (session) keepSigned(session, signed);
    }
    return doubtful;
  }

  /** @returns false when the value is not believed. */
  #move(
    connector: string,
    value: Decimal,
    at: number | undefined,
    session: ChargingSession | undefined,
    begins: boolean,
  ): boolean {
    if (!this.#registers.has(connector)) {
      if (this.#registers.size >= MAX_CONNECTORS) return false;
      this.#registers.set(connector, new EnergyRegister(this.#options.maxPower));
    }
    const register = this.#registers.get(connector)!;
    const heard = this.#options.now();
    const before = register.rebased;
    const milli = milliWattHours(value);
    // A session's first value is its begin even where the station does not mark it so.
    const first = session !== undefined && session.meterStart === undefined;
    const step = register.take({ value: milli, at: at ?? heard, heard, begins: begins || first });
    this.counters.rebased += register.rebased - before;
    if (!session) return step !== "doubtful";
    if (step === "doubtful") {
      // At the end no further value can make up for it.
      session.doubtful ||= session.reason !== undefined;
      return false;
    }
    if (first) session.meterStart = milli;
    else if (step === "rebased") session.doubtful = true;
    if (session.meterStop === undefined || milli >= session.meterStop) session.meterStop = milli;
    return true;
  }
}

function isBegin({ samples }: OcppMeterValue): boolean {
  return samples.some(({ context }) => context === "Transaction.Begin");
}

function startKey({ connector, transaction, idTag = "", at, meterStart }: StationStart): string {
  return transaction ?? `${connector} ${idTag} ${at ?? ""} ${meterStart ?? ""}`;
}

/** The first signed value, and the last one after it. */
function keepSigned(session: ChargingSession, signed: OcppSignedValue): void {
  if (session.signed.some(({ record }) => record !== undefined && record === signed.record)) return;
  if (session.signed.length > 1) session.signed.pop();
  session.signed.push(signed);
}
