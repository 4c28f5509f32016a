/** Exception codes of MODBUS Application Protocol V1.1b3 §7, by the names the specification gives them. */
const NAMES: Readonly<Record<number, string>> = {
  1: "illegal function",
  2: "illegal data address",
  3: "illegal data value",
  4: "server device failure",
  5: "acknowledge",
  6: "server device busy",
  8: "memory parity error",
  10: "gateway path unavailable",
  11: "gateway target device failed to respond",
};

export const ModbusExceptionCode = {
  illegalFunction: 1,
  illegalDataAddress: 2,
  illegalDataValue: 3,
  serverDeviceFailure: 4,
  acknowledge: 5,
  serverDeviceBusy: 6,
  memoryParityError: 8,
  gatewayPathUnavailable: 10,
  gatewayTargetFailed: 11,
} as const;

/** The name of an exception code; a code the specification does not know is named by its number. */
export function exceptionName(code: number): string {
  return NAMES[code] ?? `exception ${code}`;
}
