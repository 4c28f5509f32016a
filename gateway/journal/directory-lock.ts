import { readdir, unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { EnvironmentError } from "../../protocols/bytes/index.ts";

const LOCK = /^lock-(\d+)-[0-9a-f]+\.sock$/;
/** Room for a path in `struct sockaddr_un` (unix(7): 108 with the final zero; macOS 104). */
const LONGEST = 103;

/**
 * Holds a directory for one process, without native code and without anything to go stale: a listening Unix socket of
 * its own in the directory. Others find out whether the holder lives by connecting, which the kernel answers even for a
 * stopped process, across containers that share the directory, and refuses once the holder is gone. Everyone first
 * listens, then looks for others and gives way to any that lives: of two that start at once, both may give way, but
 * never do both stay.
 */
export class DirectoryLock {
  readonly #directory: string;
  readonly #unique: string;
  #server: Server | undefined;
  #name = "";

  /** @param unique differs between the holders of one process: some random hex digits. */
  constructor(directory: string, unique: string) {
    this.#directory = directory;
    this.#unique = unique;
  }

  /** @throws EnvironmentError FS-JOURNAL-LOCKED, FS-DISK-ACCESS. */
  async take(): Promise<void> {
    this.#name = `lock-${process.pid}-${this.#unique}.sock`;
    this.#server = await listen(this.#path(this.#name));
    for (const name of await readdir(this.#directory)) {
      const other = LOCK.exec(name);
      if (!other || name === this.#name) continue;
      if (await isAlive(this.#path(name))) {
        await this.release();
        const pid = Number(other[1]);
        throw new EnvironmentError("FS-JOURNAL-LOCKED", `${this.#directory} is in use by process ${pid}`, {
          context: { pid, directory: this.#directory },
          fix: "Stop the other gateway, or give this one a data directory of its own.",
        });
      }
      await unlink(join(this.#directory, name)).catch(() => undefined); // Another may have removed it first.
    }
  }

  async release(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve())); // Removes the socket's file.
  }

  #path(name: string): string {
    const path = join(this.#directory, name);
    if (Buffer.byteLength(path) <= LONGEST) return path;
    throw new EnvironmentError("FS-DISK-ACCESS", `the path ${path} is too long for a lock socket`, {
      context: { longest: LONGEST },
      fix: "Use a data directory with a shorter path.",
    });
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (cause) => {
      reject(
        new EnvironmentError("FS-DISK-ACCESS", `cannot lock the data directory: ${path}`, {
          cause,
          fix: "Use a local directory that this user may write to.",
        }),
      );
    });
    server.listen(path, () => {
      server.unref(); // A held lock is no reason to live.
      resolve(server);
    });
  });
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Refused: nobody listens any more. Absent: released meanwhile. Anything else leaves open whether it lives.
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}
