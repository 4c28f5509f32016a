import { fromHex, ProtocolError } from "../../../protocols/bytes/index.ts";
import { readSunspecModel, type SunspecGroupDefinition, sunspecModel } from "../../../protocols/sunspec/index.ts";
import type { Profile, RecordedFrame } from "../../profile.ts";
import type { PointSource } from "../../sections/sunspec.ts";
import type { DeviceValue, Engine, LintReport } from "../engine.ts";
import { sharedBus } from "../modbus/shared-bus.ts";
import { ModbusUnit } from "../modbus/unit.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { SunspecReader } from "./reader.ts";
import { pointValues } from "./values.ts";

function groupOf(group: SunspecGroupDefinition, name: string | undefined): SunspecGroupDefinition | undefined {
  if (name === undefined || group.name === name) return group;
  for (const sub of group.groups ?? []) {
    const found = groupOf(sub, name);
    if (found) return found;
  }
  return undefined;
}

function lintSource({ models, point, group, less }: PointSource, path: string, problem: LintReport): void {
  if (models.length === 0) problem(`${path}.models`, "are none");
  for (const id of models) {
    const definition = sunspecModel(id);
    const points = definition && groupOf(definition.group, group)?.points.map(({ name }) => name);
    if (!definition) problem(`${path}.models`, `there is no model ${id}`);
    else if (!points) problem(`${path}.group`, `model ${id} has no group ${group}`);
    for (const name of [point, ...(less === undefined ? [] : [less])]) {
      if (points && !points.includes(name)) problem(`${path}.point`, `model ${id} has no point ${name}`);
    }
  }
}

function lint({ sunspec, measurements }: Profile, problem: LintReport): void {
  if (!sunspec) return void problem("sunspec", "is missing");
  if (sunspec.unit < 1 || sunspec.unit > 247) problem("sunspec.unit", "must be 1 to 247");
  for (const { name, sunspec: source } of measurements) {
    const path = `measurements.${name}.sunspec`;
    if (!source || source.length === 0) problem(path, "is missing");
    for (const one of source ?? []) lintSource(one, path, problem);
  }
}

/** `answer` is a whole model as hex: number, length, data. */
function decodeFrame({ measurements }: Profile, { what, answer }: RecordedFrame): ReadonlyMap<string, DeviceValue> {
  const registers = fromHex(answer);
  const id = (registers[0]! << 8) | registers[1]!;
  const definition = sunspecModel(id);
  if (!definition) throw new ProtocolError("FS-DEVICE-FRAME", `${what}: there is no model ${id}`);
  const values = new Map<string, DeviceValue>();
  pointValues(measurements, new Map([[id, readSunspecModel(definition, registers)]]), values);
  return values;
}

/** SunSpec devices on a Modbus line or TCP: they say themselves where their registers are. */
export const sunspecEngine: Engine = {
  link: "sunspec",
  lint,
  decodeFrame,
  create(host, options, profile) {
    const { name, config, clock, last } = options;
    const defaults = profile.sunspec!;
    const every = config.every ?? defaults.every;
    const bus = sharedBus(host, options, defaults);
    const unit = new ModbusUnit({
      driver: options,
      unit: config.unit ?? defaults.unit,
      every,
      timeout: config.timeout ?? defaults.timeout,
      reader: new SunspecReader(profile.measurements),
      maker: new ReadingMaker({ device: name, profile, clock, every, last }),
    });
    return {
      name,
      start() {
        unit.due = clock.monotonic();
        bus.add(unit);
      },
      stop: () => bus.remove(unit),
      counters: () => ({
        ...unit.counters,
        late: bus.line.counters.late,
        discardedBytes: bus.line.counters.discardedBytes,
        reconnects: bus.reconnects,
      }),
    };
  },
};
