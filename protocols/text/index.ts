export { parseFields, parsePacket, type RadioPacket, type TextFields } from "./fields.ts";
export { LineDecoder, type LineDecoderOptions, type LineDiscardReason, type LineEvent } from "./lines.ts";
