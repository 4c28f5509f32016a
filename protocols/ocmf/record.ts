import { fromUtf8, ProtocolError, utf8 } from "../bytes/index.ts";
import { Decimal } from "../reading/index.ts";
import { JsonNumber, JsonScanner, type JsonValue } from "./json.ts";
import { type OcmfTime, parseOcmfTime } from "./time.ts";

/** One reading of a record, with the fields that the format lets it inherit from the reading before (OCMF Table 7). */
export interface OcmfReading {
  readonly time?: OcmfTime;
  /** TX: B begin, C charging, X exception, E/L/R/A/P end (and why), S suspended, T tariff change. */
  readonly reason?: string;
  /** RV with its digits as sent; absent where only an event is told. Never inherited. */
  readonly value?: Decimal;
  /** RI, the OBIS code of the register as sent: `1-b:1.8.0`. */
  readonly register?: string;
  /** RU: `kWh`, `Wh`, … */
  readonly unit?: string;
  /** RT: `AC` or `DC`. */
  readonly current?: string;
  /** CL: loss that the meter took off since the begin, in `unit`. Never inherited. */
  readonly loss?: Decimal;
  /** EF: `E` energy, `t` time no longer usable for billing. */
  readonly errors: string;
  /** ST of OCMF Table 10: `G` is good. */
  readonly status?: string;
}

/** The signature section with its defaults filled in (OCMF Table 8). */
export interface OcmfSignature {
  /** SA, by default `ECDSA-secp256r1-SHA256`. */
  readonly algorithm: string;
  /** SE, by default `hex`. */
  readonly encoding: string;
  /** SM, by default `application/x-der`. */
  readonly mime: string;
  /** SD as it stands. */
  readonly data: string;
}

/** A record as it claims to be. Nothing in it is true before `verifyOcmf` says so. */
export interface OcmfRecord {
  /** The bytes between the bars: what is signed. */
  readonly payload: Uint8Array;
  readonly signature: OcmfSignature;
  /** FV: `1.0`. */
  readonly version?: string;
  readonly gateway: { readonly id?: string; readonly serial?: string; readonly version?: string };
  readonly meter: {
    readonly vendor?: string;
    readonly model?: string;
    readonly serial?: string;
    readonly firmware?: string;
  };
  /** PG: T readings of a transaction, F fiscal readings, each counted by its own. */
  readonly page: { readonly context: "T" | "F"; readonly number: bigint };
  readonly user: {
    readonly assigned?: boolean;
    readonly level?: string;
    readonly flags: readonly string[];
    readonly type?: string;
    readonly id?: string;
    readonly tariff?: string;
  };
  readonly chargePoint: { readonly type?: string; readonly id?: string };
  /** CCV. */
  readonly controllerVersion?: string;
  readonly readings: readonly OcmfReading[];
}

export interface OcmfLimits {
  /** Longest record in bytes; by default 64 KiB. */
  maxBytes?: number;
  /** Most readings in a record; by default 1,000. */
  maxReadings?: number;
}

type Members = ReadonlyMap<string, JsonValue>;

const HEADER = "OCMF|";

const bad = (key: string, why: string) =>
  new ProtocolError("FS-OCMF-FIELD", `OCMF field ${key}: ${why}`, { context: { field: key } });

function text(members: Members, key: string): string | undefined {
  const value = members.get(key);
  if (value === undefined || typeof value === "string") return value;
  throw bad(key, "is not a string");
}

function decimal(members: Members, key: string): Decimal | undefined {
  const value = members.get(key);
  if (value === undefined) return undefined;
  if (!(value instanceof JsonNumber)) throw bad(key, "is not a number");
  return Decimal.parse(value.text);
}

function flags(members: Members): string[] {
  const value = members.get("IF");
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw bad("IF", "is not an array");
  return value.map((item: JsonValue) => {
    if (typeof item !== "string") throw bad("IF", "holds something that is not a string");
    return item;
  });
}

function assigned(members: Members): boolean | undefined {
  const value = members.get("IS");
  if (value === undefined || typeof value === "boolean") return value;
  throw bad("IS", "is not a boolean");
}

function page(members: Members): OcmfRecord["page"] {
  const match = /^([TF])(0|[1-9]\d{0,18})$/.exec(text(members, "PG") ?? "");
  if (!match) throw bad("PG", "is not T or F and a number without leading zeros");
  return { context: match[1] === "F" ? "F" : "T", number: BigInt(match[2]!) };
}

