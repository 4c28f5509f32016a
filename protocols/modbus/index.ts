export { exceptionName, ModbusExceptionCode } from "./exception.ts";
export {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  isException,
  MAX_PDU,
  type ModbusAnswer,
  type ModbusException,
  type ModbusRequest,
  type ModbusResponse,
  packBits,
  unpackBits,
} from "./pdu.ts";
export {
  decodeRegisters,
  encodeRegisters,
  type RegisterFormat,
  type RegisterType,
  type RegisterValue,
  registerWords,
} from "./registers.ts";
export {
  decodeRtu,
  encodeRtu,
  MAX_RTU,
  RtuAnswerDecoder,
  type RtuAnswerEvent,
  type RtuAnswerOptions,
  type RtuDiscarded,
  type RtuDiscardReason,
  RtuRequestDecoder,
  type RtuRequestEvent,
} from "./rtu.ts";
export { answerLength, answerLengthFor, type Length, requestLength } from "./shape.ts";
export {
  encodeMbap,
  TcpAnswerDecoder,
  type TcpAnswerEvent,
  type TcpDiscarded,
  TcpRequestDecoder,
  type TcpRequestEvent,
} from "./tcp.ts";
