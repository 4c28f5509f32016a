import {
  type Attestation,
  ClockState,
  decodeAttestation,
  decodeCoseKey,
  decodeEnrolment,
  deviceId,
  nobleVerifier,
  type PublicKey,
  SignerGrade,
  StatementKind,
  shortDeviceId,
  type Verifier,
  verifyAttestation,
} from "../../protocols/attestation/index.ts";
import { equalBytes, FieldsealError, ProtocolError, sha256, toHex, utf8 } from "../../protocols/bytes/index.ts";
import { toAddressText } from "../../protocols/evm/index.ts";
import {
  decodeCheckpoint,
  decodeTlogProof,
  decodeVkey,
  leafHash,
  type SignedCheckpoint,
  verifyCheckpoint,
  verifyInclusion,
} from "../../protocols/log/index.ts";
import { decodeProof, type Proof } from "../../protocols/proof/index.ts";
import { decodeReading, qualityNames, type Reading } from "../../protocols/reading/index.ts";
import { checkAnchor, type TrustedChain } from "./anchor.ts";
import type { Facts, Report, Step, StepName } from "./report.ts";

export interface VerifyOptions {
  /** Signature back end; default: noble, which is all JavaScript. */
  verifier?: Verifier;
  /** The verifier's own view of the chain; without it the block hash is for the reader to compare. */
  chain?: TrustedChain;
}

function requireTrue(condition: boolean, code: string, message: string): asserts condition {
  if (!condition) throw new ProtocolError(code, message);
}

/** Names of the signer grades as people read them, by the enrolment's number. */
const GRADES = new Map<number, string>([
  ...Object.entries(SignerGrade).map(([name, grade]): [number, string] => [grade, name]),
  [SignerGrade.element, "secure-element"],
]);
const utc = (ms: number) => new Date(ms).toISOString();

/** State that each step leaves for the next ones. */
interface Course {
  readonly verifier: Verifier;
  readonly chain: TrustedChain | undefined;
  readonly facts: Facts;
  proof: Proof;
  reading: Reading;
  attestation: Attestation;
  key: PublicKey;
  checkpoint: SignedCheckpoint;
}

function signed(course: Course, attestation: Attestation, what: string): void {
  requireTrue(
    verifyAttestation(attestation, course.key, course.verifier) === "ok",
    "FS-VERIFY-SIGNATURE",
    `${what} is not signed by ${shortDeviceId(deviceId(course.key))}`,
  );
}

/** What people look for in a reading stands first. */
const HEADLINE = ["power", "energy_import", "energy_export"];

function headline<T extends { name: string }>(measurements: readonly T[]): T[] {
  const rank = ({ name }: T) => (HEADLINE.includes(name) ? HEADLINE.indexOf(name) : HEADLINE.length);
  return [...measurements].sort((a, b) => rank(a) - rank(b)).slice(0, 3);
}

function checkReading(course: Course): string {
  const { reading } = course.proof;
  const decoded = decodeReading(reading.bytes);
  course.reading = decoded;
  course.facts.time = utc(decoded.time);
  course.facts.quality = qualityNames(decoded.quality);
  course.facts.measurements = decoded.measurements.map(({ name, unit, value, sum }) => ({
    name,
    ...(unit === undefined ? {} : { unit }),
    value: value instanceof Uint8Array ? toHex(value) : String(value ?? sum ?? ""),
  }));
  const shown = headline(course.facts.measurements).map(
    ({ name, unit, value }) => `${name} ${value}${unit ? ` ${unit}` : ""}`,
  );
  const more = decoded.measurements.length > 3 ? `, ${decoded.measurements.length - 3} more` : "";
  return `${utc(decoded.time)}  ${shown.join(", ")}${more}${decoded.quality ? `  (${course.facts.quality.join(", ")})` : ""}`;
}

