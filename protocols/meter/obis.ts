import { ProtocolError } from "../bytes/index.ts";

/**
 * One data object of a P1 telegram: an OBIS reference (IEC 62056-61) and its values in brackets
 * (P1 Companion Standard 5.0.2 §6.3). Values stay text, because a digit string is at once the exact number and
 * what the meter's check covers.
 */
export interface ObisObject {
  /** Reduced identity as printed: `1-0:1.8.1`. */
  code: string;
  values: readonly ObisValue[];
}

export interface ObisValue {
  /** What stands between the brackets, without the unit. */
  text: string;
  /** What follows the `*`: `kWh`, `kW`, `V`, `A`, `m3`, `s`. */
  unit?: string;
}

const CODE = "FS-METER-LINE";
const OBIS = /^\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const NUMBER = /^\d{1,15}(\.\d{1,9})?$/;

function bad(line: string, why: string): ProtocolError {
  return new ProtocolError(CODE, `telegram line "${line.slice(0, 40)}": ${why}`, {
    context: { line: line.slice(0, 80) },
  });
}

/** The bracketed values from `at` to the end of the line. */
export function parseValues(line: string, at: number): ObisValue[] {
  const values: ObisValue[] = [];
  let from = at;
  while (from < line.length) {
    if (line[from] !== "(") throw bad(line, `"(" expected at column ${from + 1}`);
    const end = line.indexOf(")", from);
    if (end < 0) throw bad(line, "a bracket is not closed");
    values.push(parseValue(line, line.slice(from + 1, end)));
    from = end + 1;
  }
  return values;
}

function parseValue(line: string, inner: string): ObisValue {
  if (inner.includes("(")) throw bad(line, "a bracket is opened inside another");
  const star = inner.indexOf("*");
  if (star < 0) return { text: inner };
  const text = inner.slice(0, star);
  const unit = inner.slice(star + 1);
  if (!NUMBER.test(text)) throw bad(line, `"${text.slice(0, 20)}" has a unit and is not a number`);
  if (!/^[A-Za-z0-9]{1,8}$/.test(unit)) throw bad(line, `"${unit.slice(0, 20)}" is not a unit`);
  return { text, unit };
}

/** @throws ProtocolError FS-METER-LINE, with the line in `context`. */
export function parseObject(line: string): ObisObject {
  const bracket = line.indexOf("(");
  if (bracket < 0) throw bad(line, "no value in brackets");
  const code = line.slice(0, bracket);
  if (!OBIS.test(code)) throw bad(line, `"${code.slice(0, 24)}" is not an OBIS reference`);
  return { code, values: parseValues(line, bracket) };
}

/**
 * The number of a value as exact decimal text without padding: `001581.123` is `1581.123`, `0000.00` is `0.00`.
 * @throws ProtocolError FS-METER-NUMBER when it is not a plain decimal number.
 */
export function decimalText(value: ObisValue): string {
  if (!NUMBER.test(value.text)) {
    throw new ProtocolError("FS-METER-NUMBER", `"${value.text.slice(0, 24)}" is not a decimal number`);
  }
  return value.text.replace(/^0+(?=\d)/, "");
}

/** A meter's local time (tag 8 of P1 §6.4: YYMMDDhhmmssX). */
export interface MeterTime {
  /** As sent, with the final S or W if there is one. */
  text: string;
  /** Summer time in force: S; winter time: W; absent before DSMR 4. */
  summer?: boolean;
  /** Milliseconds since 1970 of the same digits read as UTC: local time of the meter, not UTC. */
  local: number;
}

/**
 * Reads YYMMDDhhmmss with optional S or W.
 * @throws ProtocolError FS-METER-TIME for anything that is not a date of this century.
 */
export function parseMeterTime(text: string): MeterTime {
  const match = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([SW]?)$/.exec(text);
  if (!match) throw new ProtocolError("FS-METER-TIME", `"${text.slice(0, 24)}" is not YYMMDDhhmmss with S or W`);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const local = Date.UTC(2000 + year, month - 1, day, hour, minute, second);
  const back = new Date(local);
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day || back.getUTCHours() !== hour || second > 59) {
    throw new ProtocolError("FS-METER-TIME", `"${text}" is not a date`);
  }
  return match[7] === "" ? { text, local } : { text, local, summer: match[7] === "S" };
}

/**
 * UTC of a meter whose winter time is `winterOffsetMinutes` ahead of UTC (60 in the countries that use P1).
 * The flag makes the hour that occurs twice in autumn unambiguous; without it (before DSMR 4) there is no answer.
 */
export function meterTimeToUtc(time: MeterTime, winterOffsetMinutes = 60): number | undefined {
  if (time.summer === undefined) return undefined;
  return time.local - (winterOffsetMinutes + (time.summer ? 60 : 0)) * 60_000;
}

/** Text sent as hex octets (equipment ids, messages), or undefined when it is not hex of printable ASCII. */
export function octetText(value: ObisValue): string | undefined {
  if (!/^([0-9A-Fa-f]{2})*$/.test(value.text)) return undefined;
  let out = "";
  for (let i = 0; i < value.text.length; i += 2) {
    const code = Number.parseInt(value.text.slice(i, i + 2), 16);
    if (code < 0x20 || code > 0x7e) return undefined;
    out += String.fromCharCode(code);
  }
  return out;
}
