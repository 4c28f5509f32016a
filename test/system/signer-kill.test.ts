import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { SignerState } from "../../gateway/attest/index.ts";
import { toHex } from "../../protocols/bytes/index.ts";
import { bundled } from "../support/bundle.ts";
import { removeTempDirs, tempDir, testKeystore } from "../support/keystore.ts";
import { describeWith } from "../support/requires.ts";
import { filled } from "../support/signer-requests.ts";

afterAll(removeTempDirs);

/** Calls that make a change durable or visible. The process makes them for its state only. */
const CALLS = ["fsync", "link,linkat", "unlink,unlinkat"];

describeWith(["strace"], "signer killed at every step of its state", () => {
  it("never counts a boot twice and never signs two trees of one size", () => {
    const entry = bundled("test/support/signer-state-writer.ts");
    const { dir } = testKeystore();
    const boots: number[] = [];
    let size = 0;
    let kills = 0;
    for (const call of CALLS) {
      for (let when = 1; ; when++) {
        size++;
        const root = filled(32, when);
        const { stdout, signal } = spawnSync(
          "strace",
          [
            ...["-f", "-qq", "-o", join(tempDir(), "trace"), "-e", `trace=${call}`],
            ...["-e", `inject=${call}:signal=SIGKILL:when=${when}`],
            ...[process.execPath, entry, dir, String(size), toHex(root)],
          ],
          { encoding: "utf8", timeout: 60_000 },
        );
        const boot = /^boot ([0-9]+)$/m.exec(stdout)?.[1];
        if (boot !== undefined) boots.push(Number(boot));
        const state = SignerState.start(dir);
        boots.push(state.boot);
        if (stdout.includes("signed")) {
          expect(state.lastCheckpoint, `${call} ${when}`).toEqual({ size, root });
          const other = { size, root: filled(32, 0xee) };
          expect(() => state.recordCheckpoint(other)).toThrow(expect.objectContaining({ code: "FS-SIGNER-FORK" }));
        }
        expect(state.lastCheckpoint?.size ?? 0).toBeLessThanOrEqual(size);
        if (signal !== "SIGKILL") break;
        kills++;
      }
    }
    expect(boots).toEqual([...new Set(boots)].sort((a, b) => a - b));
    // Two changes in a run: two fsyncs, a link and two unlinks each.
    expect(kills).toBeGreaterThanOrEqual(10);
    expect(readdirSync(dir).filter((name) => name.endsWith(".state"))).toHaveLength(1);
  });
});
