export { ALL_ALGORITHMS, type Algorithm } from "./algorithm.ts";
export {
  type Attestation,
  type AttestationVerdict,
  decodeAttestation,
  encodeAttestation,
  statementId,
  verifyAttestation,
} from "./attestation.ts";
export {
  type CoseContext,
  type CoseSign1,
  coseToBeSigned,
  parseCoseSign1,
  verifyCoseSign1,
} from "./cose.ts";
export {
  type CountersignedSign1,
  decodeCountersigned,
  encodeCountersigned,
  type ReceiptVerdict,
  toBeCountersigned,
  verifyReceipt,
} from "./countersign.ts";
export { deviceId, didKey, formatDeviceId, parseDeviceId, parseDidKey, shortDeviceId } from "./device-id.ts";
export { decodeEnrolment, ENROLMENT_LENGTH, type Enrolment, encodeEnrolment, SignerGrade } from "./enrolment.ts";
export {
  checkPublicKey,
  decodeCoseKey,
  decodeSec1,
  encodeCoseKey,
  isUsableKey,
  type PublicKey,
  sec1Compressed,
  sec1Uncompressed,
} from "./key.ts";
export { packPath, packRoot, verifyPackPath } from "./pack.ts";
export { decodeReceipt, encodeReceipt, RECEIPT_LENGTH, type Receipt } from "./receipt.ts";
export { scopeOf } from "./scope.ts";
export {
  encodeSigStructure,
  type SigStructure,
  statementPrefix,
  statementToBeSigned,
  toBeSigned,
} from "./sig-structure.ts";
export { decodeSign1, encodeSign1, MAX_SIGN1_LENGTH, SIGNATURE_LENGTH, type Sign1 } from "./sign1.ts";
export {
  ClockState,
  decodeStatement,
  encodeStatement,
  MAX_PACK,
  STATEMENT_LENGTH,
  STATEMENT_VERSION,
  type Statement,
  StatementKind,
} from "./statement.ts";
export {
  decodeRevocation,
  decodeRotation,
  encodeRevocation,
  encodeRotation,
  REVOCATION_LENGTH,
  type Revocation,
  RevocationReason,
  ROTATION_LENGTH,
  type Rotation,
} from "./succession.ts";
export { nobleVerifier, type Verifier } from "./verify.ts";
