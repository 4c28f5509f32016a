export { decodeCbor, textAt } from "./decode.ts";
export { encodeCbor, writeValue } from "./encode.ts";
export { floatAt, floatWidth, isIntegral, toHalf } from "./float.ts";
export { scanCbor } from "./scan.ts";
export { invalidUtf8At, utf8Length } from "./utf8.ts";
export { type CborKey, type CborLimits, type CborValue, TAG_DECIMAL, Tagged } from "./value.ts";
export {
  Major,
  writeArray,
  writeBoolean,
  writeBytes,
  writeFloat,
  writeHead,
  writeInteger,
  writeMap,
  writeNull,
  writeNumber,
  writeTag,
  writeText,
} from "./write.ts";
