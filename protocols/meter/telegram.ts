import { crc16Arc, ProtocolError } from "../bytes/index.ts";
import {
  decimalText,
  type MeterTime,
  type ObisObject,
  type ObisValue,
  parseMeterTime,
  parseObject,
  parseValues,
} from "./obis.ts";

/** A P1 telegram (IEC 62056-21 mode D as the P1 Companion Standard uses it; DSMR 2.2 to 5.0.2). */
export interface Telegram {
  /** Identification line without the slash: three letters of the maker, the baud rate's digit, the meter's own text. */
  header: string;
  /** In the order sent. A code sent twice is there twice; look-ups take the first. */
  objects: readonly ObisObject[];
  /** The check that was sent and held; absent before DSMR 4. */
  crc?: number;
}

function bad(code: string, message: string, context: Record<string, unknown> = {}): ProtocolError {
  return new ProtocolError(code, message, { context });
}

/** IEC 62056-21 §6.3.2: at most 16 characters of identification; makers send more, and never "/" or "!". */
const HEADER = /^\/([A-Za-z]{3}[0-9A-Z][^/!]{0,64})$/;

/**
 * Reads one whole telegram, from "/" to the end of the line that begins with "!".
 * @throws ProtocolError FS-METER-HEADER, FS-METER-CRC, FS-METER-LINE, FS-METER-END.
 */
export function decodeTelegram(bytes: Uint8Array): Telegram {
  const end = bytes.lastIndexOf(0x21);
  if (end < 0) throw bad("FS-METER-END", 'a telegram ends with "!"');
  const second = bytes.indexOf(0x2f, 1);
  if (second > 0 && second < end && bytes[second - 1] === 0x0a) {
    throw bad("FS-METER-LINE", "another telegram begins inside this one", { at: second });
  }
  const crc = checkedCrc(bytes, end);
  const text = ascii(bytes.subarray(0, end));
  const lines = text.split(/\r?\n/);
  if (lines.pop() !== "") throw bad("FS-METER-END", '"!" does not begin a line');
  const header = HEADER.exec(lines[0] ?? "")?.[1];
  if (header === undefined) throw bad("FS-METER-HEADER", "the first line is not an identification");
  const objects = parseLines(lines.slice(1));
  if (crc === undefined && statesVersion4(objects)) {
    throw bad("FS-METER-CRC", "a telegram of DSMR 4 or later has no CRC");
  }
  return crc === undefined ? { header, objects } : { header, objects, crc };
}

/** DSMR 4 brought the version object and the CRC together (P1 4.0 §5.2, §6.12). */
function statesVersion4(objects: readonly ObisObject[]): boolean {
  return objects.some(({ code }) => code === "1-3:0.2.8" || code === "0-0:96.1.4");
}

function checkedCrc(bytes: Uint8Array, end: number): number | undefined {
  const tail = ascii(bytes.subarray(end + 1)).replace(/\r?\n$/, "");
  if (tail === "") return undefined;
  if (!/^[0-9A-Fa-f]{4}$/.test(tail)) throw bad("FS-METER-END", 'after "!" come four hex digits or nothing');
  const stated = Number.parseInt(tail, 16);
  // P1 5.0.2 §6.2: over everything from "/" to "!", both included.
  const found = crc16Arc(bytes, 0, end + 1);
  if (stated !== found) {
    throw bad("FS-METER-CRC", `the telegram's CRC is ${hex4(found)}, ${hex4(stated)} was sent`, { stated, found });
  }
  return stated;
}

const hex4 = (value: number) => value.toString(16).toUpperCase().padStart(4, "0");

const latin1 = new TextDecoder("latin1");

function ascii(bytes: Uint8Array): string {
  const text = latin1.decode(bytes);
  const odd = /[^\x20-\x7e\r\n]/.exec(text);
  if (odd) throw bad("FS-METER-LINE", `byte ${odd.index} of the telegram is not printable ASCII`, { at: odd.index });
  return text;
}

function parseLines(lines: readonly string[]): ObisObject[] {
  const objects: ObisObject[] = [];
  for (const line of lines) {
    if (line === "") continue;
    const last = objects.at(-1);
    // DSMR 2 and 3 put the gas reading on a line of its own below its description.
    if (line.startsWith("(") && last !== undefined) {
      objects[objects.length - 1] = { code: last.code, values: [...last.values, ...parseValues(line, 0)] };
    } else {
      objects.push(parseObject(line));
    }
  }
  return objects;
}

/** First value of the object `code`, or undefined when the telegram has none. */
export function findValue(telegram: Telegram, code: string): ObisValue | undefined {
  return telegram.objects.find((object) => object.code === code)?.values[0];
}

