import { writeFileSync } from "node:fs";
import { decodeAttestation, decodeCoseKey } from "../../../protocols/attestation/index.ts";
import {
  EnvironmentError,
  equalBytes,
  ProtocolError,
  toHex,
  UsageError,
  utf8,
} from "../../../protocols/bytes/index.ts";
import { commitmentsOf, verifyReceiptProof } from "../../../protocols/evm/index.ts";
import { decodeTlogProof } from "../../../protocols/log/index.ts";
import { decodeProof } from "../../../protocols/proof/index.ts";
import { LogStore, nodeLogFiles } from "../../batch/index.ts";
import {
  type AccusedEvidence,
  decodeEvidence,
  encodeEvidence,
  evidenceCall,
  type FaultName,
} from "../../coordinator/evidence.ts";
import { type CommitmentEvidence, type LoggedEntry, leastBond } from "../../coordinator/faults.ts";
import type { AccountOptions } from "../account.ts";
import { outputOf } from "../context.ts";
import {
  addressText,
  type CoordinatorSite,
  enrolmentsOf,
  openCoordinator,
  parseAddress,
  readTextFile,
} from "../coordinator-site.ts";
import { submit } from "../submit.ts";
import { parseUnits, parseWhole } from "../units.ts";

export interface ChallengeOptions extends AccountOptions {
  evidence?: string;
  proof?: string[];
  log?: string;
  index?: string[];
  gateway?: string;
  epoch?: string;
  kind?: string;
  point?: string;
  bond?: string;
  write?: string;
}

interface Shown {
  gateway: Uint8Array;
  logged: LoggedEntry;
  key: ReturnType<typeof decodeCoseKey> | undefined;
}

const usage = (why: string, fix: string) => new UsageError("FS-USAGE", why, { fix });

/** The log entry that an exported proof of a reading shows, and the commitment it was in. */
function fromProof(site: CoordinatorSite, path: string): Shown {
  const proof = decodeProof(readTextFile(path));
  const { commitment } = proof;
  if (!commitment) {
    throw new ProtocolError("FS-EVIDENCE", `${path}: the proof names no commitment on chain`, {
      fix: "Export it again once its checkpoint is committed.",
    });
  }
  const { index, proof: hashes } = decodeTlogProof(utf8(proof.log.proof));
  const { receipt } = verifyReceiptProof({
    headerRlp: commitment.header,
    transactionIndex: commitment.transactionIndex,
    proof: commitment.receiptProof,
  });
  const made = commitmentsOf(receipt, site.coordinator.ledger).find(({ gateway }) =>
    equalBytes(gateway, commitment.gateway),
  );
  if (!made) {
    throw new ProtocolError(
      "FS-EVIDENCE",
      `${path}: its transaction holds no commitment of the gateway to this Ledger`,
    );
  }
  return {
    gateway: commitment.gateway,
    logged: {
      commitment: { seq: made.seq, size: made.size, root: made.root },
      index: BigInt(index),
      entry: proof.attestation,
      path: hashes,
    },
    key: decodeCoseKey(proof.key),
  };
}

/** The newest commitment of a gateway, which must be that of the log at hand. */
async function committed(site: CoordinatorSite, gateway: Uint8Array, log: LogStore): Promise<CommitmentEvidence> {
  const { seq, size } = await site.coordinator.head(gateway);
  const known = size <= BigInt(log.size) && seq > 0n;
  const root = known ? await log.root(Number(size)) : undefined;
  if (root && (await site.coordinator.isCommitted(gateway, seq, size, root))) return { seq, size, root };
  throw new EnvironmentError(
    "FS-EVIDENCE-LOG",
    "the log at hand is not the one whose newest state the gateway committed",
    {
      fix: "Fetch the gateway's log again. If it is all there, its owner may have forked it: compare commitments.",
    },
  );
}

