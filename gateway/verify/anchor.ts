import { type Statement, scopeOf } from "../../protocols/attestation/index.ts";
import { equalBytes, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import {
  type BlockHeader,
  commitmentsOf,
  decodeHeader,
  toAddressText,
  verifyReceiptProof,
} from "../../protocols/evm/index.ts";
import type { SignedCheckpoint } from "../../protocols/log/index.ts";
import type { Commitment, Proof } from "../../protocols/proof/index.ts";
import type { Facts } from "./report.ts";

/** Where the caller's own source of truth says the chain is, so that the proof's word is not all there is. */
export interface TrustedChain {
  /** Hash of the canonical block at a height, from a node the verifier trusts. */
  blockHash(number: bigint): Uint8Array | undefined;
}

/** Block time is in whole seconds and may lag the gateway's clock a little. */
const CLOCK_TOLERANCE_MS = 60_000;

const utc = (header: BlockHeader) => new Date(Number(header.timestamp) * 1000).toISOString().slice(0, 19).concat("Z");
const clock = (header: BlockHeader) => utc(header).slice(11, 19);

function requireTrue(condition: boolean, code: string, message: string): asserts condition {
  if (!condition) throw new ProtocolError(code, message);
}

/** The attestation was made for this chain, coordinator and gateway and for no other. */
function checkScope(statement: Statement, commitment: Commitment): void {
  const scope = scopeOf(BigInt(commitment.chainId), commitment.ledger, commitment.gateway);
  requireTrue(
    equalBytes(scope, statement.scope),
    "FS-VERIFY-SCOPE",
    "the attestation was made for another chain, coordinator or gateway than the commitment is of",
  );
}

function checkNotBefore(
  statement: Statement,
  notBefore: Proof["notBefore"],
  committed: BlockHeader,
): BlockHeader | undefined {
  if (statement.anchorBlock === 0n && notBefore === null) return undefined;
  requireTrue(notBefore !== null, "FS-VERIFY-NOT-BEFORE", "the header of the block the attestation names is missing");
  const header = decodeHeader(notBefore.header);
  requireTrue(
    header.number === statement.anchorBlock && equalBytes(header.hash.subarray(0, 16), statement.anchorHash),
    "FS-VERIFY-NOT-BEFORE",
    `the header shown is not the one the device signed as its lower bound (block ${statement.anchorBlock})`,
  );
  requireTrue(
    header.number <= committed.number && header.timestamp <= committed.timestamp,
    "FS-VERIFY-NOT-BEFORE",
    "the attestation names a block that is newer than the one it is committed in",
  );
  return header;
}

/**
 * The checkpoint is recorded on chain: receipt → block header → block hash.
 * @returns what was established, for people.
 * @throws ProtocolError FS-VERIFY-… naming what does not fit.
 */
export function checkAnchor(
  commitment: Commitment,
  notBefore: Proof["notBefore"],
  statement: Statement,
  checkpoint: SignedCheckpoint,
  chain: TrustedChain | undefined,
  facts: Facts,
): string {
  checkScope(statement, commitment);
  const { header, receipt } = verifyReceiptProof({
    headerRlp: commitment.header,
    proof: commitment.receiptProof,
    transactionIndex: commitment.transactionIndex,
  });
  requireTrue(
    equalBytes(header.hash, commitment.blockHash),
    "FS-VERIFY-BLOCK",
    "the block header does not have the block hash that is stated",
  );
  const recorded = commitmentsOf(receipt, commitment.ledger).find(({ gateway }) =>
    equalBytes(gateway, commitment.gateway),
  );
  requireTrue(
    recorded !== undefined,
    "FS-VERIFY-COMMITMENT",
    "the transaction did not record a commitment of this gateway",
  );
  requireTrue(
    recorded.size === BigInt(checkpoint.size) && equalBytes(recorded.root, checkpoint.root),
    "FS-VERIFY-COMMITMENT",
    `the chain holds another checkpoint (size ${recorded.size}) than the proof (size ${checkpoint.size})`,
  );
  requireTrue(
    statement.clock === 0 || statement.to <= Number(header.timestamp) * 1000 + CLOCK_TOLERANCE_MS,
    "FS-VERIFY-TIME",
    "the readings are dated after the block that commits them",
  );
  const lower = checkNotBefore(statement, notBefore, header);
  if (chain) {
    const canonical = chain.blockHash(header.number);
    requireTrue(
      canonical !== undefined && equalBytes(canonical, header.hash),
      "FS-VERIFY-CHAIN",
      `the node's block ${header.number} has another hash: the commitment is not in its chain`,
    );
  }
  facts.chainId = commitment.chainId;
  facts.ledger = toAddressText(commitment.ledger);
  facts.gateway = toAddressText(commitment.gateway);
  facts.block = header.number.toString();
  facts.blockHash = `0x${toHex(header.hash)}`;
  facts.committedAt = utc(header);
  if (lower) facts.notBefore = utc(lower);
  const upper = `committed in block ${header.number} (${clock(header)})`;
  return lower
    ? `not before block ${lower.number} (${clock(lower)}), ${upper}: window ${header.timestamp - lower.timestamp} s`
    : `${upper}; the attestation names no lower bound`;
}
