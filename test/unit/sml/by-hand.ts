import { fromHex } from "../../../protocols/bytes/index.ts";

/*
 * Files put together from the tables of SML 1.04 and nothing of protocols/sml: hex texts, joined, with a CRC of their own.
 */

/** CRC-16/X-25 by the bit, low byte first. */
export function x25(hex: string, start = 0xffff, final = 0xffff): string {
  let crc = start;
  for (const byte of fromHex(hex)) {
    for (let bit = 0; bit < 8; bit++) {
      const out = (crc ^ (byte >> bit)) & 1;
      crc = (crc >> 1) ^ (out ? 0x8408 : 0);
    }
  }
  const text = (crc ^ final).toString(16).padStart(4, "0");
  return text.slice(2) + text.slice(0, 2);
}

export type Check = (hex: string) => string;
export const kermit: Check = (hex) => x25(hex, 0, 0);

/** SML_Message: transaction, group, abort, body, check, end. */
export function message(transaction: string, tag: string, body: string, check: Check = x25): string {
  const head = `7605${transaction}620062007263${tag}${body}`;
  return `${head}63${check(head)}00`;
}

/** Server id of a maker that does not exist. */
export const SERVER = "0b0a0146534c0000000001";

export const listResponse = (entries: readonly string[]): string =>
  `7701${SERVER}070100620affff72620165000012347${entries.length.toString(16)}${entries.join("")}0101`;

/** SML_ListEntry: name, status, time, unit, scaler, value, signature. */
export const entry = (name: string, status: string, unit: string, scaler: string, value: string): string =>
  `7707${name}${status}01${unit}${scaler}${value}01`;

/** Open response, list and close response. */
export function messages(entries: readonly string[], check: Check = x25): string {
  return (
    message("00000001", "0101", `760101050000 0001${SERVER}0101`.replaceAll(" ", ""), check) +
    message("00000002", "0701", listResponse(entries), check) +
    message("00000003", "0201", "7101", check)
  );
}

/** Transport version 1. What is inside must already have its escapes doubled. */
export function file(content: string, check: Check = x25): Uint8Array {
  const fill = (4 - ((content.length / 2) % 4)) % 4;
  const all = `1b1b1b1b01010101${content}${"00".repeat(fill)}1b1b1b1b1a0${fill}`;
  return fromHex(all + check(all));
}

/** 2744809.2 Wh taken, 7456.5 Wh fed in, -364.0 W. */
export const ENTRIES = [
  entry("010060320101", "01", "01", "01", "0446534c"),
  entry("0100010800ff", "64010180", "621e", "52ff", "590000000001a2d31c"),
  entry("0100020800ff", "01", "621e", "52ff", "5500012345"),
  entry("0100100700ff", "01", "621b", "52ff", "53f1c8"),
] as const;
