import { ProtocolError } from "../../../protocols/bytes/index.ts";
import {
  readSunspecModel,
  type SunspecGroup,
  type SunspecMap,
  scanSunspec,
  splitRange,
  sunspecModel,
} from "../../../protocols/sunspec/index.ts";
import type { MeasurementProfile } from "../../profile.ts";
import type { DeviceValue } from "../engine.ts";
import type { AskRegisters, UnitReader } from "../modbus/unit.ts";
import { pointValues } from "./values.ts";

/** Finds a device's models once, then reads those that the profile wants. */
export class SunspecReader implements UnitReader {
  readonly #measurements: readonly MeasurementProfile[];
  readonly #wanted: ReadonlySet<number>;
  #map: SunspecMap | undefined;

  constructor(measurements: readonly MeasurementProfile[]) {
    this.#measurements = measurements;
    this.#wanted = new Set(measurements.flatMap(({ sunspec }) => sunspec?.flatMap(({ models }) => models) ?? []));
  }

  /** The models may be others when the device comes back: it was exchanged, or its settings were changed. */
  forget(): void {
    this.#map = undefined;
  }

  /** @throws ProtocolError FS-SUNSPEC-ABSENT, FS-SUNSPEC-CHAIN, FS-SUNSPEC-MODEL; what `ask` throws. */
  async read(ask: AskRegisters): Promise<{ values: Map<string, DeviceValue>; malformed: boolean }> {
    this.#map ??= await this.#scan(ask);
    const image = new Map<number, SunspecGroup>();
    for (const model of this.#map.models) {
      const definition = this.#wanted.has(model.id) && !image.has(model.id) ? sunspecModel(model.id) : undefined;
      if (!definition) continue;
      const parts: Uint8Array[] = [];
      for (const { address, count } of splitRange(model)) {
        const part = await ask("holding", address, count);
        if (part === "refused") {
          // What was there a moment ago is not: the map is out of date.
          this.#map = undefined;
          throw new ProtocolError("FS-SUNSPEC-CHAIN", `model ${model.id} at ${address} cannot be read`);
        }
        parts.push(part);
      }
      try {
        image.set(model.id, readSunspecModel(definition, Uint8Array.from(parts.flatMap((part) => [...part]))));
      } catch (error) {
        this.#map = undefined;
        throw error;
      }
    }
    const values = new Map<string, DeviceValue>();
    return { malformed: pointValues(this.#measurements, image, values), values };
  }

  async #scan(ask: AskRegisters): Promise<SunspecMap> {
    const run = scanSunspec();
    let step = run.next();
    while (!step.done) {
      const { address, count } = step.value;
      const answer = await ask("holding", address, count);
      step = run.next(answer === "refused" ? undefined : answer);
    }
    return step.value;
  }
}
