import { FieldsealError } from "../../protocols/bytes/index.ts";

export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  color?: boolean;
  debug?: boolean;
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;
export type Style = keyof typeof CODES;

/**
 * Where a command writes: data to stdout, messages to stderr. With `--json`, stdout carries one document,
 * or one JSON object a line when streaming, and nothing else.
 */
export class Output {
  readonly json: boolean;
  readonly #quiet: boolean;
  readonly #color: boolean;
  readonly #debug: boolean;

  constructor(options: OutputOptions = {}) {
    this.json = options.json ?? false;
    this.#quiet = options.quiet ?? false;
    this.#debug = options.debug ?? false;
    const terminal = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
    this.#color = !this.json && (options.color ?? true) && terminal;
  }

  style(text: string, style: Style): string {
    return this.#color ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  }

  /** One line of data for people; silent with --json. */
  line(text = ""): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** One event or the one document for machines; silent without --json. */
  data(value: unknown, indent?: number): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value, jsonValue, indent)}\n`);
  }

  /** A message beside the data. */
  note(text: string): void {
    if (!this.#quiet) process.stderr.write(`${text}\n`);
  }

  /** What, where, why, the fix and a stable code; a stack only with --debug. */
  error(error: unknown): void {
    if (error instanceof FieldsealError) {
      if (this.json) {
        const { code, message, fix } = error;
        process.stdout.write(`${JSON.stringify({ error: { code, message, ...(fix ? { fix } : {}) } })}\n`);
      }
      process.stderr.write(`${this.style("error", "red")} ${error.code}  ${error.message}\n`);
      if (error.fix) process.stderr.write(`  fix: ${error.fix}\n`);
      if (this.#debug) process.stderr.write(`${error.stack}\n${error.cause ? `cause: ${inspect(error.cause)}\n` : ""}`);
      return;
    }
    // Not one of ours: a bug of ours until shown otherwise.
    process.stderr.write(`${this.style("error", "red")} FS-INTERNAL  ${inspect(error)}\n`);
    process.stderr.write("  fix: run again with --debug and report it with the output\n");
    if (this.#debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }
}

function inspect(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
