export {
  TelegramDecoder,
  type TelegramDecoderOptions,
  type TelegramDiscardReason,
  type TelegramEvent,
} from "./decoder.ts";
export { type DlmsData, type DlmsIntegerType, decodeDlmsData, readDlmsData, writeDlmsData } from "./dlms.ts";
export { type DlmsTime, decodeDlmsTime, dlmsTimeToUtc, encodeDlmsTime } from "./dlms-time.ts";
export {
  type DlmsKeys,
  DlmsOpener,
  decodeGloCiphered,
  encodeGloCiphered,
  type GloCiphered,
} from "./glo-ciphering.ts";
export { type HanLayout, type HanList, type HanObject, readHanList } from "./han.ts";
export { HanDecoder, type HanDecoderOptions, type HanDiscardReason, type HanEvent } from "./han-decoder.ts";
export {
  decodeHdlc,
  encodeHdlc,
  HdlcDecoder,
  type HdlcDiscardReason,
  type HdlcEvent,
  type HdlcFrame,
  MAX_HDLC,
} from "./hdlc.ts";
export { type DlmsNotification, decodeDlmsNotification, encodeDlmsNotification } from "./notification.ts";
export {
  decimalText,
  type MeterTime,
  meterTimeToUtc,
  type ObisObject,
  type ObisValue,
  octetText,
  parseMeterTime,
} from "./obis.ts";
export {
  decodeTelegram,
  dsmrVersion,
  encodeTelegram,
  findValue,
  type MbusChannel,
  mbusChannels,
  type PowerFailure,
  powerFailures,
  type Telegram,
  telegramTime,
} from "./telegram.ts";
export { DLMS_UNITS } from "./units.ts";
