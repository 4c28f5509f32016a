import { type RegisterFormat, registerWords } from "../../../protocols/modbus/index.ts";
import type { MeasurementProfile, Profile } from "../../profile.ts";
import type { ControlSource, RegisterSource, RegisterTable } from "../../sections/modbus.ts";
import type { LintReport } from "../engine.ts";
import { spansOf } from "./plan.ts";

const BIT_TABLES: readonly RegisterTable[] = ["coil", "discrete"];
const FLOATS: readonly RegisterFormat["type"][] = ["f32", "f64"];
const NO_NUMBERS: readonly RegisterFormat["type"][] = ["bit", "string"];

/** What a Modbus profile says that cannot be true. */
export function lintModbus(profile: Profile, problem: LintReport): void {
  const { modbus } = profile;
  if (!modbus) return void problem("modbus", "is missing");
  // 0 is a broadcast on a serial line; on TCP 255 means the server itself (Messaging on TCP/IP V1.0b §4.4.1.2).
  if (modbus.unit < 1 || (modbus.unit > 247 && modbus.unit !== 255)) problem("modbus.unit", "must be 1 to 247, or 255");
  if (modbus.maxRegisters < 1 || modbus.maxRegisters > 125) problem("modbus.maxRegisters", "must be 1 to 125");
  if (modbus.maxGap < 0) problem("modbus.maxGap", "must not be negative");
  if (modbus.timeout < 50) problem("modbus.timeout", "is shorter than an answer at 9600 baud takes");
  for (const [table, holes] of Object.entries(modbus.holes)) {
    if (holes.some(([first, last]) => first > last)) problem(`modbus.holes.${table}`, "have the first register first");
  }
  for (const measurement of profile.measurements) lintRegister(modbus.maxRegisters, measurement, problem);
  for (const [key, control] of Object.entries(modbus.control)) lintControl(`modbus.control.${key}`, control, problem);
}

function lintRegister(maxRegisters: number, { name, kind, register }: MeasurementProfile, problem: LintReport): void {
  const path = `measurements.${name}.register`;
  if (!register) return void problem(path, "is missing");
  for (const { at, words } of spansOf(register)) {
    if (!inRange(at, words)) problem(`${path}.at`, "is outside 0…65535");
    if (words > maxRegisters) problem(path, "is wider than one read");
  }
  if (BIT_TABLES.includes(register.table) !== (register.type === "bit")) {
    problem(`${path}.type`, "must be bit in the tables coil and discrete, and only there");
  }
  lintMeaning(path, kind, register, problem);
}

function lintMeaning(
  path: string,
  kind: MeasurementProfile["kind"],
  register: RegisterSource,
  problem: LintReport,
): void {
  const { type, plus, times = 1, factor, bit, mask, texts, flags } = register;
  const picked = [bit, mask, flags].filter((one) => one !== undefined).length;
  const whole = !FLOATS.includes(type) && !NO_NUMBERS.includes(type);
  if (picked > 1) problem(path, "takes one of bit, mask and flags");
  if (!whole && (plus || texts || picked > 0)) problem(path, `a ${type} has no plus, bit, mask, flags or texts`);
  if (!Number.isInteger(times) || times === 0) problem(`${path}.times`, "must be a whole number other than 0");
  if (FLOATS.includes(type) && Math.abs(times) !== 1) problem(`${path}.times`, "is 1 or -1 for a float");
  if (factor && (FLOATS.includes(factor.type) || NO_NUMBERS.includes(factor.type))) {
    problem(`${path}.factor.type`, "must be an integer");
  }
  if (bit !== undefined && (bit < 0 || bit >= 16 * registerWords(register))) problem(`${path}.bit`, "is not in it");
  if (mask !== undefined && !(Number.isSafeInteger(mask) && mask > 0)) problem(`${path}.mask`, "must be above 0");
  const isState = NO_NUMBERS.includes(type) || bit !== undefined || flags !== undefined || texts !== undefined;
  if (isState !== (kind === "state")) problem(path, isState ? "gives a state" : "gives a number, not a state");
}

function lintControl(path: string, control: ControlSource, problem: LintReport): void {
  const { table, type, at, bounds, readBack, refresh, source } = control;
  if (!inRange(at, registerWords(control))) problem(`${path}.at`, "is outside 0…65535");
  if (table === "coil" && type !== "bit") problem(`${path}.type`, "must be bit for a coil");
  if (type === "string") problem(`${path}.type`, "cannot be written");
  if (type !== "bit" && !control.texts && !(bounds && bounds[0] < bounds[1])) {
    problem(`${path}.bounds`, "must be two numbers, the smaller first");
  }
  if (typeof readBack === "number" && !inRange(readBack, registerWords(control)))
    problem(`${path}.readBack`, "is outside");
  if (refresh !== undefined && refresh < 1000) problem(`${path}.refresh`, "is shorter than 1 s");
  if (source.trim() === "") problem(`${path}.source`, "is empty: name document and section");
}

const inRange = (at: number, words: number): boolean => Number.isInteger(at) && at >= 0 && at + words <= 0x1_0000;
