import { type Statement, StatementKind } from "../../protocols/attestation/index.ts";
import { equalBytes, toHex } from "../../protocols/bytes/index.ts";

/** One statement of a device in a gateway's log. */
interface Said {
  first: bigint;
  /** Sequence number after its last. */
  next: bigint;
  work: bigint;
  /** Log index. */
  index: number;
  /** Its work register counts: readings or an enrolment. */
  metered: boolean;
  /** SHA-256 of the statement. */
  id: Uint8Array;
}

/** Two entries of a log that contradict each other, by their log index. */
export type Contradiction = readonly [a: number, b: number];

/** Place of the first statement that begins at `first` or later. */
function placeOf(said: readonly Said[], first: bigint): number {
  let low = 0;
  let high = said.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (said[middle]!.first < first) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What each device said in one gateway's log, by sequence number: finds two statements of which `Faults.incoherent` holds. About
 * 150 bytes of memory a statement.
 */
export class Histories {
  readonly #devices = new Map<string, Said[]>();

  /**
   * Adds a statement, unless it contradicts one before it.
   * @param id SHA-256 of the statement's bytes: a second signature over it says nothing new.
   */
  add(statement: Statement, index: number, id: Uint8Array): Contradiction | undefined {
    const { first, count, work, kind, device } = statement;
    const metered = kind === StatementKind.readings || kind === StatementKind.enrol;
    const one: Said = { first, next: first + BigInt(count), work, index, metered, id };
    const name = toHex(device);
    const said = this.#devices.get(name);
    if (said === undefined) {
      this.#devices.set(name, [one]);
      return undefined;
    }
    const at = placeOf(said, first);
    const [before, after] = [said[at - 1], said[at]];
    // What stands in the list does not overlap, so that only neighbours can.
    for (const other of [before, after]) {
      if (other === undefined || other.next <= one.first || one.next <= other.first) continue;
      return equalBytes(other.id, id) ? undefined : [other.index, index];
    }
    if (metered) {
      const down = nearest(said, at - 1, -1);
      const up = nearest(said, at, 1);
      if (down && down.work > work) return [down.index, index];
      if (up && up.work < work) return [up.index, index];
    }
    said.splice(at, 0, one);
    return undefined;
  }
}

function nearest(said: readonly Said[], from: number, step: 1 | -1): Said | undefined {
  let at = from;
  while (said[at] !== undefined && !said[at]!.metered) at += step;
  return said[at];
}
