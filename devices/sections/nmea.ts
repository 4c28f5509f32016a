import type { NmeaFix } from "../../protocols/nmea/index.ts";

/** Which field of a fix a measurement is. */
export type FixField = Exclude<keyof NmeaFix, "time">;

export interface NmeaSection {
  baudRate: number;
  dataBits: 7 | 8;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
  /** Shortest distance of two readings that are kept, in ms. */
  every: number;
  /** The receiver counts as lost after this long without a good fix, in ms. */
  silence: number;
}

// NMEA 0183 §3.2: 4800 8N1; what is sold today comes with 9600.
export const NMEA: NmeaSection = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  every: 10_000,
  silence: 30_000,
};
