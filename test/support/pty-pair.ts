import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PtyPair {
  /** Two paths: what is written to one is read from the other. */
  a: string;
  b: string;
  /** Ends socat: both ends hang up. */
  end(): Promise<void>;
}

/** A pair of ptys joined by socat. Needs `socat` (see `describeWith`). */
export async function ptyPair(): Promise<PtyPair> {
  const folder = mkdtempSync(join(tmpdir(), "fieldseal-pty-"));
  const a = join(folder, "a");
  const b = join(folder, "b");
  const socat = spawn("socat", [`pty,raw,echo=0,link=${a}`, `pty,raw,echo=0,link=${b}`], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => socat.once("exit", () => resolve()));
  while (!(existsSync(a) && existsSync(b))) {
    if (socat.exitCode !== null) throw new Error(`socat ended with ${socat.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return {
    a,
    b,
    async end() {
      socat.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
