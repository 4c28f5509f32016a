import type { SignalFormat } from "../../protocols/obd/index.ts";

/** A value that a car is asked for. */
export interface ObdSource extends SignalFormat {
  /** 01 current data (SAE J1979), 22 by identifier (ISO 14229). */
  service: 0x01 | 0x22;
  pid: number;
  /** CAN identifier that the answer must come from, where several control units answer. Default: the lowest. */
  from?: number;
}

export interface ObdSection {
  /** Of the adapter's serial line: 38400 on an ELM327, other rates on clones. */
  baudRate: number;
  every: number;
  /** How long a car may take for one answer, in ms. */
  timeout: number;
}

export const OBD: ObdSection = { baudRate: 38_400, every: 10_000, timeout: 2_000 };
