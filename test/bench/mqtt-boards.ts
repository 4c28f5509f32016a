import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { nodeBackend } from "../../gateway/attest/backends/index.ts";
import { encodeBoardPack } from "../../gateway/attest/board-pack.ts";
import {
  deviceId,
  encodeAttestation,
  encodeEnrolment,
  encodeStatement,
  packRoot,
  SignerGrade,
  type Statement,
  StatementKind,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { concatBytes, sha256, toBase64Url, toHex } from "../../protocols/bytes/index.ts";
import { encodeReading } from "../../protocols/reading/index.ts";
import { lengthBytes } from "../support/raw-mqtt.ts";
import { meterReading } from "./path-readings.ts";

export const SCOPE = new Uint8Array(16).fill(5);
export const backend = nodeBackend();

/** PUBLISH, QoS 1. */
function publish(topic: string, payload: Uint8Array, id: number): Uint8Array {
  const name = Buffer.from(topic);
  const number = (id % 65_535) + 1;
  return concatBytes(
    Uint8Array.of(0x32),
    lengthBytes(2 + name.length + 2 + payload.length),
    Uint8Array.of(name.length >> 8, name.length & 255),
    name,
    Uint8Array.of(number >> 8, number & 255),
    payload,
  );
}

/** A board that signs with P-256 in packs of a size; what it says never repeats. */
export function packingBoard(seed: number, size: number) {
  const key = backend.importKey("ES256", new Uint8Array(32).fill(seed));
  const device = deviceId(key.publicKey);
  const id = toHex(device);
  let next = 0;
  const attest = (fields: Pick<Statement, "kind" | "count" | "from" | "to" | "root">): Uint8Array => {
    const first = BigInt(next);
    next += fields.count;
    const anchor = { anchorBlock: 0n, anchorHash: new Uint8Array(16) };
    const statement = encodeStatement({
      clock: 1,
      boot: 1,
      work: first,
      scope: SCOPE,
      device,
      first,
      ...anchor,
      ...fields,
    });
    return encodeAttestation("ES256", statement, key.sign(toBeSigned("ES256", statement)));
  };
  const message = (payload: Uint8Array): Uint8Array => publish(`fieldseal-link/${id}/up`, payload, next);
  return {
    id,
    key: key.publicKey,
    enrolment(): Uint8Array {
      const nonce = new Uint8Array(16);
      const about = { owner: new Uint8Array(20), grade: SignerGrade.board, profile: new Uint8Array(32), nonce };
      const body = encodeEnrolment({ key: key.publicKey, ...about });
      const root = sha256(body);
      return message(encodeBoardPack(attest({ kind: StatementKind.enrol, count: 1, from: 0, to: 0, root }), [body]));
    },
    packs(count: number): Uint8Array[] {
      return Array.from({ length: count }, () => {
        const said = Array.from({ length: size }, (_, i) => meterReading(next + i));
        const readings = said.map((reading) => encodeReading(reading));
        const [from, to] = [said[0]!.time, said.at(-1)!.time];
        const sign1 = attest({ kind: StatementKind.readings, count: size, from, to, root: packRoot(readings) });
        return message(encodeBoardPack(sign1, readings));
      });
    },
  };
}

/** The least there is: one native signature over each reading, the key object kept. */
export function plainBoard(seed: number) {
  const privateBytes = new Uint8Array(32).fill(seed);
  const { publicKey } = backend.importKey("ES256", privateBytes);
  const id = toHex(deviceId(publicKey));
  const [x, y] = [publicKey.bytes.slice(0, 32), publicKey.bytes.slice(32)].map(toBase64Url);
  const jwk = { kty: "EC", crv: "P-256", x: x!, y: y! };
  const signing = createPrivateKey({ key: { ...jwk, d: toBase64Url(privateBytes) }, format: "jwk" });
  const verifying = createPublicKey({ key: jwk, format: "jwk" });
  let next = 0;
  return {
    id,
    messages(count: number): Uint8Array[] {
      return Array.from({ length: count }, () => {
        const reading = encodeReading(meterReading(next));
        const signature = sign("sha256", reading, { key: signing, dsaEncoding: "ieee-p1363" });
        return publish(`fieldseal-link/${id}/up`, concatBytes(signature, reading), next++);
      });
    },
    verifies(payload: Uint8Array): boolean {
      const [signature, reading] = [payload.subarray(0, 64), payload.subarray(64)];
      return verify("sha256", reading, { key: verifying, dsaEncoding: "ieee-p1363" }, signature);
    },
  };
}
