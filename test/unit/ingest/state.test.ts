import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeAttestationRecord,
  encodeEvidenceRecord,
  encodeReadingRecord,
  RecordKind,
} from "../../../gateway/ingest/records.ts";
import { GatewayState, type JournalEntry, lostEntry } from "../../../gateway/ingest/state.ts";
import { copyOf, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import { outboxFold, outboxRecord } from "../../support/path-rig.ts";
import { TestBoard } from "../../support/statements.ts";

const boards = [new TestBoard(1), new TestBoard(2)];

type Step =
  | { do: "reading"; of: number }
  | { do: "pack"; of: number; count: number }
  | { do: "enrol"; of: number }
  | { do: "outbox"; id: number; open: boolean }
  | { do: "evidence"; n: number }
  | { do: "publish" }
  | { do: "snapshot" };

const of = fc.nat({ max: boards.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("reading" as const), of }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pack" as const), of, count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("enrol" as const), of }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("outbox" as const), id: fc.nat({ max: 200 }), open: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("evidence" as const), n: fc.nat({ max: 3 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: "publish" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "snapshot" as const }) },
);

const show = (_: string, value: unknown) =>
  value instanceof Uint8Array ? toHex(value) : typeof value === "bigint" ? String(value) : value;

/** All that the fold says, as text. */
const said = (state: GatewayState) =>
  JSON.stringify(
    {
      logSize: state.logSize,
      lost: state.lost,
      devices: boards.map(({ id }) => ({ cursor: state.cursor(id), pending: state.pendingOf(id) })),
      unstored: state.unstored,
      outbox: state.outbox(),
      evidence: state.evidence,
    },
    show,
    1,
  );

/** A journal as a gateway would have written it, with the floors that it might have released to. */
class Author {
  readonly state = new GatewayState(0, outboxFold);
  readonly journal: JournalEntry[] = [];
  stored = 0;
  /** Floor to which the journal may be released, with the size of the log's files at that time. */
  readonly releases: { floor: bigint; stored: number; snapshotAt: bigint }[] = [];
  #floor = 0n;

  put(kind: number, payload: Uint8Array): void {
    const entry = { kind, payload: copyOf(payload), position: BigInt(100 + 10 * this.journal.length) };
    this.journal.push(entry);
    this.state.apply(entry);
  }

  do(action: Step): void {
    const { state } = this;
    if (action.do === "outbox") this.put(RecordKind.outbox, outboxRecord(action.id, action.open));
    else if (action.do === "evidence") {
      const later = utf8(`later ${action.n}`);
      this.put(RecordKind.evidence, encodeEvidenceRecord({ earlier: utf8("earlier"), later }));
    } else if (action.do === "publish") {
      this.stored = state.logSize;
      state.stored(this.stored);
      this.#floor = state.floor(this.journal.at(-1)?.position ?? 0n);
    } else if (action.do === "snapshot") {
      this.put(RecordKind.snapshot, state.snapshot());
      const snapshotAt = this.journal.at(-1)!.position;
      this.releases.push({ floor: this.#floor, stored: this.stored, snapshotAt });
    } else this.#device(action);
  }

  #device(action: Extract<Step, { of: number }>): void {
    const { state } = this;
    const board = boards[action.of]!;
    const { next, work, enrolment } = state.cursor(board.id);
    if (action.do === "reading") {
      const bytes = utf8(`reading ${next}`);
      const time = 1_000_000 + Number(next);
      this.put(RecordKind.reading, encodeReadingRecord({ device: board.id, seq: next, work: work + 2n, time, bytes }));
      return;
    }
    const pending = state.pendingOf(board.id);
    if (action.do === "enrol") {
      if (enrolment >= 0 || pending.length > 0) return;
      const { bytes } = board.attest({ kind: 1, first: next, work });
      const body = utf8("enrolment");
      this.put(RecordKind.attestation, encodeAttestationRecord({ index: state.logSize, sign1: bytes, bodies: [body] }));
      return;
    }
    const covered = pending.slice(0, action.count);
    if (covered.length === 0) return;
    const [first, last] = [covered[0]!, covered.at(-1)!];
    const { bytes } = board.attest({
      first: first.seq,
      count: covered.length,
      from: first.time,
      to: last.time,
      work: last.work,
    });
    this.put(RecordKind.attestation, encodeAttestationRecord({ index: state.logSize, sign1: bytes, bodies: null }));
  }
}

function write(steps: readonly Step[]): Author {
  const author = new Author();
  for (const one of steps) author.do(one);
  return author;
}

function fold(journal: readonly JournalEntry[], stored: number): GatewayState {
  const state = new GatewayState(stored, outboxFold);
  for (const entry of journal) state.apply(entry);
  return state;
}

describe("the fold", () => {
  const steps = fc.array(step, { minLength: 40, maxLength: 120, size: "max" });

  it("is the same while the gateway runs and when the journal is replayed", () => {
    fc.assert(
      fc.property(steps, (actions) => {
        const author = write(actions);
        expect(said(fold(author.journal, author.stored))).toBe(said(author.state));
      }),
      { numRuns: 60 },
    );
  });

  it("is the same from any floor that a release may have left", () => {
    let released = 0;
    fc.assert(
      fc.property(steps, (actions) => {
        const author = write(actions);
        for (const { floor } of author.releases) {
          const rest = author.journal.filter(({ position }) => position >= floor);
          released += author.journal.length - rest.length;
          expect(said(fold(rest, author.stored))).toBe(said(author.state));
        }
      }),
      { numRuns: 60 },
    );
    expect(released).toBeGreaterThan(100);
  });

  it("gives each sequence number and each place in the log once", () => {
    fc.assert(
      fc.property(steps, (actions) => {
        const { journal } = write(actions);
        const state = new GatewayState(0, outboxFold);
        const places: number[] = [];
        for (const entry of journal) {
          state.apply(entry);
          const newest = state.unstored.at(-1);
          if (entry.kind === RecordKind.attestation) places.push(newest!.index);
        }
        expect(places).toEqual(places.map((_, i) => i));
        for (const { id } of boards) {
          const seqs = state.pendingOf(id).map(({ seq }) => seq);
          expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => (a < b ? -1 : 1)));
          for (const seq of seqs) expect(seq).toBeLessThan(state.cursor(id).next);
        }
      }),
      { numRuns: 60 },
    );
  });
});

