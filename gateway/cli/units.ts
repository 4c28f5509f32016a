import { UsageError } from "../../protocols/bytes/index.ts";

/** Ether and the token have 18 decimal places. */
const DECIMALS = 18;

/**
 * A decimal number of ether or tokens in the smallest unit.
 * @throws UsageError FS-USAGE.
 */
export function parseUnits(text: string, what: string): bigint {
  const match = /^(\d{1,30})(?:\.(\d{1,18}))?$/.exec(text);
  if (!match) {
    throw new UsageError("FS-USAGE", `${what}: "${text}" is not an amount`, {
      fix: "Write a decimal number, for example 0.25.",
    });
  }
  return BigInt(match[1]! + (match[2] ?? "").padEnd(DECIMALS, "0"));
}

/** The smallest unit as a decimal number, exactly. */
export function formatUnits(amount: bigint): string {
  const digits = amount.toString().padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "");
  return fraction === "" ? digits.slice(0, -DECIMALS) : `${digits.slice(0, -DECIMALS)}.${fraction}`;
}

/** A whole number from the command line. @throws UsageError FS-USAGE. */
export function parseWhole(text: string, what: string, most = (1n << 64n) - 1n): bigint {
  if (!/^\d{1,78}$/.test(text) || BigInt(text) > most) {
    throw new UsageError("FS-USAGE", `${what}: "${text}" is not a whole number up to ${most}`);
  }
  return BigInt(text);
}

/** Seconds since 1970 as UTC to the second. */
export const utcTime = (seconds: bigint): string =>
  new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z").replace("T", " ");
