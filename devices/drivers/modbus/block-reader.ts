import type { MeasurementProfile } from "../../profile.ts";
import type { DeviceValue } from "../engine.ts";
import { RegisterImage } from "./image.ts";
import { type Block, cutKey, splitBlock } from "./plan.ts";
import type { AskRegisters, UnitReader, UnitValues } from "./unit.ts";
import { readValues } from "./values.ts";

export interface BlockReaderOptions {
  measurements: readonly MeasurementProfile[];
  /** Blocks of a fresh start; `cuts` is what the board's refusals have taught. */
  plan(cuts: ReadonlySet<string>): Block[];
}

/** Reads a profile's registers in as few requests as the board allows. */
export class BlockReader implements UnitReader {
  readonly #options: BlockReaderOptions;
  #blocks: Block[] | undefined;
  /** Kept when the board or the line goes away: a gap that was refused once is refused again. */
  readonly #cuts = new Set<string>();

  constructor(options: BlockReaderOptions) {
    this.#options = options;
  }

  forget(): void {
    this.#blocks = undefined;
  }

  async read(ask: AskRegisters): Promise<UnitValues> {
    const image = new RegisterImage();
    const todo = [...(this.#blocks ?? this.#options.plan(this.#cuts))];
    const kept: Block[] = [];
    for (let block = todo.shift(); block; block = todo.shift()) {
      const registers = await ask(block.table, block.at, block.count);
      if (registers === "refused") {
        const halves = splitBlock(block);
        if (!halves) continue;
        this.#cuts.add(cutKey(block.table, halves[1].at));
        todo.unshift(...halves);
        continue;
      }
      kept.push(block);
      image.put(block.table, block.at, registers);
    }
    this.#blocks = kept;
    const values = new Map<string, DeviceValue>();
    const malformed = readValues(this.#options.measurements, image, values);
    return { values, malformed };
  }
}
