import { ProtocolError } from "../bytes/index.ts";

/** One sentence of NMEA 0183: `$GPRMC,…*7F`. */
export interface NmeaSentence {
  /** Who speaks: `GP`, `GL`, `GA`, `GB`, `GN`, …; `P` for a maker's own sentence. */
  readonly talker: string;
  /** Formatter behind the talker: `RMC`; for a maker's own sentence all that follows the P. */
  readonly type: string;
  /** Fields behind the first comma, empty ones too. */
  readonly fields: readonly string[];
}

/** NMEA 0183 v4.11 §5.3 allows 82 characters; receivers with several systems and more digits send longer ones. */
export const MAX_NMEA = 160;

const SENTENCE = /^\$([A-Z0-9]{3,12})((?:,[\x20-\x7e]*)?)\*([0-9A-F]{2})$/i;

function checkOf(text: string, end: number): number {
  let sum = 0;
  for (let i = 1; i < end; i++) sum ^= text.charCodeAt(i);
  return sum;
}

/**
 * Reads a sentence without its line end. The check (XOR of what stands between $ and *) must be there and fit.
 * @throws ProtocolError FS-NMEA-SENTENCE, FS-NMEA-CHECK
 */
export function decodeNmea(line: string): NmeaSentence {
  const match = line.length <= MAX_NMEA ? SENTENCE.exec(line) : null;
  if (!match) throw new ProtocolError("FS-NMEA-SENTENCE", `"${line.slice(0, 40)}" is no sentence of NMEA 0183`);
  const address = match[1]!;
  if (checkOf(line, line.length - 3) !== Number.parseInt(match[3]!, 16)) {
    throw new ProtocolError("FS-NMEA-CHECK", `the check of ${address} does not fit`);
  }
  const own = address.startsWith("P") && address.length > 3;
  const talker = own ? "P" : address.slice(0, -3);
  const fields = match[2] === "" ? [] : match[2]!.slice(1).split(",");
  return { talker, type: address.slice(talker.length), fields };
}

/** The line of a sentence, with check and without line end. */
export function encodeNmea({ talker, type, fields }: NmeaSentence): string {
  const body = `$${[`${talker}${type}`, ...fields].join(",")}`;
  return `${body}*${checkOf(body, body.length).toString(16).toUpperCase().padStart(2, "0")}`;
}
