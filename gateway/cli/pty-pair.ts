import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EnvironmentError } from "../../protocols/bytes/index.ts";

export interface PtyPair {
  /** Our end. */
  near: string;
  /** The end that a gateway opens. */
  far: string;
  end(): void;
}

/**
 * A pair of pseudo terminals, held by socat.
 * @param far path of the gateway's end; absent: in a folder of its own.
 * @throws EnvironmentError FS-SIMULATE-PTY.
 */
export async function ptyPair(far: string | undefined): Promise<PtyPair> {
  const folder = mkdtempSync(join(tmpdir(), "fieldseal-pty-"));
  const near = join(folder, "board");
  const outer = far ?? join(folder, "port");
  const end = (link: string) => `pty,raw,echo=0,link=${link}`;
  const socat: ChildProcess = spawn("socat", ["-d", "-d", end(near), end(outer)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const missing = (cause: unknown) =>
    new EnvironmentError("FS-SIMULATE-PTY", "a pseudo terminal needs socat, which could not be started", {
      fix: "apt-get install socat, or use --on tcp:PORT",
      cause,
    });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    socat.once("error", (error) => reject(missing(error)));
    socat.once("exit", () => reject(missing(said)));
    socat.stderr?.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-2000);
      if (said.includes("starting data transfer loop")) resolve();
    });
  });
  return {
    near,
    far: outer,
    end() {
      socat.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
