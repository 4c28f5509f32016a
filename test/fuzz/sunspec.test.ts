import { expect, it } from "vitest";
import { fromHex } from "../../protocols/bytes/index.ts";
import { readSunspecModel, type SunspecModelDefinition, scanSunspec } from "../../protocols/sunspec/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";

const point = (name: string, type: "uint16" | "sunssf" | "acc32" | "string" | "float32" | "count", size: number) => ({
  name,
  type,
  size,
  ...(type === "uint16" && name !== "ID" && name !== "L" ? { sf: "SF" } : {}),
});
const MODEL: SunspecModelDefinition = {
  id: 103,
  group: {
    name: "model",
    points: [
      point("ID", "uint16", 1),
      point("L", "uint16", 1),
      point("SF", "sunssf", 1),
      point("N", "count", 1),
      point("WH", "acc32", 2),
      point("Mn", "string", 4),
      point("F", "float32", 2),
    ],
    groups: [
      {
        name: "curve",
        count: "N",
        points: [point("A", "uint16", 1)],
        groups: [{ name: "point", count: 2, points: [point("V", "uint16", 1)] }],
      },
      { name: "rest", count: 0, points: [point("R", "uint16", 1)] },
    ],
  },
};
const REGISTERS = fromHex("00670013fffe0002000012344142434445464748418000000001000200030004000500060007000800090001");

it("SunSpec model: mutated registers end in a ProtocolError, quickly", () => {
  // The length is put right, so that mutations reach what stands behind it.
  const decode = (bytes: Uint8Array) => {
    const copy = bytes.slice(0, bytes.length & ~1);
    if (copy.length >= 4) new DataView(copy.buffer).setUint16(2, copy.length / 2 - 2);
    readSunspecModel(MODEL, copy);
  };
  expect(fuzzDecoder({ name: "SunSpec model", corpus: [REGISTERS], decode }).accepted).toBeGreaterThan(0);
});

it("SunSpec scan: mutated memory ends in a map or a ProtocolError, quickly", () => {
  const image = fromHex("53756e53000100020000000000670003000100020003ffff0000");
  const decode = (bytes: Uint8Array) => {
    const run = scanSunspec([0]);
    let step = run.next();
    while (!step.done) {
      const { address, count } = step.value;
      step = run.next(bytes.slice(2 * address, 2 * (address + count)));
    }
  };
  fuzzDecoder({ name: "SunSpec scan", corpus: [image], decode });
});
