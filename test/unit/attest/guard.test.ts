import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Admission, admit, type DeviceHistory, startHistory } from "../../../gateway/attest/index.ts";
import { type Attestation, StatementKind, statementId } from "../../../protocols/attestation/index.ts";
import { SCOPE, TestBoard } from "../../support/statements.ts";

const board = new TestBoard();
const start = (limit = 64) => startHistory({ device: board.id, scope: SCOPE, limit });

/** A statement about `count` readings from `first` on, with times and register that fit its place. */
const pack = (first: number, count = 4, changes: Parameters<TestBoard["attest"]>[0] = {}) =>
  board.attest({
    first: BigInt(first),
    count,
    from: 1_000_000 + first * 1000,
    to: 1_000_000 + (first + count - 1) * 1000,
    work: BigInt((first + count) * 10),
    ...changes,
  });

function admitted(history: DeviceHistory, attestation: Attestation): Extract<Admission, { verdict: "new" }> {
  const admission = admit(history, attestation);
  if (admission.verdict !== "new") throw new Error(`${admission.verdict}`);
  return admission;
}

const run = (attestations: readonly Attestation[], history = start()) =>
  attestations.reduce((past, attestation) => admitted(past, attestation).history, history);

describe("guard", () => {
  it("takes statements that follow each other", () => {
    const admission = admitted(run([pack(0)]), pack(4));
    expect(admission).toMatchObject({ late: false, timeBackwards: false });
    expect(admission.gap).toBeUndefined();
    expect(admission.history.missing).toBe(0n);
  });

  it("refuses an unknown device, another one and another scope", () => {
    const code = (previous: DeviceHistory | undefined, attestation: Attestation) => {
      const admission = admit(previous, attestation);
      return admission.verdict === "refused" ? admission.code : admission.verdict;
    };
    expect(code(undefined, pack(0))).toBe("FS-GUARD-UNENROLLED");
    expect(code(start(), new TestBoard(2).attest())).toBe("FS-GUARD-DEVICE");
    expect(code(start(), pack(0, 4, { scope: new Uint8Array(16) }))).toBe("FS-GUARD-SCOPE");
  });

  it("knows a statement again under another signature", () => {
    const first = pack(0);
    const again = pack(0);
    expect(again.bytes).not.toEqual(first.bytes);
    const history = run([first, pack(4)]);
    expect(admit(history, again)).toEqual({ verdict: "duplicate" });
    expect(admit(history, first)).toEqual({ verdict: "duplicate" });
  });

  it("keeps both of two statements over one sequence number as evidence", () => {
    const said = [pack(0), pack(4), pack(8)];
    const history = run(said);
    for (const [other, at] of [
      [pack(4, 4, { work: 81n }), 1],
      [pack(4, 3), 1],
      [pack(5, 1), 1],
      [pack(0, 12), 0],
      [pack(7, 2), 1],
      [pack(11, 8), 2],
      [pack(4, 4, { boot: 2 }), 1],
    ] as const) {
      expect(admit(history, other)).toEqual({ verdict: "equivocation", evidence: [said[at]?.bytes, other.bytes] });
    }
  });

  it("counts and shows gaps, and lets late statements fill them", () => {
    const opened = admitted(run([pack(0)]), pack(20));
    expect(opened.gap).toEqual({ first: 4n, count: 16n });
    expect(opened.history.missing).toBe(16n);
    const filled = admitted(opened.history, pack(8));
    expect(filled).toMatchObject({ late: true });
    expect(filled.gap).toBeUndefined();
    expect(filled.history.missing).toBe(12n);
    const closed = run([pack(4), pack(12, 8)], filled.history);
    expect(closed.missing).toBe(0n);
    expect(admit(closed, pack(8))).toEqual({ verdict: "duplicate" });
  });

  it("refuses a register or a boot counter that falls, on either side", () => {
    const history = run([pack(0, 4, { boot: 3 }), pack(20, 4, { boot: 5 })]);
    for (const [bad, code] of [
      [pack(24, 4, { boot: 4 }), "FS-GUARD-BOOT"],
      [pack(24, 4, { boot: 5, work: 239n }), "FS-GUARD-WORK"],
      [pack(8, 4, { boot: 2 }), "FS-GUARD-BOOT"],
      [pack(8, 4, { boot: 6 }), "FS-GUARD-BOOT"],
      [pack(8, 4, { boot: 3, work: 39n }), "FS-GUARD-WORK"],
      [pack(8, 4, { boot: 5, work: 241n }), "FS-GUARD-WORK"],
    ] as const) {
      expect(admit(history, bad)).toMatchObject({ verdict: "refused", code, evidence: [expect.anything(), bad.bytes] });
    }
    expect(admit(history, pack(8, 4, { boot: 4 })).verdict).toBe("new");
  });

  it("holds a device to what it was enrolled with", () => {
    const history = startHistory({ device: board.id, scope: SCOPE, next: 10n, work: 500n, boot: 2 });
    expect(admit(history, pack(0, 10))).toMatchObject({ code: "FS-GUARD-STALE" });
    expect(admit(history, pack(10, 1, { boot: 1, work: 500n }))).toMatchObject({ code: "FS-GUARD-BOOT" });
    expect(admit(history, pack(10, 1, { boot: 2, work: 499n }))).toMatchObject({ code: "FS-GUARD-WORK" });
    expect(admit(history, pack(10, 1, { boot: 2, work: 500n }))).toMatchObject({ verdict: "new", late: false });
  });

  it("marks times that run backwards and takes the statement", () => {
    const history = run([pack(0)]);
    expect(admitted(history, pack(4, 4, { from: 5, to: 6 })).timeBackwards).toBe(true);
    expect(admitted(run([pack(8)], history), pack(4, 4, { to: 2_000_000 })).timeBackwards).toBe(true);
  });

  it("checks the hash chain where there is one", () => {
    const first = pack(0);
    const history = run([first]);
    const prev = statementId(first.sign1.payload);
    expect(admit(history, pack(4), { prev }).verdict).toBe("new");
    expect(admit(history, pack(4), { prev: new Uint8Array(32) })).toMatchObject({ code: "FS-GUARD-PREV" });
    // Over a gap the statement before is not known.
    expect(admit(history, pack(5), { prev: new Uint8Array(32) }).verdict).toBe("new");
  });

  it("ends with a revocation or a rotation", () => {
    for (const kind of [StatementKind.revoke, StatementKind.rotate]) {
      const history = run([pack(0), pack(8, 1, { kind })]);
      expect(admit(history, pack(9))).toMatchObject({ code: "FS-GUARD-ENDED" });
      expect(admit(history, pack(4)).verdict).toBe("new");
      expect(admit(history, pack(0)).verdict).toBe("duplicate");
    }
  });

  it("forgets the oldest, and then takes nothing about them", () => {
    const said = [0, 4, 8, 12, 16].map((first) => pack(first));
    const history = run(said, start(3));
    expect(history.recent).toHaveLength(3);
    expect(admit(history, said[1]!)).toMatchObject({ code: "FS-GUARD-STALE" });
    expect(admit(history, said[2]!)).toEqual({ verdict: "duplicate" });
    expect(admit(history, pack(7, 2))).toMatchObject({ verdict: "equivocation" });
  });

  it("keeps the promises of a log under any delivery: repeated, reordered, forked", () => {
    // An honest board's statements, some other statements by the same key, and any order of both with repeats.
    const honest = Array.from({ length: 8 }, (_, i) => pack(i * 4));
    const forks = [
      pack(2, 4),
      pack(8, 8),
      pack(4, 4, { work: 999n }),
      pack(16, 1),
      pack(0, 32),
      pack(28, 4, { boot: 2 }),
    ];
    const all = [...honest, ...forks];
    const delivery = fc.array(fc.nat(all.length - 1), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(delivery, (order) => {
        let history = start();
        const accepted: Attestation[] = [];
        for (const at of order) {
          const attestation = all[at]!;
          const admission = admit(history, attestation);
          const overlaps = accepted.filter((other) => overlap(other, attestation));
          const known = overlaps.find((other) => sameStatement(other, attestation));
          if (admission.verdict === "new") {
            expect(overlaps).toEqual([]);
            accepted.push(attestation);
            history = admission.history;
          } else if (admission.verdict === "duplicate") expect(known).toBeDefined();
          else if (admission.verdict === "equivocation") {
            expect(known).toBeUndefined();
            expect(overlaps.map(({ bytes }) => bytes)).toContainEqual(admission.evidence[0]);
            expect(admission.evidence[1]).toBe(attestation.bytes);
          } else expect(overlaps).toEqual([]);
        }
        const sorted = [...accepted].sort((a, b) => Number(a.statement.first - b.statement.first));
        const said = sorted.map(({ statement }) => statement);
        for (let i = 1; i < said.length; i++) {
          expect(said[i]!.work).toBeGreaterThanOrEqual(said[i - 1]!.work);
          expect(said[i]!.boot).toBeGreaterThanOrEqual(said[i - 1]!.boot);
        }
        const covered = said.reduce((sum, { count }) => sum + BigInt(count), 0n);
        const last = said.at(-1);
        if (last) expect(history.missing).toBe(last.first + BigInt(last.count) - covered);
      }),
      { numRuns: 500 },
    );
  });

  it("takes all of an honest board's statements, each once, in any order", () => {
    const honest = Array.from({ length: 12 }, (_, i) => pack(i * 4, 4, { boot: 1 + Math.floor(i / 5) }));
    const order = fc.shuffledSubarray([...honest, ...honest, ...honest], { minLength: 36, maxLength: 36 });
    fc.assert(
      fc.property(order, (delivered) => {
        let history = start();
        let taken = 0;
        for (const attestation of delivered) {
          const admission = admit(history, attestation);
          expect(["new", "duplicate"]).toContain(admission.verdict);
          if (admission.verdict !== "new") continue;
          history = admission.history;
          taken++;
        }
        expect([taken, history.missing]).toEqual([honest.length, 0n]);
      }),
      { numRuns: 300 },
    );
  });
});

function overlap(a: Attestation, b: Attestation): boolean {
  const end = ({ statement: { first, count } }: Attestation) => first + BigInt(count);
  return a.statement.first < end(b) && b.statement.first < end(a);
}

const sameStatement = (a: Attestation, b: Attestation) =>
  Buffer.compare(Buffer.from(a.sign1.payload), Buffer.from(b.sign1.payload)) === 0;
