/** Why a port is not open any more. */
export type CloseReason = { kind: "closed" } | { kind: "lost"; why: string };

export interface PortSettings {
  /** Bits per second. */
  baudRate: number;
  dataBits?: 7 | 8;
  parity?: "none" | "even" | "odd";
  stopBits?: 1 | 2;
}

/**
 * A byte stream to one board: a serial line, a TCP socket that carries one, or a memory twin.
 * Handlers are set before `open()`; bytes arrive in order, in chunks of any size.
 */
export interface Port {
  /** How people name it: a path, `tcp://host:port`, `memory`. */
  readonly name: string;
  /** Received bytes. The array may be reused after the call returns: copy what you keep. */
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  /** Called once after each successful `open()`, when the port is closed or lost. */
  onClose: ((reason: CloseReason) => void) | undefined;
  /** @throws EnvironmentError FS-PORT-MISSING, FS-PORT-BUSY, FS-PORT-ACCESS, FS-PORT-OPEN. */
  open(): Promise<void>;
  /** Resolves when the bytes have been handed to the operating system. @throws EnvironmentError FS-PORT-WRITE. */
  write(bytes: Uint8Array): Promise<void>;
  /** Modem lines; a port that has none (pty, TCP) ignores them. */
  setLines(lines: { dtr: boolean; rts: boolean }): Promise<void>;
  close(): Promise<void>;
}
