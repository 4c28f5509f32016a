import { FAULTS, type Fault } from "../../devices/index.ts";
import { UsageError } from "../../protocols/bytes/index.ts";

/** @throws UsageError FS-SIMULATE-FAULT. */
export function faultOf(name: string): Fault {
  const fault = FAULTS.find((known) => known === name);
  if (fault) return fault;
  throw new UsageError("FS-SIMULATE-FAULT", `"${name.slice(0, 40)}" is no fault`, {
    fix: `use one of ${FAULTS.join(", ")}`,
  });
}

export interface FaultLine {
  fault: Fault;
  on: boolean;
  /** Which of several boards, counted from 1; absent: all. */
  board?: number;
}

/**
 * One line of standard input: `fault garbage on`, `fault silent off 2`. Undefined for an empty one.
 * @throws UsageError FS-SIMULATE-FAULT.
 */
export function parseFaultLine(line: string): FaultLine | undefined {
  const [verb, name, state, board, ...more] = line.trim().split(/\s+/);
  if (verb === "") return undefined;
  if (verb !== "fault" || (state !== "on" && state !== "off") || more.length > 0 || !/^\d{0,3}$/.test(board ?? "")) {
    throw new UsageError("FS-SIMULATE-FAULT", `"${line.slice(0, 60)}" is no command`, {
      fix: `write: fault ${FAULTS.join("|")} on|off [number of the board]`,
    });
  }
  const parsed = { fault: faultOf(name ?? ""), on: state === "on" };
  return board === undefined ? parsed : { ...parsed, board: Number(board) };
}
