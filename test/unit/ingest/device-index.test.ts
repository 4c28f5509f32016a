import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { DeviceIndex, type PackPlace } from "../../../gateway/batch/index.ts";
import { toHex } from "../../../protocols/bytes/index.ts";
import { removeTempDirs, tempDir } from "../../support/keystore.ts";

afterEach(removeTempDirs);

const A = new Uint8Array(32).fill(0xaa);
const B = new Uint8Array(32).fill(0xbb);
const place = (first: number, count: number, index: number, readings = true): PackPlace => ({
  first: BigInt(first),
  count,
  index,
  readings,
});

describe("device index", () => {
  it("finds the pack of a number and the one before it, over a restart and beside a writer", () => {
    const folder = tempDir();
    const index = DeviceIndex.open(folder);
    index.add(A, place(0, 1, 0, false));
    index.add(B, place(0, 1, 1, false));
    index.add(A, place(1, 8, 2));
    index.add(A, place(9, 4, 3));
    index.sync(4);
    for (const view of [index, DeviceIndex.read(folder), DeviceIndex.open(folder)]) {
      expect(view.find(A, 0n)).toEqual({ place: place(0, 1, 0, false), previous: undefined });
      expect(view.find(A, 1n)).toEqual({ place: place(1, 8, 2), previous: place(0, 1, 0, false) });
      expect(view.find(A, 12n)).toEqual({ place: place(9, 4, 3), previous: place(1, 8, 2) });
      expect(view.find(A, 13n)).toBeUndefined();
      expect(view.find(new Uint8Array(32), 0n)).toBeUndefined();
      expect(view.newest(A)).toEqual(place(9, 4, 3));
      expect(view.newestBefore(A, 3)).toEqual(place(1, 8, 2));
      // An enrolment is no reading.
      expect(view.newestBefore(A, 2)).toBeUndefined();
      expect(view.newest(B)).toBeUndefined();
      expect(view.latest(A, 2)).toEqual([place(1, 8, 2), place(9, 4, 3)]);
      expect(view.next(A)).toBe(13n);
      expect(view.devices().map(toHex).sort()).toEqual([toHex(A), toHex(B)]);
    }
    expect(DeviceIndex.open(folder).reach).toBe(4);
    index.close();
  });

  it("adds a place once", () => {
    const folder = tempDir();
    const index = DeviceIndex.open(folder);
    for (let i = 0; i < 3; i++) index.add(A, place(0, 4, 5));
    expect(index.latest(A, 9)).toHaveLength(1);
  });

  it("finds packs that came late, in any order that a board can send them", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 3 }), (order) => {
        const folder = tempDir();
        const index = DeviceIndex.open(folder);
        const packs = order.map((n, at) => place(10 * n, 10, at));
        for (const pack of packs) index.add(A, pack);
        index.sync(packs.length);
        for (const view of [index, DeviceIndex.open(folder)]) {
          for (const pack of packs) {
            const before = packs
              .filter((one) => one.first < pack.first && one.index < pack.index)
              .sort((a, b) => Number(b.first - a.first));
            expect(view.find(A, pack.first + 7n)).toEqual({ place: pack, previous: before[0] });
          }
          expect(view.latest(A, 3)).toEqual([...packs].sort((a, b) => Number(a.first - b.first)).slice(-3));
          view.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  it("gives up what a power cut may have left, and takes it again", () => {
    const folder = tempDir();
    const index = DeviceIndex.open(folder);
    index.add(A, place(0, 4, 0));
    index.sync(1);
    index.add(A, place(4, 4, 1));
    index.add(B, place(0, 1, 2));
    index.close();
    // Half a record, and a block of zeros that was allocated and not written.
    appendFileSync(join(folder, toHex(A)), new Uint8Array(7));
    writeFileSync(join(folder, toHex(B)), new Uint8Array(36));
    expect(DeviceIndex.read(folder).find(A, 5n)?.place.index).toBe(1);
    const again = DeviceIndex.open(folder);
    expect(again.reach).toBe(1);
    expect(again.latest(A, 9)).toEqual([place(0, 4, 0)]);
    expect(again.latest(B, 9)).toEqual([]);
    again.add(A, place(4, 4, 1));
    again.add(B, place(0, 1, 2));
    again.sync(3);
    expect(again.find(A, 5n)?.place.index).toBe(1);
    expect(readFileSync(join(folder, toHex(A))).length).toBe(36);
  });

  it("is built anew when nothing says how far it was complete", () => {
    const folder = tempDir();
    const index = DeviceIndex.open(folder);
    index.add(A, place(0, 4, 0));
    index.sync(1);
    index.close();
    rmSync(join(folder, "reach"));
    const again = DeviceIndex.open(folder);
    expect(again.reach).toBe(0);
    expect(again.latest(A, 9)).toEqual([]);
  });
});
