import { readdirSync, readFileSync } from "node:fs";

/** What the kernel knows of a running process (proc(5), `/proc/PID/stat`). */
export interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
  command: string;
}

/** Running processes; zombies, which only wait for their parent to look, are left out. Linux only. */
export function processes(): ProcessEntry[] {
  const found: ProcessEntry[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name stands in parentheses and may hold anything: what follows the last one is fields 3, 4, 5.
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === "Z" || state === "X") continue;
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      found.push({ pid: Number(name), parent: Number(parent), group: Number(group), command });
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

/** A process and everything below it. */
export function familyOf(pid: number): ProcessEntry[] {
  const all = processes();
  const family = all.filter((entry) => entry.pid === pid);
  for (const member of family) family.push(...all.filter(({ parent }) => parent === member.pid));
  return family;
}

export const groupOf = (group: number): ProcessEntry[] => processes().filter((entry) => entry.group === group);

/** Looks again until `condition` holds. @throws Error with what `describe` says when it does not within `ms`. */
export async function until(condition: () => boolean, describe: () => string, ms = 60_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${ms / 1000} s: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Resolves when none of these processes runs any more. */
export async function allGone(pids: readonly number[], ms = 30_000): Promise<void> {
  const left = () => processes().filter(({ pid }) => pids.includes(pid));
  await until(
    () => left().length === 0,
    () => `these still run: ${JSON.stringify(left())}`,
    ms,
  );
}
