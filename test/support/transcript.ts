import { fromHex } from "../../protocols/bytes/index.ts";
import { readVector } from "./vectors.ts";

export interface Burst {
  /** Seconds since the recording began. */
  at: number;
  from: "board" | "host";
  bytes: Uint8Array;
}

/** The bursts of a recorded exchange (`transcripts/…`), in order; notes are left out. */
export function readTranscript(relative: string): Burst[] {
  const bursts: Burst[] = [];
  for (const line of readVector(relative).toString("utf8").split("\n")) {
    if (line === "") continue;
    const entry = JSON.parse(line) as { t?: number; dir?: string; hex?: string };
    if (entry.dir === undefined || entry.hex === undefined) continue;
    bursts.push({ at: entry.t ?? 0, from: entry.dir === "board>host" ? "board" : "host", bytes: fromHex(entry.hex) });
  }
  return bursts;
}
