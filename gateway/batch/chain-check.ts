import { EnvironmentError, equalBytes, toHex } from "../../protocols/bytes/index.ts";

/** The newest commitment of this gateway on chain: its root, or, where a contract keeps only hashes, a question about a root. */
export type ChainHead = { seq: bigint; size: bigint | number } & (
  | { root: Uint8Array }
  | { isCommitted(root: Uint8Array): Promise<boolean> }
);

/** What the comparison needs of the log. */
export interface ComparedLog {
  readonly size: number;
  root(size: number): Promise<Uint8Array>;
}

/**
 * A gateway must never sign what contradicts its own commitment: a data directory restored from a copy, or another machine with
 * the same key.
 * @throws EnvironmentError FS-BATCH-BEHIND when the chain holds more entries than the log, FS-BATCH-FORKED when it holds others.
 */
export async function checkAgainstChain(log: ComparedLog, head: ChainHead): Promise<void> {
  const size = Number(head.size);
  const context = { seq: String(head.seq), committed: size, size: log.size };
  if (size > log.size) {
    throw new EnvironmentError(
      "FS-BATCH-BEHIND",
      `commitment ${head.seq} on chain covers ${size} entries, this log has ${log.size}: the data directory is an old copy`,
      { context, fix: "Restore the newest data directory; this one must not sign. Nothing was signed." },
    );
  }
  const root = await log.root(size);
  if ("root" in head ? equalBytes(root, head.root) : await head.isCommitted(root)) return;
  throw new EnvironmentError(
    "FS-BATCH-FORKED",
    `commitment ${head.seq} on chain covers ${size} entries with another root than this log's`,
    {
      context: { ...context, root: toHex(root) },
      fix: "Another data directory has signed with this gateway's key. Find it and restore it. Nothing was signed.",
    },
  );
}
