export { type Clock, sleep, systemClock, type Timer } from "./clock.ts";
export { type ManualClock, manualClock } from "./manual-clock.ts";
export { type MemoryDevice, memoryPort } from "./memory-port.ts";
export type { CloseReason, Port, PortSettings } from "./port.ts";
export { type SerialPortOptions, serialPort } from "./serial-port.ts";
export { type TcpPortOptions, tcpPort } from "./tcp-port.ts";
