import { describe, expect, it } from "vitest";
import { backoff } from "../../../devices/drivers/backoff.ts";
import { planBlocks, splitBlock } from "../../../devices/drivers/modbus/plan.ts";
import { findDriver, nearest, parsePort } from "../../../devices/index.ts";

const sdm = findDriver("modbus/eastron-sdm630");
const withLimits = (maxRegisters: number, maxGap: number) => ({
  ...sdm,
  modbus: { ...sdm.modbus!, maxRegisters, maxGap },
});
const spans = (maxRegisters: number, maxGap: number) =>
  planBlocks(withLimits(maxRegisters, maxGap)).map(({ at, count }) => [at, count]);

describe("block plan", () => {
  it("reads an SDM630 in two requests", () => {
    expect(spans(80, 40)).toEqual([
      [0x00, 0x4c],
      [0x156, 2],
    ]);
  });

  it("never crosses a gap that is too wide, nor the board's limit", () => {
    expect(spans(80, 0)).toEqual([
      [0x00, 18],
      [0x34, 2],
      [0x38, 2],
      [0x3c, 4],
      [0x46, 6],
      [0x156, 2],
    ]);
    for (const [, count] of spans(10, 30)) expect(count).toBeLessThanOrEqual(10);
  });

  it("splits a refused block at its widest gap, down to single measurements", () => {
    const [block] = planBlocks(withLimits(80, 40));
    const [left, right] = splitBlock(block!)!;
    expect([left.at, left.count, right.at]).toEqual([0, 18, 0x34]);
    let blocks = [block!];
    for (let i = 0; i < 20; i++) blocks = blocks.flatMap((one) => splitBlock(one) ?? [one]);
    expect(blocks.every(({ spans, count }) => spans.length === 1 && count === 2)).toBe(true);
    expect(blocks).toHaveLength(block!.spans.length);
  });
});

describe("ports as text", () => {
  it.each([
    ["/dev/ttyUSB0", { kind: "serial", path: "/dev/ttyUSB0" }],
    ["COM3", { kind: "serial", path: "COM3" }],
    ["tcp://meter.local", { kind: "tcp", host: "meter.local", port: 502 }],
    ["tcp://[fe80::1]:1502", { kind: "tcp", host: "fe80::1", port: 1502 }],
    ["rtu+tcp://10.0.0.5:4001", { kind: "rtu+tcp", host: "10.0.0.5", port: 4001 }],
  ])("%s", (text, spec) => expect(parsePort(text, 502)).toEqual(spec));

  it.each(["ttyUSB0", "tcp://", "tcp://host:0", "tcp://host:70000", "udp://host:1", "tcp://ho st:1", ""])(
    "refuses %j",
    (text) => expect(() => parsePort(text, 502)).toThrow(expect.objectContaining({ code: "FS-DEVICE-PORT" }) as Error),
  );

  it("wants a TCP port where the protocol has none of its own", () => {
    expect(() => parsePort("tcp://reader")).toThrow(expect.objectContaining({ code: "FS-DEVICE-PORT" }) as Error);
  });
});

it("backs off to a limit and stays there", () => {
  const waits = backoff(250, 3000);
  expect(Array.from({ length: 6 }, () => waits.next().value)).toEqual([250, 500, 1000, 2000, 3000, 3000]);
});

it("suggests what was meant", () => {
  expect(nearest("modbus/sdm63", ["modbus/eastron-sdm120", "p1/dsmr-p1"])).toEqual([]);
  expect(nearest("p1/dsmr", ["modbus/eastron-sdm120", "p1/dsmr-p1"])).toEqual(["p1/dsmr-p1"]);
});
