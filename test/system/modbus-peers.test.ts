import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import {
  builtIn,
  type DeviceConfig,
  type DeviceReading,
  type Driver,
  DriverHost,
  findDriver,
  type MeasurementProfile,
  profile,
  type RegisterSource,
  simulate,
} from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { ptyPair } from "../support/pty-pair.ts";
import { freePort, type PymodbusValue, pymodbusSlave } from "../support/pymodbus.ts";
import { describeWith } from "../support/requires.ts";

const run = promisify(execFile);

/** A value as Python packs it, how our profile reads it, and what has to come out. */
const FORMS: readonly (readonly [
  value: PymodbusValue,
  source: Omit<RegisterSource, "table" | "at">,
  expected: unknown,
])[] = [
  [["holding", 0, "f", 230.2, "ABCD"], { type: "f32" }, "230.2"],
  [["holding", 2, "f", 230.2, "CDAB"], { type: "f32", wordOrder: "low-first" }, "230.2"],
  [["holding", 4, "f", 230.2, "BADC"], { type: "f32", byteOrder: "low-first" }, "230.2"],
  [["holding", 6, "f", 230.2, "DCBA"], { type: "f32", wordOrder: "low-first", byteOrder: "low-first" }, "230.2"],
  [["holding", 8, "i", -123456, "ABCD"], { type: "i32" }, "-123456"],
  [["holding", 10, "i", -123456, "CDAB"], { type: "i32", wordOrder: "low-first" }, "-123456"],
  [
    ["holding", 12, "I", 4_000_000_000, "DCBA"],
    { type: "u32", wordOrder: "low-first", byteOrder: "low-first" },
    "4000000000",
  ],
  [["holding", 14, "Q", 10_211_482, "ABCD"], { type: "u64" }, "10211482"],
  [["holding", 18, "q", -5, "CDAB"], { type: "i64", wordOrder: "low-first" }, "-5"],
  [["holding", 22, "d", 1234567.125, "ABCD"], { type: "f64" }, "1234567.125"],
  [["holding", 26, "10s", "C2", "ABCD"], { type: "string", words: 5 }, "C2"],
  [["holding", 31, "H", 0x0a04, "ABCD"], { type: "u16", bit: 2 }, "true"],
  [["holding", 32, "H", 0x0a04, "ABCD"], { type: "u16", mask: 0x0f00 }, "10"],
  [["holding", 33, "H", 3, "ABCD"], { type: "u16", texts: { 3: "charging" } }, "charging"],
  [["holding", 34, "H", 2301, "ABCD"], { type: "u16", factor: { at: 35, type: "i16", as: "power" } }, "23.01"],
  [["holding", 35, "h", -2, "ABCD"], { type: "i16", times: -1 }, "2"],
  [["holding", 36, "h", 7, "ABCD"], { type: "i16", plus: [35] }, "5"],
  [["holding", 37, "h", -0x8000, "ABCD"], { type: "i16", none: [-0x8000] }, "undefined"],
  [["input", 500, "H", 42, "ABCD"], { type: "u16" }, "42"],
  [["coil", 3, "", true, "ABCD"], { type: "bit" }, "true"],
  [["coil", 4, "", false, "ABCD"], { type: "bit" }, "false"],
  [["discrete", 9, "", true, "ABCD"], { type: "bit" }, "true"],
];

const forms = profile({
  id: "forms",
  vendor: "test",
  model: "forms",
  link: "modbus",
  source: "test",
  work: "readings",
  measurements: FORMS.map(
    ([[table, at], source], i): MeasurementProfile => ({
      name: `x${i}`,
      unit: "",
      kind: "gauge",
      bounds: [-1e12, 1e12],
      source: "test",
      register: { table, at, ...source },
    }),
  ),
});

/** A running driver and its next reading. */
function started(driver: string, config: DeviceConfig): { device: Driver; next(): Promise<DeviceReading> } {
  const clock = systemClock();
  const waiting: ((reading: DeviceReading) => void)[] = [];
  const device = new DriverHost({ clock, catalog: builtIn.with([forms]) }).create({
    name: "d",
    driver,
    config: { every: 100, ...config },
    clock,
    onReading: (reading) => {
      for (const take of waiting.splice(0)) take(reading);
    },
    onState: () => undefined,
  });
  device.start();
  return { device, next: () => new Promise((resolve) => waiting.push(resolve)) };
}

async function readForms(port: string): Promise<void> {
  const { device, next } = started("modbus/forms", { port });
  const { reading } = await next();
  await device.stop();
  expect(reading.quality).toBe(0);
  const values = new Map(reading.measurements.map(({ name, value }) => [name, value]));
  for (const [i, [value, , expected]] of FORMS.entries())
    expect(String(values.get(`x${i}`)), String(value)).toBe(expected);
}

const PACKED = FORMS.map(([value]) => value);

