import { decodeAttestation, decodeCoseKey, type PublicKey } from "../../protocols/attestation/index.ts";
import { FieldsealError, fromBase64Url, UsageError } from "../../protocols/bytes/index.ts";
import { readTextFile } from "./coordinator-site.ts";

/** A signed statement with its body and its key, as the contracts take it. */
export interface SignedFile {
  key: PublicKey;
  statement: Uint8Array;
  body: Uint8Array;
  /** 64 bytes. */
  signature: Uint8Array;
}

/** A JSON object of texts in a file. @throws UsageError FS-SIGNED-FILE; EnvironmentError FS-FILE. */
export function readFields<K extends string>(path: string, names: readonly K[]): Record<K, Uint8Array> {
  const bad = (why: string, cause?: unknown) =>
    new UsageError("FS-SIGNED-FILE", `${path}: ${why}`, {
      cause,
      fix: `The file is a JSON object with ${names.join(", ")} in base64url, as log/enrolments holds them.`,
    });
  let json: unknown;
  try {
    json = JSON.parse(readTextFile(path));
  } catch (error) {
    if (error instanceof FieldsealError) throw error;
    throw bad("is not JSON", error);
  }
  const fields = (json ?? {}) as Record<string, unknown>;
  const entries = names.map((name) => {
    const text = fields[name];
    if (typeof text !== "string") throw bad(`lacks ${name}`);
    try {
      return [name, fromBase64Url(text)] as const;
    } catch (error) {
      throw bad(`${name} is not base64url`, error);
    }
  });
  return Object.fromEntries(entries) as Record<K, Uint8Array>;
}

/**
 * Reads `{key, attestation, body}`: a COSE_Key, the COSE_Sign1 and the body it signs, in base64url.
 * @throws UsageError FS-SIGNED-FILE; EnvironmentError FS-FILE; ProtocolError for a key or an attestation that is none.
 */
export function readSignedFile(path: string): SignedFile {
  const { key, attestation, body } = readFields(path, ["key", "attestation", "body"]);
  const { sign1 } = decodeAttestation(attestation);
  return { key: decodeCoseKey(key), statement: sign1.payload, body, signature: sign1.signature };
}