/** DSMR version times ten (`42`, `50`), or undefined before version 4. */
export function dsmrVersion(telegram: Telegram): number | undefined {
  const text = findValue(telegram, "1-3:0.2.8")?.text;
  return text !== undefined && /^\d{2,3}$/.test(text) ? Number(text) : undefined;
}

/** Time the telegram was made (0-0:1.0.0), absent before DSMR 4. @throws ProtocolError FS-METER-TIME. */
export function telegramTime(telegram: Telegram): MeterTime | undefined {
  const value = findValue(telegram, "0-0:1.0.0");
  return value === undefined ? undefined : parseMeterTime(value.text);
}

/** A gas, water, heat or slave electricity meter behind the P1 meter (P1 5.0.2 §6.12, 0-n:…). */
export interface MbusChannel {
  channel: number;
  /** EN 13757-3 device type: 3 gas, 4 heat, 6 warm water, 7 water; absent when not sent. */
  type?: number;
  /** Equipment id as sent (hex octets). */
  equipment?: string;
  reading?: { value: string; unit: string; time: MeterTime };
}

/** All channels that are mentioned, by number. @throws ProtocolError FS-METER-NUMBER, FS-METER-TIME. */
export function mbusChannels(telegram: Telegram): MbusChannel[] {
  const channels = new Map<number, MbusChannel>();
  for (const { code, values } of telegram.objects) {
    const match = /^0-([1-9]\d{0,2}):(24\.1\.0|96\.1\.[01]|24\.2\.[13]|24\.3\.0)$/.exec(code);
    if (!match) continue;
    const channel = Number(match[1]);
    const entry = channels.get(channel) ?? { channel };
    channels.set(channel, entry);
    const first = values[0]?.text ?? "";
    if (match[2] === "24.1.0") {
      if (/^\d{1,3}$/.test(first)) entry.type = Number(first);
    } else if (match[2]!.startsWith("96.")) {
      if (first !== "") entry.equipment = first;
    } else {
      const reading = match[2] === "24.3.0" ? oldReading(values) : newReading(values);
      if (reading) entry.reading = reading;
    }
  }
  return [...channels.values()].sort((a, b) => a.channel - b.channel);
}

/** DSMR 4 and 5: (time)(value*unit). */
function newReading(values: readonly ObisValue[]): MbusChannel["reading"] {
  const [time, value] = values;
  if (!time || value?.unit === undefined) return undefined;
  return { value: decimalText(value), unit: value.unit, time: parseMeterTime(time.text) };
}

/** DSMR 2 and 3: (time)(status)(period)(number of values)(OBIS)(unit), then (value) on the next line. */
function oldReading(values: readonly ObisValue[]): MbusChannel["reading"] {
  const [time, , , , , unit, value] = values;
  if (!time || !unit || !value) return undefined;
  return { value: decimalText(value), unit: unit.text, time: parseMeterTime(time.text) };
}

/** One long power failure: when it ended and how long it lasted (1-0:99.97.0). */
export interface PowerFailure {
  end: MeterTime;
  seconds: number;
}

/**
 * The log of long power failures: (count)(0-0:96.7.19)(end)(duration*s)…
 * @throws ProtocolError FS-METER-LOG when count and entries disagree, FS-METER-TIME.
 */
export function powerFailures(telegram: Telegram): PowerFailure[] {
  const values = telegram.objects.find(({ code }) => code === "1-0:99.97.0")?.values ?? [];
  const stated = values[0]?.text ?? "";
  if (stated === "") return [];
  const entries = values.slice(2);
  if (!/^\d{1,3}$/.test(stated) || entries.length !== 2 * Number(stated)) {
    throw bad("FS-METER-LOG", `a power failure log of "${stated.slice(0, 8)}" entries has ${entries.length / 2}`);
  }
  const failures: PowerFailure[] = [];
  for (let i = 0; i < entries.length; i += 2) {
    failures.push({ end: parseMeterTime(entries[i]!.text), seconds: Number(decimalText(entries[i + 1]!)) });
  }
  return failures;
}

/**
 * The bytes of a telegram with CRC, lines ended by CR LF, as a meter of DSMR 4 or later sends it.
 * @param header identification without the slash; `lines` without line ends.
 */
export function encodeTelegram(header: string, lines: readonly string[]): Uint8Array {
  const body = new TextEncoder().encode(`/${header}\r\n\r\n${lines.map((line) => `${line}\r\n`).join("")}!`);
  const check = new TextEncoder().encode(`${hex4(crc16Arc(body))}\r\n`);
  const out = new Uint8Array(body.length + check.length);
  out.set(body);
  out.set(check, body.length);
  return out;
}
