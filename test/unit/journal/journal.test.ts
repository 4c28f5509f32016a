import { describe, expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import { diskError, diskFull, SimulatedDisk } from "../../../gateway/journal/simulated-disk.ts";
import { utf8 } from "../../../protocols/bytes/index.ts";
import { openRig, records, texts } from "../../support/journal-rig.ts";

const line = (length: number) => utf8("x".repeat(length));

describe("appending", () => {
  it("hands records out in order, with kind and position, after a new open", async () => {
    const { journal, disk } = await openRig();
    const one = await journal.append(7, utf8("one"));
    const [two, three] = await journal.appendAll(records(["two", "three"]));
    expect(one).toBeLessThan(two!);
    expect(two).toBeLessThan(three!);
    expect(await journal.read(two!)).toMatchObject({ position: two, kind: 1, payload: utf8("two") });
    await journal.close();
    const again = await openRig(disk);
    expect(again.found).toEqual(["one", "two", "three"]);
    expect(again.positions).toEqual([one, two, three]);
    expect(await again.journal.read(one)).toMatchObject({ kind: 7, payload: utf8("one") });
  });

  it("commits what comes within the group's time with one write and one sync", async () => {
    const clock = manualClock();
    const { journal, disk } = await openRig(undefined, { commitMs: 20 }, clock);
    const operations: string[] = [];
    disk.onOperation = ({ kind }) => operations.push(kind);
    const durable = [journal.append(1, line(10)), journal.append(1, line(10))];
    await clock.advance(10);
    durable.push(journal.append(1, line(10)));
    expect(journal.metrics).toMatchObject({ pending: 3, oldestPendingMs: 10, groups: 0 });
    await clock.advance(9);
    expect(operations).toEqual([]);
    await clock.advance(1);
    await Promise.all(durable);
    expect(operations).toEqual(["write", "sync"]);
    expect(journal.metrics).toMatchObject({ pending: 0, groups: 1, records: 3, bytes: 57, written: 512 });
  });

  it("resolves only after the sync", async () => {
    const { journal, disk } = await openRig();
    const order: string[] = [];
    disk.onOperation = ({ kind }) => order.push(kind);
    await journal.append(1, line(10)).then(() => order.push("acknowledged"));
    expect(order).toEqual(["write", "sync", "acknowledged"]);
  });

  it("copies the payload before the call returns", async () => {
    const { journal } = await openRig();
    const payload = utf8("before");
    const appended = journal.append(1, payload);
    payload.fill(0);
    expect((await journal.read(await appended)).payload).toEqual(utf8("before"));
  });

  it("takes empty payloads and the largest a segment holds, and refuses larger ones", async () => {
    const { journal, disk } = await openRig();
    await journal.append(1, new Uint8Array(0));
    await journal.append(2, line(4096 - 1024 - 32 - 9));
    expect(() => journal.put([{ kind: 1, payload: line(4096 - 1024 - 32 - 8) }])).toThrow(
      expect.objectContaining({ code: "FS-JOURNAL-TOO-LARGE" }),
    );
    await journal.close();
    expect((await openRig(disk)).found.map((text) => text.length)).toEqual([0, 3031]);
  });

  it("refuses what is beyond the queue, and is ready again when the disk has caught up", async () => {
    const clock = manualClock();
    const { journal } = await openRig(undefined, { commitMs: 20, groupBytes: 4000, pendingBytes: 300 }, clock);
    const first = journal.put(records(texts("a", 1, 400)));
    expect(() => journal.put(records(["b"]))).toThrow(expect.objectContaining({ code: "FS-JOURNAL-BUSY" }));
    expect(journal.metrics.refused).toBe(1);
    let ready = false;
    const waiting = journal.ready().then(() => {
      ready = true;
    });
    await clock.advance(19);
    expect(ready).toBe(false);
    await clock.advance(1);
    await Promise.all([first.durable, waiting]);
    await journal.ready();
  });

  it("commits on close what was waiting", async () => {
    const clock = manualClock();
    const { journal, disk } = await openRig(undefined, { commitMs: 20 }, clock);
    const durable = journal.append(1, utf8("late"));
    await journal.close();
    await durable;
    expect(() => journal.put(records(["later"]))).toThrow(expect.objectContaining({ code: "FS-JOURNAL-USE" }));
    expect((await openRig(disk)).found).toEqual(["late"]);
  });

  it("flushes at once when told to", async () => {
    const clock = manualClock();
    const { journal } = await openRig(undefined, { commitMs: 1000 }, clock);
    const durable = journal.append(1, utf8("now"));
    await journal.flush();
    await durable;
  });
});

describe("segments", () => {
  it("are filled with zeros once, and used again after their records are released", async () => {
    const { journal, disk } = await openRig(undefined, { spareSegments: 2 });
    let position = 0n;
    for (const payload of texts("record", 200, 500)) {
      position = await journal.append(1, utf8(payload));
      await journal.release(position);
    }
    const names = (await disk.list()).filter((name) => name.endsWith(".seg"));
    expect(names.length).toBeLessThanOrEqual(5);
    expect(journal.metrics.zeroed).toBe(names.length * 4096);
    await journal.close();
    const { found, report } = await openRig(disk);
    expect(found).toEqual([texts("record", 200, 500).at(-1)]);
    expect(report.damage).toEqual([]);
  });

  it("beyond the spare ones are removed when a backlog is released", async () => {
    const { journal, disk } = await openRig(undefined, { spareSegments: 1 });
    for (const payload of texts("record", 60, 500)) await journal.append(1, utf8(payload));
    expect((await disk.list()).length).toBeGreaterThan(10);
    await journal.release(await journal.append(1, utf8("last")));
    expect(journal.metrics).toMatchObject({ segments: 1 });
    await journal.close();
    expect((await disk.list()).length).toBeLessThanOrEqual(3);
    expect((await openRig(disk)).found).toEqual(["last"]);
  });

  it("that were released cannot be read", async () => {
    const { journal } = await openRig();
    const first = await journal.append(1, utf8("first"));
    for (const payload of texts("record", 20, 500)) await journal.append(1, utf8(payload));
    await journal.release(await journal.append(1, utf8("last")));
    await expect(journal.read(first)).rejects.toMatchObject({ code: "FS-JOURNAL-RELEASED" });
    await expect(journal.read(1n << 40n)).rejects.toMatchObject({ code: "FS-JOURNAL-USE" });
  });

  it("keep the size they were made with", async () => {
    const { journal, disk } = await openRig();
    await journal.append(1, utf8("small"));
    await journal.close();
    const again = await openRig(disk, { segmentBytes: 16_384 });
    for (const payload of texts("record", 20, 500)) await again.journal.append(1, utf8(payload));
    await again.journal.close();
    expect(new Set([...disk.image().values()].map(({ length }) => length))).toEqual(new Set([4096]));
    expect((await openRig(disk)).found).toHaveLength(21);
  });
});

describe("a disk that does not do its part", () => {
  it("full: appends wait, nothing is acknowledged, and it goes on by itself when there is room", async () => {
    const clock = manualClock();
    const disk = new SimulatedDisk();
    disk.capacity = 3 * 4096;
    const { journal } = await openRig(disk, { retryMs: 1000, pendingBytes: 2000 }, clock);
    const states: string[] = [];
    journal.onState = (state) => states.push(state);
    const lines = texts("record", 40, 500);
    let acknowledged = 0;
    let sent = 0;
    for (; sent < lines.length; sent++) {
      try {
        void journal.append(1, utf8(lines[sent]!)).then(() => acknowledged++);
        journal.put([]);
      } catch {
        break;
      }
      await clock.advance(0);
    }
    expect(states).toEqual(["full"]);
    expect(() => journal.put(records(["more"]))).toThrow(expect.objectContaining({ code: "FS-JOURNAL-FULL" }));
    const before = acknowledged;
    await clock.advance(5000);
    expect(acknowledged).toBe(before);
    // Whatever a crash left of the attempts: exactly the acknowledged ones are found.
    expect((await openRig(new SimulatedDisk(disk.image()))).found).toEqual(lines.slice(0, acknowledged));
    disk.capacity = Number.POSITIVE_INFINITY;
    await clock.advance(1000);
    await journal.flush();
    expect(states).toEqual(["full", "open"]);
    await journal.close();
    const { found, report } = await openRig(disk);
    expect(found).toEqual(lines.slice(0, acknowledged));
    expect(acknowledged).toBeGreaterThan(before);
    expect(report.damage).toEqual([]);
  });

  it("full when it is closed: what never became durable is rejected, not forgotten", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openRig(disk);
    disk.fault = ({ kind }) => (kind === "write" ? { error: diskFull() } : undefined);
    const durable = journal.append(1, utf8("one"));
    const outcome = durable.catch((error: unknown) => error);
    await journal.close();
    expect(await outcome).toMatchObject({ code: "FS-JOURNAL-CLOSED" });
  });

  it("a sync that failed: nothing is tried again, every later append is refused", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openRig(disk);
    await journal.append(1, utf8("safe"));
    let syncs = 0;
    disk.fault = ({ kind }) => {
      if (kind !== "sync") return undefined;
      syncs++;
      return { error: diskError() };
    };
    const lost = journal.append(1, utf8("lost"));
    await expect(lost).rejects.toMatchObject({ code: "FS-JOURNAL-FAILED" });
    expect(journal.state).toBe("failed");
    expect(() => journal.put(records(["after"]))).toThrow(expect.objectContaining({ code: "FS-JOURNAL-FAILED" }));
    await expect(journal.ready()).rejects.toMatchObject({ code: "FS-JOURNAL-FAILED" });
    expect(syncs).toBe(1);
    await journal.close();
    // The power cut that reveals what the cache hid.
    disk.fault = undefined;
    expect((await openRig(new SimulatedDisk(disk.crash(() => 0.99)))).found).toEqual(["safe"]);
  });

  it("a write cut short and failed: what it left is cut off at the next open", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openRig(disk);
    await journal.append(1, utf8("safe"));
    disk.fault = ({ kind }) => (kind === "write" ? { error: diskError(), written: 600 } : undefined);
    await expect(journal.appendAll(records(texts("torn", 3, 400)))).rejects.toMatchObject({
      code: "FS-JOURNAL-FAILED",
    });
    disk.fault = undefined;
    const { found, report } = await openRig(disk.kill());
    expect(found).toEqual(["safe"]);
    expect(report.torn).toMatchObject({ records: 3 });
  });

  it("a sync of a new segment that failed: its header is never written to another file", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openRig(disk);
    disk.fault = ({ kind, name }) => (kind === "sync" && name === "00000002.seg" ? { error: diskError() } : undefined);
    const outcomes = await Promise.allSettled(texts("record", 30, 500).map((text) => journal.append(1, utf8(text))));
    expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
    expect(journal.state).toBe("failed");
    expect(await disk.list()).toEqual(["00000001.seg", "00000002.seg"]);
  });
});

