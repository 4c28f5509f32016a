import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { Port } from "../port/index.ts";
import { type FirmataIo, type FirmataLoader, loadFirmata } from "./library.ts";
import { FirmataTransport } from "./transport.ts";

export interface FirmataIoOptions {
  /** Not open yet. */
  port: Port;
  /** Default: the installed package. */
  load?: FirmataLoader;
}

/**
 * A firmata-io object on our port, for johnny-five: `new Board({ io: await firmataIo({ port }), repl: false })`. johnny-five opened
 * with a path would look for serial ports by itself. Closing is the caller's: `port.close()`.
 * @throws EnvironmentError FS-PORT-…, FS-FIRMATA-MISSING.
 */
export async function firmataIo({ port, load }: FirmataIoOptions): Promise<FirmataIo> {
  const Firmata = await loadFirmata(load);
  const transport = new FirmataTransport({ port });
  port.onBytes = (bytes) => transport.receive(bytes);
  const io = new Firmata(transport, {});
  port.onClose = (reason) => {
    clearTimeout(io.reportVersionTimeoutId);
    transport.emit("close", reason.kind === "lost" ? { disconnect: true, disconnected: true } : undefined);
  };
  try {
    await port.open();
  } catch (error) {
    clearTimeout(io.reportVersionTimeoutId);
    throw error;
  }
  transport.emit("open");
  transport.onWriteError = (cause) => {
    const error = new EnvironmentError("FS-PORT-WRITE", `writing to ${port.name} failed`, { cause });
    if (io.listenerCount("error") > 0) io.emit("error", error);
  };
  return io;
}
