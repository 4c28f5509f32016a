import { EventEmitter } from "node:events";
import { FirmataDecoder, type FirmataMessage, parseFirmata } from "../../protocols/firmata/index.ts";
import { checkRom } from "../../protocols/sensors/index.ts";
import type { Port } from "../port/index.ts";

export interface FirmataTransportOptions {
  /** Open, or about to be opened by the caller, who also closes it. */
  port: Port;
  /** Hears every good message before the library does. */
  onMessage?: ((message: FirmataMessage) => void) | undefined;
  /** Messages the library is not given; default: it gets all. */
  withhold?: ((message: FirmataMessage) => boolean) | undefined;
}

/**
 * Our port as the transport of firmata-io: an emitter with `write`. It passes on whole, well-formed messages only: firmata-io
 * throws on a pin that does not exist and keeps a message without end for ever.
 */
export class FirmataTransport extends EventEmitter {
  readonly #options: FirmataTransportOptions;
  readonly #decoder = new FirmataDecoder();
  #pins = 0;
  #mapped = false;
  /** Bytes that belonged to no good message. */
  discardedBytes = 0;
  /** Bytes of good messages. */
  goodBytes = 0;
  /** Called when a write fails; the port's own loss is told by the port. */
  onWriteError: ((error: unknown) => void) | undefined;

  constructor(options: FirmataTransportOptions) {
    super();
    this.#options = options;
  }

  /** Bytes that the port received. */
  receive(chunk: Uint8Array): void {
    for (const event of this.#decoder.push(chunk)) {
      const message = event.kind === "message" ? this.#parse(event.bytes) : undefined;
      if (!message) {
        this.discardedBytes += event.bytes.length;
        continue;
      }
      this.goodBytes += event.bytes.length;
      this.#options.onMessage?.(message);
      if (this.#options.withhold?.(message) !== true) this.emit("data", event.bytes);
    }
  }

  #parse(bytes: Uint8Array): FirmataMessage | undefined {
    let message: FirmataMessage;
    try {
      message = parseFirmata(bytes);
    } catch {
      return undefined;
    }
    if (message.kind === "capabilities") {
      if (this.#pins > 0 && message.pins.length !== this.#pins) return undefined;
      this.#pins = message.pins.length;
    }
    // The library prints about these.
    if (message.kind === "one-wire-found" && !message.roms.every(isRom)) return undefined;
    if (message.kind === "pin-state" && message.pin >= this.#pins) return undefined;
    if (message.kind === "analog-mapping") {
      // The library adds the channels of a second answer to those it has.
      if (this.#mapped || message.channels.length !== this.#pins) return undefined;
      this.#mapped = true;
    }
    return message;
  }

  /** As firmata-io calls it. */
  write(bytes: Uint8Array | readonly number[], done?: (error?: unknown) => void): void {
    this.#options.port.write(Uint8Array.from(bytes)).then(
      () => done?.(),
      (error: unknown) => {
        this.onWriteError?.(error);
        done?.(error);
      },
    );
  }
}

function isRom(rom: Uint8Array): boolean {
  try {
    checkRom(rom);
    return true;
  } catch {
    return false;
  }
}
