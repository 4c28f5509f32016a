import { copyOf, equalBytes, fromUtf8, UsageError, utf8 } from "../bytes/index.ts";
import { bodyError, checkBody, checkField } from "./body.ts";

/**
 * Body of kind 4, 128 bytes: four words of 32. Both totals only run upward, so the newest receipt settles all before it.
 *
 * ```text
 *   0   1  version          1
 *   1   7  reserved         0
 *   8   8  unit             ASCII, padded with 0: a SenML unit (J, s, B, …) or any name both sides agreed
 *  16  16  session          chosen when the session starts
 *  32  32  payer            device id of the consumer's key
 *  64  32  provider         device id of the provider: the statement's device
 *  96   8  reserved         0
 * 104   8  units            u64: delivered so far, in `unit`
 * 112  16  total            u128: owed so far, in the smallest unit of credit
 * ```
 */
export interface Receipt {
  unit: string;
  /** 16 bytes. */
  session: Uint8Array;
  /** 32 bytes each; never equal. */
  payer: Uint8Array;
  provider: Uint8Array;
  units: bigint;
  total: bigint;
}

export const RECEIPT_LENGTH = 128;

const UNIT = /^[\x21-\x7e]{1,8}$/;
const U64 = (1n << 64n) - 1n;

/** @throws UsageError FS-RECEIPT-FIELD */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const bad = (why: string) => new UsageError("FS-RECEIPT-FIELD", `receipt: ${why}`);
  checkField("receipt", "session", receipt.session, 16);
  checkField("receipt", "payer", receipt.payer, 32);
  checkField("receipt", "provider", receipt.provider, 32);
  if (!UNIT.test(receipt.unit)) throw bad("the unit is not 1…8 printable ASCII characters");
  if (receipt.units < 0n || receipt.units > U64) throw bad("units do not fit 64 bits");
  if (receipt.total < 0n || receipt.total >= 1n << 128n) throw bad("the total does not fit 128 bits");
  if (equalBytes(receipt.payer, receipt.provider)) throw bad("payer and provider are the same");
  const out = new Uint8Array(RECEIPT_LENGTH);
  const view = new DataView(out.buffer);
  out[0] = 1;
  out.set(utf8(receipt.unit), 8);
  out.set(receipt.session, 16);
  out.set(receipt.payer, 32);
  out.set(receipt.provider, 64);
  view.setBigUint64(104, receipt.units);
  view.setBigUint64(112, receipt.total >> 64n);
  view.setBigUint64(120, receipt.total & U64);
  return out;
}

/** @throws ProtocolError FS-RECEIPT-LENGTH, -VERSION, -RESERVED, -UNIT, -PARTIES */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  checkBody("receipt", bytes, RECEIPT_LENGTH, [
    [1, 8],
    [96, 104],
  ]);
  const field = bytes.subarray(8, 16);
  const end = field.indexOf(0);
  const unit = fromUtf8(end < 0 ? field : field.subarray(0, end)) ?? "";
  const padded = end < 0 || field.subarray(end).every((byte) => byte === 0);
  if (!UNIT.test(unit) || !padded) throw bodyError("receipt", "UNIT", "the unit is not 1…8 printable ASCII characters");
  const payer = copyOf(bytes, 32, 64);
  const provider = copyOf(bytes, 64, 96);
  if (equalBytes(payer, provider)) throw bodyError("receipt", "PARTIES", "payer and provider are the same");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    unit,
    session: copyOf(bytes, 16, 32),
    payer,
    provider,
    units: view.getBigUint64(104),
    total: (view.getBigUint64(112) << 64n) | view.getBigUint64(120),
  };
}
