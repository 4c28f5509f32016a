import { join } from "node:path";
import {
  decodeAttestation,
  deviceId,
  encodeCoseKey,
  packPath,
  type Statement,
  scopeOf,
} from "../../protocols/attestation/index.ts";
import { EnvironmentError, equalBytes, fromUtf8, UsageError } from "../../protocols/bytes/index.ts";
import { decodeCheckpoint, encodeTlogProof } from "../../protocols/log/index.ts";
import type { Commitment, Proof } from "../../protocols/proof/index.ts";
import { DeviceIndex } from "../batch/device-index.ts";
import type { LogFiles } from "../batch/log-files.ts";
import { LogStore } from "../batch/log-store.ts";
import { nodeLogFiles } from "../batch/node-log-files.ts";
import type { Anchor } from "../coordinator/anchor.ts";
import { CommitmentFiles, type StoredCheckpoint } from "../coordinator/commitment-files.ts";
import { type EnrolledDevice, EnrolmentFiles } from "./enrolment-files.ts";
import { HeaderFiles } from "./header-files.ts";

/** Folders under the gateway's data folder that a proof is made of. */
export const logFolders = (data: string) => ({
  log: join(data, "log"),
  index: join(data, "log", "index"),
  commitments: join(data, "log", "commitments"),
  enrolments: join(data, "log", "enrolments"),
  headers: join(data, "log", "headers"),
  seals: join(data, "seals"),
});

export interface ExportContext {
  /** The gateway's data folder. */
  data: string;
  /** Verifier key of its checkpoints (C2SP vkey). */
  vkey: string;
  /** Where it commits; undefined when it does not. */
  coordinator: { ledger: Uint8Array; gateway: Uint8Array } | undefined;
  /** The log's files; default: those in the data folder. */
  files?: LogFiles;
}

function commitmentOf({ ledger, gateway }: { ledger: Uint8Array; gateway: Uint8Array }, anchor: Anchor): Commitment {
  return {
    chainId: Number(anchor.chainId),
    ledger,
    gateway,
    blockHash: anchor.blockHash,
    header: anchor.headerRlp,
    transactionIndex: anchor.transactionIndex,
    receiptProof: [...anchor.proof],
  };
}

const notLogged = (what: string) =>
  new EnvironmentError("FS-PROOF-PENDING", `${what} in a signed checkpoint yet`, {
    fix: "wait for the batch to close, or close it now: fieldseal batch submit",
  });

/** Reads a gateway's data folder, beside the running gateway, and makes proofs of it. */
export class ProofExporter {
  readonly #context: ExportContext;
  readonly #folders: ReturnType<typeof logFolders>;
  readonly #files: LogFiles;
  readonly #enrolments: EnrolmentFiles;
  readonly #commitments: CommitmentFiles;

  constructor(context: ExportContext) {
    this.#context = context;
    this.#folders = logFolders(context.data);
    this.#files = context.files ?? nodeLogFiles(this.#folders.log);
    this.#enrolments = new EnrolmentFiles(this.#folders.enrolments);
    this.#commitments = new CommitmentFiles(this.#folders.commitments);
  }

  /** @throws UsageError FS-DEVICE-UNKNOWN. */
  device(name: string): EnrolledDevice {
    const device = this.#enrolments.find(name);
    if (device) return device;
    const known = this.#enrolments.list().map((enrolled) => enrolled.name);
    throw new UsageError("FS-DEVICE-UNKNOWN", `no device "${name}" has enrolled here`, {
      fix: known.length > 0 ? `known: ${known.join(", ")}` : "start the gateway with a device: fieldseal run",
    });
  }

