import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { concatBytes, ProtocolError } from "../../../protocols/bytes/index.ts";
import { Decimal } from "../../../protocols/reading/index.ts";
import {
  readSunspecModel,
  type SunspecGroup,
  type SunspecGroupDefinition,
  type SunspecModelDefinition,
  type SunspecPointDefinition,
  scanSunspec,
} from "../../../protocols/sunspec/index.ts";
import { Random } from "../../support/mutate.ts";
import { describeVectors, readVectorJson, vectorPath } from "../../support/vectors.ts";

type Tree = { [name: string]: number | string | null | Tree[] };

const definition = (id: number) => readVectorJson<SunspecModelDefinition>(`sunspec/models/model_${id}.json`);

function registersOf(words: readonly number[]): Uint8Array {
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

describeVectors("sunspec", "SunSpec", () => {
  it("walks and reads the register image of pysunspec2", () => {
    const { base, registers } = readVectorJson<{ base: number; registers: number[] }>("sunspec/inverter_123.regs.json");
    const expected = readVectorJson<{ models: Tree[] }>("sunspec/inverter_123.json").models;
    const bytes = registersOf([...registers, 0xffff, 0]);
    const read = ({ address, count }: { address: number; count: number }) =>
      address >= base ? bytes.slice(2 * (address - base), 2 * (address - base + count)) : undefined;
    const scan = scanSunspec([0, 50_000, base]);
    let step = scan.next();
    while (!step.done) step = scan.next(read(step.value));
    expect(step.value.base).toBe(base);
    expect(step.value.models.map(({ id, length }) => [id, length])).toEqual(expected.map(({ ID, L }) => [ID, L]));
    for (const [i, model] of step.value.models.entries()) {
      compare(readSunspecModel(definition(model.id), read(model)!), expected[i]!, `model ${model.id}`);
    }
  });

  const ids = readdirSync(vectorPath("sunspec/models")).map((file) => Number(/\d+/.exec(file)![0]));

  it("has 112 definitions", () => expect(ids).toHaveLength(112));

  it.each(ids.sort((a, b) => a - b))("model %i: every point of a made-up device is where its definition says", (id) => {
    const model = definition(id);
    const random = new Random(id);
    const parts: Uint8Array[] = [];
    const expected: string[] = [];
    fill(model.group, parts, expected, random, new Map(), "");
    const bytes = concatBytes(...parts);
    new DataView(bytes.buffer).setUint16(0, id);
    new DataView(bytes.buffer).setUint16(2, bytes.length / 2 - 2);
    const group = readSunspecModel(model, bytes);
    expect(flat(group, "").filter((line) => !/^\/(ID|L) /.test(line))).toEqual(
      expected.filter((line) => !/^\/(ID|L) /.test(line)),
    );
    // Shorter by any number of registers it is read as far as it goes, or refused: never anything else.
    for (let end = bytes.length - 2; end >= 4; end -= 2) {
      const short = bytes.slice(0, end);
      new DataView(short.buffer).setUint16(2, end / 2 - 2);
      try {
        readSunspecModel(model, short);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
    }
  });
});

/** The image's JSON has raw numbers and null for what is not implemented. */
function compare(group: SunspecGroup, tree: Tree, where: string): void {
  const groups = new Map<string, SunspecGroup[]>();
  for (const sub of group.groups) groups.set(sub.name, [...(groups.get(sub.name) ?? []), sub]);
  for (const [name, value] of Object.entries(tree)) {
    if (Array.isArray(value)) {
      expect(groups.get(name)?.length ?? 0, `${where}.${name}`).toBe(value.length);
      value.forEach((item, i) => {
        compare(groups.get(name)![i]!, item, `${where}.${name}[${i}]`);
      });
    } else if (!name.startsWith("Pad") && !name.startsWith("pad")) {
      const found = group.points.get(name)?.value;
      const raw = found instanceof Decimal ? Number(found.mantissa) : found;
      expect(raw ?? null, `${where}.${name}`).toBe(value);
    }
  }
}

/** Registers for a group with values that are never "not implemented", and what reading them must give. */
function fill(
  group: SunspecGroupDefinition,
  parts: Uint8Array[],
  expected: string[],
  random: Random,
  outer: ReadonlyMap<string, number>,
  path: string,
): void {
  const scope = new Map(outer);
  const counts = new Set<number | string | undefined>();
  const collect = (g: SunspecGroupDefinition) => {
    for (const sub of g.groups ?? []) {
      counts.add(sub.count);
      collect(sub);
    }
  };
  collect(group);
  // Scale factors and counts may stand behind the points that need them.
  for (const point of group.points) {
    if (point.type === "sunssf") scope.set(point.name, random.below(21) - 10);
    else if (counts.has(point.name)) scope.set(point.name, 2);
  }
  for (const point of group.points) {
    const { bytes, text } = made(point, random, scope);
    parts.push(bytes);
    if (text !== undefined) expected.push(`${path}/${point.name} ${text}`);
  }
  for (const sub of group.groups ?? []) {
    const count =
      sub.count === undefined
        ? 1
        : sub.count === 0
          ? 2
          : typeof sub.count === "number"
            ? sub.count
            : scope.get(sub.count)!;
    for (let i = 0; i < count; i++) fill(sub, parts, expected, random, scope, `${path}/${sub.name}`);
  }
}

function made(
  point: SunspecPointDefinition,
  random: Random,
  scope: ReadonlyMap<string, number>,
): { bytes: Uint8Array; text?: string } {
  const bytes = new Uint8Array(2 * point.size);
  const view = new DataView(bytes.buffer);
  const { type } = point;
  const sf = typeof point.sf === "string" ? scope.get(point.sf)! : (point.sf ?? 0);
  if (type === "pad") return { bytes };
  if (type === "string") {
    bytes.fill(0x41 + random.below(26), 0, bytes.length - 1);
    return { bytes, text: String.fromCharCode(bytes[0]!).repeat(bytes.length - 1) };
  }
  if (type === "float32") {
    const value = Math.fround(random.below(1000) / 8);
    view.setFloat32(0, value);
    return { bytes, text: String(value) };
  }
  if (/addr$|^eui/.test(type)) {
    bytes.fill(1 + random.below(200));
    return { bytes, text: String(bytes) };
  }
  const value = type === "sunssf" ? scope.get(point.name)! : (scope.get(point.name) ?? 1 + random.below(30_000));
  const signed = /^(s|int)/.test(type) && value > 0 && type !== "sunssf" && random.below(2) === 1 ? -value : value;
  if (point.size === 1) view.setInt16(0, signed);
  else if (point.size === 2) view.setInt32(0, signed);
  else view.setBigInt64(0, BigInt(signed));
  return { bytes, text: new Decimal(BigInt(signed), /^(enum|bitfield)/.test(type) ? 0 : sf).toString() };
}

function flat(group: SunspecGroup, path: string): string[] {
  return [
    ...[...group.points].map(([name, { value }]) => `${path}/${name} ${value}`),
    ...group.groups.flatMap((sub) => flat(sub, `${path}/${sub.name}`)),
  ];
}
