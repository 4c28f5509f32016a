import { compareBytes, equalBytes, ProtocolError, UsageError } from "../bytes/index.ts";
import { keccak256 } from "../evm/index.ts";

/** One device's stretch of its work register in one epoch, as a gateway seals it (Shares.sol, `Share`). */
export interface Share {
  /** Device id, 32 bytes. */
  device: Uint8Array;
  /** Work register at the beginning and at the end of the stretch; u64, `from < to`. */
  from: bigint;
  to: bigint;
  /**
   * Log index of the attestation whose `work` is `from`, or `FIRST_MARK`: then `from` is the register at enrolment
   * (`Registry.firstMark`). u64.
   */
  fromIndex: bigint;
  /** Log index of the attestation whose `work` is `to`; u64. */
  toIndex: bigint;
}

const U64_END = 1n << 64n;

/** `fromIndex` of a stretch that begins where the device was enrolled. */
export const FIRST_MARK = U64_END - 1n;

/** 00 ‖ device 32 ‖ from 8 ‖ to 8 ‖ fromIndex 8 ‖ toIndex 8. */
const LEAF_LENGTH = 65;

/** What the device did in the stretch: `to − from`. @throws ProtocolError FS-SHARE-EMPTY unless it is above 0. */
export function workOf({ from, to }: Share): bigint {
  if (to > from) return to - from;
  throw new ProtocolError("FS-SHARE-EMPTY", `a share from ${from} to ${to} holds no work`, { context: { from, to } });
}

/** keccak256 of a share's leaf, 32 bytes. @throws UsageError FS-SHARE-FIELD. */
export function shareHash(share: Share): Uint8Array {
  if (share.device.length !== 32) {
    throw new UsageError("FS-SHARE-FIELD", `a share's device has 32 bytes, not ${share.device.length}`);
  }
  const out = new Uint8Array(LEAF_LENGTH);
  const view = new DataView(out.buffer);
  out.set(share.device, 1);
  for (const [i, name] of (["from", "to", "fromIndex", "toIndex"] as const).entries()) {
    const value = share[name];
    if (value < 0n || value >= U64_END) throw new UsageError("FS-SHARE-FIELD", `${name} of a share is no u64`);
    view.setBigUint64(33 + 8 * i, value);
  }
  return keccak256(out);
}

/**
 * The shares in the order of a seal: ascending by device.
 * @throws UsageError FS-SHARE-ORDER when a device stands twice: a seal has one share a device.
 */
export function sortShares(shares: readonly Share[]): Share[] {
  const sorted = [...shares].sort((a, b) => compareBytes(a.device, b.device));
  const twice = sorted.findIndex((share, i) => i > 0 && equalBytes(share.device, sorted[i - 1]!.device));
  if (twice >= 0) throw new UsageError("FS-SHARE-ORDER", "a device has two shares in one seal");
  return sorted;
}
