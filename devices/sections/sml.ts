export interface SmlSection {
  baudRate: number;
  dataBits: 8;
  parity: "none";
  stopBits: 1;
  /** Shortest distance of two readings that are kept, in ms. */
  every: number;
  /** The meter counts as lost after this long without a good file, in ms. */
  silence: number;
}

// Optical information interface of German meters (FNN Lastenheft Basiszähler): 9600 8N1, a file every one to four seconds.
export const SML: SmlSection = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  every: 10_000,
  silence: 30_000,
};
