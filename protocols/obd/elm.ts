import { ByteQueue } from "../bytes/index.ts";

/** What an adapter answered to one command: everything up to its prompt. */
export interface ElmAnswer {
  /** Lines without the echo, empty ones and progress (`SEARCHING...`, `BUS INIT: ...OK`). */
  lines: string[];
  /** What the adapter says went wrong. */
  problem: ElmProblem | undefined;
}

/**
 * no-data: nobody answered in time. searching failed, bus errors: the car sleeps or speaks another protocol. stopped: the command
 * was interrupted by a byte. rejected: the adapter does not know the command. overrun: it lost part of the answer.
 */
export type ElmProblem = "no-data" | "no-car" | "bus-error" | "stopped" | "rejected" | "overrun" | "power";

export type ElmEvent = { kind: "answer"; answer: ElmAnswer } | { kind: "discarded"; bytes: Uint8Array };

// ELM327 data sheet v2.3, "Error Messages and Alerts".
const PROBLEMS: readonly (readonly [RegExp, ElmProblem])[] = [
  [/^NO DATA$/, "no-data"],
  [/^UNABLE TO CONNECT$/, "no-car"],
  [/^(?:BUS INIT: )?(?:\.{3})?(?:BUS )?ERROR$|^CAN ERROR$|^BUS BUSY$|^FB ERROR$|^DATA ERROR$|ERR\d\d$/, "bus-error"],
  [/<(?:DATA|RX) ERROR$/, "bus-error"],
  [/^STOPPED$/, "stopped"],
  [/^\?$/, "rejected"],
  [/^BUFFER FULL$|^OUT OF MEMORY$/, "overrun"],
  [/^LV RESET$|^ACT ALERT$|^LP ALERT$/, "power"],
];
const PROGRESS = /^(?:SEARCHING|BUS INIT)[ :.]*(?:OK)?/;
const PROMPT = 0x3e;
/** The longest answer an adapter gives: a message of 4,095 bytes from one ECU, as lines with headers. */
const MAX_ANSWER = 32_768;

/** Reads the text between two prompts. Line ends are CR, with LF where `ATL1` is set; clones add NUL bytes. */
export function decodeElmAnswer(text: string, command?: string): ElmAnswer {
  const answer: ElmAnswer = { lines: [], problem: undefined };
  for (const [i, raw] of text.split(/[\r\n]+/).entries()) {
    // `SEARCHING...` shares its line with what comes after it.
    const line = raw.replaceAll("\0", "").trim().toUpperCase().replace(PROGRESS, "").trim();
    if (line === "" || line === "OK" || (i === 0 && command !== undefined && line === command.toUpperCase())) continue;
    const found = PROBLEMS.find(([pattern]) => pattern.test(line));
    if (found) answer.problem ??= found[1];
    else answer.lines.push(line);
  }
  return answer;
}

/** Cuts what an adapter sends at its prompts. */
export class ElmDecoder {
  readonly #queue = new ByteQueue(1024);
  /** The command under way, whose echo is not part of the answer. */
  command: string | undefined;

  push(chunk: Uint8Array): ElmEvent[] {
    const events: ElmEvent[] = [];
    this.#queue.push(chunk);
    for (;;) {
      const bytes = this.#queue.view();
      const end = bytes.indexOf(PROMPT);
      if (end < 0) break;
      const text = Array.from(bytes.subarray(0, end), (byte) => String.fromCharCode(byte & 0x7f)).join("");
      this.#queue.drop(end + 1);
      events.push({ kind: "answer", answer: decodeElmAnswer(text, this.command) });
    }
    if (this.#queue.length > MAX_ANSWER) {
      events.push({ kind: "discarded", bytes: this.#queue.take(this.#queue.length) });
    }
    return events;
  }

  /** What has come of an answer without its prompt, and is given up. */
  flush(): Uint8Array {
    return this.#queue.take(this.#queue.length);
  }
}
