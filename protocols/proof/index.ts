export { type Commitment, decodeProof, encodeProof, MAX_PROOF_BYTES, PROOF_FORMAT, type Proof } from "./proof.ts";
