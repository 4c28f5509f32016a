import { fromHex, ProtocolError } from "../bytes/index.ts";

/** A CAN frame as an adapter with headers on prints it. */
export interface CanFrame {
  /** 11 or 29 bits. */
  id: number;
  extended: boolean;
  /** At most 8 bytes: of classical CAN (ISO 11898-1). */
  data: Uint8Array;
}

const FRAME = /^(?:([0-7][0-9A-F]{2})((?:[0-9A-F]{2}){1,8})|([01][0-9A-F]{7})((?:[0-9A-F]{2}){1,8}))$/;

/**
 * Reads a line of an ELM327 with `ATH1`: identifier and data as hex, with or without spaces. `7E8 04 41 31 56 F7` has an
 * identifier of 11 bits, `18 DA F1 10 04 41 31 56 F7` one of 29; an odd number of digits tells them apart.
 * @throws ProtocolError FS-OBD-FRAME
 */
export function decodeCanLine(line: string): CanFrame {
  const text = line.length <= 40 ? line.replace(/ /g, "").toUpperCase() : "";
  const match = FRAME.exec(text);
  if (!match) throw new ProtocolError("FS-OBD-FRAME", `"${line.slice(0, 40)}" is no CAN frame`);
  const extended = match[1] === undefined;
  return {
    id: Number.parseInt((extended ? match[3] : match[1])!, 16),
    extended,
    data: fromHex((extended ? match[4] : match[2])!),
  };
}

/** The line that an adapter with headers on and spaces off prints. */
export function encodeCanLine({ id, extended, data }: CanFrame): string {
  const hex = [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${id.toString(16).padStart(extended ? 8 : 3, "0")}${hex}`.toUpperCase();
}
