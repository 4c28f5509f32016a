import { execFile } from "node:child_process";
import { ClockState } from "../../protocols/attestation/index.ts";

/** Most that the clock may differ from the newest block's time and still count as set by the network. */
const BLOCK_TOLERANCE_MS = 120_000;

/** Whether the kernel says that a time service disciplines the clock (adjtimex STA_UNSYNC, as timedatectl shows it). */
export function kernelClockSynced(): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    execFile("timedatectl", ["show", "--property=NTPSynchronized", "--value"], { timeout: 5_000 }, (error, stdout) => {
      resolve(error ? undefined : stdout.trim() === "yes");
    });
  });
}

/** Most that a receiver's time may differ from the clock: a second of serial line and sentences, and as much again. */
export const GNSS_TOLERANCE_MS = 2_000;
/** How long a receiver's time counts after it was heard, carried on by the monotonic clock. */
export const GNSS_AGE_MS = 5 * 60_000;

/**
 * What statements say of the clock: set from the network when the kernel says so, or when the chain's newest block agrees
 * with it; disciplined when a GNSS receiver's time does, which only ever confirms the clock and never sets it; otherwise unsynced,
 * and readings are marked.
 * @param blockTime ms since 1970 of the newest block, when one is known.
 * @param gnssTime ms since 1970 as a receiver tells it, when one is heard.
 */
export function clockState(
  kernel: boolean | undefined,
  now: number,
  blockTime: number | undefined,
  gnssTime?: number | undefined,
): number {
  if (gnssTime !== undefined && Math.abs(now - gnssTime) <= GNSS_TOLERANCE_MS) return ClockState.disciplined;
  const agrees = blockTime !== undefined && Math.abs(now - blockTime) <= BLOCK_TOLERANCE_MS;
  return kernel || agrees ? ClockState.network : ClockState.unsynced;
}
