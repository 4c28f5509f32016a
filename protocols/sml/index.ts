export { SmlDecoder, type SmlDecoderOptions, type SmlDiscardReason, type SmlEvent } from "./decoder.ts";
export { encodeSmlFile, type SmlNumber } from "./encode.ts";
export { decodeSmlFile, type SmlEntry, type SmlList } from "./file.ts";
export { type SmlValue, writeSmlValue } from "./value.ts";
