export { addNumbers, Decimal, numberOf, type SenmlNumber } from "./decimal.ts";
export { decodeReading } from "./decode-reading.ts";
export { encodeReading } from "./encode-reading.ts";
export { QUALITY_MASK, Quality, qualityNames } from "./quality.ts";
export { MAX_MEASUREMENTS, MAX_READING_BYTES, type Measurement, type Reading } from "./reading.ts";
export { toPrimary, type Unit, unitOf, units } from "./units.ts";
