export { Command, OneWire, PinMode, Sysex } from "./constants.ts";
export { FirmataDecoder, type FirmataEvent } from "./decoder.ts";
export { type FirmataMessage, parseFirmata } from "./message.ts";
export {
  dhtRead,
  i2cConfig,
  i2cRead,
  i2cWrite,
  oneWireConfig,
  oneWireRead,
  oneWireSearch,
  oneWireWrite,
} from "./request.ts";
export { fromPairs, pack7, toPairs, unpack7 } from "./seven-bit.ts";
