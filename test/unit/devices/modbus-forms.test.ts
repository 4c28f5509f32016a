import { describe, expect, it } from "vitest";
import { RegisterImage } from "../../../devices/drivers/modbus/image.ts";
import { lintModbus } from "../../../devices/drivers/modbus/lint.ts";
import { planBlocks } from "../../../devices/drivers/modbus/plan.ts";
import { readValues } from "../../../devices/drivers/modbus/values.ts";
import { type MeasurementProfile, profile, type RegisterSource } from "../../../devices/index.ts";
import { fromHex } from "../../../protocols/bytes/index.ts";

type Source = Omit<RegisterSource, "table" | "at"> & { at?: number };

/** The value of one measurement whose registers, from 100 on, are `hex`. */
function read(hex: string, source: Source, more: Partial<MeasurementProfile> = {}) {
  const image = new RegisterImage();
  image.put("holding", 100, fromHex(hex.replaceAll(" ", "")));
  const measurement: MeasurementProfile = {
    name: "x",
    unit: "",
    kind: "gauge",
    bounds: [0, 1],
    source: "test",
    register: { table: "holding", at: 100, ...source },
    ...more,
  };
  const values = new Map();
  const malformed = readValues([measurement], image, values);
  const value: unknown = values.get("x");
  return [typeof value === "object" ? String(value) : value, malformed];
}

describe("values in registers", () => {
  // 0x41c8_0000 is 25.0, 0x0001e240 is 123456: written by hand in every order that vendors use.
  it.each([
    ["f32", "41c8 0000", {}, 25],
    ["f32, low word first", "0000 41c8", { wordOrder: "low-first" }, 25],
    ["f32, low byte first", "c841 0000", { byteOrder: "low-first" }, 25],
    ["f32, both", "0000 c841", { wordOrder: "low-first", byteOrder: "low-first" }, 25],
  ] as const)("%s", (_, hex, order, value) => expect(read(hex, { type: "f32", ...order })).toEqual([value, false]));

  it.each([
    ["u32", "0001 e240", {}],
    ["u32, low word first", "e240 0001", { wordOrder: "low-first" }],
    ["u32, low byte first", "0100 40e2", { byteOrder: "low-first" }],
    ["u32, both", "40e2 0100", { wordOrder: "low-first", byteOrder: "low-first" }],
  ] as const)("%s", (_, hex, order) => expect(read(hex, { type: "u32", ...order })).toEqual([123456, false]));

  it.each([
    ["i16", "fffe", { type: "i16" }, -2],
    ["u64", "0000 0000 0001 e240", { type: "u64" }, 123456],
    ["i64", "ffff ffff ffff fffe", { type: "i64" }, -2],
    ["f64", "4132 d687 e353 f7cf", { type: "f64" }, "1234567.888"],
    ["a sign turned", "fffe", { type: "i16", times: -1 }, 2],
    ["minutes as seconds", "0005", { type: "u16", times: 60 }, 300],
    ["text", "4361 7200", { type: "string", words: 2 }, "Car"],
    ["a bit", "0004", { type: "u16", bit: 2 }, true],
    ["a bit that is not set", "fffb", { type: "u16", bit: 2 }, false],
    ["bits under a mask", "0a30", { type: "u16", mask: 0x0f00 }, 10],
    ["a bit of the sign", "8000 0000", { type: "i32", bit: 31 }, true],
    ["an enumeration", "0002", { type: "u16", texts: { 2: "charging" } }, "charging"],
    ["an enumeration's unknown number", "0009", { type: "u16", texts: { 2: "charging" } }, "9"],
    ["an enumeration under a mask", "0200", { type: "u16", mask: 0xff00, texts: { 2: "charging" } }, "charging"],
    ["flags", "0104", { type: "u16", flags: { 2: "hot", 3: "wet", 8: "late" } }, "hot, late"],
    ["a sum of three", "0001 0002 fffd", { type: "i16", plus: [101, 102] }, 0],
    ["a sum without those not available", "0001 8000 0002", { type: "i16", plus: [101, 102], none: [-0x8000] }, 3],
  ] as const)("%s", (_, hex, source, value) => expect(read(hex, source as Source)).toEqual([value, false]));

  it.each([
    ["SunSpec's power of ten", "08fd fffe", { type: "i16", as: "power" }, "23.01"],
    ["a power of ten upwards", "0017 0002", { type: "i16", as: "power" }, 2300],
    ["a transformer's ratio", "0064 0014", { type: "u16", as: "multiplier" }, 2000],
    ["a divisor", "08fd 000a", { type: "u16", as: "divisor" }, "230.1"],
    ["a divisor that leaves nothing over", "08fc 000a", { type: "u16", as: "divisor" }, 230],
  ] as const)("scaled by another register: %s", (_, hex, factor, value) =>
    expect(read(hex, { type: "u16", factor: { at: 101, ...factor } })).toEqual([value, false]),
  );

  it("scales a float by another register", () => {
    const factor = { at: 102, type: "i16", as: "power" } as const;
    expect(read("4144 cccd fffe", { type: "f32", factor })).toEqual(["0.123", false]);
  });

  it.each([
    ["0x8000", "8000", { type: "i16", none: [-0x8000] }],
    ["0xffff", "ffff", { type: "u16", none: [0xffff] }],
    ["0x7fffffff", "7fff ffff", { type: "i32", none: [0x7fff_ffff] }],
    ["0x7fffffff, low word first", "ffff 7fff", { type: "i32", wordOrder: "low-first", none: [0x7fff_ffff] }],
    ["0xffffffffffffffff", "ffff ffff ffff ffff", { type: "u64", none: [2n ** 64n - 1n] }],
    ["0x8000000000000000", "8000 0000 0000 0000", { type: "i64", none: [-(2n ** 63n)] }],
    ["NaN", "7fc0 0000", { type: "f32", none: [Number.NaN] }],
    ["Schneider's NaN", "ffc0 0000", { type: "f32", none: [Number.NaN] }],
    ["all parts of a sum", "ffff ffff", { type: "u16", plus: [101], none: [0xffff] }],
    ["a scale factor", "08fd 8000", { type: "u16", factor: { at: 101, type: "i16", as: "power", none: [-0x8000] } }],
  ] as const)("leaves out what is not available: %s", (_, hex, source) =>
    expect(read(hex, source as Source)).toEqual([undefined, false]),
  );

  it.each([
    ["NaN that nobody announced", "7fc0 0000", { type: "f32" }],
    ["infinity", "7f80 0000", { type: "f32" }],
    ["no text", "ff00", { type: "string" }],
    ["a scale factor beyond reason", "08fd 0063", { type: "u16", factor: { at: 101, type: "i16", as: "power" } }],
    ["a divisor of 0", "08fd 0000", { type: "u16", factor: { at: 101, type: "u16", as: "divisor" } }],
    ["a register that is not there", "0001", { type: "u16", at: 101 }],
    ["half of a sum", "0001", { type: "u16", plus: [101] }],
  ] as const)("marks what is wrong: %s", (_, hex, source) => {
    expect(read(hex, source as Source)).toEqual([undefined, true]);
    expect(read(hex, source as Source, { optional: true })).toEqual([undefined, false]);
  });
});

