export {
  decodeMbusData,
  type MbusData,
  type MbusFunction,
  type MbusRecord,
  mbusManufacturer,
  mbusMedium,
} from "./data.ts";
export {
  decodeMbusFrame,
  encodeMbusFrame,
  MbusDecoder,
  type MbusDiscardReason,
  type MbusEvent,
  type MbusFrame,
} from "./frame.ts";
export type { MbusTime } from "./value.ts";
