import { expect, it } from "vitest";
import { createDriver, type DeviceReading, simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { Mailbox } from "../support/mailbox.ts";
import { ptyPair } from "../support/pty-pair.ts";
import { describeWith } from "../support/requires.ts";

describeWith(["socat"], "OpenEVSE on a pty", () => {
  it("is read and controlled over a real serial port", async () => {
    const clock = systemClock();
    const pty = await ptyPair();
    const simulator = await simulate({ boards: [{ driver: "rapi/openevse", startImport: 1234 }], on: pty.a, clock });
    const readings = new Mailbox<DeviceReading>();
    const bay = createDriver({
      name: "bay",
      driver: "rapi/openevse",
      config: { port: pty.b, every: 100, control: true },
      clock,
      onReading: (reading) => readings.put(reading),
      onState: () => undefined,
    });
    bay.start();
    expect((await readings.wait()).work).toBe(1234n);
    expect(await bay.set!({ current_limit: 20 })).toEqual({ current_limit: 20 });
    const limited = ({ reading }: DeviceReading) =>
      reading.measurements.some(({ name, value }) => name === "current_limit" && value === 20);
    await readings.wait(limited);
    await bay.stop();
    await simulator.stop();
    await pty.end();
  });
});
