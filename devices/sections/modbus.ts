import type { RegisterFormat } from "../../protocols/modbus/index.ts";

/** The four tables of a Modbus board (MODBUS V1.1b3 §4.3). Coils and discrete inputs hold bits. */
export type RegisterTable = "input" | "holding" | "coil" | "discrete";

/** A register that says how another one is to be read. */
export interface FactorSource extends RegisterFormat {
  /** Zero-based address in the same table. */
  at: number;
  /** What it holds: a power of ten (SunSpec's scale factor), a multiplier, or a divisor. */
  as: "power" | "multiplier" | "divisor";
  /** Raw values that mean "not available". */
  none?: readonly number[];
}

/** Where a Modbus board keeps a measurement. */
export interface RegisterSource extends RegisterFormat {
  table: RegisterTable;
  /** Zero-based address, as on the wire. */
  at: number;
  /** Further addresses of the same form that are added up (three phases); those not available count nothing. Integers only. */
  plus?: readonly number[];
  /** The value is the register times this whole number; -1 turns its sign. */
  times?: number;
  /** A register with the scale factor. */
  factor?: FactorSource;
  /** Raw values that mean "not available": such a measurement is left out. A float's NaN is one by itself where it is optional. */
  none?: readonly (number | bigint)[];
  /** The measurement is this bit of an integer, as a boolean; 0 is the lowest. */
  bit?: number;
  /** The measurement is what lies under these bits, shifted down. */
  mask?: number;
  /** The measurement is the text of this value; a value without one is its number. */
  texts?: Readonly<Record<number, string>>;
  /** The measurement is the texts of the bits set, by bit number, joined by ", "; bits without one are left out. */
  flags?: Readonly<Record<number, string>>;
}

/** What a board may be told, where the configuration allows it. */
export interface ControlSource extends RegisterFormat {
  table: "holding" | "coil";
  /** Zero-based address. */
  at: number;
  /** SenML unit of the value; "" for a bare number, text or boolean. */
  unit: string;
  /** Least and most that is ever written, in `unit`. Of no effect on booleans and texts. */
  bounds?: readonly [least: number, most: number];
  /** The value is the register times ten to this power. Default 0. */
  scale?: number;
  /** Texts that may be given in place of the register's number. */
  texts?: Readonly<Record<number, string>>;
  /** Default: function 6 for one register, 16 for more, 5 for a coil. `multiple`: 16 for one register, too. */
  write?: "single" | "multiple";
  /** Where what was written can be read back; default: at the same address. `none`: the register is write-only. */
  readBack?: number | "none";
  /** A board that forgets what it was told is told again this often, in ms. */
  refresh?: number;
  source: string;
}

export interface ModbusSection {
  unit: number;
  baudRate: number;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
  /** Most registers this board answers in one read. */
  maxRegisters: number;
  /** Unwanted registers that may be read along to save a request; 0 for a board that refuses gaps. */
  maxGap: number;
  /** Address ranges (first and last register) that the board refuses to have read along, by table. */
  holes: Readonly<Partial<Record<RegisterTable, readonly (readonly [first: number, last: number])[]>>>;
  /** How long the board may take to answer, in ms. */
  timeout: number;
  every: number;
  /** By the key of a `DeviceCommand`. */
  control: Readonly<Record<string, ControlSource>>;
}

export const MODBUS: ModbusSection = {
  unit: 1,
  baudRate: 9600,
  parity: "none",
  stopBits: 1,
  maxRegisters: 125,
  maxGap: 8,
  holes: {},
  timeout: 1000,
  every: 10_000,
  control: {},
};