describe("what a killed process left in the cache", () => {
  it("is durable once it has been handed out", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openRig(disk);
    await journal.append(1, utf8("safe"));
    disk.fault = ({ kind }) => (kind === "sync" ? { error: diskError() } : undefined);
    await expect(journal.append(1, utf8("cached only"))).rejects.toThrow();
    const survivor = disk.kill();
    expect((await openRig(survivor)).found).toEqual(["safe", "cached only"]);
    expect((await openRig(new SimulatedDisk(survivor.crash(() => 0.99)))).found).toEqual(["safe", "cached only"]);
  });

  it("includes names: a new segment's is durable before anything stands in it", async () => {
    const disk = new SimulatedDisk();
    const { journal } = await openRig(disk);
    disk.fault = ({ kind }) => (kind === "sync-directory" ? { error: diskError() } : undefined);
    await Promise.allSettled(texts("record", 6, 500).map((text) => journal.append(1, utf8(text))));
    const survivor = disk.kill();
    const second = await openRig(survivor);
    const lines = [...second.found];
    for (const text of texts("more", 12, 500)) {
      await second.journal.append(1, utf8(text));
      lines.push(text);
    }
    expect((await openRig(new SimulatedDisk(survivor.crash(() => 0.99)))).found).toEqual(lines);
  });
});
