import { describe, expect, it } from "vitest";
import type { DeviceReading } from "../../../devices/index.ts";
import { FirstReading } from "../../../gateway/ingest/first-reading.ts";
import { EnvironmentError } from "../../../protocols/bytes/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";

const reading = (work: bigint, quality = 0): DeviceReading => ({
  device: "grid",
  work,
  reading: { time: 1, measurements: [], quality },
});

function rig() {
  const enrolled: bigint[] = [];
  const submitted: bigint[] = [];
  const troubles: string[] = [];
  const gate: { open: () => void; fail: (error: Error) => void }[] = [];
  const first = new FirstReading({
    enrol: (work) => {
      enrolled.push(work);
      return new Promise((resolve, reject) => gate.push({ open: () => resolve(), fail: reject }));
    },
    submit: ({ work }) => submitted.push(work),
    onTrouble: ({ code }) => troubles.push(code),
  });
  const settle = () => new Promise(setImmediate);
  return { first, enrolled, submitted, troubles, gate, settle };
}

describe("the first reading of a new device", () => {
  it("says where its work begins, and waits for the enrolment with those behind it", async () => {
    const { first, enrolled, submitted, gate, settle } = rig();
    first.take(reading(10_211_482n));
    first.take(reading(10_211_483n));
    expect([enrolled, submitted]).toEqual([[10_211_482n], []]);
    gate[0]!.open();
    await settle();
    first.take(reading(10_211_484n));
    expect([enrolled, submitted]).toEqual([[10_211_482n], [10_211_482n, 10_211_483n, 10_211_484n]]);
  });

  it("is not one whose register is out of bounds, unless all are", async () => {
    const { first, enrolled } = rig();
    first.take(reading(0n, Quality.OutOfBounds));
    expect(enrolled).toEqual([]);
    first.take(reading(77n));
    expect(enrolled).toEqual([77n]);
    const other = rig();
    for (let i = 0; i < 16; i++) other.first.take(reading(0n, Quality.OutOfBounds));
    expect(other.enrolled).toEqual([0n]);
  });

  it("asks again with the next one after a failure, and tells what found no room", async () => {
    const { first, enrolled, submitted, troubles, gate, settle } = rig();
    first.take(reading(1n));
    gate[0]!.fail(new EnvironmentError("FS-SIGNER-GONE", "gone"));
    await settle();
    for (let work = 2n; work <= 300n; work++) first.take(reading(work));
    expect(enrolled).toEqual([1n, 2n]);
    expect(troubles).toEqual(["FS-SIGNER-GONE", ...Array<string>(44).fill("FS-ENROL-WAITING")]);
    gate[1]!.open();
    await settle();
    expect(submitted).toHaveLength(256);
  });

  it("is nobody's when the gateway stops meanwhile", async () => {
    const { first, submitted, troubles, gate, settle } = rig();
    first.take(reading(1n));
    first.stop();
    gate[0]!.open();
    await settle();
    first.take(reading(2n));
    expect([submitted, troubles]).toEqual([[], []]);
  });
});
