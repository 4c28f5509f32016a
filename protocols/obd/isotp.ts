import { ProtocolError } from "../bytes/index.ts";
import type { CanFrame } from "./can.ts";

export type IsoTpEvent =
  | { kind: "message"; id: number; data: Uint8Array }
  | { kind: "discarded"; id: number; error: ProtocolError };

interface Open {
  data: Uint8Array;
  filled: number;
  /** Sequence number that comes next, 0…15. */
  next: number;
}

/** ISO 15765-2 §9.6.3.1: a length of 12 bits. Longer ones (32 bits, 2016 edition) no scan tool asks for. */
const MAX_MESSAGE = 4095;
/** ECUs that may answer at the same time. */
const MAX_SENDERS = 16;

/**
 * Puts segmented messages together, for each sender its own (ISO 15765-2:2016 §9.6). A lost or doubled consecutive frame ends that
 * sender's message and nobody else's; the next first or single frame begins anew.
 */
export class IsoTpAssembler {
  readonly #open = new Map<number, Open>();

  push({ id, data }: CanFrame): IsoTpEvent | undefined {
    const pci = data[0] ?? 0xff;
    switch (pci >> 4) {
      case 0:
        return this.#single(id, data, pci & 15);
      case 1:
        return this.#first(id, data);
      case 2:
        return this.#consecutive(id, data, pci & 15);
      default:
        // 3: flow control, which concerns the sender.
        return pci >> 4 === 3 ? undefined : refuse(id, `a frame of unknown type ${pci >> 4}`);
    }
  }

  /** Messages that are not complete: what is left when an adapter says that it is done. */
  get unfinished(): number {
    return this.#open.size;
  }

  reset(): void {
    this.#open.clear();
  }

  #single(id: number, data: Uint8Array, length: number): IsoTpEvent {
    this.#open.delete(id);
    if (length === 0 || length > data.length - 1) return refuse(id, `a single frame that says ${length} bytes`);
    return { kind: "message", id, data: data.slice(1, 1 + length) };
  }

  #first(id: number, data: Uint8Array): IsoTpEvent | undefined {
    const length = ((data[0]! & 15) << 8) | (data[1] ?? 0);
    // What fits into a single frame must not come segmented (§9.6.3.2).
    if (length < 8 || length > MAX_MESSAGE || data.length < 8) {
      return refuse(id, `a first frame that says ${length} bytes`);
    }
    if (this.#open.size >= MAX_SENDERS && !this.#open.has(id)) return refuse(id, "more senders than a car has");
    const whole = new Uint8Array(length);
    const part = data.subarray(2, 8);
    whole.set(part.subarray(0, Math.min(part.length, length)));
    this.#open.set(id, { data: whole, filled: part.length, next: 1 });
    return undefined;
  }

  #consecutive(id: number, data: Uint8Array, sequence: number): IsoTpEvent | undefined {
    const open = this.#open.get(id);
    if (!open) return refuse(id, "a consecutive frame without a first one");
    if (sequence !== open.next) {
      this.#open.delete(id);
      return refuse(id, `consecutive frame ${sequence} where ${open.next} comes next`);
    }
    const part = data.subarray(1, 1 + Math.min(7, open.data.length - open.filled));
    open.data.set(part, open.filled);
    open.filled += part.length;
    open.next = (open.next + 1) & 15;
    if (open.filled < open.data.length) {
      if (data.length >= 8) return undefined;
      this.#open.delete(id);
      return refuse(id, "a consecutive frame that is cut off");
    }
    this.#open.delete(id);
    return { kind: "message", id, data: open.data };
  }
}

function refuse(id: number, what: string): IsoTpEvent {
  return { kind: "discarded", id, error: new ProtocolError("FS-OBD-ISOTP", `0x${id.toString(16)} sent ${what}`) };
}

/** A message as CAN frames of 8 bytes, padded, as an ECU sends it. */
export function segment(id: number, data: Uint8Array, extended = false, padding = 0): CanFrame[] {
  const frame = (...parts: readonly (number | Uint8Array)[]): CanFrame => {
    const bytes = parts.flatMap((part) => (typeof part === "number" ? [part] : [...part]));
    return { id, extended, data: Uint8Array.from({ length: 8 }, (_, i) => bytes[i] ?? padding) };
  };
  if (data.length < 8) return [frame(data.length, data)];
  const frames = [frame(0x10 | (data.length >> 8), data.length & 0xff, data.subarray(0, 6))];
  for (let at = 6, sequence = 1; at < data.length; at += 7, sequence = (sequence + 1) & 15) {
    frames.push(frame(0x20 | sequence, data.subarray(at, at + 7)));
  }
  return frames;
}
