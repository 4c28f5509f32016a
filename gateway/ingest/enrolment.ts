import type { Profile } from "../../devices/index.ts";
import { SignerGrade } from "../../protocols/attestation/index.ts";
import { equalBytes, sha256, utf8 } from "../../protocols/bytes/index.ts";
import type { EnrolRequest } from "../attest/signer-protocol.ts";
import type { StatementContext } from "./lane.ts";
import type { PathLog } from "./path-log.ts";

export interface EnrolOptions {
  device: Uint8Array;
  profile: Profile;
  /** Address that is paid for the device's work, 20 bytes. */
  owner: Uint8Array;
  log: PathLog;
  context: StatementContext;
  now: number;
  /** The work register now: what a device did before is never paid. */
  work: bigint;
  random(bytes: number): Uint8Array;
  enrol(request: EnrolRequest): Promise<{ sign1: Uint8Array; body: Uint8Array }>;
}

export interface Enrolled {
  sign1: Uint8Array;
  body: Uint8Array;
  /** Log index; the entry is durable. */
  index: number;
}

/** What a device's readings follow, as its enrolment binds it: digest of the profile as data. */
export function profileDigest(profile: Profile): Uint8Array {
  // Raw values that mean "not available" may have 64 bits, for which JSON has no form of its own.
  return sha256(utf8(JSON.stringify(profile, (_key, value) => (typeof value === "bigint" ? String(value) : value))));
}

/**
 * Has a device whose key the signer holds sign its enrolment, once for each scope: owner, chain, coordinator and gateway.
 * The enrolment is an entry of the log like any other and takes one of the device's sequence numbers.
 * @returns undefined when the enrolment in force is for this scope.
 */
export async function enrolDevice(options: EnrolOptions): Promise<Enrolled | undefined> {
  const { device, profile, owner, log, context, now, work, random, enrol } = options;
  const cursor = log.state.cursor(device);
  if (cursor.enrolment >= 0 && equalBytes(cursor.scope, context.scope)) return undefined;
  const { sign1, body } = await enrol({
    ...context,
    device,
    owner,
    grade: SignerGrade.gateway,
    profile: profileDigest(profile),
    nonce: random(16),
    first: cursor.next,
    time: now,
    work,
  });
  const { index, durable } = log.attest(sign1, [body]);
  await durable;
  return { sign1, body, index };
}
