export { decodeRuuvi, encodeRuuvi, type RuuviSample, type RuuviValues } from "./raw-v2.ts";
