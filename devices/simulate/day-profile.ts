import { UsageError } from "../../protocols/bytes/index.ts";

/** A day of power in equal steps from midnight (UTC); after it the same day comes again. */
export interface PowerSeries {
  /** Seconds that each value holds. */
  step: number;
  /** W. Positive: taken from the grid by a meter, made by an inverter. Negative: fed in. */
  watts: readonly number[];
}

export interface DayProfileOptions {
  /** Name of the column; needed where there are several. */
  column?: string;
  /** Each value is multiplied by this: -1 for consumption that is written as negative, 1000 for kW. Default 1. */
  scale?: number;
}

const DAY = 86_400;
const MAX_TEXT = 4 << 20;
/** Digits with a decimal point, and an exponent as spreadsheets write it. */
const NUMBER = /^[+-]?(?:\d{1,15}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?$/;

const wrong = (why: string, fix: string) => new UsageError("FS-SIMULATE-PROFILE", `a day profile: ${why}`, { fix });

function columnOf(names: readonly string[], wanted: string | undefined): number {
  if (wanted === undefined && names.length === 1) return 0;
  const at = wanted === undefined ? -1 : names.indexOf(wanted);
  if (at >= 0) return at;
  const known = names.join(", ").slice(0, 200);
  throw wrong(wanted === undefined ? "it has several columns" : `no column "${wanted}"`, `name one of ${known}`);
}

/**
 * A day profile as CSV: a line of column names, then a line for each step of the day; a day is divided evenly by the lines there
 * are (1440: minutes, 288: five minutes, 96: quarters of an hour). Columns are separated by commas; or by semicolons, then
 * numbers may have a decimal comma.
 * @throws UsageError FS-SIMULATE-PROFILE.
 */
export function parseDayProfile(text: string, { column, scale = 1 }: DayProfileOptions = {}): PowerSeries {
  if (text.length > MAX_TEXT) throw wrong(`more than ${MAX_TEXT} characters`, "give one day");
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const [head = "", ...rows] = lines;
  const separator = head.includes(";") ? ";" : ",";
  const names = head.split(separator).map((name) => name.trim());
  const at = columnOf(names, column);
  const step = DAY / rows.length;
  if (rows.length === 0 || !Number.isInteger(step)) {
    throw wrong(`${rows.length} lines do not divide a day evenly`, "give one line a step: 24, 96, 288, 1440 …");
  }
  const watts = rows.map((row, i) => {
    const cell = (row.split(separator)[at] ?? "").trim();
    const number = separator === ";" ? cell.replace(",", ".") : cell;
    if (!NUMBER.test(number)) throw wrong(`line ${i + 2} has no number in ${names[at]}`, "write digits only");
    return Number(number) * scale;
  });
  return { step, watts };
}
