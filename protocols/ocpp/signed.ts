import { fromBase64, fromHex, fromUtf8, ProtocolError } from "../bytes/index.ts";
import { decodeOcmf, decodeOcmfKey, type OcmfPublicKey, type OcmfRecord } from "../ocmf/index.ts";
import type { OcppPayload } from "./message.ts";

/** A value that the meter signed itself, as the station passed it on. */
export interface OcppSignedValue {
  readonly context: string;
  /** The record's own text, byte for byte (`OCMF|…|…`), where it is one. */
  readonly record?: string;
  /** Public key that came with it: a claim, never a reason to trust. */
  readonly publicKey?: string;
  /** `OCMF`, or what the station says it is. */
  readonly encoding: string;
}

const MAX_DATA = 32_768;
const MAX_KEY = 4096;
const HEADER = "OCMF|";

const text = (value: unknown) => (typeof value === "string" ? value : undefined);

function decoded(decode: (source: string) => Uint8Array, source: string): string | undefined {
  try {
    return fromUtf8(decode(source));
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The record in plain text, hex or base64: stations send all three. */
function recordText(data: string): string | undefined {
  if (data.length > MAX_DATA) return undefined;
  const trimmed = data.trim();
  if (trimmed.startsWith(HEADER)) return trimmed;
  const inside = /^[0-9a-fA-F]*$/.test(trimmed) ? decoded(fromHex, trimmed) : decoded(fromBase64, trimmed);
  return inside?.trim().startsWith(HEADER) ? inside.trim() : undefined;
}

function signedValue(context: string, data: string, encoding: string, key: string | undefined): OcppSignedValue {
  const record = recordText(data);
  return {
    context,
    encoding: record === undefined ? encoding.slice(0, 50) : "OCMF",
    ...(record === undefined ? {} : { record }),
    ...(key === undefined || key === "" || key.length > MAX_KEY ? {} : { publicKey: key }),
  };
}

/**
 * The value of a 1.6 sample with format SignedData: the record itself, or the JSON object of 2.0.1's SignedMeterValueType
 * (OCA application note "Signed Meter Values in OCPP 1.6" §3).
 */
export function signedValue16(value: string, context: string): OcppSignedValue {
  if (value.length <= MAX_DATA && value.trimStart().startsWith("{")) {
    try {
      const object = JSON.parse(value) as OcppPayload;
      if (text(object.signedMeterData) !== undefined) return signedValue201(object, context);
    } catch {
      return { context, encoding: "unknown" };
    }
  }
  return signedValue(context, value, "unknown", undefined);
}

/** SignedMeterValueType (OCPP 2.0.1 part 2). */
export function signedValue201(object: OcppPayload, context: string): OcppSignedValue {
  const encoding = text(object.encodingMethod) ?? "unknown";
  return signedValue(context, text(object.signedMeterData) ?? "", encoding, text(object.publicKey));
}

/**
 * The key of a `publicKey` field: base64 of `oca:base16:asn1:…` or `oca:base64:asn1:…` (OCPP 2.0.1 part 2, SignedMeterValueType),
 * or the SubjectPublicKeyInfo itself in hex or base64, as stations and labels have it.
 * @throws ProtocolError FS-OCMF-KEY, FS-HEX, FS-BASE64
 */
export function decodeOcppKey(source: string): OcmfPublicKey {
  const plain = source.startsWith("oca:") ? source : decoded(fromBase64, source.trim());
  const match = /^oca:(base16|base64):asn1:(.+)$/s.exec(plain ?? "");
  return decodeOcmfKey(match ? match[2]!.trim() : source);
}

/** The record of a signed value. @throws ProtocolError FS-OCPP-SIGNED, and those of `decodeOcmf`. */
export function decodeSignedRecord({ record, encoding }: OcppSignedValue): OcmfRecord {
  if (record === undefined) {
    throw new ProtocolError("FS-OCPP-SIGNED", `signed data in "${encoding}" is not an OCMF record`);
  }
  return decodeOcmf(new TextEncoder().encode(record));
}
