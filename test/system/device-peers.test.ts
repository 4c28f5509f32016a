import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type DeviceReading, type DeviceState, DriverHost, simulate, treeValues } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { ptyPair } from "../support/pty-pair.ts";
import { freePort, pymodbusSlave } from "../support/pymodbus.ts";
import { describeWith } from "../support/requires.ts";

const run = promisify(execFile);
const SDM = "modbus/eastron-sdm630";
/** Registers of an SDM630 as its manual lists them. */
const REGISTERS = { 0: 231.2, 2: 232.1, 4: 230.6, 52: 1834.2, 70: 50, 72: 10_211.482, 342: 10_300.5 };
const VALUES = {
  voltage_l1_v: 231.2,
  voltage_l2_v: 232.1,
  voltage_l3_v: 230.6,
  power_w: 1834.2,
  frequency_hz: 50,
  energy_import_kwh: 10_211.482,
  energy_total_kwh: 10_300.5,
};

/** The first `count` readings of a device on real ports. */
async function readings(driver: string, port: string, count: number, config: object = {}): Promise<DeviceReading[]> {
  const clock = systemClock();
  const states: DeviceState[] = [];
  const got: DeviceReading[] = [];
  let done: (() => void) | undefined;
  const enough = new Promise<void>((resolve) => {
    done = resolve;
  });
  const device = new DriverHost({ clock }).create({
    name: "meter",
    driver,
    config: { port, every: 100, ...config },
    clock,
    onReading(reading) {
      got.push(reading);
      if (got.length >= count) done?.();
    },
    onState: (state) => states.push(state),
  });
  device.start();
  await enough;
  await device.stop();
  expect(states.at(-1)).toMatchObject({ device: "meter", state: "online" });
  return got;
}

describeWith(["socat", "pymodbus"], "pymodbus as a meter, read by our driver", () => {
  it("over a serial line", async () => {
    const pair = await ptyPair();
    const slave = await pymodbusSlave(REGISTERS, ["rtu", pair.a, "9600"]);
    try {
      const got = await readings(SDM, pair.b, 3);
      expect(treeValues(got[0]!.reading)).toMatchObject(VALUES);
      expect(got[0]!.work).toBe(10_211_482n);
    } finally {
      await slave.end();
      await pair.end();
    }
  });

  it.each([
    ["tcp", "tcp"],
    ["rtu+tcp", "rtu+tcp"],
  ] as const)("over %s", async (kind, scheme) => {
    const port = await freePort();
    const slave = await pymodbusSlave(REGISTERS, [kind, String(port)]);
    try {
      const got = await readings(SDM, `${scheme}://127.0.0.1:${port}`, 3);
      expect(treeValues(got.at(-1)!.reading)).toMatchObject(VALUES);
    } finally {
      await slave.end();
    }
  });
});

/** What mbpoll prints for one 32-bit float input register, with the settings after `args`. */
async function mbpoll(register: number, ...args: string[]): Promise<number> {
  const { stdout } = await run("mbpoll", [
    "-t",
    "3:float",
    "-B",
    "-0",
    "-r",
    String(register),
    "-c",
    "1",
    "-1",
    ...args,
  ]);
  const match = /^\[\d+\]:\s+([-\d.e+]+)/m.exec(stdout);
  if (!match) throw new Error(`mbpoll printed no value: ${stdout}`);
  return Number(match[1]);
}

describeWith(["mbpoll", "socat"], "mbpoll as a master, against our simulated meters", () => {
  it("over Modbus TCP", async () => {
    const sim = await simulate({ boards: [{ driver: SDM }], on: "tcp:0", clock: systemClock() });
    try {
      const port = sim.port.split(":").at(-1)!;
      const args = ["-m", "tcp", "-a", "1", "-p", port, "127.0.0.1"];
      expect(await mbpoll(0, ...args)).toBeGreaterThan(220);
      expect(await mbpoll(72, ...args)).toBeCloseTo(10_211.5, 0);
    } finally {
      await sim.stop();
    }
  });

  it("over a serial line", async () => {
    const pair = await ptyPair();
    const sim = await simulate({ boards: [{ driver: SDM, unit: 5 }], on: pair.a, clock: systemClock() });
    try {
      const args = ["-m", "rtu", "-a", "5", "-b", "9600", "-P", "none", pair.b];
      expect(await mbpoll(0, ...args)).toBeGreaterThan(220);
      expect(await mbpoll(72, ...args)).toBeCloseTo(10_211.5, 0);
    } finally {
      await sim.stop();
      await pair.end();
    }
  });
});

describe("our driver and our simulated meters on real ports", () => {
  it.each([
    [SDM, "tcp:0"],
    [SDM, "rtu+tcp:0"],
    ["modbus/eastron-sdm120", "tcp:0"],
    ["p1/dsmr-p1", "tcp:0"],
  ])("%s on %s", async (driver, on) => {
    const sim = await simulate({ boards: [{ driver }], on, clock: systemClock(), interval: 100 });
    try {
      const got = await readings(driver, sim.port, 3);
      expect(treeValues(got.at(-1)!.reading)).toMatchObject({ energy_import_kwh: expect.any(Number) });
      for (const { reading, work } of got) {
        expect(reading.quality).toBe(0);
        expect(Number(work)).toBeGreaterThan(10_211_000);
      }
    } finally {
      await sim.stop();
    }
  });
});

describeWith(["socat"], "a P1 meter on a serial line", () => {
  it("is read through serialport", async () => {
    const pair = await ptyPair();
    const clock = systemClock();
    const sim = await simulate({ boards: [{ driver: "p1/dsmr-p1" }], on: pair.a, clock, interval: 100 });
    try {
      const got = await readings("p1/dsmr-p1", pair.b, 3);
      expect(got.every(({ reading }) => reading.quality === 0)).toBe(true);
    } finally {
      await sim.stop();
      await pair.end();
    }
  });
});
