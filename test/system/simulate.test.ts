import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import {
  type DeviceConfig,
  type DeviceReading,
  DriverHost,
  type DriverHostOptions,
  sharedCentral,
  treeValues,
} from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { mqttBroker } from "../../gateway/broker/index.ts";
import { BoardMessages } from "../../gateway/ingest/board-messages.ts";
import { builtFile } from "../support/built.ts";
import { cli } from "../support/cli.ts";
import { startMosquitto } from "../support/mosquitto.ts";
import { describeWith } from "../support/requires.ts";

interface Said {
  event: string;
  port?: string;
  reach?: string[];
  encryption_key?: string;
  authentication_key?: string;
  boards?: number;
}

const ends: (() => Promise<unknown> | unknown)[] = [];
const folder = mkdtempSync(join(tmpdir(), "fieldseal-simulate-"));

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** `fieldseal simulate …` as a process of its own, ended by its test. */
async function simulator(...args: string[]) {
  const child: ChildProcess = spawn(process.execPath, [builtFile("cli"), "simulate", ...args, "--json"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ends.push(() => {
    child.kill("SIGTERM");
    return ended;
  });
  const said: Said[] = [];
  let more: () => void = () => undefined;
  createInterface({ input: child.stdout! }).on("line", (line) => {
    said.push(JSON.parse(line) as Said);
    more();
  });
  const next = async (event: string): Promise<Said> => {
    for (;;) {
      const found = said.findIndex((one) => one.event === event);
      if (found >= 0) return said.splice(found, 1)[0]!;
      await Promise.race([
        new Promise<void>((resolve) => (more = resolve)),
        ended.then(() => Promise.reject(new Error(`it ended: ${JSON.stringify(said)}`))),
      ]);
    }
  };
  return { child, ended, next, ready: await next("ready") };
}

/** A driver, and the next reading that fits. */
function reader(driver: string, config: DeviceConfig, host: Partial<DriverHostOptions> = {}) {
  const clock = systemClock();
  const readings: DeviceReading[] = [];
  let more: () => void = () => undefined;
  const made = new DriverHost({ clock, ...host });
  const device = made.create({
    name: "m",
    driver,
    config,
    clock,
    onReading(reading) {
      readings.push(reading);
      more();
    },
    onState: () => undefined,
  });
  device.start();
  ends.push(() => device.stop());
  const next = async (fits: (values: Record<string, unknown>, reading: DeviceReading) => boolean) => {
    for (;;) {
      const found = readings.find((reading) => fits(treeValues(reading.reading), reading));
      if (found) return { ...found, values: treeValues(found.reading) };
      await new Promise<void>((resolve) => (more = resolve));
    }
  };
  return { next, readings, device, host: made };
}

describe("fieldseal simulate on TCP", () => {
  it("follows a day profile, and does wrong when it is told", async () => {
    const file = join(folder, "day.csv");
    writeFileSync(file, `solar;grid\n${"1;-1,25\n".repeat(24)}`);
    const board = await simulator(
      ...[
        "modbus/eastron-sdm630",
        "--on",
        "tcp:0",
        "--profile",
        file,
        "--column",
        "grid",
        "--scale",
        "1000",
        "--commands",
      ],
    );
    const { next, device } = reader("modbus/eastron-sdm630", { port: board.ready.port, every: 50, timeout: 200 });
    expect((await next(() => true)).values["power_w"]).toBe(-1250);
    board.child.stdin!.write("fault register-fell on\n");
    expect(await board.next("fault")).toMatchObject({ boards: 1 });
    await next((_values, { reading }) => reading.quality !== 0);
    board.child.stdin!.write("fault register-fell sometimes\n\nfault register-fell off\n");
    await board.next("fault");
    const count = device.counters().readings;
    await next((_values, { reading }) => reading.quality === 0 && device.counters().readings > count);
  }, 60_000);

  it("encrypts as a HAN meter, with the keys that it prints", async () => {
    const board = await simulator("han/kamstrup-han", "--on", "tcp:0", "--encrypt", "--interval", "200ms");
    const { port, encryption_key: encryptionKey, authentication_key: authenticationKey } = board.ready;
    const { next } = reader("han/kamstrup-han", { port, encryptionKey, authenticationKey, every: 200 });
    expect((await next(() => true)).values["energy_import_kwh"]).toBeGreaterThan(10_000);
  }, 60_000);

  it("says what it cannot do", async () => {
    const cases: [string[], string][] = [
      [["mqtt/tasmota-plug", "--on", "tcp:0"], "FS-SIMULATE"],
      [["modbus/eastron-sdm630", "--on", "mqtt://127.0.0.1"], "FS-SIMULATE"],
      [
        ["ocpp/ocpp-16", "--on", "ws://127.0.0.1:9", "--profile", join(folder, "day.csv"), "--column", "grid"],
        "FS-SIMULATE-PROFILE",
      ],
      [["modbus/eastron-sdm630", "--on", "tcp:0", "--profile", "nowhere.csv"], "FS-SIMULATE-PROFILE"],
      [["p1/dsmr-p1", "--on", "tcp:0", "--encrypt"], "FS-SIMULATE"],
      [["p1/dsmr-p1", "--on", "tcp:0", "--fault", "tired"], "FS-SIMULATE-FAULT"],
    ];
    for (const [args, code] of cases) {
      const { code: exit, stderr } = await cli(["simulate", ...args]);
      expect([exit, stderr], args.join(" ")).toEqual([expect.any(Number), expect.stringContaining(`${code}  `)]);
      expect(exit).not.toBe(0);
    }
  }, 60_000);
});

describe("fieldseal simulate before a central system", () => {
  it.each(["ocpp/ocpp-16", "ocpp/ocpp-201"])(
    "dials in as %s, and charges",
    async (driver) => {
      const { next, host } = reader(
        driver,
        { station: "BAY-7", every: 100 },
        { ocpp: { listen: { host: "127.0.0.1", port: 0 } } },
      );
      const central = sharedCentral(host);
      while (central.port === undefined) await new Promise((resolve) => setImmediate(resolve));
      const url = `ws://127.0.0.1:${central.port}`;
      const board = await simulator(driver, "--on", url, "--station", "BAY-7", "--interval", "200ms");
      expect(board.ready).toMatchObject({ port: url, reach: ["--station BAY-7"] });
      const charging = await next((values) => Number(values["power_w"]) > 1000);
      expect(charging.values["energy_import_kwh"]).toBeGreaterThan(0);
    },
    60_000,
  );
});

describeWith(["mosquitto"], "fieldseal simulate at an external broker", () => {
  it("publishes as JSON, as Ruuvi and on many topics", async () => {
    const broker = await startMosquitto();
    ends.push(() => broker.end());
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const clock = systemClock();
    const ours = mqttBroker({ url, clock, clientId: "test" });
    const messages = new BoardMessages({
      embedded: false,
      durable: async () => undefined,
      onTrouble(error) {
        throw error;
      },
    });
    ours.onState = ({ kind }) => messages.brokerState(kind);
    await ours.start();
    messages.attach(ours);
    ends.push(() => ours.stop());
    for (const [driver, key] of [
      ["mqtt/tasmota-plug", "energy_import_kwh"],
      ["mqtt/ruuvi-mqtt", "temperature_c"],
      ["mqtt/shelly-3em", "power_w"],
    ] as const) {
      const topic = `site/${driver.slice(5)}`;
      const board = await simulator(driver, "--on", url, "--topic", topic, "--interval", "200ms");
      expect(board.ready).toMatchObject({ port: url, reach: [`--topic ${topic}`] });
      const { next } = reader(driver, { topic, every: 200 }, { messages });
      // What it said before we listened is missing in the first.
      await next((values, { reading }) => key in values && reading.quality === 0);
    }
  }, 60_000);
});

describeWith(["socat"], "fieldseal simulate on a pseudo terminal", () => {
  it("stands where it was told to", async () => {
    const port = join(folder, "meter");
    const board = await simulator("p1/dsmr-p1", "--on", `pty:${port}`, "--interval", "200ms");
    expect(board.ready).toMatchObject({ port, reach: [`--port ${port}`] });
    const { next } = reader("p1/dsmr-p1", { port, every: 200 });
    expect((await next(() => true)).reading.quality).toBe(0);
    board.child.kill("SIGTERM");
    await expect(board.ended).resolves.toBe(0);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);
});
