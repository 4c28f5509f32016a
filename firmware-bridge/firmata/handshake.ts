import { EnvironmentError, type FieldsealError, TimeoutError } from "../../protocols/bytes/index.ts";
import type { Clock } from "../port/index.ts";
import type { FirmataIo } from "./library.ts";
import type { FirmataTransport } from "./transport.ts";

/**
 * How long a board is left alone at first, in ms: opening the port resets many, whose boot loader would take what is sent as
 * its own (an Uno speaks 2.2 s after its reset).
 */
const BOOT_MS = 3_000;
const ASK_AGAIN_MS = 1_000;

export interface HandshakeOptions {
  io: FirmataIo;
  transport: FirmataTransport;
  clock: Clock;
  /** Of the port, for messages. */
  name: string;
  /** How long the board has, in ms. */
  timeout: number;
  /** Rejects when the port is lost meanwhile. */
  lost: Promise<never>;
}

/**
 * Waits until the board has told its version, firmware and pins.
 * @throws TimeoutError FS-FIRMATA-SILENT when nothing answers; EnvironmentError FS-FIRMATA-OTHER when what answers speaks
 * something else, FS-FIRMATA-VERSION when it speaks another version of the protocol.
 */
export async function handshake(options: HandshakeOptions): Promise<void> {
  const { io, clock, timeout, lost } = options;
  // The library asks for the pins by itself once it has these.
  let ask = clock.after(BOOT_MS, function again() {
    io.reportVersion(() => undefined);
    io.queryFirmware(() => undefined);
    ask = clock.after(ASK_AGAIN_MS, again);
  });
  let given: { cancel(): void } | undefined;
  const late = new Promise<never>((_, reject) => {
    given = clock.after(timeout, () => reject(silence(options)));
  });
  try {
    await Promise.race([new Promise<void>((resolve) => io.once("ready", () => resolve())), late, lost]);
  } finally {
    ask.cancel();
    given?.cancel();
  }
  if (io.version.major !== 2) {
    throw new EnvironmentError("FS-FIRMATA-VERSION", `${options.name} speaks version ${io.version.major} of Firmata`, {
      fix: "flash StandardFirmata 2.5 or later",
    });
  }
}

function silence({ transport, name, timeout }: HandshakeOptions): FieldsealError {
  const { discardedBytes, goodBytes } = transport;
  if (goodBytes === 0 && discardedBytes === 0) {
    return new TimeoutError("FS-FIRMATA-SILENT", `${name} did not say a word for ${timeout / 1000} s`, {
      fix: "check the port, and flash StandardFirmata or ConfigurableFirmata to the board",
    });
  }
  return new EnvironmentError("FS-FIRMATA-OTHER", `what is at ${name} does not speak Firmata, or at another rate`, {
    fix: "flash StandardFirmata or ConfigurableFirmata to the board, and check baud: (57600)",
    context: { discardedBytes, goodBytes },
  });
}
