import { access, constants, open, stat } from "node:fs/promises";
import type { SerialPort } from "serialport";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { CloseReason, Port, PortSettings } from "./port.ts";
import { findHolder } from "./port-holder.ts";

export interface SerialPortOptions extends PortSettings {
  /** Device file: `/dev/serial/by-id/…`, `/dev/ttyUSB0`, a pty, `COM3`. */
  path: string;
}

/** How often an open device is looked at, in ms. */
const WATCH_MS = 1000;

/**
 * A serial line through node-serialport. The native library is loaded when the first port is opened, so that a
 * gateway without serial boards does not carry it.
 */
export function serialPort(options: SerialPortOptions): Port {
  return new NodePort(options);
}

class NodePort implements Port {
  readonly name: string;
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  onClose: ((reason: CloseReason) => void) | undefined;
  readonly #options: SerialPortOptions;
  #port: SerialPort | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: SerialPortOptions) {
    this.name = options.path;
    this.#options = options;
  }

  async open(): Promise<void> {
    const { path, baudRate, dataBits = 8, parity = "none", stopBits = 1 } = this.#options;
    if (this.#port) throw new EnvironmentError("FS-PORT-OPEN", `${path} is already open`);
    await checkPath(path);
    const { SerialPort } = await import("serialport");
    const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, autoOpen: false });
    try {
      await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    } catch (cause) {
      throw await openError(path, cause);
    }
    this.#port = port;
    this.#watchDevice(port, await deviceId(path));
    port.on("data", (bytes: Uint8Array) => this.onBytes?.(bytes));
    // Every failure also closes the port; without a listener the stream would throw.
    port.on("error", () => undefined);
    port.on("close", (error: Error | null) => this.#closed(port, error !== null));
  }

  #closed(port: SerialPort, lost: boolean): void {
    if (this.#port !== port) return;
    this.#port = undefined;
    clearInterval(this.#watch);
    this.onClose?.(lost ? { kind: "lost", why: "the device went away" } : { kind: "closed" });
  }

  /**
   * A hang-up does not always reach the poller of node-serialport 13 (two ptys that hang up in one turn: one port stays
   * "open" for ever). That the device file is gone, or is another one, is certain.
   */
  #watchDevice(port: SerialPort, id: string | undefined): void {
    if (id === undefined) return;
    this.#watch = setInterval(async () => {
      if ((await deviceId(this.name)) === id) return;
      this.#closed(port, true);
      port.close(() => undefined);
    }, WATCH_MS);
    this.#watch.unref();
  }

  write(bytes: Uint8Array): Promise<void> {
    const port = this.#port;
    return new Promise((resolve, reject) => {
      if (!port) {
        reject(new EnvironmentError("FS-PORT-WRITE", `${this.name} is not open`));
        return;
      }
      // The stream may report a failed write only by closing.
      const gone = () => done(new Error("closed while writing"));
      const done = (error: Error | null | undefined) => {
        port.off("close", gone);
        if (error) reject(new EnvironmentError("FS-PORT-WRITE", `writing to ${this.name} failed`, { cause: error }));
        else resolve();
      };
      port.once("close", gone);
      port.write(Buffer.from(bytes), done);
    });
  }

  setLines({ dtr, rts }: { dtr: boolean; rts: boolean }): Promise<void> {
    // A pty has no modem lines and answers ENOTTY: nothing is lost by that.
    return new Promise((resolve) => {
      if (this.#port) this.#port.set({ dtr, rts }, () => resolve());
      else resolve();
    });
  }

  close(): Promise<void> {
    const port = this.#port;
    return new Promise((resolve) => {
      if (!port) resolve();
      else port.close(() => resolve());
    });
  }
}

/** Tells one device from another under the same path; undefined where paths are not files. */
async function deviceId(path: string): Promise<string | undefined> {
  if (!path.includes("/")) return undefined;
  try {
    const { dev, ino, rdev } = await stat(path);
    return `${dev}:${ino}:${rdev}`;
  } catch {
    return "gone";
  }
}

/** node-serialport's errors carry text only; the operating system says the same in codes. */
async function checkPath(path: string): Promise<void> {
  // COM3: what there is to know, opening tells.
  if (!path.includes("/")) return;
  try {
    const info = await stat(path);
    if (!info.isCharacterDevice()) {
      throw new EnvironmentError("FS-PORT-OPEN", `${path} is not a serial device`, { fix: "run fieldseal ports" });
    }
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    throw codedError(path, cause) ?? unknownError(path, cause);
  }
}

async function openError(path: string, cause: unknown): Promise<EnvironmentError> {
  const holder = await findHolder(path);
  if (holder) return busy(`${path} is held by ${holder}`, cause);
  // An exclusive lock is not visible to access(); opening once more brings its code.
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
    await handle.close();
  } catch (again) {
    return codedError(path, again) ?? unknownError(path, cause);
  }
  return unknownError(path, cause);
}

function busy(message: string, cause: unknown): EnvironmentError {
  return new EnvironmentError("FS-PORT-BUSY", message, {
    fix: "stop the program that holds it, or sudo fieldseal service install --udev-only and replug",
    cause,
  });
}

function codedError(path: string, cause: unknown): EnvironmentError | undefined {
  const code = (cause as NodeJS.ErrnoException).code;
  switch (code) {
    case "ENOENT":
    case "ENXIO":
    case "ENODEV":
    case "ENOTDIR":
      return new EnvironmentError("FS-PORT-MISSING", `${path} does not exist`, {
        fix: "plug the board in, or run fieldseal ports to see what there is",
        cause,
      });
    case "EBUSY":
      return busy(`${path} is held by another program`, cause);
    case "EACCES":
    case "EPERM":
      return new EnvironmentError("FS-PORT-ACCESS", `${path} may not be opened by this user`, {
        fix: "add the user to the group that owns it (usually dialout) and log in again",
        cause,
      });
    default:
      return undefined;
  }
}

function unknownError(path: string, cause: unknown): EnvironmentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EnvironmentError("FS-PORT-OPEN", `${path} cannot be opened: ${why}`, {
    fix: "check the path and the baud rate",
    cause,
  });
}