const board = (registers: readonly Partial<RegisterSource>[], modbus = {}) =>
  profile({
    id: "x",
    vendor: "x",
    model: "x",
    link: "modbus",
    source: "x",
    work: "readings",
    modbus,
    measurements: registers.map((register, i) => ({
      name: `x${i}`,
      unit: "",
      kind: "gauge",
      bounds: [0, 1],
      source: "x",
      register: { table: "holding", at: i, type: "u16", ...register },
    })),
  });

describe("blocks", () => {
  const spans = (registers: readonly Partial<RegisterSource>[], modbus = {}, cuts: string[] = []) =>
    planBlocks(board(registers, modbus), new Set(cuts)).map(({ table, at, count }) => [table, at, count]);

  it("reads scale factors and addends along, each register once", () => {
    const factor = { at: 6, type: "i16", as: "power" } as const;
    expect(
      spans([
        { at: 0, factor },
        { at: 1, factor },
        { at: 2, plus: [3, 4] },
      ]),
    ).toEqual([["holding", 0, 7]]);
  });

  it("keeps the tables apart", () => {
    expect(spans([{ table: "coil", type: "bit" }, {}, { table: "input" }, { table: "discrete", type: "bit" }])).toEqual(
      [
        ["input", 2, 1],
        ["holding", 1, 1],
        ["coil", 0, 1],
        ["discrete", 3, 1],
      ],
    );
  });

  it("crosses neither a hole of the profile nor a cut", () => {
    const registers = [{ at: 0 }, { at: 2 }, { at: 6 }];
    expect(spans(registers)).toEqual([["holding", 0, 7]]);
    const cut = [
      ["holding", 0, 3],
      ["holding", 6, 1],
    ];
    expect(spans(registers, { holes: { holding: [[4, 4]] } })).toEqual(cut);
    expect(spans(registers, {}, ["holding 6"])).toEqual(cut);
    expect(spans(registers, { holes: { input: [[4, 4]] } })).toEqual([["holding", 0, 7]]);
  });
});

it("finds what is wrong with registers and controls", () => {
  const found: string[] = [];
  const limit = { table: "holding", at: 1, type: "u16", unit: "A", source: "x" } as const;
  const broken = board(
    [
      { at: -1 },
      { table: "coil" },
      { type: "bit" },
      { times: 0 },
      { type: "f32", times: 3 },
      { type: "f32", plus: [4] },
      { bit: 16 },
      { bit: 1, mask: 2 },
      { texts: { 1: "on" } },
      { factor: { at: 1, type: "f32", as: "power" } },
    ],
    {
      unit: 248,
      holes: { input: [[9, 8]] },
      control: {
        a: limit,
        b: { ...limit, bounds: [0, 16], at: 70_000 },
        c: { ...limit, table: "coil", bounds: [0, 1] },
      },
    },
  );
  lintModbus(broken, (path) => found.push(path));
  expect([...new Set(found)]).toEqual([
    "modbus.unit",
    "modbus.holes.input",
    "measurements.x0.register.at",
    "measurements.x1.register.type",
    "measurements.x2.register.type",
    "measurements.x2.register",
    "measurements.x3.register.times",
    "measurements.x4.register.times",
    "measurements.x5.register",
    "measurements.x6.register.bit",
    "measurements.x6.register",
    "measurements.x7.register",
    "measurements.x8.register",
    "measurements.x9.register.factor.type",
    "modbus.control.a.bounds",
    "modbus.control.b.at",
    "modbus.control.c.type",
  ]);
});
