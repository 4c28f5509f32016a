import { ProtocolError } from "../bytes/index.ts";

/**
 * How the clock of a reading stood (OCMF Table 19): U unknown, I informative, S synchronized, R relative: the duration is
 * exact, the beginning informative.
 */
export type OcmfClock = "U" | "I" | "S" | "R";

export interface OcmfTime {
  /** As the record has it. */
  readonly text: string;
  /** Milliseconds since 1970, UTC. */
  readonly utc: number;
  /** Absent where the record does not state it, which is no better than U. */
  readonly clock?: OcmfClock;
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d),(\d{3})(?:([+-])(\d\d)(\d\d)|Z)(?: ([UISR]))?$/;

/**
 * `2018-07-24T13:22:04,000+0200 S` (OCMF Table 7, TM).
 * @throws ProtocolError FS-OCMF-TIME
 */
export function parseOcmfTime(text: string): OcmfTime {
  const bad = () => new ProtocolError("FS-OCMF-TIME", `"${text.slice(0, 40)}" is not a time of OCMF`);
  const match = TIME.exec(text);
  if (!match) throw bad();
  const [year, month, day, hour, minute, second, ms] = match.slice(1, 8).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [sign, zoneHours, zoneMinutes] = [match[8], Number(match[9] ?? 0), Number(match[10] ?? 0)];
  const local = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms));
  // Date.UTC carries a 31st of February over into March, and takes years below 100 for those of 1900.
  const carried =
    local.getUTCFullYear() !== year ||
    local.getUTCMonth() !== month - 1 ||
    local.getUTCDate() !== day ||
    local.getUTCHours() !== hour;
  if (carried || minute > 59 || second > 59 || zoneHours > 14 || zoneMinutes > 59) throw bad();
  const offset = (zoneHours * 60 + zoneMinutes) * 60_000 * (sign === "-" ? -1 : 1);
  const clock = match[11] as OcmfClock | undefined;
  return { text, utc: local.getTime() - offset, ...(clock === undefined ? {} : { clock }) };
}