/** The key of the device that an entry names, where this gateway knows it. */
function knownKey(site: CoordinatorSite, entry: Uint8Array): Shown["key"] {
  try {
    const { statement } = decodeAttestation(entry);
    return enrolmentsOf(site).find(toHex(statement.device))?.key;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Entries of a copy of a gateway's log folder, proven by its newest commitment. */
async function fromLog(site: CoordinatorSite, options: ChallengeOptions): Promise<Shown[]> {
  if (options.gateway === undefined) throw usage("whose log is it?", "Name its gateway with --gateway.");
  const gateway = parseAddress(options.gateway);
  const log = new LogStore({ files: nodeLogFiles(options.log!), readOnly: true });
  await log.open();
  const commitment = await committed(site, gateway, log);
  const indexes = (options.index ?? []).map((text) => Number(parseWhole(text, "--index", commitment.size - 1n)));
  return Promise.all(
    indexes.map(async (index) => {
      const entry = await log.entry(index);
      const path = await log.proof(index, Number(commitment.size));
      return { gateway, logged: { commitment, index: BigInt(index), entry, path }, key: knownKey(site, entry) };
    }),
  );
}

function pointOf(fault: "demand-share" | "opaque", options: ChallengeOptions): AccusedEvidence {
  const { gateway, epoch, kind, point } = options;
  if (gateway === undefined || epoch === undefined || kind === undefined || point === undefined) {
    throw usage("which share?", "Give --gateway, --epoch, --kind and --point, or --evidence.");
  }
  return {
    gateway: parseAddress(gateway),
    evidence: {
      fault,
      epoch: parseWhole(epoch, "--epoch", 0xffff_ffffn),
      kind: Number(parseWhole(kind, "--kind", 15n)),
      point: parseWhole(point, "--point", (1n << 128n) - 1n),
    },
  };
}

function ofEntries(fault: FaultName, shown: readonly Shown[]): AccusedEvidence {
  const [a, b] = shown;
  const want = fault === "incoherent" ? 2 : 1;
  if (!a || shown.length !== want) {
    throw usage(`${fault} is proven by ${want} entries of a log`, `Give ${want} times --proof, or --log and --index.`);
  }
  const { gateway, logged, key } = a;
  switch (fault) {
    case "invalid":
      return { gateway, evidence: { fault, logged, ...(key ? { key } : {}) } };
    case "incoherent":
      return { gateway, evidence: { fault, a: logged, b: b!.logged } };
    case "demand":
    case "withheld":
      return { gateway, evidence: { fault, commitment: logged.commitment, index: logged.index } };
    default:
      throw usage(`${fault} is proven by more than entries of a log`, "Give --evidence FILE.");
  }
}

async function gathered(site: CoordinatorSite, fault: FaultName, options: ChallengeOptions): Promise<AccusedEvidence> {
  if (options.evidence !== undefined) {
    const read = decodeEvidence(readTextFile(options.evidence));
    if (read.evidence.fault === fault) return read;
    throw usage(`${options.evidence} is evidence of ${read.evidence.fault}`, "Name that fault, or another file.");
  }
  if (fault === "demand-share" || fault === "opaque") return pointOf(fault, options);
  if (options.log !== undefined) return ofEntries(fault, await fromLog(site, options));
  return ofEntries(
    fault,
    (options.proof ?? []).map((path) => fromProof(site, path)),
  );
}

/** What a demand bonds: somewhat more than the least, which follows the base fee. */
async function bondFor(site: CoordinatorSite, faults: Uint8Array, gateway: Uint8Array, given: string | undefined) {
  if (given !== undefined) return parseUnits(given, "--bond");
  const least = await leastBond(site.chain, faults, gateway);
  return least + least / 4n;
}

/** `fieldseal challenge FAULT`: one transaction that slashes, or is refused and changes nothing; or a demand. */
export async function challenge(fault: FaultName, options: ChallengeOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const accused = await gathered(site, fault, options);
  const { gateway } = accused;
  if (options.write !== undefined) writeFileSync(options.write, encodeEvidence(accused), { flag: "wx" });
  const faults = await site.faults();
  const demands = fault === "demand" || fault === "demand-share";
  const bond = demands ? await bondFor(site, faults, gateway, options.bond) : 0n;
  out.line(`${"gateway".padEnd(10)} ${addressText(gateway)}`);
  await submit(
    options,
    site,
    () => [evidenceCall(faults, accused, bond)],
    async () => {
      const { stake, frozen } = await site.coordinator.head(gateway);
      return { fault, gateway: addressText(gateway), frozen, stake_wei: stake.toString() };
    },
  );
}
