import { registerWords } from "../../../protocols/modbus/index.ts";
import type { Profile } from "../../profile.ts";
import type { ModbusSection, RegisterSource, RegisterTable } from "../../sections/modbus.ts";

/** Registers that belong together: those of one value. */
export interface Span {
  at: number;
  words: number;
}

/** One read request and the values it covers. */
export interface Block {
  table: RegisterTable;
  at: number;
  count: number;
  spans: readonly Span[];
}

export const TABLES: readonly RegisterTable[] = ["input", "holding", "coil", "discrete"];

/** Every place that a source is read from. */
export function spansOf(source: RegisterSource): Span[] {
  const words = registerWords(source);
  const spans = [source.at, ...(source.plus ?? [])].map((at) => ({ at, words }));
  const { factor } = source;
  return factor ? [...spans, { at: factor.at, words: registerWords(factor) }] : spans;
}

/** Where a refusal showed that a read must begin anew: table and address of the span. */
export const cutKey = (table: RegisterTable, at: number): string => `${table} ${at}`;

function blockOf(table: RegisterTable, spans: readonly Span[]): Block {
  const { at } = spans[0]!;
  const end = Math.max(...spans.map((span) => span.at + span.words));
  return { table, at, count: end - at, spans };
}

/**
 * Groups neighbouring registers into as few reads as the board's limits allow. A gap above `maxGap` is never crossed, nor a
 * hole of the profile, nor a cut.
 * @param cuts see `cutKey`: what the board's refusals have taught.
 */
export function planBlocks(profile: Profile, cuts: ReadonlySet<string> = new Set()): Block[] {
  const section = profile.modbus!;
  const blocks: Block[] = [];
  for (const table of TABLES) {
    const sources = profile.measurements.flatMap(({ register }) => (register?.table === table ? [register] : []));
    let open: Span[] = [];
    for (const span of distinct(sources.flatMap(spansOf))) {
      if (open.length > 0 && mustCut(section, blockOf(table, open), span, cuts)) {
        blocks.push(blockOf(table, open));
        open = [];
      }
      open.push(span);
    }
    if (open.length > 0) blocks.push(blockOf(table, open));
  }
  return blocks;
}

/** In the order of their addresses, each once. */
function distinct(spans: readonly Span[]): Span[] {
  const byKey = new Map(spans.map((span) => [`${span.at} ${span.words}`, span]));
  return [...byKey.values()].sort((a, b) => a.at - b.at || a.words - b.words);
}

function mustCut(
  { maxRegisters, maxGap, holes }: ModbusSection,
  { table, at, count }: Block,
  span: Span,
  cuts: ReadonlySet<string>,
): boolean {
  const end = at + count;
  if (span.at - end > maxGap || Math.max(end, span.at + span.words) - at > maxRegisters) return true;
  if (cuts.has(cutKey(table, span.at))) return true;
  return (holes[table] ?? []).some(([first, last]) => first < span.at && last >= end);
}

/** A refused block as two smaller ones, split at its widest gap; undefined when it holds one value only. */
export function splitBlock({ table, spans }: Block): [Block, Block] | undefined {
  if (spans.length < 2) return undefined;
  let split = 1;
  let widest = -1;
  for (let i = 1; i < spans.length; i++) {
    const before = spans[i - 1]!;
    const gap = spans[i]!.at - before.at - before.words;
    if (gap > widest) [widest, split] = [gap, i];
  }
  return [blockOf(table, spans.slice(0, split)), blockOf(table, spans.slice(split))];
}