it("keeps every open outbox record and the last 64 closed ones", () => {
  const author = new Author();
  for (let id = 0; id < 300; id++) author.do({ do: "outbox", id, open: true });
  for (let id = 20; id < 300; id++) author.do({ do: "outbox", id, open: false });
  const ids = author.state.outbox().map((record) => Number(outboxFold.idOf(record).id));
  expect(ids).toEqual([
    ...Array.from({ length: 20 }, (_, i) => i),
    ...Array.from({ length: 64 }, (_, i) => 300 - 64 + i),
  ]);
});

it("keeps the same contradiction once", () => {
  const author = new Author();
  for (let i = 0; i < 5; i++) author.do({ do: "evidence", n: 1 });
  author.do({ do: "evidence", n: 2 });
  expect(author.state.evidence).toHaveLength(2);
});

it("keeps the places of entries whose records were lost, the same at every replay", () => {
  const [board] = boards as [TestBoard];
  const author = new Author();
  author.do({ do: "enrol", of: 0 });
  for (let i = 0; i < 3; i++) {
    author.do({ do: "reading", of: 0 });
    author.do({ do: "pack", of: 0, count: 1 });
  }
  const lost = author.journal.filter((_, i) => i !== 4);
  const state = fold(lost, 0);
  expect(state.logSize).toBe(4);
  expect(state.lost).toBe(1);
  expect(state.unstored.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  expect(state.unstored[2]!.sign1).toEqual(lostEntry(2));
  expect(fold(lost, 3).unstored.map(({ index }) => index)).toEqual([3]);
  // The reading that the lost entry covered is there, and waits for its signature again.
  expect(state.pendingOf(board.id).map(({ seq }) => seq)).toEqual([2n]);
});

it("copies what it keeps, even out of a Buffer", () => {
  const author = write([
    { do: "enrol", of: 0 },
    { do: "reading", of: 0 },
    { do: "reading", of: 0 },
    { do: "pack", of: 0, count: 1 },
    { do: "outbox", id: 1, open: true },
    { do: "evidence", n: 1 },
    { do: "snapshot" },
  ]);
  const state = new GatewayState(0, outboxFold);
  for (const { kind, payload, position } of author.journal) {
    const buffer = Buffer.from(payload);
    state.apply({ kind, payload: buffer, position });
    buffer.fill(0xff);
  }
  expect(said(state)).toBe(said(author.state));
});

it("refuses a record of a kind it does not know", () => {
  const state = new GatewayState(0, outboxFold);
  expect(() => state.apply({ kind: 9, payload: new Uint8Array(0), position: 0n })).toThrow(/kind 9/);
});
