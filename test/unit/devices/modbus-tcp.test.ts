import { expect, it } from "vitest";
import { type DeviceReading, DriverHost, treeValues } from "../../../devices/index.ts";
import { manualClock, memoryPort } from "../../../firmware-bridge/port/index.ts";
import { encodeAnswer, encodeMbap, encodeRegisters, TcpRequestDecoder } from "../../../protocols/modbus/index.ts";

/** A Modbus TCP meter whose voltage counts its answers, and which delays or misnumbers them on request. */
function meter() {
  const clock = manualClock();
  const { host, device } = memoryPort("tcp://meter:502");
  const decoder = new TcpRequestDecoder();
  const quirk = { delay: 0, transaction: 0, answers: 0 };
  device.onBytes = (bytes) => {
    for (const event of decoder.push(bytes)) {
      if (event.kind !== "request" || !("count" in event.request)) continue;
      quirk.answers++;
      const registers = new Uint8Array(2 * event.request.count);
      registers.set(encodeRegisters({ type: "f32" }, quirk.answers));
      const answer = encodeAnswer({ fn: 4, registers });
      const frame = encodeMbap(event.transaction + quirk.transaction, event.unit, answer);
      if (quirk.delay === 0) device.send(frame);
      else clock.after(quirk.delay, () => device.send(frame));
    }
  };
  const readings: DeviceReading[] = [];
  const driver = new DriverHost({ clock, openPort: () => host }).create({
    name: "m",
    driver: "modbus/eastron-sdm120",
    config: { port: "tcp://meter", every: 2000 },
    clock,
    onReading: (reading) => readings.push(reading),
    onState: () => undefined,
  });
  return { clock, driver, quirk, readings };
}

it("drops and counts answers that come too late, and stays in step", async () => {
  const { clock, driver, quirk, readings } = meter();
  driver.start();
  await clock.advance(3000);
  expect(readings).toHaveLength(2);
  quirk.delay = 1200;
  await clock.advance(4000);
  quirk.delay = 0;
  await clock.advance(20_000);
  expect(driver.counters().late).toBeGreaterThan(0);
  expect(driver.counters().timeouts).toBeGreaterThan(0);
  const before = quirk.answers;
  const count = readings.length;
  await clock.advance(2000);
  expect(readings).toHaveLength(count + 1);
  // The first block of this poll was the answer right after those counted before it.
  expect(treeValues(readings.at(-1)!.reading)["voltage_v"]).toBe(before + 1);
});

it("does not believe an answer to another request", async () => {
  const { clock, driver, quirk, readings } = meter();
  quirk.transaction = 1;
  driver.start();
  await clock.advance(5000);
  expect(readings).toEqual([]);
  expect(driver.counters().late).toBeGreaterThan(0);
});
