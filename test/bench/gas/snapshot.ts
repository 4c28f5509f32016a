import { readFileSync, writeFileSync } from "node:fs";
import type { ForgeTest } from "../../support/forge.ts";

const file = new URL("./snapshot.json", import.meta.url);

/** Part by which a figure may differ from the snapshot; the figures are deterministic, compiler and hardfork being pinned. */
export const TOLERANCE = 0.005;

/** Gas by what was measured: where a test measures the same thing several times, the last figure counts: the steady state. */
export type Gas = Record<string, number>;

/** The figures that tests emit: events of (string what, uint256 gas). */
export function gasOf(tests: readonly ForgeTest[]): Gas {
  const gas: Gas = {};
  for (const { measured } of tests) {
    for (const [what, used] of measured) gas[what] = used;
  }
  return gas;
}

/** The committed figures. */
export function readSnapshot(): Gas {
  return JSON.parse(readFileSync(file, "utf8")) as Gas;
}

/** Replaces the committed figures. */
export function writeSnapshot(gas: Gas): void {
  const sorted = Object.fromEntries(Object.entries(gas).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}
