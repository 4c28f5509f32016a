import type { RegisterFormat } from "../../protocols/modbus/index.ts";

/** Where a Modbus board keeps a measurement. */
export interface RegisterSource extends RegisterFormat {
  table: "input" | "holding";
  /** Zero-based address, as on the wire. */
  at: number;
}

export interface ModbusSection {
  unit: number;
  baudRate: number;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
  /** Most registers this board answers in one read. */
  maxRegisters: number;
  /** Unwanted registers that may be read along to save a request; 0 for a board that refuses gaps. */
  maxGap: number;
  /** How long the board may take to answer, in ms. */
  timeout: number;
  every: number;
}

export const MODBUS: ModbusSection = {
  unit: 1,
  baudRate: 9600,
  parity: "none",
  stopBits: 1,
  maxRegisters: 125,
  maxGap: 8,
  timeout: 1000,
  every: 10_000,
};
