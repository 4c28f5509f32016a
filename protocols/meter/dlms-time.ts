import { ProtocolError } from "../bytes/index.ts";

/**
 * A COSEM date-time (IEC 62056-6-2 §4.1.6.1):
 *
 *   07 E5 09 16 03 11 23 1E FF FF C4 00      Kaifa MA304H4 in Sweden: 2021-09-22 17:35:30, local time one hour ahead of UTC
 *   |     |  |  |  |  |  |  |  |     |
 *   |     |  |  |  |  |  |  |  |     clock status
 *   |     |  |  |  |  |  |  |  deviation in minutes from local time to UTC, 8000 unspecified
 *   |     |  |  |  |  |  |  hundredths, FF unspecified
 *   |     |  |  |  hour, minute, second
 *   |     |  |  day of the week
 *   year  month, day
 */
export interface DlmsTime {
  /** Milliseconds since 1970 of the same digits read as UTC: local time of the meter, not UTC. */
  local: number;
  /** Minutes to add to local time to get UTC. Absent when unspecified. Some meters send 0 and mean local time. */
  deviation?: number;
  /** Bits of §4.1.6.1: 1 invalid, 2 doubtful, 4 other clock base, 8 invalid status, 128 summer time. Absent when unspecified. */
  status?: number;
}

const UNSPECIFIED = -0x8000;

/**
 * Twelve bytes of a date-time; undefined when year, month, day, hour or minute are left open (a clock that is not set).
 * @throws ProtocolError FS-DLMS-TIME for another length and for what is no date.
 */
export function decodeDlmsTime(bytes: Uint8Array): DlmsTime | undefined {
  if (bytes.length !== 12)
    throw new ProtocolError("FS-DLMS-TIME", `a date-time has 12 bytes, this one ${bytes.length}`);
  const year = (bytes[0]! << 8) | bytes[1]!;
  const [month, day, , hour, minute] = bytes.subarray(2, 7) as unknown as [number, number, number, number, number];
  if (year === 0xffff || month === 0xff || day === 0xff || hour === 0xff || minute === 0xff) return undefined;
  const second = bytes[7] === 0xff ? 0 : bytes[7]!;
  const hundredths = bytes[8] === 0xff ? 0 : bytes[8]!;
  const local = Date.UTC(year, month - 1, day, hour, minute, second, hundredths * 10);
  const back = new Date(local);
  const same =
    back.getUTCFullYear() === year && back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24;
  if (!same || minute > 59 || second > 59 || hundredths > 99) {
    throw new ProtocolError("FS-DLMS-TIME", "the digits of a date-time are no date");
  }
  const time: DlmsTime = { local };
  const deviation = (((bytes[9]! << 8) | bytes[10]!) << 16) >> 16;
  if (deviation !== UNSPECIFIED) {
    if (Math.abs(deviation) > 720) throw new ProtocolError("FS-DLMS-TIME", `a deviation of ${deviation} minutes`);
    time.deviation = deviation;
  }
  if (bytes[11] !== 0xff) time.status = bytes[11]!;
  return time;
}

/** The twelve bytes of a time, day of the week included. */
export function encodeDlmsTime(time: DlmsTime): Uint8Array {
  const date = new Date(time.local);
  const bytes = new Uint8Array(12);
  const deviation = time.deviation ?? UNSPECIFIED;
  bytes.set([
    date.getUTCFullYear() >> 8,
    date.getUTCFullYear() & 0xff,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCDay() || 7,
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    Math.floor(date.getUTCMilliseconds() / 10),
    (deviation >> 8) & 0xff,
    deviation & 0xff,
    time.status ?? 0xff,
  ]);
  return bytes;
}

/** UTC of a time that states its deviation; undefined for one that does not. */
export function dlmsTimeToUtc(time: DlmsTime): number | undefined {
  return time.deviation === undefined ? undefined : time.local + time.deviation * 60_000;
}
