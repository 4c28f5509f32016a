import { type ModbusRequest, type ModbusResponse, unpackBits } from "../../../protocols/modbus/index.ts";
import type { RegisterTable } from "../../sections/modbus.ts";

/** The function that reads a table (MODBUS V1.1b3 §6.1 to §6.4). */
export const READ_FUNCTION = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;

export function readRequest(table: RegisterTable, address: number, count: number): ModbusRequest & { count: number } {
  return { fn: READ_FUNCTION[table], address, count };
}

/** What a read brought as registers; a bit is a register of 0 or 1. Undefined for an answer that holds neither. */
export function registersOf(answer: ModbusResponse, count: number): Uint8Array | undefined {
  if ("registers" in answer) return answer.registers;
  if (!("packed" in answer)) return undefined;
  const registers = new Uint8Array(2 * count);
  for (const [i, on] of unpackBits(answer.packed, count).entries()) if (on) registers[2 * i + 1] = 1;
  return registers;
}

interface Part {
  table: RegisterTable;
  at: number;
  registers: Uint8Array;
}

/** The registers of one poll. */
export class RegisterImage {
  readonly #parts: Part[] = [];

  put(table: RegisterTable, at: number, registers: Uint8Array): void {
    this.#parts.push({ table, at, registers });
  }

  /** `words` registers from `at` on; undefined where they were not read. */
  take(table: RegisterTable, at: number, words: number): Uint8Array | undefined {
    for (const part of this.#parts) {
      const from = 2 * (at - part.at);
      if (part.table !== table || from < 0 || from + 2 * words > part.registers.length) continue;
      return part.registers.subarray(from, from + 2 * words);
    }
    return undefined;
  }
}
