import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundled } from "../support/bundle.ts";
import { type Acknowledged, follow, judgeDirectory } from "../support/journal-directory.ts";
import { describeWith } from "../support/requires.ts";

/** Everything on the append path that changes the disk: commits, zeroing, syncs, names. Node itself makes none of these. */
const CALLS = ["pwrite64,pwritev", "fdatasync", "fsync", "rename,renameat,renameat2", "unlink,unlinkat", "mkdir"];
const ROUNDS = 16;

let base: string;
let directory: string;
let said: Acknowledged;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "fs-j-"));
  directory = join(base, "d");
  said = { put: 0, ack: 0, released: 0 };
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describeWith(["strace"], "the journal's process", () => {
  const writer = bundled("test/support/journal-writer.ts");

  /** Runs the writer with a fault at the `when`th call; `hit` when it came to that. */
  function run(call: string, fault: string, when: number, modes: readonly string[]) {
    const args = ["-f", "-qq", "-o", join(base, "trace"), "-e", `trace=${call}`];
    const inject = ["-e", `inject=${call}:${fault}:when=${when}`];
    const { stdout, signal, status, stderr } = spawnSync(
      "strace",
      [...args, ...inject, process.execPath, writer, directory, ...modes, String(ROUNDS)],
      { encoding: "utf8", timeout: 60_000, env: { ...process.env, UV_THREADPOOL_SIZE: "1" } },
    );
    follow(said, stdout);
    return { stdout, signal, status, stderr };
  }

  describe.each([
    ["direct", "one"],
    ["cached", "two"],
  ])("writing %s, committing in %s", (...modes) => {
    it("is killed at every call that changes the disk and loses nothing", async () => {
      let kills = 0;
      for (const call of CALLS) {
        for (let when = 1; ; when++) {
          const { signal, stdout } = run(call, "signal=SIGKILL", when, modes);
          expect(await judgeDirectory(directory, said), `${call} ${when}\n${stdout}`).toBeUndefined();
          if (signal !== "SIGKILL") {
            expect(stdout).toContain("done");
            break;
          }
          kills++;
        }
      }
      expect(kills).toBeGreaterThan(30);
    });

    it.each([
      ["pwrite64", "error=EIO"],
      ["pwrite64", "retval=0"],
      ["fdatasync", "error=EIO"],
      ["fsync", "error=EIO"],
      ["rename", "error=EIO"],
    ])("meets %s: %s, says so and loses nothing", async (call, fault) => {
      let hits = 0;
      // The first write is the probe for direct writes, which the answer 0 does not disturb.
      for (let when = 2; ; when += 3) {
        const { status, stdout, stderr } = run(call, fault, when, modes);
        expect(stderr).toBe("");
        expect(await judgeDirectory(directory, said), `${call} ${when}\n${stdout}`).toBeUndefined();
        if (status === 0) break;
        expect(stdout).toMatch(/^failed FS-(DISK-IO|JOURNAL-FAILED)$/m);
        expect(status).toBe(3);
        hits++;
      }
      expect(hits).toBeGreaterThan(0);
    });

    it("finds no room at some write, and goes on when there is", async () => {
      for (const when of [4, 9, 14, 19]) {
        const { stdout } = run("pwrite64", "error=ENOSPC", when, modes);
        expect(await judgeDirectory(directory, said), stdout).toBeUndefined();
        // While it opens there is no journal yet that could wait; afterwards it waits and goes on.
        expect(stdout).toMatch(stdout.includes("found") ? /^done$/m : /^failed FS-DISK-FULL$/m);
      }
    });
  });
});
