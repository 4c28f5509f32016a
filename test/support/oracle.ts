import { treeValues } from "../../devices/index.ts";
import { nodeBackend } from "../../gateway/attest/index.ts";
import { LogStore, nodeLogFiles } from "../../gateway/batch/index.ts";
import { exporterFor } from "../../gateway/cli/exporter.ts";
import { type LoadedConfig, loadConfig } from "../../gateway/config/index.ts";
import type { Chain } from "../../gateway/coordinator/index.ts";
import { EnrolmentFiles } from "../../gateway/proofs/enrolment-files.ts";
import { logFolders } from "../../gateway/proofs/export.ts";
import { verifyProof } from "../../gateway/verify/index.ts";
import {
  decodeAttestation,
  decodeEnrolment,
  deviceId,
  packRoot,
  StatementKind,
  verifyAttestation,
} from "../../protocols/attestation/index.ts";
import { equalBytes, fromHex, sha256, toHex } from "../../protocols/bytes/index.ts";
import { decodeCommitted, fromAddressText } from "../../protocols/evm/index.ts";
import { encodeProof } from "../../protocols/proof/index.ts";
import { decodeReading } from "../../protocols/reading/index.ts";
import type { PathEvent } from "./cli.ts";
import type { Acknowledged } from "./link-board.ts";
import type { Site } from "./site.ts";

/** One sequence number of a device in the log. */
interface Logged {
  index: number;
  kind: number;
  bytes: Uint8Array;
}

/** What the data folder and the chain hold at the end, and every way in which that breaks the promise. */
export interface Verdict {
  entries: number;
  readings: number;
  commitments: number;
  faults: string[];
}

export interface Promised {
  /** `reading` events that were printed. */
  readings: readonly PathEvent[];
  /** Board packs that were acknowledged, by device name. */
  packs: ReadonlyMap<string, readonly Acknowledged[]>;
}

/**
 * The promise of the README, checked on a stopped gateway whose log is committed to its end. **L** every acknowledged reading is in
 * the log, **D** once, and the log's sequence numbers are dense, **F** everything stored verifies, up to the chain.
 */
export async function judge(site: Site, chain: Chain, promised: Promised): Promise<Verdict> {
  const loaded = loadConfig({ file: site.config });
  const faults: string[] = [];
  const log = await readLog(loaded, faults);
  checkPromises(log.devices, promised, faults);
  const readings = await checkProofs(loaded, log.devices, faults);
  const commitments = await checkChain(loaded, site.address, chain, log.store, faults);
  return { entries: log.store.size, readings, commitments, faults };
}

type Devices = Map<string, Map<bigint, Logged>>;

/** Every entry verified and taken apart (F), each sequence number once and in order (D). */
async function readLog({ config }: LoadedConfig, faults: string[]): Promise<{ store: LogStore; devices: Devices }> {
  const folders = logFolders(config.gateway.data);
  const store = new LogStore({ files: nodeLogFiles(folders.log), readOnly: true });
  await store.open();
  const enrolled = new Map(
    new EnrolmentFiles(folders.enrolments).list().map((device) => [toHex(deviceId(device.key)), device]),
  );
  const devices: Devices = new Map([...enrolled.values()].map(({ name }) => [name, new Map()]));
  const backend = nodeBackend();
  for (let index = 0; index < store.size; index++) {
    const attestation = decodeAttestation(await store.entry(index));
    const { device, kind, first, count, root } = attestation.statement;
    const about = enrolled.get(toHex(device));
    if (!about) {
      faults.push(`F: entry ${index} is of a device without enrolment`);
      continue;
    }
    const bodies = (await store.readings(index)) ?? [];
    const bound = kind === StatementKind.enrol ? sha256(bodies[0]!) : packRoot(bodies);
    if (verifyAttestation(attestation, about.key, backend) !== "ok") faults.push(`F: entry ${index} is not signed`);
    if (!equalBytes(bound, root) || bodies.length !== count) faults.push(`F: entry ${index} has other readings`);
    if (kind === StatementKind.enrol) decodeEnrolment(bodies[0]!);
    const seen = devices.get(about.name)!;
    for (const [i, bytes] of bodies.entries()) {
      const seq = first + BigInt(i);
      if (seen.has(seq)) faults.push(`D: ${about.name}:${seq} is in entries ${seen.get(seq)!.index} and ${index}`);
      else if (seq !== BigInt(seen.size))
        faults.push(`D: ${about.name}:${seq} follows ${seen.size - 1} in entry ${index}`);
      seen.set(seq, { index, kind, bytes });
    }
  }
  return { store, devices };
}

