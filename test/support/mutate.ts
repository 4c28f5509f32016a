import { concatBytes, ProtocolError, toHex } from "../../protocols/bytes/index.ts";

/** Deterministic 32-bit generator (xorshift128, Marsaglia 2003): the same seed gives the same inputs on every machine. */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    // The seed is spread over the state by a multiplicative hash, so that neighbouring seeds differ at once.
    let mixed = seed >>> 0;
    this.#state = Uint32Array.from({ length: 4 }, () => {
      mixed = (Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
      return mixed | 1;
    });
    for (let i = 0; i < 16; i++) this.next();
  }

  /** 0 … 2^32-1. */
  next(): number {
    const state = this.#state;
    let t = state[3]!;
    const s = state[0]!;
    state[3] = state[2]!;
    state[2] = state[1]!;
    state[1] = s;
    t ^= t << 11;
    t ^= t >>> 8;
    state[0] = t ^ s ^ (s >>> 19);
    return state[0]!;
  }

  /** 0 … limit-1. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.next();
    return bytes;
  }
}

/** Bytes that decoders treat specially: limits of signs and lengths, CBOR heads, ASCII structure. */
const INTERESTING_BYTES = [
  0x00, 0x01, 0x0a, 0x0d, 0x17, 0x18, 0x1b, 0x1f, 0x20, 0x21, 0x2d, 0x2f, 0x30, 0x3b, 0x5b, 0x5f, 0x7b, 0x7d, 0x7e,
  0x7f, 0x80, 0x81, 0x82, 0x9b, 0x9f, 0xa1, 0xbb, 0xbf, 0xc0, 0xc2, 0xc3, 0xc4, 0xd8, 0xed, 0xf4, 0xf7, 0xf9, 0xfb,
  0xfe, 0xff,
];
const INTERESTING_LENGTHS = [
  0, 1, 0x17, 0x18, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];

type Mutation = (random: Random, bytes: Uint8Array, corpus: readonly Uint8Array[], maxBytes: number) => Uint8Array;

function edited(bytes: Uint8Array, edit: (copy: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) edit(copy);
  return copy;
}

function slice(random: Random, bytes: Uint8Array): [start: number, end: number] {
  const start = random.below(bytes.length + 1);
  return [start, start + random.below(Math.min(bytes.length - start, 64) + 1)];
}

function inserted(bytes: Uint8Array, at: number, extra: Uint8Array): Uint8Array {
  return concatBytes(bytes.subarray(0, at), extra, bytes.subarray(at));
}

const MUTATIONS: readonly Mutation[] = [
  function flipBits(random, bytes) {
    return edited(bytes, (copy) => {
      for (let i = random.below(4); i >= 0; i--) copy[random.below(copy.length)]! ^= 1 << random.below(8);
    });
  },
  function setByte(random, bytes) {
    return edited(bytes, (copy) => {
      copy[random.below(copy.length)] = random.next();
    });
  },
  function setInterestingByte(random, bytes) {
    return edited(bytes, (copy) => {
      copy[random.below(copy.length)] = random.pick(INTERESTING_BYTES);
    });
  },
  function stepByte(random, bytes) {
    return edited(bytes, (copy) => {
      copy[random.below(copy.length)]! += random.below(2) ? 1 : -1;
    });
  },
  function truncate(random, bytes) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  function removeSlice(random, bytes) {
    const [start, end] = slice(random, bytes);
    return concatBytes(bytes.subarray(0, start), bytes.subarray(end));
  },
  function insertBytes(random, bytes) {
    return inserted(bytes, random.below(bytes.length + 1), random.bytes(1 + random.below(8)));
  },
  function duplicateSlice(random, bytes) {
    const [start, end] = slice(random, bytes);
    return inserted(bytes, random.below(bytes.length + 1), bytes.slice(start, end));
  },
  function splice(random, bytes, corpus) {
    const other = random.pick(corpus);
    return concatBytes(
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    );
  },
  function editLength(random, bytes) {
    return edited(bytes, (copy) => {
      const width = random.pick([1, 2, 4, 8]);
      const near = random.below(2) ? copy.length + random.below(9) - 4 : random.pick(INTERESTING_LENGTHS);
      const at = random.below(copy.length);
      const littleEndian = random.below(2) === 1;
      for (let i = 0; i < width && at + i < copy.length; i++) {
        const place = littleEndian ? i : width - 1 - i;
        copy[at + i] = place < 4 ? near >>> (8 * place) : 0;
      }
    });
  },
  function repeatSlice(random, bytes, _, maxBytes) {
    const [start, end] = slice(random, bytes);
    const unit =
      end > start && random.below(2) ? bytes.slice(start, end) : Uint8Array.of(random.pick(INTERESTING_BYTES));
    const times = random.below(4) ? random.below(40) : Math.floor(maxBytes / unit.length);
    const run = new Uint8Array(unit.length * times);
    run.set(unit.subarray(0, run.length));
    for (let done = unit.length; done < run.length; done *= 2) run.copyWithin(done, 0, done);
    return inserted(bytes, start, run);
  },
];

