import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { LogFiles } from "./log-files.ts";

export interface MemoryLogFiles extends LogFiles {
  /** Path → bytes, as a process sees them now. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Operations that changed something so far. */
  readonly operations: number;
  /** From the operation with this number on nothing is done any more: the process is dead. A write is cut in half. */
  failFrom(operation: number): void;
  /**
   * The machine is on again.
   * @param keep power cut: asked for each name whose change was not synced, whether that change survived. Without it only
   * the process was killed, and everything it did is there.
   */
  revive(keep?: () => boolean): void;
  /** Turns over one bit of a file. */
  flip(path: string, bit: number): void;
}

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The memory twin of the log's folder: the same promises, no more, and deaths and power cuts on request. */
export function memoryLogFiles(): MemoryLogFiles {
  let now = new Map<string, Uint8Array>();
  let synced = new Map<string, Uint8Array>();
  let operations = 0;
  let failFrom = Number.POSITIVE_INFINITY;

  const dead = () => new EnvironmentError("FS-LOG-IO", "the process was killed here");
  /** Counts a change; throws when the process does not live to do it. */
  const step = (half?: () => void) => {
    const operation = operations++;
    if (operation < failFrom) return;
    if (operation === failFrom) half?.();
    throw dead();
  };
  const under = (folder: string) => [...now.keys()].filter((path) => path.startsWith(`${folder}/`));

  return {
    name: "memory",
    get files() {
      return now;
    },
    get operations() {
      return operations;
    },
    failFrom(operation) {
      failFrom = operation;
    },
    revive(keep) {
      failFrom = Number.POSITIVE_INFINITY;
      operations = 0;
      if (keep === undefined) return;
      const after = new Map<string, Uint8Array>();
      for (const path of new Set([...now.keys(), ...synced.keys()])) {
        const bytes = now.get(path) === synced.get(path) || keep() ? now.get(path) : synced.get(path);
        if (bytes !== undefined) after.set(path, bytes);
      }
      now = after;
      synced = new Map(after);
    },
    flip(path, bit) {
      const bytes = now.get(path)!.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      now.set(path, bytes);
    },

    async start() {},
    async read(path) {
      return now.get(path)?.slice();
    },
    async list(folder) {
      const prefix = folder === "" ? "" : `${folder}/`;
      const names = [...now.keys()]
        .filter((p) => p.startsWith(prefix))
        .map((p) => p.slice(prefix.length).split("/")[0]!);
      return [...new Set(names)];
    },
    async write(path, bytes) {
      step(() => now.set(path, bytes.slice(0, bytes.length >> 1)));
      now.set(path, bytes.slice());
    },
    async rename(from, to) {
      step();
      const bytes = now.get(from);
      if (bytes === undefined) throw new EnvironmentError("FS-LOG-IO", `${from}: ENOENT`);
      now.set(to, bytes);
      now.delete(from);
    },
    async syncFolder(folder) {
      step();
      for (const path of new Set([...now.keys(), ...synced.keys()])) {
        if (folderOf(path) !== folder) continue;
        const bytes = now.get(path);
        if (bytes === undefined) synced.delete(path);
        else synced.set(path, bytes);
      }
    },
    async remove(path) {
      step();
      now.delete(path);
    },
    async removeFolder(folder) {
      step();
      for (const path of under(folder)) now.delete(path);
    },
  };
}
