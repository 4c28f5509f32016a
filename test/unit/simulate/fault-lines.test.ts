import { describe, expect, it } from "vitest";
import { parseFaultLine } from "../../../gateway/cli/fault-lines.ts";

describe("faults from standard input", () => {
  it("name fault, state and board", () => {
    expect(parseFaultLine("fault garbage on")).toEqual({ fault: "garbage", on: true });
    expect(parseFaultLine("  fault register-fell   off 12 ")).toEqual({ fault: "register-fell", on: false, board: 12 });
    expect(parseFaultLine("")).toBeUndefined();
  });

  it("are refused when they are none", () => {
    for (const line of [
      "garbage on",
      "fault x on",
      "fault silent",
      "fault silent yes",
      "fault silent on 1 2",
      "fault silent on -1",
    ]) {
      expect(() => parseFaultLine(line), line).toThrow(expect.objectContaining({ code: "FS-SIMULATE-FAULT" }) as Error);
    }
  });
});
