import { tryCrashes } from "../support/journal-crash.ts";

const PER_SEED = 250_000;

/** Judges `states` crash states of the journal, seed after seed; returns what failed. */
export async function soak(
  states = Number(process.env["FIELDSEAL_CRASHES"] ?? 10_000_000),
  report: (line: string) => void = console.log,
): Promise<string[]> {
  const start = performance.now();
  let done = 0;
  let torn = 0;
  let twice = 0;
  for (let seed = 1; done < states; seed++) {
    const result = await tryCrashes({ seed, states: Math.min(PER_SEED, states - done) });
    done += result.states;
    torn += result.torn;
    twice += result.twice;
    if (result.failures.length > 0) return result.failures;
    const rate = Math.round(done / ((performance.now() - start) / 1000));
    report(`journal: ${done} crash states, ${torn} torn commits, ${twice} cut again in recovery, ${rate}/s, none lost`);
  }
  return [];
}
