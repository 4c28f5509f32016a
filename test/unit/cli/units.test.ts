import { describe, expect, it } from "vitest";
import { formatUnits, parseUnits, parseWhole, utcTime } from "../../../gateway/cli/units.ts";
import { UsageError } from "../../../protocols/bytes/index.ts";

describe("amounts on the command line", () => {
  it.each([
    ["0", 0n],
    ["0.000000000000000001", 1n],
    ["0.1", 10n ** 17n],
    ["12.5", 125n * 10n ** 17n],
    ["10000000000", 10n ** 28n],
  ])("%s is read and shown exactly", (text, amount) => {
    expect(parseUnits(text, "x")).toBe(amount);
    expect(formatUnits(amount)).toBe(text);
  });

  it.each(["", "-1", "1.", ".5", "1e18", "0x10", "1.0000000000000000001", "1,5", " 1"])("%j is no amount", (text) => {
    expect(() => parseUnits(text, "x")).toThrow(UsageError);
  });

  it("whole numbers have bounds", () => {
    expect(parseWhole("18446744073709551615", "x")).toBe((1n << 64n) - 1n);
    for (const text of ["18446744073709551616", "-1", "1.5", "", "x"])
      expect(() => parseWhole(text, "x")).toThrow(UsageError);
    expect(utcTime(0n)).toBe("1970-01-01 00:00:00Z");
  });
});
