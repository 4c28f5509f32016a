/** Where a telegram carries a measurement. */
export interface ObisSource {
  /** OBIS references whose values are added up; all of them must be in the telegram. Empty with `channel`. */
  sum: readonly string[];
  /**
   * The latest reading of the first meter behind this one that has one of these device types (EN 13757-3 table 3: 3 gas,
   * 4 heat, 6 hot water, 7 water), whatever its channel.
   */
  channel?: readonly number[];
  /** References whose values are taken off (export from import). */
  less?: readonly string[];
  /** Unit the meter sends with them, checked: `kWh`, `kW`, `V`; absent for a bare number. */
  unit?: string;
  /** How a simulator prints one value: digits before and after the point. */
  digits: readonly [whole: number, fraction: number];
}

export interface P1Section {
  baudRate: number;
  dataBits: 7 | 8;
  parity: "none" | "even";
  stopBits: 1;
  /** Shortest distance of two readings that are kept, in ms. */
  every: number;
  /** The meter counts as lost after this long without a good telegram, in ms. */
  silence: number;
}

// DSMR 4 and later: 115200 8N1, a telegram a second (5) or every ten (4).
export const P1: P1Section = {
  baudRate: 115_200,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  every: 10_000,
  silence: 30_000,
};
