export { ByteQueue } from "./byte-queue.ts";
export { compareBytes, concatBytes, copyOf, equalBytes, fromUtf8, utf8 } from "./bytes.ts";
export { crc16Arc, crc16Ccitt, crc16Modbus, crc16X25, crc32c } from "./crc.ts";
export {
  type Blame,
  CancelledError,
  EnvironmentError,
  FieldsealError,
  type FieldsealErrorOptions,
  InternalError,
  ProtocolError,
  TimeoutError,
  UsageError,
} from "./errors.ts";
export { ByteReader } from "./reader.ts";
export { sha256, sha256Engine } from "./sha256.ts";
export type { Sha256Engine } from "./sha256-engine.ts";
export { ByteSlab } from "./slab.ts";
export { fromBase64, fromBase64Url, fromHex, toBase64, toBase64Url, toHex } from "./text.ts";
export { ByteWriter } from "./writer.ts";
