import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { CloseReason, Port } from "./port.ts";

/** The board's end of a memory port. */
export interface MemoryDevice {
  /** What the host wrote, in order. */
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  /** Sends to the host. Lost, as on a wire, while the host has not opened the port. */
  send(bytes: Uint8Array): void;
  /** Modem lines as the host set them, in order. */
  readonly lines: { dtr: boolean; rts: boolean }[];
  readonly open: boolean;
  /** Pulls the plug: the host's port is lost. */
  lose(why: string): void;
  /** Makes the following `open()` calls of the host fail with this error; undefined lets them succeed again. */
  refuse(error: EnvironmentError | undefined): void;
}

/**
 * A twin of a serial line for tests and for simulators in the same process. Bytes arrive in a later turn, as from
 * an operating system, and never in the call that sent them.
 */
export function memoryPort(name = "memory"): { host: Port; device: MemoryDevice } {
  const lines: { dtr: boolean; rts: boolean }[] = [];
  let open = false;
  let refused: EnvironmentError | undefined;
  // Distinguishes one opening from the next, so that bytes of an earlier one do not arrive in a later one.
  let session = 0;

  const closed = (reason: CloseReason) => {
    open = false;
    session++;
    host.onClose?.(reason);
  };
  const host: Port = {
    name,
    onBytes: undefined,
    onClose: undefined,
    async open() {
      if (refused) throw refused;
      if (open) throw new EnvironmentError("FS-PORT-OPEN", `${name} is already open`);
      open = true;
    },
    async write(bytes) {
      if (!open) throw new EnvironmentError("FS-PORT-WRITE", `${name} is not open`);
      const copy = new Uint8Array(bytes);
      const current = session;
      queueMicrotask(() => {
        if (session === current) device.onBytes?.(copy);
      });
    },
    async setLines({ dtr, rts }) {
      lines.push({ dtr, rts });
    },
    async close() {
      if (open) closed({ kind: "closed" });
    },
  };
  const device: MemoryDevice = {
    onBytes: undefined,
    lines,
    get open() {
      return open;
    },
    send(bytes) {
      const copy = new Uint8Array(bytes);
      const current = session;
      queueMicrotask(() => {
        if (open && session === current) host.onBytes?.(copy);
      });
    },
    lose(why) {
      if (open) closed({ kind: "lost", why });
    },
    refuse(error) {
      refused = error;
    },
  };
  return { host, device };
}