/** L: what was acknowledged is there, and is what was acknowledged. */
function checkPromises(devices: Devices, { readings, packs }: Promised, faults: string[]): void {
  for (const { device, seq, values } of readings) {
    const found = devices.get(String(device))?.get(BigInt(String(seq)));
    if (!found) faults.push(`L: ${device}:${seq} was acknowledged and is not in the log`);
    else if (JSON.stringify(treeValues(decodeReading(found.bytes))) !== JSON.stringify(values))
      faults.push(`L: ${device}:${seq} in the log is another reading than the one acknowledged`);
  }
  for (const [name, sent] of packs) {
    for (const { first, readings: bodies } of sent) {
      for (const [i, bytes] of bodies.entries()) {
        const found = devices.get(name)?.get(first + BigInt(i));
        if (!found || !equalBytes(found.bytes, bytes))
          faults.push(`L: ${name}:${first + BigInt(i)} was acknowledged and is not in the log`);
      }
    }
  }
}

/** F: one reading of every entry, from its bytes to the block. @returns number of readings in the log. */
async function checkProofs({ config }: LoadedConfig, devices: Devices, faults: string[]): Promise<number> {
  const exporter = exporterFor(config);
  let readings = 0;
  for (const [name, logged] of devices) {
    const device = exporter.device(name);
    const done = new Set<number>();
    for (const [seq, { index, kind }] of logged) {
      if (kind !== StatementKind.readings) continue;
      readings++;
      if (done.has(index)) continue;
      done.add(index);
      const { result, steps } = verifyProof(encodeProof(await exporter.export(device, seq)), {
        verifier: nodeBackend(),
      });
      if (result !== "verified") faults.push(`F: ${name}:${seq}: ${JSON.stringify(steps.at(-1))}`);
    }
  }
  return readings;
}

/** Each commitment on the chain once, in order, with this log's root; the last one covers the log. @returns their number. */
async function checkChain({ config }: LoadedConfig, gateway: string, chain: Chain, store: LogStore, faults: string[]) {
  const ledger = fromAddressText(config.coordinator!.ledger);
  const query = { address: config.coordinator!.ledger, fromBlock: "0x0", toBlock: "latest" };
  const logs = (await chain.request({ method: "eth_getLogs", params: [query] })) as {
    topics: string[];
    data: string;
  }[];
  const bytes = (text: string) => fromHex(text.slice(2));
  const commitments = logs
    .map(({ topics, data }) =>
      decodeCommitted({ address: ledger, topics: topics.map(bytes), data: bytes(data) }, ledger),
    )
    .filter((found) => found !== undefined && equalBytes(found.gateway, fromAddressText(gateway)));
  let last = 0n;
  for (const [i, commitment] of commitments.entries()) {
    const { seq, size, root } = commitment!;
    if (seq !== BigInt(i + 1) || size <= last)
      faults.push(`D: commitment ${seq} of ${size} entries follows ${i} of ${last}`);
    if (!equalBytes(root, await store.root(Number(size))))
      faults.push(`F: commitment ${seq} has another root than the log`);
    last = size;
  }
  if (last !== BigInt(store.size)) faults.push(`L: ${last} of ${store.size} entries are committed`);
  return commitments.length;
}
