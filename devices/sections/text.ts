/** Where a printed line carries a measurement: behind a name, or in a packet's bytes. */
export type TextSource =
  | { field: string }
  | {
      /** Node number of the packet. */
      node: number;
      /** First byte, from 0; low byte first. */
      at: number;
      type: "i16" | "u16" | "i32" | "u32";
      /** Raw value that means "not there" (a sensor that is not plugged in). */
      absent?: number;
    };

export interface TextSection {
  baudRate: number;
  dataBits: 8;
  parity: "none";
  stopBits: 1;
  /** Shortest distance of two readings that are kept, in ms. */
  every: number;
  /** The board counts as lost after this long without a good line, in ms. */
  silence: number;
  /** Between two lines, as the board prints them, in ms: what a simulator does, and what a gap is told by. */
  interval: number;
  /** Bytes of a packet: another length is another board's. Of no effect on pairs. */
  packetBytes: number;
}

// emonTx V3 and later: 115200 8N1, a line every ten seconds.
export const TEXT: TextSection = {
  baudRate: 115_200,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  every: 10_000,
  silence: 60_000,
  interval: 10_000,
  packetBytes: 0,
};
