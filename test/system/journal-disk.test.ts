import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { Journal, NodeDisk } from "../../gateway/journal/index.ts";
import { bundled } from "../support/bundle.ts";
import { type Acknowledged, follow, judgeDirectory } from "../support/journal-directory.ts";
import {
  canMountLoop,
  canMountTmpfs,
  copyImage,
  mountImage,
  mountTmpfs,
  newImage,
  scratchDirectory,
  unmountAll,
} from "../support/mounts.ts";
import { requireOrSkip } from "../support/requires.ts";

afterEach(unmountAll);

const journalIn = (directory: string, options: { segmentBytes?: number; retryMs?: number } = {}) =>
  new Journal({
    disk: new NodeDisk({ directory, random: randomBytes }),
    clock: systemClock(),
    random: randomBytes,
    commitMs: 0,
    ...options,
  });

/** Starts a writer and resolves when it has said `count` lines that match; its output so far. */
async function writerUntil(directory: string, modes: readonly string[], line: RegExp, count: number) {
  const child = spawn(process.execPath, [bundled("test/support/journal-writer.ts"), directory, ...modes, "1000000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      if ((output.match(line)?.length ?? 0) >= count) resolve();
    });
    child.once("exit", () => resolve());
  });
  return { child, output };
}

async function end(child: ReturnType<typeof spawn>): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

describe("one data directory", () => {
  it("belongs to one living process, named to whoever else wants it; a dead one's is taken over", async () => {
    const directory = join(scratchDirectory(), "data");
    const { child, output } = await writerUntil(directory, ["direct", "one"], /^ack/gm, 3);
    await expect(journalIn(directory).open()).rejects.toMatchObject({
      code: "FS-JOURNAL-LOCKED",
      context: { pid: child.pid },
    });
    // A process that is stopped, not dead, still holds it.
    child.kill("SIGSTOP");
    await expect(journalIn(directory).open()).rejects.toMatchObject({ code: "FS-JOURNAL-LOCKED" });
    await end(child);
    const said: Acknowledged = { put: 0, ack: 0, released: 0 };
    follow(said, output);
    // What it did after the output was read is not known here: only what was acknowledged by then is claimed.
    Object.assign(said, { put: Number.MAX_SAFE_INTEGER, released: 0 });
    expect(await judgeDirectory(directory, said)).toBeUndefined();
    expect(readdirSync(directory).filter((name) => name.endsWith(".sock"))).toEqual([]);
  });

  it("is never held by two that start at once", async () => {
    for (let round = 0; round < 10; round++) {
      const directory = join(scratchDirectory(), "data");
      const journals = [1, 2, 3].map(() => journalIn(directory, { segmentBytes: 8192 }));
      const opened = await Promise.allSettled(journals.map((journal) => journal.open()));
      const open = opened.filter(({ status }) => status === "fulfilled");
      expect(open.length).toBeLessThanOrEqual(1);
      for (const outcome of opened) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "FS-JOURNAL-LOCKED" });
      }
      for (const journal of journals) await journal.close();
      const after = journalIn(directory, { segmentBytes: 8192 });
      await after.open();
      await after.close();
    }
  });

  it("is created for its owner alone", async () => {
    const directory = join(scratchDirectory(), "a", "b");
    const journal = journalIn(directory);
    await journal.open();
    await journal.close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  });

  it("that cannot be used is refused with the reason", async () => {
    const file = join(scratchDirectory(), "file");
    writeFileSync(file, "");
    await expect(journalIn(file).open()).rejects.toMatchObject({ code: "FS-DISK-IO" });
    await expect(journalIn(join(scratchDirectory(), "x".repeat(120))).open()).rejects.toMatchObject({
      code: "FS-DISK-ACCESS",
    });
  });

  it("may hold other things: the lock of something else is left alone", async () => {
    const directory = scratchDirectory();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, "other.sock"), resolve));
    const journal = journalIn(directory);
    await journal.open();
    await journal.close();
    expect(readdirSync(directory)).toContain("other.sock");
    await new Promise((resolve) => server.close(resolve));
  });
});

if (requireOrSkip(canMountTmpfs(), "permission to mount", "a full file system")) {
  describe("a file system of 1 MB", () => {
    it("when full: says so, acknowledges nothing false, and goes on when there is room", async () => {
      const directory = mountTmpfs("1m");
      const ballast = join(directory, "ballast");
      writeFileSync(ballast, new Uint8Array(300 << 10));
      const journal = journalIn(directory, { segmentBytes: 128 << 10, retryMs: 10 });
      await journal.open();
      const states: string[] = [];
      const full = new Promise<void>((resolve) => {
        journal.onState = (state) => {
          states.push(state);
          if (state === "full") resolve();
        };
      });
      const acknowledged: number[] = [];
      const pending: Promise<unknown>[] = [];
      const append = (id: number) => {
        const payload = new Uint8Array(1000);
        new DataView(payload.buffer).setUint32(0, id);
        const durable = journal.append(1, payload).then(() => void acknowledged.push(id));
        pending.push(durable);
        return durable;
      };
      let id = 0;
      while (journal.state !== "full") await Promise.race([full, append(++id)]);
      void append(++id);
      expect(journal.state).toBe("full");
      expect(acknowledged).toHaveLength(id - 2);
      expect(statfsSync(directory).bavail * statfsSync(directory).bsize).toBeLessThan(128 << 10);
      rmSync(ballast);
      await Promise.all(pending);
      expect(states).toEqual(["full", "open"]);
      expect(acknowledged).toEqual(Array.from({ length: id }, (_, i) => i + 1));
      await journal.close();
      const found: number[] = [];
      const again = journalIn(directory);
      const report = await again.open(({ payload }) => {
        found.push(new DataView(payload.buffer, payload.byteOffset).getUint32(0));
      });
      expect(report.damage).toEqual([]);
      expect(found).toEqual(acknowledged);
      await again.close();
    });
  });
}

if (requireOrSkip(canMountLoop(), "loop devices", "power cuts of a real file system")) {
  describe("power cut from under a real file system", () => {
    /** Lets a writer run, freezes it after an acknowledgement, and takes the device's content as it is at that moment. */
    async function cut(write: string, commit: string, acks: number): Promise<string | undefined> {
      const image = newImage(64);
      const { directory } = mountImage(image, true);
      const said: Acknowledged = { put: 0, ack: 0, released: 0 };
      const { child, output } = await writerUntil(join(directory, "d"), [write, commit], /^ack/gm, acks);
      child.kill("SIGSTOP");
      const copy = copyImage(image);
      follow(said, output);
      await end(child);
      Object.assign(said, { put: Number.MAX_SAFE_INTEGER, released: 0 });
      const { directory: after } = mountImage(copy, false);
      return judgeDirectory(join(after, "d"), said);
    }

    it.each([
      ["direct", "one", 20],
      ["direct", "two", 45],
      ["cached", "one", 60],
      ["cached", "two", 33],
    ])("loses nothing acknowledged: %s, %s, after %i calls", async (write, commit, acks) => {
      expect(await cut(write, commit, acks)).toBeUndefined();
    });

    it("shows the loss when commits are not durable, so that the test is known to be able to fail", async () => {
      const outcome = await cut("lying", "two", 40).catch((error: Error) => error.message);
      expect(outcome).toBeDefined();
    });
  });
}
