import { ByteWriter, ProtocolError } from "../bytes/index.ts";

/** What a meter answers with, variable structure (EN 13757-3 §5.3). */
export interface MbusAnswer {
  /** Eight digits. */
  id: string;
  /** Three capital letters. */
  manufacturer: string;
  version: number;
  medium: number;
  access: number;
  status: number;
  /** Values of now, each a 32-bit integer; the VIF is one byte of table 10. */
  records: readonly { vif: number; value: number }[];
  /** More telegrams follow (DIF 1F). */
  more: boolean;
}

/** Data of a frame with CI field 72. @throws ProtocolError FS-MBUS-DATA for an id or a manufacturer that is none. */
export function encodeMbusAnswer(answer: MbusAnswer): Uint8Array {
  const { id, manufacturer } = answer;
  if (!/^\d{8}$/.test(id) || !/^[A-Z]{3}$/.test(manufacturer)) {
    throw new ProtocolError("FS-MBUS-DATA", "a meter has eight digits and three letters");
  }
  const writer = new ByteWriter();
  for (let at = 6; at >= 0; at -= 2) writer.u8(Number.parseInt(id.slice(at, at + 2), 16));
  const letters = [...manufacturer].reduce((code, letter) => code * 32 + letter.charCodeAt(0) - 64, 0);
  writer.u8(letters & 0xff).u8(letters >> 8);
  writer.u8(answer.version).u8(answer.medium).u8(answer.access).u8(answer.status).u16(0);
  for (const { vif, value } of answer.records) {
    writer.u8(0x04).u8(vif);
    for (let shift = 0; shift < 32; shift += 8) writer.u8((value >> shift) & 0xff);
  }
  if (answer.more) writer.u8(0x1f);
  return writer.finish();
}
