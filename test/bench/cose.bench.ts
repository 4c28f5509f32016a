import { createPrivateKey, createPublicKey, sign as cryptoSign, verify as cryptoVerify } from "node:crypto";
import { ProtectedHeaders, Sign1 } from "@auth0/cose";
import { coseSign, coseVerify } from "cose-kit";
import { nodeBackend } from "../../gateway/attest/backends/index.ts";
import {
  decodeAttestation,
  decodeSign1,
  deviceId,
  encodeAttestation,
  encodeStatement,
  toBeSigned,
  verifyAttestation,
} from "../../protocols/attestation/index.ts";
import { toBase64Url } from "../../protocols/bytes/index.ts";
import { exampleStatement } from "../support/attestation-vectors.ts";
import { type Bench, type BenchContext, type Row, race } from "./bench.ts";

type Algorithm = "ES256" | "EdDSA";

const HEADER = { ES256: -7, EdDSA: -8 } as const;

/** One key in every library's form, one statement of 160 bytes, and messages over it. */
function subject(alg: Algorithm) {
  const backend = nodeBackend();
  const privateBytes = new Uint8Array(32).fill(0x21);
  const key = backend.importKey(alg, privateBytes);
  const { bytes } = key.publicKey;
  const publicJwk =
    alg === "EdDSA"
      ? { kty: "OKP", crv: "Ed25519", x: toBase64Url(bytes) }
      : { kty: "EC", crv: "P-256", x: toBase64Url(bytes.slice(0, 32)), y: toBase64Url(bytes.slice(32)) };
  const privateKey = createPrivateKey({ key: { ...publicJwk, d: toBase64Url(privateBytes) }, format: "jwk" });
  const publicKey = createPublicKey({ key: publicJwk, format: "jwk" });
  const statement = encodeStatement(exampleStatement(deviceId(key.publicKey)));
  const message = encodeAttestation(alg, statement, key.sign(toBeSigned(alg, statement)));
  return { alg, backend, key, privateKey, publicKey, statement, message };
}

type Subject = ReturnType<typeof subject>;

/** The limit: the library call that everything else wraps, over bytes made beforehand. */
const raw = {
  sign({ alg, privateKey }: Subject, tbs: Uint8Array): Uint8Array {
    return alg === "EdDSA"
      ? cryptoSign(null, tbs, privateKey)
      : cryptoSign("sha256", tbs, { key: privateKey, dsaEncoding: "ieee-p1363" });
  },
  verify({ alg, publicKey }: Subject, tbs: Uint8Array, signature: Uint8Array): boolean {
    return alg === "EdDSA"
      ? cryptoVerify(null, tbs, publicKey, signature)
      : cryptoVerify("sha256", tbs, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature);
  },
};

function repeat(count: number, once: () => unknown) {
  return (): number => {
    for (let i = 0; i < count; i++) if (once() === false) throw new Error("a signature did not verify");
    return count;
  };
}

function repeatAsync(count: number, once: () => Promise<unknown>) {
  return async (): Promise<number> => {
    for (let i = 0; i < count; i++) await once();
    return count;
  };
}

function rowOf(row: string, rates: ReadonlyMap<string, number>): Row {
  const rate = (name: string) => rates.get(name) ?? Number.NaN;
  const peers = ["cose-kit", "@auth0/cose"].map((name) => ({ name, value: rate(name) }));
  const ours = rate("fieldseal");
  const limit = { name: "raw signature", value: rate("raw") };
  return {
    row,
    ours,
    unit: "ops per CPU-second",
    peers,
    limit,
    ratio: ours / Math.max(...peers.map(({ value }) => value)),
    goal: "≥ 0.9 of the raw signature",
  };
}

async function signing(s: Subject, count: number, rounds: number): Promise<Row> {
  const { alg, key, privateKey, statement } = s;
  const tbs = toBeSigned(alg, statement);
  const rates = await race(
    [
      {
        name: "fieldseal",
        work: repeat(count, () => encodeAttestation(alg, statement, key.sign(toBeSigned(alg, statement)))),
      },
      { name: "raw", work: repeat(count, () => raw.sign(s, tbs)) },
      { name: "cose-kit", work: repeatAsync(count, () => coseSign({ alg }, {}, statement, privateKey)) },
      {
        name: "@auth0/cose",
        work: repeatAsync(count, async () =>
          (await Sign1.sign(new ProtectedHeaders([[1, HEADER[alg]]]), undefined, statement, privateKey)).encode(),
        ),
      },
    ],
    rounds,
  );
  return rowOf(`COSE sign, ${alg}`, rates);
}

async function verifying(s: Subject, count: number, rounds: number): Promise<Row[]> {
  const { alg, backend, key, publicKey, statement, message } = s;
  const tbs = toBeSigned(alg, statement);
  const signature = message.slice(-64);
  const rates = await race(
    [
      {
        name: "fieldseal",
        work: repeat(count, () => {
          const sign1 = decodeSign1(message);
          return backend.verify(key.publicKey, toBeSigned(sign1.alg, sign1.payload), sign1.signature);
        }),
      },
      {
        name: "attestation",
        work: repeat(count, () => verifyAttestation(decodeAttestation(message), key.publicKey, backend) === "ok"),
      },
      { name: "raw", work: repeat(count, () => raw.verify(s, tbs, signature)) },
      {
        name: "cose-kit",
        work: repeatAsync(count, async () => {
          if (!(await coseVerify(message, publicKey)).isValid) throw new Error("a signature did not verify");
        }),
      },
      { name: "@auth0/cose", work: repeatAsync(count, () => Sign1.decode(message).verify(publicKey)) },
    ],
    rounds,
  );
  const attestation = new Map([...rates, ["fieldseal", rates.get("attestation") ?? Number.NaN]]);
  return [
    rowOf(`COSE verify, ${alg}`, rates),
    rowOf(`the same with the statement decoded and its device id checked, ${alg}`, attestation),
  ];
}

export const bench: Bench = {
  name: "cose",
  async run({ quick }: BenchContext): Promise<Row[]> {
    const [count, rounds] = quick ? [300, 3] : [1500, 5];
    const rows: Row[] = [];
    for (const alg of ["ES256", "EdDSA"] as const) {
      const s = subject(alg);
      rows.push(await signing(s, count, rounds), ...(await verifying(s, count, rounds)));
    }
    return rows;
  },
};
