import type { SunspecPointDefinition, SunspecPointType } from "./definition.ts";

/** What a point's registers hold before scaling; undefined is "not implemented" (Device Information Model V1.1 §4.4.4). */
export type SunspecRaw = bigint | number | string | Uint8Array | undefined;

type Shape = "signed" | "unsigned" | "accumulated" | "float" | "text" | "octets" | "none";

const SHAPES: Readonly<Record<SunspecPointType, Shape>> = {
  int16: "signed",
  int32: "signed",
  int64: "signed",
  sunssf: "signed",
  uint16: "unsigned",
  uint32: "unsigned",
  uint64: "unsigned",
  count: "unsigned",
  enum16: "unsigned",
  enum32: "unsigned",
  bitfield16: "unsigned",
  bitfield32: "unsigned",
  bitfield64: "unsigned",
  acc16: "accumulated",
  acc32: "accumulated",
  acc64: "accumulated",
  float32: "float",
  float64: "float",
  string: "text",
  ipaddr: "octets",
  ipv6addr: "octets",
  eui48: "octets",
  pad: "none",
};

/** Types whose number is not a quantity: never scaled. */
export function isCode(type: SunspecPointType): boolean {
  return type.startsWith("enum") || type.startsWith("bitfield");
}

/** Reads one point from its own bytes, two for each register. */
export function readPoint({ type }: SunspecPointDefinition, bytes: Uint8Array): SunspecRaw {
  const bits = 8 * bytes.length;
  switch (SHAPES[type]) {
    case "signed": {
      const value = BigInt.asIntN(bits, unsigned(bytes));
      return value === -(1n << BigInt(bits - 1)) ? undefined : value;
    }
    case "unsigned": {
      const value = unsigned(bytes);
      return value === (1n << BigInt(bits)) - 1n ? undefined : value;
    }
    case "accumulated":
      return unsigned(bytes) || undefined;
    case "float": {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const value = bytes.length === 8 ? view.getFloat64(0) : view.getFloat32(0);
      return Number.isFinite(value) ? value : undefined;
    }
    case "text": {
      const end = bytes.indexOf(0);
      const text = String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end))).trimEnd();
      return text === "" ? undefined : text;
    }
    case "octets": {
      const empty = type === "eui48" ? 0xff : 0;
      return bytes.every((byte) => byte === empty) ? undefined : new Uint8Array(bytes);
    }
    default:
      return undefined;
  }
}

function unsigned(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
