import { ProtocolError } from "../bytes/index.ts";
import { utf8Length } from "../cbor/index.ts";
import type { SenmlNumber } from "./decimal.ts";
import { Decimal } from "./decimal.ts";
import type { Reading } from "./reading.ts";
import { PREV_NAME, QUALITY_NAME } from "./reading.ts";

/**
 * A SenML record (RFC 8428 §4), as it stands in a pack: base fields apply to it and to the records after it. Times in seconds.
 * `value` is one of v, vs, vb, vd.
 */
export interface SenmlRecord {
  baseVersion?: number;
  baseName?: string;
  baseTime?: SenmlNumber;
  baseUnit?: string;
  baseValue?: SenmlNumber;
  baseSum?: SenmlNumber;
  name?: string;
  unit?: string;
  value?: SenmlNumber | string | boolean | Uint8Array;
  sum?: SenmlNumber;
  /** Seconds; below 2^28 relative to now (RFC 8428 §4.5.3). */
  time?: SenmlNumber;
  /** Seconds in which the next value comes at the latest. */
  updateTime?: SenmlNumber;
  /** Fields that SenML lets be ignored, with text, number or boolean as their value. */
  extra?: ReadonlyMap<string, string | number | boolean>;
}

export type FieldType = "version" | "number" | "text" | "boolean" | "data";

/** A field's labels and type (RFC 8428 §4.3, tables 1 and 4). `value` has four, one a type. */
export interface Field {
  key: Exclude<keyof SenmlRecord, "extra">;
  label: string;
  cborLabel: number;
  type: FieldType;
}

export const FIELDS: readonly Field[] = [
  { key: "baseName", label: "bn", cborLabel: -2, type: "text" },
  { key: "baseTime", label: "bt", cborLabel: -3, type: "number" },
  { key: "baseUnit", label: "bu", cborLabel: -4, type: "text" },
  { key: "baseValue", label: "bv", cborLabel: -5, type: "number" },
  { key: "baseSum", label: "bs", cborLabel: -6, type: "number" },
  { key: "baseVersion", label: "bver", cborLabel: -1, type: "version" },
  { key: "name", label: "n", cborLabel: 0, type: "text" },
  { key: "unit", label: "u", cborLabel: 1, type: "text" },
  { key: "value", label: "v", cborLabel: 2, type: "number" },
  { key: "value", label: "vs", cborLabel: 3, type: "text" },
  { key: "value", label: "vb", cborLabel: 4, type: "boolean" },
  { key: "value", label: "vd", cborLabel: 8, type: "data" },
  { key: "sum", label: "s", cborLabel: 5, type: "number" },
  { key: "time", label: "t", cborLabel: 6, type: "number" },
  { key: "updateTime", label: "ut", cborLabel: 7, type: "number" },
];

export const fieldByLabel: ReadonlyMap<string, Field> = new Map(FIELDS.map((field) => [field.label, field]));
export const fieldByCborLabel: ReadonlyMap<number, Field> = new Map(FIELDS.map((field) => [field.cborLabel, field]));

/** Version of RFC 8428 and the default. */
export const SENML_VERSION = 10;
/** Version 10 with the feature "secondary units" (RFC 9100 §2). */
export const SENML_VERSION_SECONDARY_UNITS = 26;

/** Default size limit of general SenML, in bytes or characters. */
export const MAX_SENML = 65_536;

export function refuse(what: string, record: number, why: string): never {
  throw new ProtocolError(`FS-SENML-${what}`, `SenML record ${record}: ${why}`, { context: { record } });
}

/** Reads one field's value from a syntax; undefined when it is not of the type. */
export type ReadValue = (type: FieldType, value: unknown) => SenmlRecord["value"] | undefined;

function wellFormed(value: unknown): boolean {
  return typeof value !== "string" || utf8Length(value) >= 0;
}

/**
 * Adds a labelled value to a record. Unknown labels are kept in `extra` where their value is plain, else ignored, but a label that
 * ends with `_` must be understood (RFC 8428 §4.4).
 */
export function addField(
  record: SenmlRecord,
  index: number,
  field: Field | undefined,
  label: string,
  value: unknown,
  read: ReadValue,
): void {
  if (field === undefined) {
    if (label.endsWith("_"))
      refuse("LABEL", index, `field ${JSON.stringify(label.slice(0, 40))} must be understood and is not`);
    if (typeof value !== "string" && typeof value !== "boolean" && typeof value !== "number") return;
    if (!wellFormed(label) || !wellFormed(value) || (typeof value === "number" && !Number.isFinite(value))) {
      refuse("VALUE", index, "an unknown field holds a lone surrogate or no finite number");
    }
    const extra = (record.extra as Map<string, string | number | boolean> | undefined) ?? new Map();
    record.extra = extra.set(label, value);
    return;
  }
  const known = read(field.type, value);
  if (known === undefined || !wellFormed(known)) refuse("VALUE", index, `${field.label} does not hold a ${field.type}`);
  if (field.key === "value" && record.value !== undefined) refuse("VALUE", index, "more than one of v, vs, vb and vd");
  if (field.key === "baseVersion") checkVersion(known, index);
  Object.assign(record, { [field.key]: known });
}

/** RFC 8428 §4.4: a pack of a version that is not understood must not be used. */
function checkVersion(version: unknown, index: number): void {
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1) {
    refuse("VERSION", index, "bver is not a positive integer");
  }
  if (version > SENML_VERSION && version !== SENML_VERSION_SECONDARY_UNITS) {
    refuse("VERSION", index, `version ${version} needs features that are not known here`);
  }
}

/**
 * A reading as the pack that its canonical bytes hold; `toSenmlCbor` of it without a base name gives those bytes.
 * @param baseName put in front of every name by the reader, for example `urn:dev:…:`: canonical bytes carry none.
 */
export function readingToSenml(reading: Reading, baseName?: string): SenmlRecord[] {
  const { time, measurements, quality, prev } = reading;
  const records: SenmlRecord[] = measurements.map((measurement) => ({ ...measurement }));
  if (prev !== undefined) records.unshift({ name: PREV_NAME, value: prev });
  if (quality !== 0) records.push({ name: QUALITY_NAME, value: quality });
  const first = records[0];
  if (first !== undefined) {
    first.baseTime = time % 1000 === 0 ? time / 1000 + 0 : new Decimal(BigInt(time), -3);
    if (baseName !== undefined) first.baseName = baseName;
  }
  return records;
}
