export { decodeRuuvi, type RuuviValues } from "./raw-v2.ts";
