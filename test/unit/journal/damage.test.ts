import { describe, expect, it } from "vitest";
import { GROUP_HEADER } from "../../../gateway/journal/format.ts";
import { type DiskImage, SimulatedDisk } from "../../../gateway/journal/simulated-disk.ts";
import { openRig, records, texts } from "../../support/journal-rig.ts";

const FIRST = 1024;
const FILE = "00000001.seg";

/** Groups of three records each, in one segment; offsets of the groups. */
async function written(groups: number): Promise<{ image: DiskImage; lines: string[]; offsets: number[] }> {
  const { journal, disk } = await openRig();
  const lines: string[] = [];
  const offsets: number[] = [];
  for (let i = 0; i < groups; i++) {
    const three = texts(`group ${i}`, 3);
    const [position] = await journal.appendAll(records(three));
    lines.push(...three);
    offsets.push(Number(position) - 4096 - GROUP_HEADER);
  }
  await journal.close();
  return { image: disk.image(), lines, offsets };
}

function damaged(image: DiskImage, file: string, change: (bytes: Uint8Array) => void): SimulatedDisk {
  const copy: DiskImage = new Map([...image].map(([name, bytes]) => [name, bytes.slice()]));
  change(copy.get(file)!);
  return new SimulatedDisk(copy);
}

describe("one flipped byte", () => {
  it("anywhere in the journal costs nothing, is reported where it matters, and is put right on the disk", async () => {
    const { image, lines, offsets } = await written(3);
    const end = offsets[2]! + 512;
    const groupsStart = offsets[0]!;
    for (let at = 0; at < end; at++) {
      const flip = 1 << (at % 8);
      const disk = damaged(image, FILE, (bytes) => {
        bytes[at]! ^= flip;
      });
      const { found, report, journal } = await openRig(disk);
      expect(found, `byte ${at}`).toEqual(lines);
      expect(report.damage.length, `byte ${at}`).toBeLessThanOrEqual(1);
      // Bytes that no check covers are padding; every other one is noticed.
      const inGroup = offsets.find((offset) => at >= offset && at < offset + 512);
      const used =
        inGroup !== undefined && at - inGroup < GROUP_HEADER + 3 * (9 + new TextEncoder().encode(lines[0]!).length);
      if (used) expect(report.damage[0], `byte ${at}`).toMatchObject({ kind: "repaired", lost: 0, bytes: 512 });
      if (at >= groupsStart) {
        const start = BigInt(4096 + (inGroup ?? 0));
        for (const { position } of report.damage) expect(position).toBe(start);
      }
      await journal.close();
      if (used || at < 32) expect(disk.image().get(FILE)![at], `byte ${at}`).toBe(image.get(FILE)![at]);
    }
  });
});

describe("more damage than one byte", () => {
  it("costs the records it hits, not those around them, when later groups show that the group was durable", async () => {
    const { image, lines, offsets } = await written(3);
    const record = offsets[1]! + GROUP_HEADER;
    const disk = damaged(image, FILE, (bytes) => bytes.fill(0xee, record + 2, record + 12));
    const { found, report } = await openRig(disk);
    expect(found).toEqual(lines.filter((_, i) => i !== 3));
    expect(report.damage).toEqual([
      { kind: "records", file: FILE, position: BigInt(4096 + offsets[1]!), bytes: 512, lost: 1 },
    ]);
    expect(report.torn).toBeUndefined();
  });

  it("in a group's header costs that group, and says so", async () => {
    const { image, lines, offsets } = await written(3);
    const disk = damaged(image, FILE, (bytes) => bytes.fill(0, offsets[1], offsets[1]! + 512));
    const { found, report } = await openRig(disk);
    expect(found).toEqual(lines.filter((_, i) => i < 3 || i > 5));
    expect(report.damage).toEqual([
      { kind: "groups", file: FILE, position: BigInt(4096 + offsets[1]!), bytes: 512, lost: 1 },
    ]);
  });

  it("at the end cannot be told from an interrupted commit: it is cut off whole, and reported as that", async () => {
    const { image, lines, offsets } = await written(3);
    const record = offsets[2]! + GROUP_HEADER;
    const disk = damaged(image, FILE, (bytes) => bytes.fill(0xee, record + 2, record + 12));
    const { found, report, journal } = await openRig(disk);
    expect(found).toEqual(lines.slice(0, 6));
    expect(report.torn).toEqual({ position: BigInt(4096 + offsets[2]!), bytes: 512, records: 3 });
    await journal.appendAll(records(["after the cut"]));
    await journal.close();
    expect((await openRig(disk)).found).toEqual([...lines.slice(0, 6), "after the cut"]);
  });

  it("that takes a whole segment file is reported, and the rest is kept", async () => {
    const { journal, disk } = await openRig();
    const lines = texts("line", 40, 300);
    for (const line of lines) await journal.appendAll(records([line]));
    await journal.close();
    const image = disk.image();
    image.delete("00000002.seg");
    const { found, report } = await openRig(new SimulatedDisk(image));
    expect(report.damage).toContainEqual({ kind: "segment", file: "", position: 8192n, bytes: 4096, lost: 1 });
    expect(lines).toEqual(expect.arrayContaining(found));
    expect(found.at(-1)).toBe(lines.at(-1));
  });

  it("that takes every header is refused: nothing starts anew over records that may be there", async () => {
    const { image } = await written(3);
    const disk = damaged(image, FILE, (bytes) => bytes.fill(0xee, 0, FIRST));
    await expect(openRig(disk)).rejects.toMatchObject({ code: "FS-JOURNAL-UNREADABLE" });
  });

  it("does not make a payload that imitates a record into one", async () => {
    const { journal, disk } = await openRig();
    await journal.appendAll(records(["one"]));
    const group = disk
      .image()
      .get(FILE)!
      .slice(FIRST, FIRST + 512);
    // A record that holds a whole valid group, but of another place: its key and number do not fit here.
    const [position] = await journal.appendAll([
      { kind: 1, payload: new Uint8Array([...new Uint8Array(471), ...group]) },
    ]);
    await journal.appendAll(records(["three"]));
    await journal.close();
    const start = Number(position) - 4096 - GROUP_HEADER;
    const torn = damaged(disk.image(), FILE, (bytes) => bytes.fill(0, start, start + 64));
    const { found } = await openRig(torn);
    expect(found).toEqual(["one", "three"]);
  });
});
