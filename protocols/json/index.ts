export { decodeJson, type JsonLimits, JsonNumber, type JsonText, jsonAt } from "./decode.ts";
