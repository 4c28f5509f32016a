export {
  decodeAnswers,
  decodeVin,
  type ObdAnswer,
  type ObdAnswers,
  type ObdRequest,
  requestText,
  supportedPids,
} from "./answer.ts";
export { type CanFrame, decodeCanLine, encodeCanLine } from "./can.ts";
export { decodeElmAnswer, type ElmAnswer, ElmDecoder, type ElmEvent, type ElmProblem } from "./elm.ts";
export { IsoTpAssembler, type IsoTpEvent, segment } from "./isotp.ts";
export { PIDS, type Pid, type PidName } from "./pids.ts";
export { rawSignal, type SignalFormat, signalValue } from "./signal.ts";
