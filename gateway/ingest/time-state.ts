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

/**
 * What statements say of the clock: set from the network when the kernel says so, or when the chain's newest block agrees
 * with it; otherwise unsynced, and readings are marked.
 * @param blockTime ms since 1970 of the newest block, when one is known.
 */
export function clockState(kernel: boolean | undefined, now: number, blockTime: number | undefined): number {
  const agrees = blockTime !== undefined && Math.abs(now - blockTime) <= BLOCK_TOLERANCE_MS;
  return kernel || agrees ? ClockState.network : ClockState.unsynced;
}