/** Without members whose value is undefined. */
type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}

function reading(members: Members, before: OcmfReading | undefined): OcmfReading {
  const time = text(members, "TM");
  return {
    ...given({
      time: time === undefined ? before?.time : parseOcmfTime(time),
      reason: text(members, "TX") ?? before?.reason,
      value: decimal(members, "RV"),
      register: text(members, "RI") ?? before?.register,
      unit: text(members, "RU") ?? before?.unit,
      current: text(members, "RT") ?? before?.current,
      loss: decimal(members, "CL"),
      status: text(members, "ST") ?? before?.status,
    }),
    errors: text(members, "EF") ?? before?.errors ?? "",
  };
}

function readings(members: Members, max: number): OcmfReading[] {
  const list = members.get("RD");
  if (!Array.isArray(list)) throw bad("RD", "is not an array");
  if (list.length === 0 || list.length > max) throw bad("RD", `has ${list.length} readings, 1 to ${max} are allowed`);
  const out: OcmfReading[] = [];
  for (const item of list as readonly JsonValue[]) {
    if (!(item instanceof Map)) throw bad("RD", "holds something that is not an object");
    out.push(reading(item as Members, out.at(-1)));
  }
  return out;
}

function signatureOf(members: Members): OcmfSignature {
  const data = text(members, "SD");
  if (data === undefined) throw bad("SD", "is missing");
  return {
    algorithm: text(members, "SA") ?? "ECDSA-secp256r1-SHA256",
    encoding: text(members, "SE") ?? "hex",
    mime: text(members, "SM") ?? "application/x-der",
    data,
  };
}

/**
 * Reads `OCMF|{payload}|{signature}` (Open Charge Metering Format 1.0 to 1.4). Strict JSON with unique names; a "|" inside a
 * JSON string is taken as text, since tariff texts of real stations hold it. Members that the format does not know are passed
 * over, as it reserves them for vendors; they are signed all the same.
 * @throws ProtocolError FS-OCMF-SIZE, FS-OCMF-HEADER, FS-OCMF-JSON, FS-OCMF-FIELD, FS-OCMF-TIME, FS-DECIMAL-TEXT
 */
export function decodeOcmf(bytes: Uint8Array, limits: OcmfLimits = {}): OcmfRecord {
  const { maxBytes = 65_536, maxReadings = 1_000 } = limits;
  if (bytes.length > maxBytes) {
    throw new ProtocolError("FS-OCMF-SIZE", `a record of ${bytes.length} bytes, at most ${maxBytes} are allowed`);
  }
  const source = fromUtf8(bytes);
  if (!source?.startsWith(HEADER))
    throw new ProtocolError("FS-OCMF-HEADER", `a record is UTF-8 text that begins with "${HEADER}"`);
  const scanner = new JsonScanner(source, HEADER.length);
  const members = scanner.object();
  scanner.space();
  const payloadEnd = scanner.at;
  if (!scanner.take("|")) throw new ProtocolError("FS-OCMF-HEADER", `no "|" behind the payload at ${payloadEnd}`);
  const signature = signatureOf(scanner.object());
  scanner.space();
  if (scanner.at !== source.length) {
    throw new ProtocolError("FS-OCMF-HEADER", `something follows the signature at ${scanner.at}`);
  }
  const version = text(members, "FV");
  const controllerVersion = text(members, "CCV");
  return {
    payload: utf8(source.slice(HEADER.length, payloadEnd)),
    signature,
    ...given({ version, controllerVersion }),
    gateway: given({ id: text(members, "GI"), serial: text(members, "GS"), version: text(members, "GV") }),
    meter: given({
      vendor: text(members, "MV"),
      model: text(members, "MM"),
      serial: text(members, "MS"),
      firmware: text(members, "MF"),
    }),
    page: page(members),
    user: {
      ...given({
        assigned: assigned(members),
        level: text(members, "IL"),
        type: text(members, "IT"),
        id: text(members, "ID"),
        tariff: text(members, "TT"),
      }),
      flags: flags(members),
    },
    chargePoint: given({ type: text(members, "CT"), id: text(members, "CI") }),
    readings: readings(members, maxReadings),
  };
}
