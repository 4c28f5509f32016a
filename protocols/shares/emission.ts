/**
 * How much is mined in an epoch, and who gets how much of it, as Emission.sol computes it: integers in the token's smallest
 * unit, each division rounded down; what is lost in rounding is never mined.
 */

/** Most that is ever mined: 60 % of the supply of 10 billion. */
export const MINED = 6_000_000_000n * 10n ** 18n;
/** Epochs between halvings: a year of weeks. */
export const HALVING = 52n;
/** Parts are given in 1/10,000. */
export const WHOLE = 10_000n;

/** Emission of each epoch before the first halving. The years halve, so that all together are twice the first. */
const FIRST = MINED / (2n * HALVING);
const HOUR = 3600n;

/** Emission of an epoch over all kinds (`Emission.inEpoch`). */
export const emissionInEpoch = (epoch: bigint): bigint => FIRST >> (epoch / HALVING);

/** `part` ten-thousandths of an amount. */
export const partOf = (amount: bigint, part: bigint): bigint => (amount * part) / WHOLE;

/** What `work` out of `total` gets of a pool. */
export const earned = (pool: bigint, work: bigint, total: bigint): bigint =>
  total === 0n ? 0n : (pool * work) / total;

/** Most work of a device in `time` seconds; `cap` is work per hour. */
export const allowance = (cap: bigint, time: bigint): bigint => (cap * time) / HOUR;

/** Least whole seconds in which a device may do that work; `cap` above 0. */
export const duration = (cap: bigint, work: bigint): bigint => (work * HOUR + cap - 1n) / cap;

/** What the devices and gateways of an epoch share for one kind: its part of the emission without the auditors' part. */
export function workPool(epoch: bigint, split: bigint, auditPart: bigint): bigint {
  const whole = partOf(emissionInEpoch(epoch), split);
  return whole - partOf(whole, auditPart);
}
