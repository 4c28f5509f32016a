import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { NoteKey } from "../../protocols/log/index.ts";
import type { CryptoBackend } from "../attest/index.ts";
import { type DeviceIndex, type LogFiles, LogStore } from "../batch/index.ts";
import type { Journal } from "../journal/index.ts";
import { openIndex } from "./indexing.ts";
import { outboxFold } from "./outbox-records.ts";
import { PathLog } from "./path-log.ts";
import { GatewayState } from "./state.ts";

export interface RecoveryOptions {
  journal: Journal;
  logFiles: LogFiles;
  backend: CryptoBackend;
  /** Key that checkpoints are signed with. */
  key: NoteKey;
  /** Folder of the device index. */
  indexFolder: string;
  /** An attestation is durable from now on. */
  onDurable(entry: { sign1: Uint8Array; bodies: readonly Uint8Array[] }): void;
  onState(state: string): void;
  onDamage(what: string): void;
  onFatal(error: EnvironmentError): void;
}

export interface Recovered {
  store: LogStore;
  log: PathLog;
  index: DeviceIndex;
  /** Records read from the journal. */
  records: number;
}

/**
 * Opens log and journal, and brings the state to where the journal's records leave it.
 * @throws EnvironmentError FS-JOURNAL-*, FS-LOG-*.
 */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { journal, logFiles, backend, key, indexFolder, onDurable, onState, onDamage, onFatal } = options;
  const store = new LogStore({
    files: logFiles,
    key,
    verify: (bytes, message, signature) => backend.verify({ alg: "EdDSA", bytes }, message, signature),
  });
  const { size } = await store.open();
  const state = new GatewayState(size, outboxFold);
  journal.onState = (now) => {
    if (now === "failed") onFatal(new EnvironmentError("FS-JOURNAL-FAILED", "a write to the journal failed"));
    else onState(`journal ${now}`);
  };
  const report = await journal.open((record) => state.apply(record));
  for (const { kind, file, lost } of report.damage) onDamage(`${file}: ${kind}${lost ? `, ${lost} lost` : ""}`);
  const damaged = report.damage.some(({ lost }) => lost > 0);
  return {
    store,
    log: new PathLog(journal, state, onDurable),
    index: await openIndex(indexFolder, store, state, damaged),
    records: report.records,
  };
}
