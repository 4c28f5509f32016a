import { decodeOutboxEntry, encodeOutboxEntry } from "../coordinator/index.ts";
import type { OutboxStore } from "../coordinator/outbox.ts";
import type { PathLog } from "./path-log.ts";
import { RecordKind } from "./records.ts";
import type { OutboxFold } from "./state.ts";

/** How the journal's fold reads the submitter's records. */
export const outboxFold: OutboxFold = {
  idOf(record) {
    const { id, state } = decodeOutboxEntry(record);
    return { id, open: state === "open" };
  },
};

/** The submitter's outbox, kept in the journal. */
export const outboxStore = (path: PathLog): OutboxStore => ({
  load: async () => path.state.outbox().map(decodeOutboxEntry),
  save: (entry) => path.put(RecordKind.outbox, encodeOutboxEntry(entry)).durable,
});
