import { describe, expect, it } from "vitest";
import type { DeviceCommand } from "../../../devices/index.ts";
import { EnvironmentError, fromHex, toHex } from "../../../protocols/bytes/index.ts";
import { encodeRtu } from "../../../protocols/modbus/index.ts";
import { rig } from "./rig.ts";

const ALFEN = "modbus/alfen-eve";
const KEBA = "modbus/keba-p30";

/** A controlled station, and every request that was written to it. */
async function station(driver: string, config = {}) {
  const site = await rig([{ driver }]);
  const { device, clock } = site;
  const answer = device.onBytes!;
  const writes: string[] = [];
  device.onBytes = (bytes) => {
    if ([5, 6, 16].includes(bytes[1]!)) writes.push(toHex(bytes.slice(1, -2)));
    answer(bytes);
  };
  const made = site.driver("s", driver, { every: 5000, control: true, ...config });
  made.start();
  await clock.advance(1000);
  const set = async (command: DeviceCommand): Promise<unknown> => {
    const done = made.set!(command).then(
      (value) => value,
      (error: { code: string }) => error.code,
    );
    await clock.advance(4000);
    return done;
  };
  return { ...site, made, set, writes, answer };
}

describe("control over Modbus", () => {
  it("writes several registers, reads them back, and repeats what the station forgets", async () => {
    const { set, writes, clock, made } = await station(ALFEN);
    expect(await set({ current_limit: 13.5 })).toEqual({ current_limit: 13.5 });
    // 16 (0x10) to 1210 (0x04ba), 2 registers, 4 bytes: 13.5 as a 32-bit float.
    const told = "1004ba00020441580000";
    expect(writes).toEqual([told]);
    await clock.advance(75_000);
    expect(writes).toEqual([told, told, told, told]);
    await set({ current_limit: 6 });
    await clock.advance(25_000);
    expect(writes.slice(4)).toEqual(["1004ba00020440c00000", "1004ba00020440c00000"]);
    await made.stop();
    await clock.advance(100_000);
    expect(writes).toHaveLength(6);
  });

  it("writes single registers where the station's are write-only", async () => {
    const { set, writes } = await station(KEBA);
    expect(await set({ current_limit: 10.0009, enabled: true })).toEqual({ current_limit: 10.0009, enabled: true });
    // 6 to 5004 (0x138c): 10000 mA, never more than asked for; 6 to 5014 (0x1396): 1.
    expect(writes).toEqual(["06138c2710", "0613960001"]);
    expect(await set({ enabled: false })).toEqual({ enabled: false });
    expect(writes.at(-1)).toBe("0613960000");
  });

  it.each([
    [{ current_limit: 33 }],
    [{ current_limit: -1 }],
    [{ current_limit: Number.NaN }],
    [{ current_limit: "16" }],
    [{ current_limit: true }],
    [{ enabled: 1 }],
    [{ reboot: true }],
    [{ toString: 1 }],
  ])("refuses %j, and writes nothing of it", async (command) => {
    const { set, writes } = await station(KEBA);
    expect(await set({ enabled: true, ...(command as unknown as DeviceCommand) })).toBe("FS-DEVICE-CONTROL");
    expect(writes).toEqual([]);
  });

  it("is off unless the configuration allows it, and for what has nothing to set", async () => {
    const { set, writes } = await station(ALFEN, { control: undefined });
    expect(await set({ current_limit: 10 })).toBe("FS-DEVICE-CONTROL");
    expect(writes).toEqual([]);
    const meter = await station("modbus/eastron-sdm120");
    expect(await meter.set({ current_limit: 10 })).toBe("FS-DEVICE-CONTROL");
  });

  it("tells when the station holds another value than it acknowledged", async () => {
    const { set, device, answer } = await station(ALFEN);
    const before = device.onBytes!;
    // Acknowledges the write to 1210, and goes on with 16 A.
    device.onBytes = (bytes) => {
      if (bytes[1] === 16) device.send(encodeRtu(1, fromHex("1004ba0002")));
      else if (toHex(bytes.slice(1, 6)) === "0304ba0002") device.send(encodeRtu(1, fromHex("030441800000")));
      else before(bytes);
    };
    expect(await set({ current_limit: 10 })).toBe("FS-DEVICE-ACKNOWLEDGE");
    device.onBytes = answer;
    expect(await set({ current_limit: 10 })).toEqual({ current_limit: 10 });
  });

  it("tells a refusal, silence, a lost port and a driver that does not run", async () => {
    const { set, device, made, simulator, clock } = await station(ALFEN);
    const usual = device.onBytes!;
    device.onBytes = (bytes) => (bytes[1] === 16 ? device.send(encodeRtu(1, fromHex("9003"))) : usual(bytes));
    expect(await set({ current_limit: 10 })).toBe("FS-MODBUS-EXCEPTION");
    device.onBytes = usual;
    simulator.boards[0]!.faults.add("silent");
    expect(await set({ current_limit: 10 })).toBe("FS-MODBUS-TIMEOUT");
    expect(made.counters()).toMatchObject({ refusals: 1 });
    device.refuse(new EnvironmentError("FS-PORT-MISSING", "/dev/bus does not exist"));
    device.lose("unplugged");
    await clock.advance(10);
    expect(await set({ current_limit: 10 })).toBe("FS-PORT-LOST");
    await made.stop();
    expect(await set({ current_limit: 10 })).toBe("FS-PORT-LOST");
  });

  it("does not queue without end", async () => {
    const { made, clock, simulator } = await station(ALFEN);
    simulator.boards[0]!.faults.add("silent");
    const codes: string[] = [];
    for (let i = 0; i < 30; i++) {
      made.set!({ current_limit: 10 }).catch((error: { code: string }) => codes.push(error.code));
    }
    await clock.advance(60_000);
    expect(codes.filter((code) => code === "FS-MODBUS-BUSY").length).toBeGreaterThanOrEqual(13);
    expect(codes).toHaveLength(30);
  });
});
