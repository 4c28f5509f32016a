import { fromUtf8, ProtocolError } from "../bytes/index.ts";
import { Decimal } from "../reading/index.ts";
import type { DlmsData } from "./dlms.ts";
import { type DlmsTime, decodeDlmsTime } from "./dlms-time.ts";
import type { DlmsNotification } from "./notification.ts";
import { DLMS_UNITS } from "./units.ts";

/** Whose layout a list has. `cosem`: every number carries its own scaler and unit; Aidon and others after it. */
export type HanLayout = "cosem" | "kaifa" | "kamstrup";

/** One object of a list, its value already in `unit`. */
export interface HanObject {
  /** OBIS reference as P1 prints it: `1-0:1.8.0`; with `*F` behind when group F is not 255. */
  code: string;
  value: Decimal | string | DlmsTime;
  /** SenML or DLMS name: W, Wh, var, varh, A, V, Hz, … Absent for a number without one and for text. */
  unit?: string;
}

/** What a meter's customer interface (HAN) has sent at one time. */
export interface HanList {
  layout: HanLayout;
  /** Version of the list: `AIDON_V0001`, `KFM_001`, `Kamstrup_V0001`. */
  version?: string;
  /** Time of the list itself, else that of its object 0-0:1.0.0 (0-1:1.0.0 at Kamstrup). */
  time?: DlmsTime;
  objects: readonly HanObject[];
}

const CODE = "FS-HAN-LIST";
/** Group C.D of an OBIS reference: what is measured, and how. */
const UNIT_OF: ReadonlyMap<string, string> = new Map(
  (
    [
      ["W", "1.7 2.7 21.7 22.7 41.7 42.7 61.7 62.7"],
      ["var", "3.7 4.7 23.7 24.7 43.7 44.7 63.7 64.7"],
      ["A", "31.7 51.7 71.7"],
      ["V", "32.7 52.7 72.7"],
      ["Wh", "1.8 2.8"],
      ["varh", "3.8 4.8"],
    ] as const
  ).flatMap(([unit, codes]) => codes.split(" ").map((code) => [code, unit] as const)),
);

/** Power of ten of a number that is sent bare, for lists KFM_001 and Kamstrup_V0001: as toreamun/amshan reads both makers' meters. */
const KAIFA_SCALE: Readonly<Record<string, number>> = { A: -3, V: -1 };
const KAMSTRUP_SCALE: Readonly<Record<string, number>> = { A: -2, Wh: 1, varh: 1 };
/** Meters behind current transformers (type 685…) send milliampere: same source, no recorded frame of one seen. */
const KAMSTRUP_CT_SCALE: Readonly<Record<string, number>> = { ...KAMSTRUP_SCALE, A: -3 };

/** Kaifa's Norwegian lists have no references; their order is fixed by the number of elements. */
const KAIFA_POWERS = ["1-0:1.7.0", "1-0:2.7.0", "1-0:3.7.0", "1-0:4.7.0"];
const KAIFA_HEAD = ["1-0:0.2.129", "0-0:96.1.0", "0-0:96.1.7", ...KAIFA_POWERS];
const KAIFA_ONE_PHASE = [...KAIFA_HEAD, "1-0:31.7.0", "1-0:32.7.0"];
const KAIFA_THREE_PHASES = [...KAIFA_HEAD, ...["31", "51", "71", "32", "52", "72"].map((c) => `1-0:${c}.7.0`)];
const KAIFA_REGISTERS = ["0-0:1.0.0", "1-0:1.8.0", "1-0:2.8.0", "1-0:3.8.0", "1-0:4.8.0"];
const KAIFA_LISTS: ReadonlyMap<number, readonly string[]> = new Map(
  [
    ["1-0:1.7.0"],
    KAIFA_ONE_PHASE,
    KAIFA_THREE_PHASES,
    [...KAIFA_ONE_PHASE, ...KAIFA_REGISTERS],
    [...KAIFA_THREE_PHASES, ...KAIFA_REGISTERS],
  ].map((codes) => [codes.length, codes]),
);

const VERSION = /:0\.2\.129$/;
const CLOCK = /^0-[01]:1\.0\.0$/;

function bad(why: string): ProtocolError {
  return new ProtocolError(CODE, `a meter's list: ${why}`);
}

/** The objects of a notification. @throws ProtocolError FS-HAN-LIST, FS-DLMS-TIME. */
export function readHanList(notification: DlmsNotification): HanList {
  const { data } = notification;
  if (data.type !== "structure" && data.type !== "array") throw bad("it is no structure");
  const { layout, objects } = readItems(data.value);
  const list: HanList = { layout, objects };
  const version = objects.find(({ code }) => VERSION.test(code))?.value;
  if (typeof version === "string") list.version = version;
  const clock = objects.find(({ code }) => CLOCK.test(code))?.value;
  const time = notification.time ?? (isTime(clock) ? clock : undefined);
  if (time) list.time = time;
  return list;
}

