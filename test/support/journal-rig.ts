import { type ManualClock, manualClock } from "../../firmware-bridge/port/manual-clock.ts";
import { Journal } from "../../gateway/journal/journal.ts";
import type { JournalOptions } from "../../gateway/journal/options.ts";
import type { RecoveryReport } from "../../gateway/journal/report.ts";
import { SimulatedDisk } from "../../gateway/journal/simulated-disk.ts";
import { utf8 } from "../../protocols/bytes/index.ts";

export interface JournalRig {
  journal: Journal;
  disk: SimulatedDisk;
  clock: ManualClock;
  report: RecoveryReport;
  /** Payloads that opening handed out, as text. */
  found: string[];
  /** Positions of `found`. */
  positions: bigint[];
}

/** Small segments and no waiting, unless told otherwise. */
export async function openRig(
  disk = new SimulatedDisk(),
  options: Partial<JournalOptions> = {},
  clock = manualClock(),
): Promise<JournalRig> {
  const random = (length: number) => new Uint8Array(length).fill(0xa5);
  const journal = new Journal({ disk, clock, random, commitMs: 0, segmentBytes: 4096, groupBytes: 1024, ...options });
  const found: string[] = [];
  const positions: bigint[] = [];
  const report = await journal.open(({ position, payload }) => {
    found.push(new TextDecoder().decode(payload));
    positions.push(position);
  });
  return { journal, disk, clock, report, found, positions };
}

/** Text records of about `length` bytes: `name 1…`, `name 2…`. */
export const texts = (name: string, count: number, length = 40): string[] =>
  Array.from({ length: count }, (_, i) => `${name} ${i + 1} `.padEnd(length, "·"));

export const records = (lines: readonly string[]) => lines.map((line) => ({ kind: 1, payload: utf8(line) }));
