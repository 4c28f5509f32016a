import { alignUp, GROUP_HEADER, groupExtent, type Seeds, sealGroup, viewOf, writeRecord } from "./format.ts";

/** Records that one commit makes durable together, laid out as they will stand on the disk. */
export class Group {
  readonly ordinal: number;
  readonly offset: number;
  readonly number: number;
  readonly seeds: Seeds;
  readonly buffer: Uint8Array;
  /** Monotonic time of the first record. */
  readonly since: number;
  /** Records before this position are released once the group is durable. */
  floor = 0;
  count = 0;
  /** Resolves when the group is durable; rejects when it never will be. */
  readonly durable: Promise<void>;
  readonly #view: DataView;
  #end = GROUP_HEADER;
  resolve!: () => void;
  reject!: (error: Error) => void;

  constructor(options: {
    ordinal: number;
    offset: number;
    number: number;
    seeds: Seeds;
    buffer: Uint8Array;
    since: number;
  }) {
    this.ordinal = options.ordinal;
    this.offset = options.offset;
    this.number = options.number;
    this.seeds = options.seeds;
    this.buffer = options.buffer;
    this.since = options.since;
    this.#view = viewOf(options.buffer);
    this.durable = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.durable.catch(() => undefined); // Callers hold promises derived from it.
  }

  /** Bytes of header and records. */
  get length(): number {
    return this.#end;
  }

  /** Offset within the segment at which the next record would stand. */
  get next(): number {
    return this.offset + this.#end;
  }

  add(kind: number, payload: Uint8Array): void {
    this.#end = writeRecord(this.buffer, this.#view, this.#end, kind, payload, this.seeds);
    this.count++;
  }

  /** The bytes to write at `offset`: header filled in, padded with zeros to whole blocks. */
  seal(align: number): Uint8Array {
    const extent = alignUp(this.#end, align);
    this.buffer.fill(0, this.#end, extent);
    const head = { length: this.#end - GROUP_HEADER, count: this.count, number: this.number, floor: this.floor };
    sealGroup(this.buffer, this.#view, 0, head, this.seeds);
    return this.buffer.subarray(0, extent);
  }

  extent(align: number): number {
    return groupExtent(this.#end - GROUP_HEADER, align);
  }
}
