/**
 * A model as the SunSpec Alliance publishes it (SunSpec Device Information Model Specification V1.1 §4; files `model_N.json`
 * of github.com/sunspec/models can be passed as they are). Only what reading needs is named; other members are ignored.
 */
export interface SunspecModelDefinition {
  id: number;
  group: SunspecGroupDefinition;
}

export interface SunspecGroupDefinition {
  name: string;
  points: readonly SunspecPointDefinition[];
  groups?: readonly SunspecGroupDefinition[];
  /** How often the group occurs: a number, the name of a point that says so, or 0 for "as often as the length holds". */
  count?: number | string;
}

export interface SunspecPointDefinition {
  name: string;
  type: SunspecPointType;
  /** In registers of two bytes. */
  size: number;
  /** Power of ten, or the name of the `sunssf` point that holds it. */
  sf?: number | string;
  units?: string;
  /** Names of an enumeration's values or of a bit field's bits. */
  symbols?: readonly { name: string; value: number }[];
}

/** §4.4.4 of the same specification. */
export type SunspecPointType =
  | "int16"
  | "uint16"
  | "count"
  | "acc16"
  | "int32"
  | "uint32"
  | "acc32"
  | "int64"
  | "uint64"
  | "acc64"
  | "enum16"
  | "enum32"
  | "bitfield16"
  | "bitfield32"
  | "bitfield64"
  | "float32"
  | "float64"
  | "sunssf"
  | "string"
  | "ipaddr"
  | "ipv6addr"
  | "eui48"
  | "pad";
