/** When things happen at a Ledger (Ledger.sol, `Times` and `GENESIS`): all in seconds; `genesis` since 1970. */
export interface EpochTimes {
  genesis: bigint;
  /** Length of an epoch: 7 d on public networks. */
  epoch: bigint;
  /** After an epoch's end, how long it may be sealed: 12 h. */
  sealing: bigint;
  /** After that, how long a seal may be challenged: 3 d. */
  dispute: bigint;
}

/** Number of the epoch that `time` lies in, from 0; 0 for times before the Ledger was. */
export function epochAt({ genesis, epoch }: EpochTimes, time: bigint): bigint {
  return time < genesis ? 0n : (time - genesis) / epoch;
}

/** First second of an epoch. */
export const epochStart = ({ genesis, epoch }: EpochTimes, at: bigint): bigint => genesis + at * epoch;

/** First second after an epoch: from here on it may be sealed. */
export const epochEnd = (times: EpochTimes, at: bigint): bigint => epochStart(times, at + 1n);

/** First second at which an epoch cannot be sealed any more. */
export const sealingEnd = (times: EpochTimes, at: bigint): bigint => epochEnd(times, at) + times.sealing;

/** From this second on a seal is beyond dispute, and claims are paid. */
export const finalAt = (times: EpochTimes, at: bigint): bigint => sealingEnd(times, at) + times.dispute;
