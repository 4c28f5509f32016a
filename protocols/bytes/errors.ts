/** Whose move it is: who has to act differently for the operation to succeed. */
export type Blame = "caller" | "bug" | "peer" | "environment" | "cancelled" | "timeout";

export interface FieldsealErrorOptions {
  /** Values that help to find the place: offsets, lengths, ids. Never keys, passwords or tokens. */
  context?: Readonly<Record<string, unknown>>;
  /** One imperative sentence: what the reader can do about it. */
  fix?: string;
  cause?: unknown;
}

/**
 * Root of the project's error tree. Callers tell errors apart by class and by `code`
 * (`FS-AREA-WHAT`, stable across versions), never by the text of the message.
 */
export abstract class FieldsealError extends Error {
  abstract readonly blame: Blame;
  readonly code: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly fix: string | undefined;

  constructor(code: string, message: string, options: FieldsealErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.context = options.context ?? {};
    this.fix = options.fix;
  }
}

/** The peer's bytes break a protocol. The only error a decoder in `protocols/` may throw. */
export class ProtocolError extends FieldsealError {
  readonly blame = "peer";
}

/** The caller passed something the interface does not allow (arguments, configuration). */
export class UsageError extends FieldsealError {
  readonly blame = "caller";
}

/** Our own bug: a state that the code promises cannot occur. */
export class InternalError extends FieldsealError {
  readonly blame = "bug";
}

/** Disk, port, network or another process does not do its part. */
export class EnvironmentError extends FieldsealError {
  readonly blame = "environment";
}

/** The operation was cancelled on request. */
export class CancelledError extends FieldsealError {
  readonly blame = "cancelled";
}

/** A peer did not answer in the time it had. */
export class TimeoutError extends FieldsealError {
  readonly blame = "timeout";
}
