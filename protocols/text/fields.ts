/** `name:value` pairs of one line. */
export type TextFields = ReadonlyMap<string, string>;

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,23}$/;
const NUMBER = /^-?\d{1,15}(\.\d{1,9})?$/;
const MAX_FIELDS = 64;

/**
 * Reads a line of pairs as OpenEnergyMonitor's boards print them:
 *
 *   ct1:1362,ct2:2226,vrms:24067,pulse:1,t0:216         emonTx V3
 *   MSG:12,Vrms:240.67,P1:1362,E1:10,pulse:1            emonTx, emonTx4, emonPi2 with continuous sampling
 *
 * Undefined unless every part is a name, a colon and a plain decimal number, and no name comes twice: a line has no check, so
 * whatever is not whole says nothing.
 */
export function parseFields(line: string): TextFields | undefined {
  const fields = new Map<string, string>();
  const parts = line.trim().split(",");
  if (parts.length > MAX_FIELDS) return undefined;
  for (const part of parts) {
    const colon = part.indexOf(":");
    const name = part.slice(0, colon).trim();
    const value = part.slice(colon + 1).trim();
    if (colon < 0 || !NAME.test(name) || !NUMBER.test(value) || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  return fields;
}

/** A radio packet as a receiver prints it. */
export interface RadioPacket {
  /** 1 to 30; the board itself has one too. */
  node: number;
  bytes: Uint8Array;
  /** Signal strength in dBm, where the receiver states it. */
  rssi?: number;
}

const PACKET = /^OK (\d{1,2})((?: \d{1,3}){1,66}) *(?:\((-?\d{1,3})\))?$/;

/**
 * Reads `OK node byte byte … (rssi)`, as JeeLib's RF12demo and the boards after it print packets whose CRC held:
 *
 *   OK 5 234 5 218 252 196 2 … (-0)
 *      | |     |
 *      | |     bytes 2 and 3, low byte first: -806
 *      | bytes 0 and 1: 1514
 *      node
 */
export function parsePacket(line: string): RadioPacket | undefined {
  const match = PACKET.exec(line.trim());
  if (!match) return undefined;
  const numbers = match[2]!.trim().split(" ").map(Number);
  if (numbers.some((number) => number > 255)) return undefined;
  const packet: RadioPacket = { node: Number(match[1]), bytes: Uint8Array.from(numbers) };
  if (match[3] !== undefined) packet.rssi = Number(match[3]);
  return packet;
}
