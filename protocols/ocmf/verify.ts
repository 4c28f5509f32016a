import { fromBase64, fromHex, ProtocolError, sha256 } from "../bytes/index.ts";
import { factsOf, ocmfCurveOf } from "./curves.ts";
import { decodeEcdsaSigValue } from "./der.ts";
import type { OcmfPublicKey } from "./key.ts";
import type { OcmfRecord } from "./record.ts";

/**
 * signature: well-formed, and not of this key over this payload. algorithm: SA is none that is checked here. curve: the key is of
 * another curve than SA names. encoding: SE or SM is unknown, or SD is not what they say.
 */
export type OcmfFault = "signature" | "algorithm" | "curve" | "encoding";

export type OcmfVerdict = { valid: true } | { valid: false; why: OcmfFault; message: string };

function signatureBytes({ signature }: OcmfRecord, size: number): Uint8Array {
  if (signature.mime !== "application/x-der") {
    throw new ProtocolError("FS-OCMF-ENCODING", `signature type "${signature.mime.slice(0, 40)}" is unknown`);
  }
  if (signature.encoding === "hex") return decodeEcdsaSigValue(fromHex(signature.data), size);
  if (signature.encoding === "base64") return decodeEcdsaSigValue(fromBase64(signature.data), size);
  throw new ProtocolError("FS-OCMF-ENCODING", `signature encoding "${signature.encoding.slice(0, 40)}" is unknown`);
}

/**
 * Checks the signature over the exact bytes between the bars: ECDSA with SHA-256 on every curve (OCMF Table 22). Any s counts,
 * since meters are not bound to the lower one. `key` comes from whom the verifier trusts, never from beside the record.
 *
 * Never throws for what a peer can send, and nothing but a signature that fits is `valid`.
 */
export function verifyOcmf(record: OcmfRecord, key: OcmfPublicKey): OcmfVerdict {
  const fault = (why: OcmfFault, message: string): OcmfVerdict => ({ valid: false, why, message });
  const curve = ocmfCurveOf(record.signature.algorithm);
  if (curve === undefined) {
    return fault("algorithm", `signature algorithm "${record.signature.algorithm.slice(0, 40)}" is unknown`);
  }
  if (curve !== key.curve) return fault("curve", `the record is signed on ${curve}, the key is of ${key.curve}`);
  const { ecdsa, size } = factsOf(curve);
  let signature: Uint8Array;
  try {
    signature = signatureBytes(record, size);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return fault("encoding", error.message);
  }
  const fits = ecdsa.verify(signature, sha256(record.payload), key.point, { lowS: false, prehash: false });
  return fits ? { valid: true } : fault("signature", "the signature is not of this key over this payload");
}
