import type { StepName } from "../../gateway/verify/index.ts";
import { decodeProof, encodeProof, type Proof } from "../../protocols/proof/index.ts";

export interface Tampering {
  /** What was altered. */
  field: string;
  /** Steps that may name it: an altered structure may not even decode. */
  steps: readonly StepName[];
  /** The proof with one bit flipped. */
  text: string;
}

/** Flips the lowest bit of one byte in place. */
const flip = (bytes: Uint8Array, at: number) => {
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = bytes[place]! ^ 1;
};
const flipText = (text: string, at: number): string =>
  text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);

type Change = readonly [field: string, steps: readonly StepName[], change: (proof: Proof) => unknown];

const CHANGES: readonly Change[] = [
  ["reading: a measured value", ["reading", "inclusion", "sequence"], ({ reading }) => flip(reading.bytes, -3)],
  ["reading: its head", ["reading"], ({ reading }) => flip(reading.bytes, 0)],
  ["attestation: the signature", ["signature"], ({ attestation }) => flip(attestation, -1)],
  ["attestation: the root it signs", ["signature"], ({ attestation }) => flip(attestation, -70)],
  ["attestation: its head", ["signature"], ({ attestation }) => flip(attestation, 0)],
  ["key", ["signature"], ({ key }) => flip(key, -1)],
  ["enrolment: the signature", ["enrolment"], ({ enrolment }) => flip(enrolment.attestation, -1)],
  ["enrolment: the owner", ["enrolment"], ({ enrolment }) => flip(enrolment.body, 12)],
  ["enrolment: the nonce", ["enrolment"], ({ enrolment }) => flip(enrolment.body, 64)],
  ["previous: the signature", ["sequence"], ({ previous }) => flip(previous!.attestation, -1)],
  [
    "previous: its place in the log",
    ["sequence", "inclusion"],
    ({ previous }) => Object.assign(previous!, { index: previous!.index ^ 1 }),
  ],
  ["previous: its path", ["inclusion"], ({ previous }) => flip(previous!.path[0]!, 5)],
  [
    "log: the inclusion path",
    ["inclusion"],
    ({ log }) => {
      const [head, index, ...rest] = log.proof.split("\n");
      // Past the head and the index stand the hashes of the path, in base64.
      log.proof = [head, index, flipText(rest[0]!, 3), ...rest.slice(1)].join("\n");
    },
  ],
  [
    "log: the root in the checkpoint",
    ["inclusion", "checkpoint"],
    ({ log }) => {
      // extra? | index | path … | empty | origin | size | root | empty | signature (C2SP tlog-proof, tlog-checkpoint)
      const lines = log.proof.split("\n");
      const origin = lines.indexOf("") + 1;
      lines[origin + 2] = flipText(lines[origin + 2]!, 10);
      log.proof = lines.join("\n");
    },
  ],
  [
    "log: the checkpoint's signature",
    ["checkpoint"],
    ({ log }) => Object.assign(log, { proof: flipText(log.proof, log.proof.length - 30) }),
  ],
  [
    "log: the gateway's key",
    ["checkpoint"],
    ({ log }) => Object.assign(log, { vkey: flipText(log.vkey, log.vkey.length - 10) }),
  ],
  [
    "commitment: chain id",
    ["anchor"],
    ({ commitment }) => Object.assign(commitment!, { chainId: commitment!.chainId ^ 1 }),
  ],
  ["commitment: ledger", ["anchor"], ({ commitment }) => flip(commitment!.ledger, 3)],
  ["commitment: gateway", ["anchor"], ({ commitment }) => flip(commitment!.gateway, 3)],
  ["commitment: block hash", ["anchor"], ({ commitment }) => flip(commitment!.blockHash, 3)],
  ["commitment: block header", ["anchor"], ({ commitment }) => flip(commitment!.header, 40)],
  [
    "commitment: place of the transaction",
    ["anchor"],
    ({ commitment }) => Object.assign(commitment!, { transactionIndex: commitment!.transactionIndex ^ 1 }),
  ],
  ["commitment: receipt", ["anchor"], ({ commitment }) => flip(commitment!.receiptProof.at(-1)!, -20)],
  ["not before: block header", ["anchor"], ({ notBefore }) => flip(notBefore!.header, 40)],
];

/** One proof for each kind of tampering with what is bound, and one bit of each kind of the text around it. */
export function tamperings(source: string): Tampering[] {
  const made = CHANGES.map(([field, steps, change]): Tampering => {
    const proof = decodeProof(source);
    change(proof);
    return { field, steps, text: encodeProof(proof) };
  });
  const text = (field: string, at: number): Tampering => ({ field, steps: ["format"], text: flipText(source, at) });
  return [
    ...made,
    text("text: the format", source.indexOf("fieldseal/proof") + 2),
    text("text: a member's name", source.indexOf('"attestation"') + 3),
    text("text: white space", source.indexOf("\n") + 1),
    text("text: the last line end", source.length - 1),
  ];
}
