import fc from "fast-check";
import { expect, it } from "vitest";
import { Decimal } from "../../../protocols/reading/index.ts";
import {
  readSunspecModel,
  type SunspecMap,
  type SunspecModelDefinition,
  scanSunspec,
  splitRange,
} from "../../../protocols/sunspec/index.ts";

/** Runs a scan against registers at `base`; other addresses are refused. */
function scan(base: number, words: readonly number[], asked: number[] = []): SunspecMap {
  const run = scanSunspec();
  let step = run.next();
  while (!step.done) {
    const { address, count } = step.value;
    asked.push(address);
    const part = words.slice(address - base, address - base + count);
    const known = address >= base && part.length === count;
    step = run.next(known ? Uint8Array.from(part.flatMap((word) => [word >> 8, word & 0xff])) : undefined);
  }
  return step.value;
}

const SUNS = [0x5375, 0x6e53];

it("property: finds marker and chain at each base, reading each header once", () => {
  const models = fc.array(fc.tuple(fc.integer({ min: 1, max: 0xfffe }), fc.integer({ min: 0, max: 120 })), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.constantFrom(40_000, 0, 50_000), models, (base, chain) => {
      const words = [
        ...SUNS,
        ...chain.flatMap(([id, length]) => [id, length, ...Array<number>(length).fill(7)]),
        0xffff,
        0,
      ];
      const asked: number[] = [];
      const map = scan(base, words, asked);
      expect(map.base).toBe(base);
      expect(map.models.map(({ id, length }) => [id, length])).toEqual(chain);
      expect(new Set(asked).size).toBe(asked.length);
    }),
  );
});

it.each([
  ["FS-SUNSPEC-ABSENT", "no marker", [0, 0]],
  ["FS-SUNSPEC-CHAIN", "no end", [...SUNS, 1, 0]],
  ["FS-SUNSPEC-CHAIN", "model 0", [...SUNS, 0, 0]],
  ["FS-SUNSPEC-CHAIN", "a length beyond the last address", [...SUNS, 1, 0xfffe]],
  [
    "FS-SUNSPEC-CHAIN",
    "a chain without end",
    [
      ...SUNS,
      ...Array<number>(2000)
        .fill(0x0100)
        .map((w, i) => (i % 2 ? 0 : w)),
    ],
  ],
] as [string, string, number[]][])("refuses with %s: %s", (code, _, words) => {
  expect(() => scan(40_000, words)).toThrow(expect.objectContaining({ code }) as Error);
});

it("splits reads at the limit of Modbus", () => {
  expect(splitRange({ address: 10, count: 251 })).toEqual([
    { address: 10, count: 125 },
    { address: 135, count: 125 },
    { address: 260, count: 1 },
  ]);
});

const HEAD = [
  { name: "ID", type: "uint16", size: 1 },
  { name: "L", type: "uint16", size: 1 },
] as const;
const MODEL: SunspecModelDefinition = {
  id: 64_999,
  group: {
    name: "test",
    points: [
      ...HEAD,
      { name: "W", type: "int16", size: 1, sf: "W_SF", units: "W" },
      { name: "W_SF", type: "sunssf", size: 1 },
      {
        name: "St",
        type: "enum16",
        size: 1,
        symbols: [
          { name: "OFF", value: 1 },
          { name: "MPPT", value: 4 },
        ],
      },
      {
        name: "Evt",
        type: "bitfield16",
        size: 1,
        symbols: [
          { name: "GROUND", value: 0 },
          { name: "DC", value: 1 },
        ],
      },
      { name: "N", type: "count", size: 1 },
    ],
    groups: [{ name: "module", count: "N", points: [{ name: "V", type: "uint16", size: 1, sf: -1 }] }],
  },
};

function read(...words: number[]): ReturnType<typeof readSunspecModel> {
  const all = [64_999, words.length, ...words.map((word) => word & 0xffff)];
  return readSunspecModel(MODEL, Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff])));
}

it("scales by the named factor, names states and bits, repeats by the count", () => {
  const group = read(-1234, -1, 4, 3, 2, 2301, 2302);
  expect(group.points.get("W")).toEqual({ value: Decimal.parse("-123.4"), unit: "W" });
  expect(group.points.get("St")).toEqual({ value: new Decimal(4n, 0), symbols: ["MPPT"] });
  expect(group.points.get("Evt")?.symbols).toEqual(["GROUND", "DC"]);
  expect(group.groups.map(({ points }) => String(points.get("V")?.value))).toEqual(["230.1", "230.2"]);
});

it("leaves out what is not implemented, a number without its scale factor too", () => {
  expect([...read(0x8000, 0, 0xffff, 0xffff, 0xffff).points.keys()]).toEqual(["ID", "L", "W_SF"]);
  expect([...read(1, 0x8000, 1, 0, 0).points.keys()]).toEqual(["ID", "L", "St", "Evt", "N"]);
});

it("reads an older, shorter device, and leaves the maker's registers behind the end alone", () => {
  expect([...read(5, 0).points.keys()]).toEqual(["ID", "L", "W", "W_SF"]);
  expect(read(5, 0, 1, 0, 1, 2300, 9, 9).groups).toHaveLength(1);
});

it.each([
  ["a count beyond the registers", () => read(5, 0, 1, 0, 3, 2300)],
  ["a scale factor of 11", () => read(5, 11)],
  ["another model", () => readSunspecModel(MODEL, Uint8Array.of(0, 1, 0, 0))],
  ["a length that is not its own", () => readSunspecModel(MODEL, Uint8Array.of(253, 231, 0, 1))],
  ["half a register", () => readSunspecModel(MODEL, Uint8Array.of(253, 231, 0, 0, 0))],
])("refuses %s", (_, act) => {
  expect(act).toThrow(expect.objectContaining({ code: "FS-SUNSPEC-MODEL" }) as Error);
});

it("refuses a definition whose repeating group has no registers", () => {
  const empty = { id: 1, group: { name: "x", points: HEAD, groups: [{ name: "y", count: 0, points: [] }] } };
  expect(() => readSunspecModel(empty, Uint8Array.of(0, 1, 0, 1, 0, 0))).toThrow(
    expect.objectContaining({ code: "FS-SUNSPEC-MODEL" }) as Error,
  );
});