  /** The device whose attestation is the newest one committed (or, while none is, signed into a checkpoint). */
  newest(): { device: EnrolledDevice; seq: bigint } {
    const index = DeviceIndex.read(this.#folders.index);
    try {
      let best: { device: EnrolledDevice; seq: bigint; at: number } | undefined;
      const committed = this.#newestCommitted();
      for (const device of this.#enrolments.list()) {
        const place = index.newestBefore(deviceId(device.key), committed ?? Number.POSITIVE_INFINITY);
        if (place === undefined || (best !== undefined && place.index < best.at)) continue;
        best = { device, seq: place.first + BigInt(place.count) - 1n, at: place.index };
      }
      if (!best) throw notLogged("no reading is");
      return best;
    } finally {
      index.close();
    }
  }

  /** Size of the newest checkpoint that the chain holds. */
  #newestCommitted(): number | undefined {
    return this.#commitments
      .sizes()
      .reverse()
      .find((size) => this.#commitments.read(size)?.commitment);
  }

  /** Newest reading of one device that is committed, or, while none is, in a signed checkpoint. */
  newestOf(device: EnrolledDevice): bigint {
    const index = DeviceIndex.read(this.#folders.index);
    try {
      const id = deviceId(device.key);
      const place = index.newestBefore(id, this.#newestCommitted() ?? 0) ?? index.newest(id);
      if (!place) throw notLogged(`no reading of ${device.name} is`);
      return place.first + BigInt(place.count) - 1n;
    } finally {
      index.close();
    }
  }

  /**
   * The proof of reading `seq` of a device.
   * @throws EnvironmentError FS-PROOF-PENDING when no checkpoint covers it yet, FS-PROOF-DELETED when its readings were deleted,
   *   FS-LOG-* when the log's files do not fit together.
   */
  async export(device: EnrolledDevice, seq: bigint): Promise<Proof> {
    for (;;) {
      const store = new LogStore({ files: this.#files, readOnly: true });
      const { size } = await store.open();
      try {
        return await this.#export(store, device, seq);
      } catch (error) {
        // A checkpoint removes partial tiles that its own replace: what is missing then stands in wider ones.
        if (!(error instanceof EnvironmentError && error.code === "FS-LOG-DAMAGED")) throw error;
        if (!(await this.#moved(size))) throw error;
      }
    }
  }

  /** Whether the running gateway has published a checkpoint of more than `size` entries. It only grows: this ends. */
  async #moved(size: number): Promise<boolean> {
    const note = await this.#files.read("checkpoint");
    return note !== undefined && decodeCheckpoint(note).size > size;
  }

  async #export(store: LogStore, device: EnrolledDevice, seq: bigint): Promise<Proof> {
    const found = this.#place(device, seq);
    const stored = this.#commitments.covering(found.place.index, store.size);
    if (!stored) throw notLogged(`reading ${seq} of ${device.name} is not`);
    const attestation = await store.entry(found.place.index);
    const readings = await store.readings(found.place.index);
    if (readings?.length !== found.place.count) {
      const why = readings ? "were lost with damaged records of the journal" : "were deleted on request";
      throw new EnvironmentError("FS-PROOF-DELETED", `the readings of log entry ${found.place.index} ${why}`);
    }
    const { size } = stored.checkpoint;
    const at = Number(seq - found.place.first);
    const { statement } = decodeAttestation(attestation);
    const enrolment = this.#enrolments.of(statement.device, statement.scope) ?? device;
    const commitment = this.#commitment(stored, statement);
    const before = found.previous?.index;
    return {
      reading: { index: at, bytes: readings[at]!, path: packPath(readings, at) },
      attestation,
      key: encodeCoseKey(device.key),
      enrolment: { attestation: enrolment.attestation, body: enrolment.body },
      previous:
        before === undefined
          ? null
          : { attestation: await store.entry(before), index: before, path: await store.proof(before, size) },
      log: {
        vkey: this.#context.vkey,
        proof: fromUtf8(
          encodeTlogProof({
            index: found.place.index,
            proof: await store.proof(found.place.index, size),
            checkpoint: stored.note,
          }),
        )!,
      },
      commitment,
      notBefore: commitment && statement.anchorBlock > 0n ? this.#header(statement) : null,
    };
  }

  #place(device: EnrolledDevice, seq: bigint) {
    const index = DeviceIndex.read(this.#folders.index);
    try {
      const found = index.find(deviceId(device.key), seq);
      if (!found) throw notLogged(`reading ${seq} of ${device.name} is not`);
      if (found.place.readings) return found;
      throw new UsageError("FS-PROOF-SEQ", `sequence number ${seq} of ${device.name} is its enrolment, not a reading`, {
        fix: `ask for reading ${seq + 1n}`,
      });
    } finally {
      index.close();
    }
  }

  /** A commitment speaks for what was signed for its chain, coordinator and gateway, and for nothing else. */
  #commitment(stored: StoredCheckpoint, { scope }: Statement): Commitment | null {
    const { coordinator } = this.#context;
    if (!stored.commitment || !coordinator) return null;
    const own = scopeOf(stored.commitment.chainId, coordinator.ledger, coordinator.gateway);
    return equalBytes(own, scope) ? commitmentOf(coordinator, stored.commitment) : null;
  }

  #header({ anchorBlock, anchorHash }: Statement): { header: Uint8Array } | null {
    const header = new HeaderFiles(this.#folders.headers).read(anchorBlock, anchorHash);
    return header ? { header } : null;
  }
}
