export {
  decodeMbusData,
  type MbusData,
  type MbusFunction,
  type MbusRecord,
  mbusManufacturer,
  mbusMedium,
} from "./data.ts";
export { encodeMbusAnswer, type MbusAnswer } from "./encode.ts";
export {
  decodeMbusFrame,
  encodeMbusFrame,
  MbusDecoder,
  type MbusDiscardReason,
  type MbusEvent,
  type MbusFrame,
} from "./frame.ts";
export {
  isMbusAnswer,
  MBUS_POINT_TO_POINT,
  MBUS_SELECTED,
  type MbusCommand,
  mbusCommand,
  mbusRequest,
  mbusReset,
  mbusSelect,
} from "./requests.ts";
export type { MbusTime } from "./value.ts";
