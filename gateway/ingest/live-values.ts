import { treeValues, vocabulary } from "../../devices/index.ts";
import { Quality, type Reading } from "../../protocols/reading/index.ts";

type Values = Record<string, number | string | boolean>;

const counterKeys = new Set([...vocabulary.values()].filter(({ kind }) => kind === "counter").map(({ key }) => key));

/** Marks that say that a counter is not to be believed. */
const DOUBTFUL = Quality.RegisterFell | Quality.StepTooLarge;

/**
 * What is shown of a reading live. It is attested as it came; but whoever follows a counter takes a single 0 for a new meter
 * and counts everything once more, so counters in doubt are shown as they were when last believed.
 */
export class LiveValues {
  readonly #believed = new Map<string, Values>();

  of(device: string, reading: Reading): Values {
    const values = treeValues(reading);
    const counters = Object.keys(values).filter((key) => counterKeys.has(key));
    if ((reading.quality & DOUBTFUL) === 0) {
      this.#believed.set(device, Object.fromEntries(counters.map((key) => [key, values[key]!])));
      return values;
    }
    const believed = this.#believed.get(device) ?? {};
    for (const key of counters) {
      const last = believed[key];
      if (last === undefined) delete values[key];
      else values[key] = last;
    }
    return values;
  }
}
