import { ByteWriter, crc16X25 } from "../bytes/index.ts";
import { SML_CLOSE_RESPONSE, SML_GET_LIST_RESPONSE, SML_OPEN_RESPONSE } from "./file.ts";
import { type SmlValue, writeSmlValue } from "./value.ts";

/** One number of a list as a meter sends it: `value` times ten to `scaler`, in the unit of this code (IEC 62056-6-2 table 4). */
export interface SmlNumber {
  /** Six bytes of the OBIS reference. */
  code: readonly number[];
  unit: number;
  scaler: number;
  value: bigint;
}

const octets = (...bytes: readonly number[]): SmlValue => ({ type: "octets", value: Uint8Array.from(bytes) });
const unsigned = (value: bigint): SmlValue => ({ type: "unsigned", value });
const integer = (value: bigint): SmlValue => ({ type: "integer", value });
const list = (...value: SmlValue[]): SmlValue => ({ type: "list", value });
const absent = octets();

/** The file a meter pushes: open response, list, close response, in the transport's escape sequences. */
export function encodeSmlFile(transaction: number, serverId: Uint8Array, numbers: readonly SmlNumber[]): Uint8Array {
  const id: SmlValue = { type: "octets", value: serverId };
  const entries = numbers.map(({ code, unit, scaler, value }) =>
    list(octets(...code), absent, absent, unsigned(BigInt(unit)), integer(BigInt(scaler)), integer(value), absent),
  );
  const content = new ByteWriter();
  const bodies: readonly (readonly [bigint, SmlValue])[] = [
    [SML_OPEN_RESPONSE, list(absent, absent, octets(0, transaction & 0xff), id, absent, absent)],
    [SML_GET_LIST_RESPONSE, list(absent, id, absent, absent, list(...entries), absent, absent)],
    [SML_CLOSE_RESPONSE, list(absent)],
  ];
  bodies.forEach(([tag, body], i) => {
    content.bytes(message(transaction + i, tag, body));
  });
  return transport(content.finish());
}

function message(transaction: number, tag: bigint, body: SmlValue): Uint8Array {
  const writer = new ByteWriter().u8(0x76);
  writeSmlValue(writer, octets((transaction >> 8) & 0xff, transaction & 0xff));
  writeSmlValue(writer, unsigned(0n));
  writeSmlValue(writer, unsigned(0n));
  writeSmlValue(writer, list(unsigned(tag), body));
  const check = crc16X25(writer.finish());
  return writer
    .u8(0x63)
    .u8(check & 0xff)
    .u8(check >> 8)
    .u8(0)
    .finish();
}

function transport(content: Uint8Array): Uint8Array {
  const writer = new ByteWriter().u32(0x1b1b1b1b).u32(0x01010101);
  let run = 0;
  for (const byte of content) {
    writer.u8(byte);
    run = byte === 0x1b ? run + 1 : 0;
    if (run < 4) continue;
    writer.u32(0x1b1b1b1b);
    run = 0;
  }
  const fill = (4 - (content.length % 4)) % 4;
  for (let i = 0; i < fill; i++) writer.u8(0);
  writer.u32(0x1b1b1b1b).u8(0x1a).u8(fill);
  const check = crc16X25(writer.finish());
  return writer
    .u8(check & 0xff)
    .u8(check >> 8)
    .finish();
}
