import { Command } from "../../protocols/firmata/index.ts";

/** What StandardFirmata keeps of one sysex message is less. */
const MOST_BYTES = 128;

/** Bytes of a command with its first one; sysex ends with its own mark. */
function lengthOf(command: number): number {
  if (command === Command.version || command === Command.reset) return 1;
  const upper = command & 0xf0;
  return upper === Command.reportAnalog || upper === Command.reportDigital ? 2 : 3;
}

/** Messages of a host, as a board takes them: what does not begin one is skipped. */
export class FirmataHostDecoder {
  #held: number[] = [];

  push(bytes: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (const byte of bytes) {
      if (byte >= 0x80 && byte !== Command.sysexEnd) this.#held = [byte];
      else if (this.#held.length > 0 && this.#held.length < MOST_BYTES) this.#held.push(byte);
      const [first] = this.#held;
      if (first === undefined) continue;
      const ended = first === Command.sysexStart ? byte === Command.sysexEnd : this.#held.length === lengthOf(first);
      if (!ended) continue;
      messages.push(Uint8Array.from(this.#held));
      this.#held = [];
    }
    return messages;
  }
}
