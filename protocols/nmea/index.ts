export { NmeaDecoder, type NmeaEvent } from "./decoder.ts";
export { type NmeaFix, NmeaFixes } from "./fix.ts";
export { decodeNmea, encodeNmea, MAX_NMEA, type NmeaSentence } from "./sentence.ts";
