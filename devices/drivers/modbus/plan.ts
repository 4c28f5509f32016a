import { registerWords } from "../../../protocols/modbus/index.ts";
import type { MeasurementProfile, Profile, RegisterSource } from "../../profile.ts";

/** One read request and the measurements whose registers it covers. */
export interface Block {
  table: RegisterSource["table"];
  at: number;
  count: number;
  measurements: readonly MeasurementProfile[];
}

const registerOf = (measurement: MeasurementProfile): RegisterSource => measurement.register!;

function blockOf(measurements: readonly MeasurementProfile[]): Block {
  const first = registerOf(measurements[0]!);
  const end = Math.max(...measurements.map((one) => registerOf(one).at + registerWords(registerOf(one))));
  return { table: first.table, at: first.at, count: end - first.at, measurements };
}

/** Groups neighbouring registers into as few reads as the board's limits allow. A gap above `maxGap` is never crossed. */
export function planBlocks(profile: Profile): Block[] {
  const { maxRegisters, maxGap } = profile.modbus!;
  const sorted = profile.measurements
    .filter(({ register }) => register !== undefined)
    .sort((a, b) => registerOf(a).at - registerOf(b).at);
  const blocks: Block[] = [];
  for (const table of ["input", "holding"] as const) {
    let open: MeasurementProfile[] = [];
    for (const measurement of sorted) {
      const register = registerOf(measurement);
      if (register.table !== table) continue;
      const block = open.length > 0 ? blockOf(open) : undefined;
      const end = register.at + registerWords(register);
      if (block && (register.at - (block.at + block.count) > maxGap || end - block.at > maxRegisters)) {
        blocks.push(block);
        open = [];
      }
      open.push(measurement);
    }
    if (open.length > 0) blocks.push(blockOf(open));
  }
  return blocks;
}

/** A refused block as two smaller ones, split at its widest gap; undefined when it holds one measurement only. */
export function splitBlock({ measurements }: Block): [Block, Block] | undefined {
  if (measurements.length < 2) return undefined;
  let at = 1;
  let widest = -1;
  for (let i = 1; i < measurements.length; i++) {
    const before = registerOf(measurements[i - 1]!);
    const gap = registerOf(measurements[i]!).at - before.at - registerWords(before);
    if (gap > widest) [widest, at] = [gap, i];
  }
  return [blockOf(measurements.slice(0, at)), blockOf(measurements.slice(at))];
}
