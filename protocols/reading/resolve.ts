import { addNumbers, numberOf, type SenmlNumber } from "./decimal.ts";
import { isNameCode } from "./reading.ts";
import { refuse, SENML_VERSION, SENML_VERSION_SECONDARY_UNITS, type SenmlRecord } from "./senml.ts";

/** Times below are relative to now (RFC 8428 §4.5.3). */
const FIRST_ABSOLUTE = 2 ** 28;

/** Ours: without a limit, one long base name would be repeated by every record behind it. */
const MAX_FULL_NAME = 1024;

/** Base values in force: each holds until a later record sets the same one. */
type Base = Pick<SenmlRecord, "baseVersion" | "baseName" | "baseTime" | "baseUnit" | "baseValue" | "baseSum">;

const BASE_KEYS = ["baseVersion", "baseName", "baseTime", "baseUnit", "baseValue", "baseSum"] as const;

function sumOf(a: SenmlNumber | undefined, b: SenmlNumber | undefined, index: number): SenmlNumber {
  // A missing one counts as zero (RFC 8428 §4.5.4), which leaves the other as it is, -0 included.
  const sum = a === undefined ? (b ?? 0) : b === undefined ? a : addNumbers(a, b);
  if (typeof sum === "number" && !Number.isFinite(sum))
    refuse("VALUE", index, "a base value and a value add up to no finite number");
  return sum;
}

/** RFC 8428 §4.5.1: the concatenated name, of a set of characters that needs no escaping anywhere. */
function nameOf(base: Base, record: SenmlRecord, index: number): string {
  const name = `${base.baseName ?? ""}${record.name ?? ""}`;
  let valid = name.length > 0 && name.length <= MAX_FULL_NAME;
  for (let i = 0; valid && i < name.length; i++) valid = isNameCode(name.charCodeAt(i), i === 0);
  if (!valid)
    refuse("NAME", index, `${JSON.stringify(name.slice(0, 64))} is not a name of 1 to ${MAX_FULL_NAME} characters`);
  return name;
}

/** Own and base value (RFC 8428 §4.5.4). Undefined for a record that carries no measurement. */
function measured(base: Base, record: SenmlRecord, index: number): Pick<SenmlRecord, "value" | "sum"> | undefined {
  const { value } = record;
  const result: Pick<SenmlRecord, "value" | "sum"> = {};
  if (typeof value === "string" || typeof value === "boolean" || value instanceof Uint8Array) result.value = value;
  else if (value !== undefined || (base.baseValue !== undefined && record.sum === undefined)) {
    result.value = sumOf(base.baseValue, value, index);
  }
  if (record.sum !== undefined || base.baseSum !== undefined) result.sum = sumOf(base.baseSum, record.sum, index);
  return result.value === undefined && result.sum === undefined ? undefined : result;
}

function onlyBase(record: SenmlRecord): boolean {
  return (Object.keys(record) as (keyof SenmlRecord)[]).every((key) => (BASE_KEYS as readonly string[]).includes(key));
}

function resolveOne(base: Base, record: SenmlRecord, index: number, now: number): SenmlRecord {
  const values = measured(base, record, index);
  if (values === undefined) refuse("VALUE", index, "neither a value nor a sum");
  const resolved: SenmlRecord = { name: nameOf(base, record, index) };
  const unit = record.unit ?? base.baseUnit;
  if (unit !== undefined) resolved.unit = unit;
  Object.assign(resolved, values);
  const time = sumOf(base.baseTime, record.time, index);
  if (!Number.isFinite(numberOf(time))) refuse("VALUE", index, "a time beyond every double");
  resolved.time = numberOf(time) < FIRST_ABSOLUTE ? sumOf(time, now / 1000, index) : time;
  if (record.updateTime !== undefined) resolved.updateTime = record.updateTime;
  // §4.6: the version stays in resolved records when it is not the one of RFC 8428.
  if (base.baseVersion === SENML_VERSION_SECONDARY_UNITS) resolved.baseVersion = base.baseVersion;
  // Unknown fields with base semantics begin with b (§12.2); without their rules they cannot be resolved.
  const extra = new Map([...(record.extra ?? [])].filter(([label]) => !label.startsWith("b")));
  if (extra.size > 0) resolved.extra = extra;
  return resolved;
}

/**
 * Resolved records (RFC 8428 §4.6): full names, absolute times, own units, base values added, in chronological order. Records of base
 * fields only give none. Names have 1,024 characters at the most. Sums are decimal: 120.1 and 0.2 give 120.3.
 * @param options.now ms since 1970; times relative to now count from here.
 * @throws ProtocolError FS-SENML-NAME, -VALUE, -VERSION (two versions in a pack).
 */
export function resolve(records: readonly SenmlRecord[], options: { now: number }): SenmlRecord[] {
  const base: Base = {};
  const resolved: SenmlRecord[] = [];
  let version: number | undefined;
  records.forEach((record, index) => {
    for (const key of BASE_KEYS) if (record[key] !== undefined) Object.assign(base, { [key]: record[key] });
    const ours = base.baseVersion ?? SENML_VERSION;
    if (index > 0 && version !== ours) refuse("VERSION", index, "two versions in one pack");
    version = ours;
    if (!onlyBase(record)) resolved.push(resolveOne(base, record, index, options.now));
  });
  return resolved.sort((a, b) => numberOf(a.time!) - numberOf(b.time!));
}