function readItems(items: readonly DlmsData[]): { layout: HanLayout; objects: HanObject[] } {
  const [first] = items;
  if (first?.type === "structure") return { layout: "cosem", objects: items.flatMap(selfDescribed) };
  if (first !== undefined && obisCode(first) !== undefined)
    return { layout: "kaifa", objects: pairs(items, KAIFA_SCALE) };
  if (first?.type === "visible-string") return kamstrup(first.value, items.slice(1));
  const codes = KAIFA_LISTS.get(items.length);
  if (!codes) throw bad(`${items.length} elements without references`);
  return { layout: "kaifa", objects: items.flatMap((item, i) => bare(codes[i]!, item, KAIFA_SCALE)) };
}

function kamstrup(version: string, items: readonly DlmsData[]): { layout: HanLayout; objects: HanObject[] } {
  const at = items.findIndex((item) => obisCode(item) === "1-1:96.1.1");
  const type = at < 0 ? undefined : items[at + 1];
  const transformer = type?.type === "visible-string" && type.value.startsWith("685");
  const objects = pairs(items, transformer ? KAMSTRUP_CT_SCALE : KAMSTRUP_SCALE);
  return { layout: "kamstrup", objects: [{ code: "1-1:0.2.129", value: version }, ...objects] };
}

/** Reference and value in turn. A missing phase is sent as two null-data. */
function pairs(items: readonly DlmsData[], scale: Readonly<Record<string, number>>): HanObject[] {
  if (items.length % 2 !== 0) throw bad("a reference without a value");
  const objects: HanObject[] = [];
  for (let i = 0; i < items.length; i += 2) {
    const [reference, value] = [items[i]!, items[i + 1]!];
    if (reference.type === "null-data" && value.type === "null-data") continue;
    const code = obisCode(reference);
    if (code === undefined) throw bad(`element ${i} is no OBIS reference`);
    objects.push(...bare(code, value, scale));
  }
  return objects;
}

/** A value without unit: its reference tells. */
function bare(code: string, data: DlmsData, scale: Readonly<Record<string, number>>): HanObject[] {
  if (!("value" in data)) return [];
  if (typeof data.value !== "bigint") return [{ code, value: textOrTime(code, data) }];
  const unit = UNIT_OF.get(/:(\d+\.\d+)\./.exec(code)?.[1] ?? "");
  if (unit === undefined) return [{ code, value: new Decimal(data.value, 0) }];
  return [{ code, value: new Decimal(data.value, scale[unit] ?? 0), unit }];
}

/** { reference, text } or { reference, number, { scaler, unit } } */
function selfDescribed(data: DlmsData): HanObject[] {
  if (data.type !== "structure") throw bad("an element is no structure");
  const [reference, value, scale] = data.value;
  const code = reference && obisCode(reference);
  if (code === undefined || value === undefined) throw bad("an element has no reference or no value");
  if (!("value" in value)) return [];
  if (typeof value.value !== "bigint") return [{ code, value: textOrTime(code, value) }];
  if (scale === undefined) return [{ code, value: new Decimal(value.value, 0) }];
  const [scaler, unit] = scale.type === "structure" ? scale.value : [];
  if (scaler?.type !== "integer" || unit?.type !== "enum") throw bad(`${code} has no scaler and unit`);
  const name = DLMS_UNITS.get(Number(unit.value));
  const number = new Decimal(value.value, Number(scaler.value));
  return [name === undefined ? { code, value: number } : { code, value: number, unit: name }];
}

/** `A-B:C.D.E`, or undefined when the value is no reference. */
function obisCode(data: DlmsData): string | undefined {
  if (data.type !== "octet-string" || data.value.length !== 6) return undefined;
  const [a, b, c, d, e, f] = data.value;
  return `${a}-${b}:${c}.${d}.${e}${f === 255 ? "" : `*${f}`}`;
}

function textOrTime(code: string, data: DlmsData): string | DlmsTime {
  if (data.type === "visible-string" || data.type === "utf8-string") return data.value;
  const octets = data.type === "octet-string" || data.type === "date-time" ? data.value : undefined;
  if (!octets) throw bad(`${code} is a ${data.type}`);
  // A clock that is not set is left open; the empty text says that the object was sent.
  if (CLOCK.test(code)) return decodeDlmsTime(octets) ?? "";
  const text = fromUtf8(octets);
  if (text === undefined) throw bad(`${code} is no text`);
  return text;
}

function isTime(value: HanObject["value"] | undefined): value is DlmsTime {
  return typeof value === "object" && !(value instanceof Decimal);
}