describeWith(["socat", "pymodbus"], "pymodbus, every table and form of a value", () => {
  it("over a serial line", async () => {
    const pair = await ptyPair();
    const slave = await pymodbusSlave({}, ["rtu", pair.a, "9600"], PACKED);
    try {
      await readForms(pair.b);
    } finally {
      await slave.end();
      await pair.end();
    }
  });

  it.each(["tcp", "rtu+tcp"] as const)("over %s", async (kind) => {
    const port = await freePort();
    const slave = await pymodbusSlave({}, [kind, String(port)], PACKED);
    try {
      await readForms(`${kind}://127.0.0.1:${port}`);
    } finally {
      await slave.end();
    }
  });
});

/** What mbpoll prints for one 32-bit float in a holding register. */
async function mbpollFloat(port: string | number, register: number): Promise<number> {
  const args = ["-m", "tcp", "-a", "1", "-p", String(port), "-t", "4:float", "-B", "-0", "-r", String(register)];
  const { stdout } = await run("mbpoll", [...args, "-c", "1", "-1", "127.0.0.1"]);
  const match = /^\[\d+\]:\s+([-\d.e+]+)/m.exec(stdout);
  if (!match) throw new Error(`mbpoll printed no value: ${stdout}`);
  return Number(match[1]);
}

const ALFEN: readonly PymodbusValue[] = [
  ...[306, 308, 310, 320, 322, 324, 326, 328, 330, 332, 334, 336, 338, 340, 342].map(
    (at): PymodbusValue => ["holding", at, "f", at === 336 ? 50 : 0, "ABCD"],
  ),
  ["holding", 344, "f", 3680, "ABCD"],
  ["holding", 374, "d", 1_021_148, "ABCD"],
  ["holding", 1201, "10s", "C2", "ABCD"],
  ["holding", 1206, "f", 16, "ABCD"],
  ["holding", 1208, "I", 60, "ABCD"],
  ["holding", 1210, "f", 32, "ABCD"],
  ["holding", 1212, "f", 6, "ABCD"],
  ["holding", 1214, "H", 1, "ABCD"],
  ["holding", 1215, "H", 3, "ABCD"],
];

describeWith(["mbpoll", "pymodbus"], "control", () => {
  it("writes to pymodbus what mbpoll then reads", async () => {
    const port = await freePort();
    const slave = await pymodbusSlave({}, ["tcp", String(port)], ALFEN);
    const { device, next } = started("modbus/alfen-eve", { port: `tcp://127.0.0.1:${port}`, control: true });
    try {
      const { reading, work } = await next();
      expect([reading.quality, work]).toEqual([0, 1_021_148n]);
      expect(await device.set!({ current_limit: 13.5 })).toEqual({ current_limit: 13.5 });
      expect(await mbpollFloat(port, 1210)).toBe(13.5);
    } finally {
      await device.stop();
      await slave.end();
    }
  });

  it("mbpoll writes to our simulated station, and reads it back", async () => {
    const sim = await simulate({ boards: [{ driver: "modbus/alfen-eve" }], on: "tcp:0", clock: systemClock() });
    try {
      const port = sim.port.split(":").at(-1)!;
      await run("mbpoll", [
        "-m",
        "tcp",
        "-a",
        "1",
        "-p",
        port,
        "-t",
        "4:float",
        "-B",
        "-0",
        "-r",
        "1210",
        "127.0.0.1",
        "10.5",
      ]);
      expect(await mbpollFloat(port, 1210)).toBe(10.5);
    } finally {
      await sim.stop();
    }
  });
});

describeWith(["mbpoll"], "mbpoll as a master, against our simulators", () => {
  /** A register as the manual has it: mbpoll's type and order, and what our simulator's model says about it. */
  it.each([
    ["modbus/carlo-gavazzi-em24", ["-t", "3:int"], 0x3e, 102_114],
    ["modbus/eastron-sdm72d", ["-t", "3:float", "-B"], 0x48, 10_211.5],
    ["modbus/eastron-sdm230", ["-t", "3:float", "-B"], 0x48, 10_211.5],
    ["modbus/goodwe-dt", ["-t", "4:int", "-B"], 30145, 102_114],
    ["modbus/goodwe-et", ["-t", "4:int", "-B"], 35191, 102_114],
    ["modbus/victron-grid-meter", ["-t", "4:int", "-B"], 2634, 1_021_148],
    ["modbus/keba-p30", ["-t", "4:int", "-B"], 1036, 102_114_820],
  ] as const)("%s", async (driver, type, register, expected) => {
    const unit = findDriver(driver).modbus!.unit;
    const sim = await simulate({ boards: [{ driver }], on: "tcp:0", clock: systemClock() });
    try {
      const port = sim.port.split(":").at(-1)!;
      const args = [
        "-m",
        "tcp",
        "-a",
        String(unit),
        "-p",
        port,
        ...type,
        "-0",
        "-r",
        String(register),
        "-c",
        "1",
        "-1",
      ];
      const { stdout } = await run("mbpoll", [...args, "127.0.0.1"]);
      const printed = Number(/^\[\d+\]:\s+([-\d.e+]+)/m.exec(stdout)?.[1]);
      expect(Math.abs(printed - expected)).toBeLessThan(expected / 10_000);
    } finally {
      await sim.stop();
    }
  });
});
