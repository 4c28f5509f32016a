import { earned, emissionInEpoch, partOf, type Share, workOf, workPool } from "../../protocols/shares/index.ts";

/** What Rewards was deployed with, and what the Ledger says of an epoch and kind. */
export interface PayTerms {
  epoch: bigint;
  /** Part of the emission for the kind, in 1/10,000 (`Rewards.split`). */
  split: bigint;
  /** `Rewards.AUDIT_PART` and `Rewards.GATEWAY_PART`, in 1/10,000. */
  auditPart: bigint;
  gatewayPart: bigint;
  /** Work of all gateways in the epoch and kind (`Ledger.totalWork`). */
  totalWork: bigint;
}

/** Why a share was paid what it was: each number of the computation, in the token's smallest unit. */
export interface Pay {
  emission: bigint;
  pool: bigint;
  work: bigint;
  totalWork: bigint;
  /** pool × work / totalWork, rounded down. */
  gross: bigint;
  forGateway: bigint;
  forOwner: bigint;
}

/** What Rewards.claim pays for a share, with the same integers. @throws ProtocolError FS-SHARE-EMPTY. */
export function payOf(share: Share, terms: PayTerms): Pay {
  const pool = workPool(terms.epoch, terms.split, terms.auditPart);
  const work = workOf(share);
  const gross = earned(pool, work, terms.totalWork);
  const forGateway = partOf(gross, terms.gatewayPart);
  return {
    emission: emissionInEpoch(terms.epoch),
    pool,
    work,
    totalWork: terms.totalWork,
    gross,
    forGateway,
    forOwner: gross - forGateway,
  };
}
