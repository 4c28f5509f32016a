import { ProtocolError, UsageError } from "../bytes/index.ts";
import { type CborKey, type CborValue, decodeCbor, encodeCbor, TAG_DECIMAL, Tagged } from "../cbor/index.ts";
import { Decimal, decimalFits, type SenmlNumber } from "./decimal.ts";
import {
  addField,
  fieldByCborLabel,
  fieldByLabel,
  MAX_SENML,
  type ReadValue,
  refuse,
  type SenmlRecord,
} from "./senml.ts";
import { fieldsOf } from "./senml-json.ts";

function numberFrom(value: unknown): SenmlNumber | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "bigint") return new Decimal(value, 0);
  if (!(value instanceof Tagged)) return undefined;
  // The scan has made sure that tag 4 holds two integers.
  const [power, digits] = value.value as [number | bigint, number | bigint];
  const mantissa = BigInt(digits);
  const exponent = Number(power);
  if (!decimalFits(mantissa, exponent)) return undefined;
  if (exponent === 0 && typeof digits === "number") return digits;
  return new Decimal(mantissa, exponent);
}

const readValue: ReadValue = (type, value) => {
  if (type === "text") return typeof value === "string" ? value : undefined;
  if (type === "boolean") return typeof value === "boolean" ? value : undefined;
  if (type === "data") return value instanceof Uint8Array ? value : undefined;
  return numberFrom(value);
};

/**
 * A SenML pack in CBOR of anyone's encoder (RFC 8428 §6): labels in any order, numbers as integers, floats of any width or decimal
 * fractions. Lengths are definite, as that section demands of packs: streams (SensML) are not read here. Labels of the table are
 * integers; extensions are text.
 * @throws ProtocolError FS-CBOR-… (see `scanCbor`), FS-SENML-SYNTAX, -VALUE, -VERSION, -LABEL.
 */
export function parseSenmlCbor(bytes: Uint8Array, maxBytes = MAX_SENML): SenmlRecord[] {
  const pack = decodeCbor(bytes, { maxBytes, deterministic: false });
  if (!Array.isArray(pack)) throw new ProtocolError("FS-SENML-SYNTAX", "SenML is not an array of records");
  return pack.map((item: CborValue, index) => {
    if (!(item instanceof Map)) refuse("SYNTAX", index, "not a map");
    const record: SenmlRecord = {};
    for (const [label, value] of item as ReadonlyMap<CborKey, CborValue>) {
      const field = typeof label === "number" ? fieldByCborLabel.get(label) : undefined;
      if (typeof label === "string" && fieldByLabel.has(label))
        refuse("LABEL", index, `${label} stands as text, not as its integer`);
      // The table of integer labels is conclusive (RFC 8428 §6): another integer has no meaning that could be kept.
      if (typeof label !== "string" && field === undefined) continue;
      addField(record, index, field, String(label), value, readValue);
    }
    return record;
  });
}

function cborValue(value: NonNullable<SenmlRecord["value"]>): CborValue {
  if (value instanceof Decimal) {
    return value.exponent === 0 ? value.mantissa : new Tagged(TAG_DECIMAL, [value.exponent, value.mantissa]);
  }
  if (typeof value === "number" && !Number.isFinite(value))
    throw new UsageError("FS-SENML-VALUE", `${value} is not a SenML number`);
  return value;
}

/**
 * Deterministic CBOR of a pack (RFC 8949 §4.2.1).
 * @throws UsageError FS-SENML-VALUE for numbers that are not finite, FS-CBOR-VALUE for text with a lone surrogate.
 */
export function toSenmlCbor(records: readonly SenmlRecord[]): Uint8Array {
  return encodeCbor(
    records.map((record) => {
      const map = new Map<CborKey, CborValue>();
      for (const { cborLabel, value } of fieldsOf(record)) map.set(cborLabel, cborValue(value));
      for (const [label, value] of record.extra ?? []) map.set(label, cborValue(value));
      return map;
    }),
  );
}
