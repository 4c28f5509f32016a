/** Where a list of COSEM objects (HAN, SML) carries a measurement. */
export interface CosemSource {
  /** OBIS references in the order they are looked for: the first that is there counts. `1-0:1.8.0`. */
  codes: readonly string[];
  /** References whose value is taken off (export from import); one of them must be there too. */
  less?: readonly string[];
  /** Unit that the meter counts in, checked: `Wh`, `W`, `V`, `A`; absent for a bare number. */
  unit?: string;
  /** How a simulator sends it: the power of ten of one count. */
  scaler: number;
}
