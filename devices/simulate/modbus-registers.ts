import { encodeRegisters, type RegisterValue, registerWords } from "../../protocols/modbus/index.ts";
import { spansOf } from "../drivers/modbus/plan.ts";
import type { Profile } from "../profile.ts";
import type { ControlSource, RegisterSource, RegisterTable } from "../sections/modbus.ts";
import type { SimulatedBoard } from "./board.ts";

/** What a simulated board that has a scale factor says in it: that there is none. */
const NEUTRAL = { power: 0, multiplier: 1, divisor: 1 } as const;

const wordKey = (table: RegisterTable, at: number): string => `${table} ${at}`;

/** The registers of a simulated board: its model's values by its profile, and what was written since. */
export class BoardRegisters {
  readonly #board: SimulatedBoard;
  readonly #known: ReadonlySet<string>;
  /** Addresses that a value of their own is kept at; sums over them are theirs. */
  readonly #own: ReadonlySet<string>;

  constructor(board: SimulatedBoard) {
    this.#board = board;
    this.#known = knownWords(board.profile);
    this.#own = new Set(
      board.profile.measurements.flatMap(({ register }) =>
        register && !register.plus ? [wordKey(register.table, register.at)] : [],
      ),
    );
  }

  /** Undefined where the board refuses: nothing it knows, or what it never has read along. */
  read(table: RegisterTable, address: number, count: number): Uint8Array | undefined {
    const { modbus, measurements } = this.#board.profile;
    const end = address + count;
    const words = Array.from({ length: count }, (_, i) => this.#known.has(wordKey(table, address + i)));
    const gaps = modbus!.maxGap > 0 || words.every((known) => known);
    const holes = (modbus!.holes[table] ?? []).some(([first, last]) => first < end && last >= address);
    if (count > modbus!.maxRegisters || !words.includes(true) || !gaps || holes) return undefined;
    const registers = new Uint8Array(2 * count);
    const put = (at: number, bytes: Uint8Array, merge = false) => {
      for (const [i, byte] of bytes.entries()) {
        const offset = 2 * (at - address) + i;
        if (offset >= 0 && offset < registers.length) registers[offset] = byte | (merge ? registers[offset]! : 0);
      }
    };
    const reported = this.#board.reported();
    for (const { register, name } of measurements) {
      if (register?.table === table) this.#encode(register, reported.get(name), put);
    }
    for (let i = 0; i < count; i++) {
      const written = this.#board.written.get(wordKey(table, address + i));
      if (written !== undefined) put(address + i, Uint8Array.of(written >> 8, written & 0xff));
    }
    return registers;
  }

  #encode(
    source: RegisterSource,
    value: number | string | boolean | undefined,
    put: (at: number, bytes: Uint8Array, merge?: boolean) => void,
  ): void {
    const { table, at, plus, factor, times = 1 } = source;
    if (factor) put(factor.at, encodeRegisters(factor, NEUTRAL[factor.as]));
    if (plus && [at, ...plus].some((one) => this.#own.has(wordKey(table, one)))) return;
    // Bits of one register are several measurements.
    const shared = source.bit !== undefined || source.mask !== undefined;
    put(at, encodeRegisters(source, rawValue(source, value, 1 / times, this.#board.profile)), shared);
  }

  /** Takes what the profile lets it be told; false for everything else. */
  write(table: RegisterTable, address: number, registers: Uint8Array): boolean {
    const found = Object.values(this.#board.profile.modbus!.control).find(
      (control) => control.table === table && control.at === address && 2 * registerWords(control) === registers.length,
    );
    if (!found) return false;
    const readBack = typeof found.readBack === "number" ? found.readBack : address;
    for (let i = 0; i < registers.length; i += 2) {
      this.#board.written.set(wordKey(table, readBack + i / 2), (registers[i]! << 8) | registers[i + 1]!);
    }
    return true;
  }
}

function rawValue(
  source: RegisterSource,
  value: number | string | boolean | undefined,
  factor: number,
  { model }: Profile,
): RegisterValue {
  const { type, bit, mask, texts, flags } = source;
  if (type === "string") return typeof value === "string" ? value : model;
  if (type === "bit") return value === true || value === 1;
  if (flags !== undefined) return 0;
  if (bit !== undefined) return value === true ? 2 ** bit : 0;
  if (texts !== undefined) {
    const found = Object.entries(texts).find(([, text]) => text === value) ?? Object.entries(texts)[0];
    return shiftedUp(Number(found?.[0] ?? 0), mask);
  }
  const number = typeof value === "number" ? value * factor : 0;
  if (type === "f32" || type === "f64") return number;
  // A counter never shows more than was counted: cut, not rounded, but for what binary fractions lose.
  return BigInt(Math.floor(shiftedUp(number, mask) + 1e-6));
}

function shiftedUp(value: number, mask: number | undefined): number {
  if (mask === undefined) return value;
  const bits = BigInt(mask);
  return value * Number(bits & -bits);
}

function knownWords({ measurements, modbus }: Profile): Set<string> {
  const known = new Set<string>();
  const add = (table: RegisterTable, at: number, words: number) => {
    for (let i = 0; i < words; i++) known.add(wordKey(table, at + i));
  };
  for (const { register } of measurements) {
    if (register) for (const { at, words } of spansOf(register)) add(register.table, at, words);
  }
  for (const control of Object.values(modbus!.control)) {
    const at = readBackOf(control);
    if (at !== undefined) add(control.table, at, registerWords(control));
  }
  return known;
}

function readBackOf({ at, readBack = at }: ControlSource): number | undefined {
  return readBack === "none" ? undefined : readBack;
}
