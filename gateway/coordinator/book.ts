import { equalBytes } from "../../protocols/bytes/index.ts";
import { nonceOf, type OutboxEntry, type OutboxStore, type OutboxTask } from "./outbox.ts";

/** Finished entries kept at hand: a chain that forgets more of its blocks than this is another chain. */
const KEPT = 64;

export type CommitTask = Extract<OutboxTask, { kind: "commit" }>;

/** The outbox in memory: what the store holds, folded. Every change is durable before it counts. */
export class OutboxBook {
  readonly #store: OutboxStore;
  #entries = new Map<bigint, OutboxEntry>();

  constructor(store: OutboxStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    const entries = await this.#store.load();
    this.#entries = new Map(entries.sort((a, b) => (a.id < b.id ? -1 : 1)).map((entry) => [entry.id, entry]));
  }

  /** Entries that are not final, oldest first. */
  open(): OutboxEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.state === "open");
  }

  /** The call of these bytes that is under way; two that send wei are two. */
  openCall(to: Uint8Array, data: Uint8Array): OutboxEntry | undefined {
    return this.open().find(
      ({ task }) => task.kind === "call" && equalBytes(task.to, to) && equalBytes(task.data, data),
    );
  }

  get nextId(): bigint {
    let last = 0n;
    for (const id of this.#entries.keys()) if (id > last) last = id;
    return last + 1n;
  }

  /** The newest commitment that is under way or done. */
  newestCommit(): CommitTask | undefined {
    let newest: CommitTask | undefined;
    for (const { task, state } of this.#entries.values()) {
      if (task.kind === "commit" && state !== "refused" && (newest === undefined || task.seq > newest.seq))
        newest = task;
    }
    return newest;
  }

  /** The account's next nonce as far as this outbox knows; undefined when it knows none. */
  nextNonce(): bigint | undefined {
    let last: bigint | undefined;
    for (const entry of this.#entries.values()) {
      const nonce = nonceOf(entry);
      if (last === undefined || nonce > last) last = nonce;
    }
    return last === undefined ? undefined : last + 1n;
  }

  async save(entry: OutboxEntry): Promise<void> {
    await this.#store.save(entry);
    this.#entries.set(entry.id, entry);
    const finished = [...this.#entries.values()].filter(({ state }) => state !== "open");
    for (const { id } of finished.slice(0, -KEPT)) this.#entries.delete(id);
  }

  /**
   * A chain that lost blocks (a deep reorganisation, a local chain killed before it saved) needs what was final again. The same
   * bytes with the same nonces are still valid there.
   * @returns how many entries are open again.
   */
  async reopen(fromNonce: bigint): Promise<number> {
    const lost = [...this.#entries.values()].filter((entry) => entry.state !== "open" && nonceOf(entry) >= fromNonce);
    for (const { anchor: _, ...entry } of lost) await this.save({ ...entry, state: "open" });
    return lost.length;
  }
}