/**
 * `count` inputs of at most `maxBytes` bytes, made of the corpus by one to four mutations each; one in 64 is an unchanged item,
 * one in 64 is noise.
 */
export function* mutations(
  seed: number,
  corpus: readonly Uint8Array[],
  count: number,
  maxBytes = 4096,
): Generator<Uint8Array, void> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    let bytes = random.pick(corpus);
    const kind = random.below(64);
    if (kind === 0) bytes = random.bytes(random.below(Math.min(maxBytes, 256)));
    else if (kind > 1) {
      for (let step = random.below(4); step >= 0; step--) {
        bytes = random.pick(MUTATIONS)(random, bytes, corpus, maxBytes);
        if (bytes.length > maxBytes) bytes = bytes.slice(0, maxBytes);
      }
    }
    yield bytes.length > maxBytes ? bytes.slice(0, maxBytes) : bytes;
  }
}

export interface FuzzOptions {
  name: string;
  /** Valid inputs: the more different ones, the deeper the mutated ones reach. */
  corpus: readonly Uint8Array[];
  /** May return anything, and may throw ProtocolError; whatever else it throws is a finding. */
  decode(bytes: Uint8Array): unknown;
  /** Default: environment FIELDSEAL_FUZZ, else 100,000. */
  count?: number;
  maxBytes?: number;
  seed?: number;
}

export interface FuzzReport {
  name: string;
  runs: number;
  accepted: number;
  refused: number;
  /** CPU milliseconds of the slowest input, confirmed by repetition, and that input. */
  slowestMs: number;
  slowest: Uint8Array;
}

const SLOW_MS = 20;

/** Least CPU time of five runs: a collection of garbage or a busy neighbour lengthens some runs, a slow input all of them. */
function confirmedMs(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const before = process.cpuUsage();
    try {
      decode(bytes);
    } catch {
      // The verdict on this input is known; only its time is wanted.
    }
    const used = process.cpuUsage(before);
    least = Math.min(least, (used.user + used.system) / 1000);
  }
  return least;
}

export function fuzzCount(): number {
  return Number(process.env["FIELDSEAL_FUZZ"] ?? 100_000);
}

/** The same failure once more, with the stack trace that the loop does without. */
function thrownBy(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array, stackTraceLimit: number): unknown {
  Error.stackTraceLimit = stackTraceLimit;
  try {
    return decode(bytes);
  } catch (error) {
    return error;
  }
}

/**
 * Feeds mutated input to a decoder. @throws Error with the input in hex when anything but ProtocolError escapes, when no
 * mutated input at all is accepted or refused (a corpus that tests nothing), or when an input takes 20 ms of CPU.
 */
export function fuzzDecoder({
  name,
  corpus,
  decode,
  count = fuzzCount(),
  maxBytes = 4096,
  seed = 1,
}: FuzzOptions): FuzzReport {
  const report: FuzzReport = { name, runs: 0, accepted: 0, refused: 0, slowestMs: 0, slowest: new Uint8Array() };
  for (const item of corpus) decode(item);
  let suspectMs = 1;
  // Taking a stack trace for every refusal would cost more than most decoders do.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (const bytes of mutations(seed, corpus, count, maxBytes)) {
      const finding = (what: string, cause?: unknown) =>
        new Error(`${name}: run ${report.runs} of seed ${seed} ${what}; input ${toHex(bytes)}`, { cause });
      const start = performance.now();
      try {
        decode(bytes);
        report.accepted++;
      } catch (error) {
        if (!(error instanceof ProtocolError)) {
          throw finding(`lets ${error} escape`, thrownBy(decode, bytes, stackTraceLimit));
        }
        report.refused++;
      }
      const took = performance.now() - start;
      report.runs++;
      if (took <= suspectMs) continue;
      const confirmed = confirmedMs(decode, bytes);
      if (confirmed > SLOW_MS) throw finding(`takes ${confirmed} ms`);
      if (confirmed <= report.slowestMs) continue;
      report.slowestMs = confirmed;
      report.slowest = bytes;
      suspectMs = Math.max(suspectMs, confirmed);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  if (report.accepted === 0 || report.refused === 0) {
    throw new Error(
      `${name}: ${report.accepted} inputs accepted, ${report.refused} refused: the corpus reaches nothing`,
    );
  }
  return report;
}
