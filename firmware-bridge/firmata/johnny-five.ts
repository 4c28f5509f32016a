import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { type Clock, type Port, systemClock } from "../port/index.ts";
import { handshake } from "./handshake.ts";
import { type FirmataIo, type FirmataLoader, loadFirmata } from "./library.ts";
import { FirmataTransport } from "./transport.ts";

export interface FirmataIoOptions {
  /** Not open yet. */
  port: Port;
  /** Default: the system's. */
  clock?: Clock;
  /** How long the board may take to start, in ms. Default 10 s. */
  startTimeout?: number;
  /** Default: the installed package. */
  load?: FirmataLoader;
}

/**
 * A ready firmata-io object on our port, for johnny-five: `new Board({ io: await firmataIo({ port }), repl: false })`. johnny-five
 * given a path would look for serial ports by itself. Closing is the caller's: `port.close()`.
 * @throws EnvironmentError FS-PORT-…, FS-FIRMATA-MISSING, FS-FIRMATA-OTHER, FS-FIRMATA-VERSION; TimeoutError FS-FIRMATA-SILENT.
 */
export async function firmataIo(options: FirmataIoOptions): Promise<FirmataIo> {
  const { port, clock = systemClock(), startTimeout = 10_000, load } = options;
  const Firmata = await loadFirmata(load);
  const transport = new FirmataTransport({ port });
  port.onBytes = (bytes) => transport.receive(bytes);
  const io = new Firmata(transport, {});
  clearTimeout(io.reportVersionTimeoutId);
  let closed = false;
  const lost = new Promise<never>((_, reject) => {
    port.onClose = (reason) => {
      closed = true;
      const isLost = reason.kind === "lost";
      const why = isLost ? reason.why : "closed";
      reject(new EnvironmentError("FS-PORT-LOST", `${port.name} was lost: ${why}`, { fix: "open it again" }));
      transport.emit("close", isLost ? { disconnect: true, disconnected: true } : undefined);
    };
  });
  lost.catch(() => undefined);
  await port.open();
  try {
    await handshake({ io, transport, clock, name: port.name, timeout: startTimeout, lost });
  } catch (error) {
    await port.close();
    throw error;
  }
  transport.onWriteError = (cause) => {
    // Told by "close". Components of johnny-five go on writing: their timers cannot be stopped.
    if (closed) return;
    const error = new EnvironmentError("FS-PORT-WRITE", `writing to ${port.name} failed`, { cause });
    if (io.listenerCount("error") > 0) io.emit("error", error);
  };
  return io;
}