function checkSignature(course: Course): string {
  const { proof, facts } = course;
  course.attestation = decodeAttestation(proof.attestation);
  course.key = decodeCoseKey(proof.key);
  const { statement } = course.attestation;
  requireTrue(
    equalBytes(deviceId(course.key), statement.device),
    "FS-VERIFY-KEY",
    "the key shown is not the key of the device that the attestation names",
  );
  requireTrue(
    statement.kind === StatementKind.readings,
    "FS-VERIFY-KIND",
    `the attestation is of kind ${statement.kind}, not over readings`,
  );
  signed(course, course.attestation, "the attestation");
  facts.device = toHex(statement.device);
  facts.algorithm = course.key.alg;
  facts.work = statement.work.toString();
  facts.clock = (["unsynced", "network", "disciplined"] as const)[statement.clock]!;
  const synced = statement.clock === ClockState.unsynced ? ", clock unsynced" : "";
  return `${shortDeviceId(statement.device)} ${course.key.alg}${synced}`;
}

function checkEnrolment(course: Course): string {
  const { proof, facts } = course;
  const attestation = decodeAttestation(proof.enrolment.attestation);
  const { statement } = attestation;
  requireTrue(
    statement.kind === StatementKind.enrol && equalBytes(statement.device, course.attestation.statement.device),
    "FS-VERIFY-ENROLMENT",
    "the enrolment shown is not an enrolment of this device",
  );
  signed(course, attestation, "the enrolment");
  requireTrue(
    equalBytes(sha256(proof.enrolment.body), statement.root),
    "FS-VERIFY-ENROLMENT",
    "the enrolment's body is not the one the device signed",
  );
  requireTrue(
    equalBytes(statement.scope, course.attestation.statement.scope),
    "FS-VERIFY-SCOPE",
    "the device enrolled for another chain, coordinator or gateway than it attests for",
  );
  const enrolment = decodeEnrolment(proof.enrolment.body);
  requireTrue(
    equalBytes(deviceId(enrolment.key), statement.device),
    "FS-VERIFY-ENROLMENT",
    "the enrolment names another key",
  );
  facts.signer = GRADES.get(enrolment.grade) ?? `grade ${enrolment.grade}`;
  facts.owner = toAddressText(enrolment.owner);
  facts.enrolledAt = utc(statement.from);
  return `${facts.enrolledAt.slice(0, 10)}, signer ${facts.signer}, owner ${facts.owner}`;
}

function checkPrevious(course: Course): bigint {
  const { previous } = course.proof;
  const { statement } = course.attestation;
  if (previous === null) {
    requireTrue(
      statement.first === 0n,
      "FS-VERIFY-PREVIOUS",
      `the pack starts at reading ${statement.first}, and the attestation before it is not shown`,
    );
    return 0n;
  }
  const before = decodeAttestation(previous.attestation);
  requireTrue(
    equalBytes(before.statement.device, statement.device) && equalBytes(before.statement.scope, statement.scope),
    "FS-VERIFY-PREVIOUS",
    "the attestation shown as the one before is of another device or scope",
  );
  signed(course, before, "the attestation before");
  const next = before.statement.first + BigInt(before.statement.count);
  requireTrue(next <= statement.first, "FS-VERIFY-SEQUENCE", "two attestations of the device cover the same readings");
  requireTrue(
    before.statement.work <= statement.work && before.statement.boot <= statement.boot,
    "FS-VERIFY-SEQUENCE",
    "the work register or the boot counter fell between two attestations",
  );
  return statement.first - next;
}

function checkSequence(course: Course): string {
  const { proof, facts } = course;
  const { statement } = course.attestation;
  requireTrue(
    proof.reading.index < statement.count,
    "FS-VERIFY-SEQUENCE",
    `reading ${proof.reading.index + 1} of a pack of ${statement.count}`,
  );
  requireTrue(
    course.reading.time >= statement.from && course.reading.time <= statement.to,
    "FS-VERIFY-TIME",
    "the reading's time lies outside its pack's",
  );
  const gap = checkPrevious(course);
  const seq = statement.first + BigInt(proof.reading.index);
  facts.seq = seq.toString();
  facts.gap = gap.toString();
  if (seq === 0n) return "0 is the first reading of this key";
  return gap === 0n
    ? `${seq} follows ${seq - 1n}, no gap`
    : `${seq}; ${gap} readings are missing before ${statement.first}`;
}

