/** One line of the table: what we reach beside what others reach in the same run. */
export interface Row {
  row: string;
  ours: number;
  unit: string;
  peers: readonly { name: string; value: number }[];
  /** What no implementation can pass here (a raw signature, a raw hash, the disk). */
  limit?: { name: string; value: number };
  /** Ours against the best peer; above 1 is better for us, whatever the unit's direction. */
  ratio: number;
  goal: string;
  note?: string;
}

export interface BenchContext {
  /** Shorter rounds, for a look. */
  quick: boolean;
}

export interface Bench {
  name: string;
  run(context: BenchContext): Promise<Row[]>;
}

/** CPU microseconds (user and system, all threads of this process) that `work` takes. */
export async function cpuMicros(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Contender {
  name: string;
  /** Does the work once and returns how many operations that was. */
  work(): number | Promise<number>;
}

/** Operations per CPU-second of each contender: medians of interleaved rounds, after one warm-up round. */
export async function race(contenders: readonly Contender[], rounds = 5): Promise<Map<string, number>> {
  const seen = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, work } of contenders) {
      let operations = 0;
      const micros = await cpuMicros(async () => {
        operations = await work();
      });
      if (round >= 0) seen.get(name)!.push((operations * 1e6) / micros);
    }
  }
  return new Map([...seen].map(([name, values]) => [name, median(values)]));
}
