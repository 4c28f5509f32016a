import type { Disk, DiskFile } from "./disk.ts";
import type { StaleGuard } from "./format.ts";
import { recoverJournal } from "./recovery.ts";
import type { OnRecord, ReadRequest, Recovery } from "./report.ts";

/** Reads segment prefixes for the recovery, the next one while the present one is scanned. */
class Reader {
  readonly #disk: Disk;
  #buffers: Uint8Array[] = [];
  #turn = 0;
  #ahead: { file: string; bytes: number; answer: Promise<Uint8Array> } | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async read({ file, bytes, next, keep }: ReadRequest): Promise<Uint8Array> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const asked = ahead?.file === file && ahead.bytes === bytes;
    if (!asked) await ahead?.answer;
    const answer = await (asked ? ahead.answer : this.#load(file, keep ? new Uint8Array(bytes) : this.#buffer(bytes)));
    if (next !== undefined) this.#ahead = { file: next, bytes, answer: this.#load(next, this.#buffer(bytes)) };
    // Awaited with the next request at the latest; until then a failure must not count as unhandled.
    this.#ahead?.answer.catch(() => undefined);
    return answer;
  }

  /** Two in turn: one is scanned while the other is filled. */
  #buffer(bytes: number): Uint8Array {
    this.#turn ^= 1;
    const kept = this.#buffers[this.#turn];
    if (kept && kept.length >= bytes) return kept.subarray(0, bytes);
    const fresh = new Uint8Array(bytes);
    this.#buffers[this.#turn] = fresh;
    return fresh;
  }

  async #load(name: string, into: Uint8Array): Promise<Uint8Array> {
    const file = await this.#disk.open(name);
    try {
      const got = await file.read(0, into);
      into.fill(0, got);
      return into;
    } finally {
      await file.close();
    }
  }
}

/** Writes what recovery wants on the disk before its answer is acted on. */
async function applyWrites(disk: Disk, writes: Recovery["writes"]): Promise<void> {
  for (const { file: name, at, bytes } of writes) {
    const file: DiskFile = await disk.open(name);
    try {
      const copy = disk.buffer(bytes.length);
      copy.set(bytes);
      await file.writeDurable(at, copy);
    } finally {
      await file.close();
    }
  }
}

/** Runs the recovery over a disk's segment files, and makes its answer durable. */
export async function openJournal(
  disk: Disk,
  files: readonly string[],
  guard: StaleGuard,
  onRecord: OnRecord,
): Promise<Recovery> {
  const reader = new Reader(disk);
  const steps = recoverJournal(files, guard, onRecord);
  let step = steps.next();
  while (!step.done) step = steps.next(await reader.read(step.value));
  await applyWrites(disk, step.value.writes);
  return step.value;
}
