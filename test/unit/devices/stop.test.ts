import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { DriverHost } from "../../../devices/index.ts";
import { systemClock } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError } from "../../../protocols/bytes/index.ts";
import { rig } from "./rig.ts";

const drivers = ["modbus/eastron-sdm630", "mbus/mbus-heat-meter", "p1/dsmr-p1"];

describe.each(drivers)("stopping %s", (driver) => {
  it("ends at once while the port is missing, and may be started again", async () => {
    const { clock, driver: make, device, states, readings } = await rig([{ driver }]);
    device.refuse(new EnvironmentError("FS-PORT-MISSING", "not there"));
    const meter = make("m", driver, { every: 1000 });
    meter.start();
    await clock.advance(60_000);
    await meter.stop();
    expect(clock.pending).toBeLessThanOrEqual(1);
    expect(states).toMatchObject([{ state: "offline", code: "FS-PORT-MISSING" }]);
    device.refuse(undefined);
    meter.start();
    await clock.advance(5000);
    expect(readings.length).toBeGreaterThan(2);
    await meter.stop();
    expect(device.open).toBe(false);
  });

  it("ends in the middle of an exchange without a word", async () => {
    const { clock, driver: make, states, simulator } = await rig([{ driver }]);
    simulator.boards[0]!.faults.add("silent");
    const meter = make("m", driver);
    meter.start();
    await clock.advance(300);
    await meter.stop();
    await meter.stop();
    await clock.advance(60_000);
    expect(states).toEqual([]);
  });

  it("ends while a peer that accepts says nothing", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address() as { port: number };
    const clock = systemClock();
    const meter = new DriverHost({ clock }).create({
      name: "m",
      driver,
      config: { port: `tcp://127.0.0.1:${address.port}` },
      clock,
      onReading: () => undefined,
      onState: () => undefined,
    });
    const connected = new Promise((resolve) => server.once("connection", resolve));
    meter.start();
    await connected;
    await meter.stop();
    await new Promise((resolve) => server.close(resolve));
  });
});
