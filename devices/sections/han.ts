import type { HanLayout } from "../../protocols/meter/index.ts";

export interface HanSection {
  baudRate: number;
  dataBits: 8;
  parity: "none" | "even";
  stopBits: 1;
  /** Shortest distance of two readings that are kept, in ms. */
  every: number;
  /** The meter counts as lost after this long without a good list, in ms. */
  silence: number;
  /** How the lists are built; any layout is read, this is what a simulator sends. */
  layout: HanLayout;
  /** Version of the lists a simulator sends. */
  version: string;
}

// M-Bus level of NEK "AMS + HAN": 2400 baud, a list every 2.5 or 10 seconds.
export const HAN: HanSection = {
  baudRate: 2400,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  every: 10_000,
  silence: 60_000,
  layout: "cosem",
  version: "AIDON_V0001",
};
