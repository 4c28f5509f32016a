import { type CryptoBackend, nodeBackend, type SigningKey } from "../../gateway/attest/index.ts";
import {
  type Attestation,
  decodeAttestation,
  deviceId,
  encodeAttestation,
  encodeStatement,
  type Statement,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { Random } from "./mutate.ts";

export const SCOPE = new Uint8Array(16).fill(0x5c);

/** A board with a key of its own: signs whatever statement it is told to. */
export class TestBoard {
  readonly key: SigningKey;
  readonly id: Uint8Array;

  constructor(seed = 1, backend: CryptoBackend = nodeBackend()) {
    const random = new Random(seed);
    this.key = backend.generate("ES256", (length) => random.bytes(length)).key;
    this.id = deviceId(this.key.publicKey);
  }

  statement(changes: Partial<Statement> = {}): Statement {
    return {
      kind: 0,
      clock: 1,
      boot: 1,
      first: 0n,
      count: 1,
      from: 1_000_000,
      to: 1_000_000,
      work: 0n,
      anchorBlock: 0n,
      anchorHash: new Uint8Array(16),
      scope: SCOPE,
      device: this.id,
      root: new Uint8Array(32),
      ...changes,
    };
  }

  /** Every call signs anew: ECDSA with fresh nonces gives other bytes over the same statement. */
  attest(changes: Partial<Statement> = {}): Attestation {
    const { alg } = this.key;
    const bytes = encodeStatement(this.statement(changes));
    return decodeAttestation(encodeAttestation(alg, bytes, this.key.sign(toBeSigned(alg, bytes))));
  }
}