function checkInclusion(course: Course): string {
  const { proof, facts } = course;
  const { statement } = course.attestation;
  requireTrue(
    verifyInclusion({
      index: proof.reading.index,
      size: statement.count,
      leafHash: leafHash(proof.reading.bytes),
      proof: proof.reading.path,
      root: statement.root,
    }),
    "FS-VERIFY-PACK",
    "the reading is not in the pack that was signed",
  );
  const log = decodeTlogProof(utf8(proof.log.proof));
  // Whether the gateway signed this checkpoint is the next step's question.
  course.checkpoint = decodeCheckpoint(log.checkpoint);
  const { size, root } = course.checkpoint;
  const within = (index: number, entry: Uint8Array, path: readonly Uint8Array[]) =>
    verifyInclusion({ index, size, leafHash: leafHash(entry), proof: [...path], root });
  requireTrue(
    within(log.index, proof.attestation, log.proof),
    "FS-VERIFY-LOG",
    `the attestation is not entry ${log.index} of the log of ${size}`,
  );
  const { previous } = proof;
  requireTrue(
    previous === null || previous.index < log.index,
    "FS-VERIFY-PREVIOUS",
    "the attestation before stands after this one in the log",
  );
  requireTrue(
    previous === null || within(previous.index, previous.attestation, previous.path),
    "FS-VERIFY-LOG",
    "the attestation before is not in the log",
  );
  facts.logIndex = log.index;
  facts.logSize = size;
  facts.root = toHex(root);
  return `reading ${proof.reading.index + 1}/${statement.count} of its pack → entry ${log.index} of ${size} → root ${facts.root.slice(0, 4)}…`;
}

function checkCheckpoint(course: Course): string {
  const key = decodeVkey(course.proof.log.vkey);
  const { checkpoint } = decodeTlogProof(utf8(course.proof.log.proof));
  const { size, origin } = verifyCheckpoint(checkpoint, key);
  return `${size} entries, signed by ${origin}`;
}

function checkCommitment(course: Course): string | undefined {
  const { commitment, notBefore } = course.proof;
  if (commitment === null) return undefined;
  const { attestation, checkpoint, chain, facts } = course;
  return checkAnchor(commitment, notBefore, attestation.statement, checkpoint, chain, facts);
}

const COURSE: readonly [StepName, (course: Course) => string | undefined][] = [
  ["reading", checkReading],
  ["signature", checkSignature],
  ["enrolment", checkEnrolment],
  ["sequence", checkSequence],
  ["inclusion", checkInclusion],
  ["checkpoint", checkCheckpoint],
  ["anchor", checkCommitment],
];

function failure(step: StepName, error: unknown): Step {
  if (!(error instanceof FieldsealError)) throw error;
  return { step, result: "failed", text: error.message, code: error.code };
}

/**
 * Verifies an exported proof from the reading's bytes up to the block that holds its commitment, step by step,
 * and stops at the first step that fails: what comes after it would rest on nothing.
 * @param source the proof's text, as `encodeProof` writes it.
 */
export function verifyProof(source: string, options: VerifyOptions = {}): Report {
  const facts: Facts = {};
  const steps: Step[] = [];
  let proof: Proof;
  try {
    proof = decodeProof(source);
  } catch (error) {
    return { result: "failed", steps: [failure("format", error)], facts };
  }
  const course = { verifier: options.verifier ?? nobleVerifier, chain: options.chain, facts, proof } as Course;
  for (const [step, check] of COURSE) {
    try {
      const text = check(course);
      steps.push(
        text === undefined
          ? { step, result: "pending", text: "the checkpoint is not committed on chain yet" }
          : { step, result: "ok", text },
      );
    } catch (error) {
      return { result: "failed", steps: [...steps, failure(step, error)], facts };
    }
  }
  return { result: steps.some(({ result }) => result === "pending") ? "pending" : "verified", steps, facts };
}
