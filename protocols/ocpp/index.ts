export { type AnswerFacts, stationAnswer } from "./answers.ts";
export { commandVerdict, type StationCall, type StationCommand, stationCall } from "./commands.ts";
export { type StationEvent, type StationStart, type StationStop, stationEvent } from "./events.ts";
export {
  decodeOcppMessage,
  encodeOcppMessage,
  OCPP_SUBPROTOCOLS,
  type OcppMessage,
  type OcppPayload,
  type OcppVersion,
  ocppErrorCode,
} from "./message.ts";
export {
  meterValues16,
  meterValues201,
  type OcppMeterValue,
  type OcppSample,
  ocppDecimal,
  ocppTime,
} from "./sample.ts";
export { decodeOcppKey, decodeSignedRecord, type OcppSignedValue, signedValue16, signedValue201 } from "./signed.ts";
