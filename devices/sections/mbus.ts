import type { MbusFunction } from "../../protocols/mbus/index.ts";

/** Which record of an answer carries a measurement: the first one that fits. */
export interface MbusSource {
  /** As in `MbusRecord.quantity`: `energy`, `volume`, `power`, `volumeFlow`, `flowTemperature`, … */
  quantity: string;
  /** Default: the value of now. */
  function?: MbusFunction;
  storage?: number;
  tariff?: number;
  subunit?: number;
  /** How a simulator sends it: unit and power of ten of one count. */
  sent: { unit: string; exponent: number };
}

export interface MbusSection {
  baudRate: number;
  parity: "none" | "even";
  stopBits: 1 | 2;
  /** Primary address of a meter as delivered. The configuration's `unit` goes before it. */
  address: number;
  /** How long the meter may take to answer, in ms. */
  timeout: number;
  every: number;
}

// EN 13757-2 §5: 2400 baud 8E1 as meters leave the factory; 11 to 330 bit times plus 50 ms to answer, plus 255 bytes.
export const MBUS: MbusSection = {
  baudRate: 2400,
  parity: "even",
  stopBits: 1,
  address: 1,
  timeout: 2000,
  every: 60_000,
};
