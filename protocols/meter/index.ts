export {
  TelegramDecoder,
  type TelegramDecoderOptions,
  type TelegramDiscardReason,
  type TelegramEvent,
} from "./decoder.ts";
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
