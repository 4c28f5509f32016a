import { Decimal, type SenmlNumber } from "../../../protocols/reading/index.ts";
import { parseFields, parsePacket, type RadioPacket, type TextFields } from "../../../protocols/text/index.ts";
import { decimal } from "../../numbers.ts";
import type { Profile } from "../../profile.ts";
import type { TextSource } from "../../sections/text.ts";
import type { PushedValues } from "../push-driver.ts";

type PacketSource = Extract<TextSource, { node: number }>;

/** Bytes of a number in a packet. */
export const TEXT_WIDTHS: Readonly<Record<PacketSource["type"], number>> = { i16: 2, u16: 2, i32: 4, u32: 4 };

function packetNumber({ bytes }: RadioPacket, { at, type, absent }: PacketSource): Decimal | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value =
    type === "i16"
      ? view.getInt16(at, true)
      : type === "u16"
        ? view.getUint16(at, true)
        : type === "i32"
          ? view.getInt32(at, true)
          : view.getUint32(at, true);
  return value === absent ? undefined : new Decimal(BigInt(value), 0);
}

function numberOf(source: TextSource, fields: TextFields | undefined, packet: RadioPacket | undefined) {
  if ("field" in source) {
    const text = fields?.get(source.field);
    return text === undefined ? undefined : Decimal.parse(text);
  }
  return packet?.node === source.node ? packetNumber(packet, source) : undefined;
}

/**
 * A line's measurements in the profile's units; undefined for a line that is none of this board's: chatter, another node, or one
 * that lacks a field the board always sends. Lines have no check, so a damaged one is told by what it lacks.
 */
export function lineValues(profile: Profile, line: string): PushedValues | undefined {
  const fields = parseFields(line);
  const packet = fields ? undefined : parsePacket(line);
  if (!fields && packet?.bytes.length !== profile.text!.packetBytes) return undefined;
  const values = new Map<string, SenmlNumber>();
  for (const { name, text, scale = 0, optional } of profile.measurements) {
    const number = numberOf(text!, fields, packet);
    if (number) values.set(name, decimal(number.mantissa, number.exponent + scale));
    else if (!optional) return undefined;
  }
  return values.size > 0 ? { values, malformed: false } : undefined;
}
