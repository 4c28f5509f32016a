import { describe, expect, it } from "vitest";
import { fromHex } from "../../../protocols/bytes/index.ts";
import { encodeRtu, RtuRequestDecoder } from "../../../protocols/modbus/index.ts";
import { rig } from "./rig.ts";

const SDM = "modbus/eastron-sdm630";

describe("units on one bus", () => {
  it("with two of eight dead, the other six give up less than one reading in a hundred", async () => {
    const alive = [1, 2, 3, 4, 5, 6];
    const { clock, driver, of, states } = await rig(alive.map((unit) => ({ driver: SDM, unit })));
    const drivers = [...alive, 8, 9].map((unit) => driver(`u${unit}`, SDM, { unit, every: 1000 }));
    for (const one of drivers) one.start();
    await clock.advance(600_000);
    const counts = alive.map((unit) => of(`u${unit}`).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(595);
    // 600 s hold 601 readings each; the dead units cost 2 s at the start and 0.25 s each a minute. What is missed is counted.
    for (const one of drivers.slice(0, 6)) expect(one.counters().missed).toBeLessThanOrEqual(5);
    expect(of("u8").concat(of("u9"))).toEqual([]);
    const gaps = of("u1").map(({ reading }) => reading.time);
    const longest = Math.max(...gaps.slice(1).map((time, i) => time - gaps[i]!));
    expect(longest).toBeLessThanOrEqual(4000);
    expect(states.filter(({ device }) => device === "u8")).toMatchObject([{ state: "offline" }]);
  });

  it("learns where a meter refuses to be read over, and does not ask again when the line comes back", async () => {
    const { clock, driver, readings, device } = await rig([{ driver: "modbus/eastron-sdm630" }]);
    const answer = device.onBytes!;
    const refused: number[] = [];
    const decoder = new RtuRequestDecoder();
    // This one has nothing at 0x0012 to 0x0033, and says so.
    device.onBytes = (bytes) => {
      for (const event of decoder.push(bytes)) {
        if (event.kind !== "request" || !("count" in event.request)) continue;
        const { address, count } = event.request;
        const crosses = address < 0x34 && address + count > 0x12;
        if (crosses) refused.push(address);
        if (crosses) device.send(encodeRtu(1, fromHex("8402")));
        else answer(bytes);
      }
    };
    driver("m", SDM, { every: 1000 }).start();
    await clock.advance(5000);
    expect(readings.length).toBeGreaterThanOrEqual(5);
    expect(readings.every(({ reading }) => reading.quality === 0 && reading.measurements.length === 17)).toBe(true);
    expect(refused).toEqual([0]);
    device.lose("unplugged");
    await clock.advance(5000);
    expect(readings.length).toBeGreaterThanOrEqual(8);
    expect(refused).toEqual([0]);
  });

  it("asks a unit that restarted for registers that it refused while it did", async () => {
    const { clock, driver, readings, device } = await rig([{ driver: "modbus/eastron-sdm120" }]);
    const answer = device.onBytes!;
    let starting = true;
    device.onBytes = (bytes) => {
      if (starting && bytes[2] === 0x01) device.send(encodeRtu(1, fromHex("8402")));
      else answer(bytes);
    };
    driver("m", "modbus/eastron-sdm120", { every: 1000 }).start();
    await clock.advance(3000);
    // A total that ought to be there and is not is marked.
    expect(readings.at(-1)!.reading).toMatchObject({ quality: 1 });
    starting = false;
    device.lose("unplugged");
    await clock.advance(3000);
    expect(readings.at(-1)!.reading.quality).toBe(0);
    expect(readings.at(-1)!.reading.measurements.map(({ name }) => name)).toContain("energy_total");
  });
});

it("reads the next frame after one with any byte changed", async () => {
  const { clock, driver, readings, device } = await rig([{ driver: "modbus/eastron-sdm72d" }]);
  const send = device.send.bind(device);
  let flip = -1;
  let longest = 0;
  device.send = (bytes) => {
    longest = Math.max(longest, bytes.length);
    const damaged = bytes.slice();
    if (flip >= 0 && flip < damaged.length) damaged[flip]! ^= 1 << (flip & 7);
    send(damaged);
  };
  driver("m", "modbus/eastron-sdm72d", { every: 1000, timeout: 200 }).start();
  await clock.advance(3000);
  for (let at = 0; at < longest; at++) {
    flip = at;
    await clock.advance(1000);
    flip = -1;
    await clock.advance(3000);
    const { reading } = readings.at(-1)!;
    expect(clock.now() - reading.time, `byte ${at}`).toBeLessThanOrEqual(2000);
    expect(reading.quality & ~32, `byte ${at}`).toBe(0);
  }
  for (const { reading } of readings) expect(reading.quality & ~32).toBe(0);
});
