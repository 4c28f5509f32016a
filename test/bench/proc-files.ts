import { readdirSync, readFileSync } from "node:fs";

/** Resident and proportional set of a process, in MB (proc(5), `smaps_rollup`). */
export function memoryOf(pid: number): { rss: number; pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const megabytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
  return { rss: megabytes("Rss"), pss: megabytes("Pss") };
}

/** CPU time that the living threads of a process have used, in µs (`schedstat`: nanoseconds). */
export function cpuOf(pid: number): number {
  let micros = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      micros += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]) / 1000;
    } catch {
      // The thread ended while we looked.
    }
  }
  return micros;
}
