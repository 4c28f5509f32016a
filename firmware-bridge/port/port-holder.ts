import { readdir, readFile, readlink, realpath } from "node:fs/promises";

/**
 * Who has a device file open, as far as this user may see: `pid 812 (ModemManager)`, several joined by commas. Undefined
 * when nobody, or where there is no /proc.
 */
export async function findHolder(path: string): Promise<string | undefined> {
  const holders: string[] = [];
  try {
    const target = await realpath(path);
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
      if (await holds(pid, target)) holders.push(`pid ${pid} (${await commandOf(pid)})`);
    }
  } catch {
    // Only the explanation is lost.
  }
  return holders.length > 0 ? holders.join(", ") : undefined;
}

async function holds(pid: string, target: string): Promise<boolean> {
  try {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")) === target) return true;
    }
  } catch {
    // A process of another user, or one that has just ended.
  }
  return false;
}

async function commandOf(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "?")).trim();
}
