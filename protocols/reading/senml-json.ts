import { fromBase64Url, ProtocolError, toBase64Url, UsageError } from "../bytes/index.ts";
import { utf8Length } from "../cbor/index.ts";
import type { SenmlNumber } from "./decimal.ts";
import { addField, FIELDS, fieldByLabel, MAX_SENML, type ReadValue, refuse, type SenmlRecord } from "./senml.ts";

function data(text: string): Uint8Array | undefined {
  try {
    return fromBase64Url(text);
  } catch {
    return undefined;
  }
}

const readValue: ReadValue = (type, value) => {
  if (type === "text") return typeof value === "string" ? value : undefined;
  if (type === "boolean") return typeof value === "boolean" ? value : undefined;
  // RFC 8428 §5: base64 with the URL-safe alphabet, without padding.
  if (type === "data") return typeof value === "string" ? data(value) : undefined;
  // JSON has no infinity, but 1e999 is read as one.
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
};

/**
 * A SenML pack in JSON (RFC 8428 §5). Numbers become doubles, as that section has it. Of equal labels in a record the last one counts,
 * as everywhere in JavaScript. Nothing is resolved: see `resolve`.
 * @throws ProtocolError FS-SENML-SIZE, -SYNTAX, -VALUE, -VERSION, -LABEL.
 */
export function parseSenmlJson(text: string, maxLength = MAX_SENML): SenmlRecord[] {
  if (text.length > maxLength) {
    throw new ProtocolError("FS-SENML-SIZE", `SenML of ${text.length} characters, at most ${maxLength} are allowed`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("FS-SENML-SYNTAX", "SenML text is not JSON", { cause });
  }
  if (!Array.isArray(parsed)) throw new ProtocolError("FS-SENML-SYNTAX", "SenML is not an array of records");
  return parsed.map((item: unknown, index) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) refuse("SYNTAX", index, "not an object");
    const record: SenmlRecord = {};
    for (const [label, value] of Object.entries(item))
      addField(record, index, fieldByLabel.get(label), label, value, readValue);
    return record;
  });
}

function numberText(value: SenmlNumber): string {
  if (typeof value !== "number") return value.toString();
  if (!Number.isFinite(value)) throw new UsageError("FS-SENML-VALUE", `${value} has no JSON form`);
  return Object.is(value, -0) ? "-0" : String(value);
}

function valueText(value: string | number | boolean | Uint8Array | SenmlNumber): string {
  if (typeof value === "string") {
    if (utf8Length(value) < 0) throw new UsageError("FS-SENML-VALUE", "text holds a lone surrogate");
    return JSON.stringify(value);
  }
  if (typeof value === "boolean") return String(value);
  if (value instanceof Uint8Array) return `"${toBase64Url(value)}"`;
  return numberText(value);
}

function typeOf(value: unknown): string {
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "boolean";
  return value instanceof Uint8Array ? "data" : "number";
}

/** The fields that a record has, with the labels that fit the types of their values. Base fields first. */
export function* fieldsOf(
  record: SenmlRecord,
): Generator<{ label: string; cborLabel: number; value: NonNullable<SenmlRecord["value"]> }> {
  for (const { key, label, cborLabel, type } of FIELDS) {
    const value = record[key];
    if (value === undefined || (key === "value" && typeOf(value) !== type)) continue;
    yield { label, cborLabel, value };
  }
}

/**
 * JSON text of a pack, always the same for the same records. Decimal fractions keep their digits.
 * @throws UsageError FS-SENML-VALUE for numbers that are not finite and text with a lone surrogate.
 */
export function toSenmlJson(records: readonly SenmlRecord[]): string {
  const objects = records.map((record) => {
    const members = Array.from(fieldsOf(record), ({ label, value }) => `"${label}":${valueText(value)}`);
    for (const [label, value] of record.extra ?? []) members.push(`${valueText(label)}:${valueText(value)}`);
    return `{${members.join(",")}}`;
  });
  return `[${objects.join(",")}]`;
}
