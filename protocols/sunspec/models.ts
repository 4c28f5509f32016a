import type {
  SunspecGroupDefinition,
  SunspecModelDefinition,
  SunspecPointDefinition,
  SunspecPointType,
} from "./definition.ts";
import packed from "./models.json" with { type: "json" };

/** name, type, registers, scale factor or its point, unit, names of values */
type PackedPoint = readonly [
  string,
  SunspecPointType,
  number,
  number | string | null,
  string | null,
  Record<string, number>?,
];

interface PackedGroup {
  name: string;
  count?: number | string;
  points: readonly PackedPoint[];
  groups?: readonly PackedGroup[];
}

function pointOf([name, type, size, sf, units, symbols]: PackedPoint): SunspecPointDefinition {
  return {
    name,
    type,
    size,
    ...(sf === null ? {} : { sf }),
    ...(units === null ? {} : { units }),
    ...(symbols ? { symbols: Object.entries(symbols).map(([symbol, value]) => ({ name: symbol, value })) } : {}),
  };
}

function groupOf({ name, count, points, groups }: PackedGroup): SunspecGroupDefinition {
  return {
    name,
    points: points.map(pointOf),
    ...(count === undefined ? {} : { count }),
    ...(groups ? { groups: groups.map(groupOf) } : {}),
  };
}

const table = packed as unknown as Readonly<Record<string, PackedGroup>>;

/** Numbers of the models that are known, ascending. */
export const SUNSPEC_MODELS: readonly number[] = Object.keys(table).map(Number);

/** A model of the SunSpec Alliance by its number; undefined for one that it has not published, or not yet. */
export function sunspecModel(id: number): SunspecModelDefinition | undefined {
  const group = Object.hasOwn(table, id) ? table[id] : undefined;
  return group && { id, group: groupOf(group) };
}
