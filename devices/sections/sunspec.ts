/** Where a SunSpec device keeps a measurement. */
export interface PointSource {
  /** Models that may hold it; the first one that the device has and that implements the point counts. */
  models: readonly number[];
  point: string;
  /** Sub-group that the point stands in, and which of its repetitions, from 0. */
  group?: string;
  index?: number;
  /** Point of the same group that is taken off (exported from imported). */
  less?: string;
}

export interface SunspecSection {
  unit: number;
  baudRate: number;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
  /** How long the device may take to answer, in ms. */
  timeout: number;
  every: number;
}

// SunSpec Device Information Model Specification V1.1 §6.5: 9600 8N1 where nothing else is said.
export const SUNSPEC: SunspecSection = {
  unit: 1,
  baudRate: 9600,
  parity: "none",
  stopBits: 1,
  timeout: 2000,
  every: 10_000,
};
