import { execFileSync } from "node:child_process";
import { type EventEmitter, once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createDriver, type DeviceReading, simulate } from "../../devices/index.ts";
import { firmataIo } from "../../firmware-bridge/index.ts";
import { type Port, systemClock } from "../../firmware-bridge/port/index.ts";
import { replayedBoard } from "../support/firmata-replay.ts";
import { Mailbox } from "../support/mailbox.ts";
import { ptyPair } from "../support/pty-pair.ts";
import { describeWith } from "../support/requires.ts";

interface JohnnyFive {
  Board: new (options: object) => EventEmitter;
  Multi: new (options: object) => EventEmitter;
}

const PACKAGE: string = "johnny-five";

async function johnnyFive(port: Port) {
  const { default: five } = (await import(PACKAGE)) as { default: JohnnyFive };
  const io = await firmataIo({ port });
  const board = new five.Board({ io, repl: false, debug: false, sigint: false });
  await once(board, "ready");
  return { five, io };
}

describe("johnny-five on our port", () => {
  it("is ready on the recorded StandardFirmata, and asks its BME280 as it was asked then", async () => {
    const { port, unanswered } = replayedBoard();
    const { five, io } = await johnnyFive(port);
    expect(io.firmware).toEqual({ name: "StandardFirmata.ino", version: { major: 2, minor: 5 } });
    expect(io.pins).toHaveLength(20);
    const heard = once(io, "I2C-reply-118-247");
    new five.Multi({ controller: "BME280", address: 0x76, freq: 10 });
    // Bosch's example: 415148 and 519888 in twenty bits each.
    expect((await heard)[0]).toEqual([0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, 0x71, 0x48]);
    expect(unanswered).toEqual([]);
    await port.close();
  });
});

describeWith(["socat"], "a simulated Firmata board on a pty", () => {
  it("is read by our driver over a real serial port", async () => {
    const clock = systemClock();
    const pty = await ptyPair();
    const simulator = await simulate({ boards: [{ driver: "firmata/ina260" }], on: pty.a, clock });
    const readings = new Mailbox<DeviceReading>();
    const line = createDriver({
      name: "line",
      driver: "firmata/ina260",
      config: { port: pty.b, every: 100 },
      clock,
      onReading: (reading) => readings.put(reading),
      onState: () => undefined,
    });
    line.start();
    const { reading } = await readings.wait();
    expect(reading.measurements.map(({ name, value }) => `${name} ${value}`)).toEqual([
      "voltage 12.08",
      "current 0.85",
      "power 10.27",
    ]);
    await line.stop();
    await simulator.stop();
    await pty.end();
  });
});

it("a simulated Firmata board on TCP is read by our driver", async () => {
  const clock = systemClock();
  const simulator = await simulate({ boards: [{ driver: "firmata/bh1750" }], on: "tcp:0", clock });
  const readings = new Mailbox<DeviceReading>();
  const light = createDriver({
    name: "light",
    driver: "firmata/bh1750",
    config: { port: simulator.port, every: 200 },
    clock,
    onReading: (reading) => readings.put(reading),
    onState: () => undefined,
  });
  light.start();
  expect(String((await readings.wait()).reading.measurements[0]!.value)).toBe("312.5");
  await light.stop();
  await simulator.stop();
});

it("one serialport is installed, version 13", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const listed = execFileSync("npm", ["ls", "serialport", "--all", "--json"], { cwd: root, encoding: "utf8" });
  const versions = new Set(
    [...listed.matchAll(/"serialport": \{\s*"version": "([^"]+)"/g)].map(([, version]) => version),
  );
  expect([...versions]).toEqual([expect.stringMatching(/^13\./)]);
});
