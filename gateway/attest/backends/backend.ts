import type { Algorithm, PublicKey, Verifier } from "../../../protocols/attestation/index.ts";

/** A private key that signs. The key material stays inside. */
export interface SigningKey {
  readonly alg: Algorithm;
  readonly publicKey: PublicKey;
  /** 64 bytes: r‖s with low s over SHA-256 of the message, or the Ed25519 signature of the message. */
  sign(message: Uint8Array): Uint8Array;
}

export type BackendName = "node:crypto" | "noble";

/** `length` bytes that nobody can foretell. An argument, so that tests can repeat what they do. */
export type RandomSource = (length: number) => Uint8Array;

/** One implementation of the profile's algorithms. All implementations give the same verdict on every input. */
export interface CryptoBackend extends Verifier {
  readonly name: BackendName;
  /** Name and version of what does the work, for the start-up line and the metric. */
  readonly library: string;
  /** Whether ECDSA nonces are those of RFC 6979: then a key's signature over a message is always the same bytes. */
  readonly deterministicEcdsa: boolean;
  /**
   * @param privateBytes 32 bytes: the scalar, big-endian (EC), or the seed (RFC 8032 §5.1.5). Not kept: the caller wipes it.
   * @throws UsageError FS-BACKEND-PRIVATE-KEY when it is no private key of the algorithm
   */
  importKey(alg: Algorithm, privateBytes: Uint8Array): SigningKey;
  /** A new private key, 32 bytes for `importKey`, made of the source's bytes only. */
  generate(alg: Algorithm, random: RandomSource): { key: SigningKey; privateBytes: Uint8Array };
}
