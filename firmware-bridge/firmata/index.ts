export { FirmataBoard, type FirmataBoardOptions } from "./board.ts";
export { type FirmataIoOptions, firmataIo } from "./johnny-five.ts";
export { type FirmataIo, type FirmataLoader, loadFirmata } from "./library.ts";
export { FirmataTransport, type FirmataTransportOptions } from "./transport.ts";
