import { describe, expect, it } from "vitest";
import { type DeviceConfig, treeValues } from "../../../devices/index.ts";
import { fromHex } from "../../../protocols/bytes/index.ts";
import { rig } from "./rig.ts";

const ENCRYPTION = "000102030405060708090a0b0c0d0e0f";
const AUTHENTICATION = "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf";
const KEYS = { encryptionKey: ENCRYPTION.toUpperCase(), authenticationKey: AUTHENTICATION };

const encrypted = (driver: string) =>
  rig([{ driver, keys: { encryption: fromHex(ENCRYPTION), authentication: fromHex(AUTHENTICATION) } }]);

describe.each(["han/kamstrup-han", "han/aidon-han", "han/kaifa-han"])("%s that encrypts", (driver) => {
  it("is read with its keys, through every fault", async () => {
    const { clock, driver: make, readings, states, simulator } = await encrypted(driver);
    const { faults } = simulator.boards[0]!;
    make("m", driver, KEYS).start();
    await clock.advance(60_500);
    expect(states).toEqual([{ device: "m", state: "online" }]);
    expect(readings).toHaveLength(6);
    expect(treeValues(readings[0]!.reading)["energy_import_kwh"]).toBeCloseTo(10_211.5, 0);
    for (const fault of ["garbage", "bad-crc", "silent"] as const) {
      const before = readings.length;
      faults.add(fault);
      await clock.advance(20_000);
      expect(readings).toHaveLength(before);
      faults.clear();
      await clock.advance(20_000);
      expect(readings.length).toBeGreaterThan(before);
    }
  });

  it("says which key is missing or wrong, and shows none", async () => {
    const cases: [DeviceConfig, string][] = [
      [{}, "FS-DLMS-CIPHERED"],
      [{ encryptionKey: ENCRYPTION }, "FS-DLMS-KEY"],
      [{ encryptionKey: ENCRYPTION, authenticationKey: ENCRYPTION }, "FS-DLMS-KEY"],
    ];
    for (const [config, code] of cases) {
      const { clock, driver: make, readings, states } = await encrypted(driver);
      make("m", driver, config).start();
      await clock.advance(30_500);
      expect(readings).toEqual([]);
      expect(states).toMatchObject([{ state: "offline", code }]);
      expect(JSON.stringify(states)).not.toMatch(/0001020304|d0d1d2d3/i);
    }
  });

  it("refuses what is no key", async () => {
    const { driver: make } = await encrypted(driver);
    for (const config of [
      { encryptionKey: "d0d1" },
      { encryptionKey: `${ENCRYPTION.slice(2)}zz` },
      { authenticationKey: AUTHENTICATION },
    ]) {
      expect(() => make("m", driver, config)).toThrow(
        expect.objectContaining({
          code: "FS-DEVICE-KEY",
          message: expect.not.stringMatching(/0203|d0d1/) as string,
        }) as Error,
      );
    }
  });
});
