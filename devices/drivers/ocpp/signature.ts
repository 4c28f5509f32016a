import { ProtocolError, sha256, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import { type OcmfPublicKey, type OcmfRecord, ocmfSession, verifyOcmf } from "../../../protocols/ocmf/index.ts";
import { decodeOcppKey, decodeSignedRecord } from "../../../protocols/ocpp/index.ts";
import { milliWattHours } from "./energy-register.ts";
import type { ChargingSession } from "./ledger.ts";

/**
 * none: nothing signed came. verified: the meter's own signature, by the key that was configured, over this session's energy.
 * invalid: a signature fits no key it should. mismatch: rightly signed, but not what the station says, or signed before.
 * no-key: nobody configured the meter's key; what came beside the record is no reason to trust it. unreadable: no OCMF.
 */
export type SignatureVerdict = "none" | "verified" | "invalid" | "mismatch" | "no-key" | "unreadable";

export interface SessionEvidence {
  verdict: SignatureVerdict;
  /** Whose word the energy is. */
  grade: "station" | "meter-signed";
  /** The records as they came, one a line. */
  records: string;
  /** SHA-256 of `records`, hex. */
  digest: string;
}

/** The whole-number Wh of StartTransaction and StopTransaction may be off by what they cut off at each end. */
const ROUNDING = 1000n;

/**
 * Judges what a session's meter signed. `pages` holds the page of the last verified record by meter and moves on: a record
 * counts once, so that an old one cannot be shown again for another session (OCMF, "Pagination").
 * @returns undefined when nothing signed came.
 */
export function sessionEvidence(
  session: ChargingSession,
  key: OcmfPublicKey | undefined,
  pages: Record<string, string>,
): SessionEvidence | undefined {
  if (session.signed.length === 0) return undefined;
  const records = session.signed.map(({ record }) => record ?? "").join("\n");
  const verdict = judge(session, key, pages);
  const grade = verdict === "verified" ? "meter-signed" : "station";
  return { verdict, grade, records, digest: toHex(sha256(utf8(records))) };
}

function judge(
  { signed, energy }: ChargingSession,
  trusted: OcmfPublicKey | undefined,
  pages: Record<string, string>,
): SignatureVerdict {
  const records: OcmfRecord[] = [];
  for (const value of signed) {
    let record: OcmfRecord;
    let key = trusted;
    try {
      record = decodeSignedRecord(value);
      if (value.publicKey !== undefined) key ??= decodeOcppKey(value.publicKey);
    } catch (error) {
      if (error instanceof ProtocolError) return "unreadable";
      throw error;
    }
    if (key !== undefined && !verifyOcmf(record, key).valid) return "invalid";
    records.push(record);
  }
  if (trusted === undefined) return "no-key";
  // A record of the end that tells the begin too stands for the session; one of each stand together.
  const own = records.slice(-1);
  const told = energyOf(own) ?? energyOf(records);
  if (told === undefined || energy === undefined) return "mismatch";
  const difference = told - energy;
  if (difference > ROUNDING || difference < -ROUNDING) return "mismatch";
  return turnPage(records, pages) ? "verified" : "mismatch";
}

function energyOf(records: readonly OcmfRecord[]): bigint | undefined {
  const found = ocmfSession(records).energies.find(({ energy }) => energy !== undefined);
  if (found?.energy === undefined) return undefined;
  return milliWattHours(found.energy) * (found.unit === "kWh" ? 1000n : 1n);
}

function turnPage(records: readonly OcmfRecord[], pages: Record<string, string>): boolean {
  const first = records[0]!;
  const last = records.at(-1)!;
  const meter = `${first.page.context} ${first.meter.serial ?? first.gateway.serial ?? ""}`.slice(0, 80);
  const before = pages[meter];
  if (before !== undefined && first.page.number <= BigInt(before)) return false;
  // Meters of one station; more names than this are a station's invention.
  if (before === undefined && Object.keys(pages).length >= 64) return false;
  pages[meter] = String(last.page.number);
  return true;
}
