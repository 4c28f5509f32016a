import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histories } from "../../../gateway/watchtower/histories.ts";
import { encodeStatement, type Statement, statementId } from "../../../protocols/attestation/index.ts";

const base: Statement = {
  kind: 0,
  clock: 1,
  boot: 1,
  first: 0n,
  count: 1,
  from: 1_000,
  to: 1_000,
  work: 0n,
  anchorBlock: 0n,
  anchorHash: new Uint8Array(16),
  scope: new Uint8Array(16),
  device: new Uint8Array(32).fill(7),
  root: new Uint8Array(32),
};
const said = (first: number, work: number, changes: Partial<Statement> = {}): Statement => ({
  ...base,
  first: BigInt(first),
  work: BigInt(work),
  ...changes,
});
const add = (histories: Histories, statement: Statement, index: number) =>
  histories.add(statement, index, statementId(encodeStatement(statement)));

/** Faults.sol, `incoherent`. */
function contradict(x: Statement, y: Statement): boolean {
  const [endX, endY] = [x.first + BigInt(x.count), y.first + BigInt(y.count)];
  if (endX > y.first && endY > x.first) return true;
  if (x.kind > 1 || y.kind > 1) return false;
  return x.first < y.first ? x.work > y.work : y.work > x.work;
}

describe("histories of devices", () => {
  it("statements in order, late ones, gaps and second signatures are coherent", () => {
    const histories = new Histories();
    const order = [
      said(0, 0),
      said(1, 5),
      said(10, 50),
      said(4, 7, { count: 3 }),
      said(3, 7),
      said(1, 5),
      said(11, 50),
    ];
    for (const [index, statement] of order.entries()) expect(add(histories, statement, index)).toBeUndefined();
  });

  it("a sequence number used twice, and a register that falls, name both entries", () => {
    const histories = new Histories();
    for (const [index, statement] of [said(0, 0), said(1, 5), said(2, 9, { count: 3 })].entries()) {
      add(histories, statement, index);
    }
    expect(add(histories, said(1, 6), 3)).toEqual([1, 3]);
    expect(add(histories, said(4, 9), 4)).toEqual([2, 4]);
    expect(add(histories, said(5, 8), 5)).toEqual([2, 5]);
    expect(add(histories, said(9, 12), 6)).toBeUndefined();
    expect(add(histories, said(7, 13), 7)).toEqual([6, 7]);
  });

  it("a rotation uses a sequence number, and its register does not count", () => {
    const histories = new Histories();
    add(histories, said(0, 10), 0);
    expect(add(histories, said(1, 3, { kind: 2 }), 1)).toBeUndefined();
    expect(add(histories, said(2, 9), 2)).toEqual([0, 2]);
    expect(add(histories, said(1, 10), 3)).toEqual([1, 3]);
  });

  it("devices do not contradict each other", () => {
    const histories = new Histories();
    add(histories, said(0, 10), 0);
    expect(add(histories, said(0, 5, { device: new Uint8Array(32).fill(8) }), 1)).toBeUndefined();
  });

  it("finds a contradiction exactly where the contract would, whatever the order", () => {
    const statement = fc
      .tuple(fc.nat(12), fc.nat(3), fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 0, 0, 2))
      .map(([first, work, count, kind]) => said(first, work, kind === 0 ? { count } : { kind, count: 1 }));
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 8 }), (list) => {
        const histories = new Histories();
        const kept: Statement[] = [];
        for (const [index, one] of list.entries()) {
          const found = add(histories, one, index);
          const again = kept.some((other) => JSON.stringify(values(other)) === JSON.stringify(values(one)));
          if (again) continue;
          expect(found !== undefined).toBe(kept.some((other) => contradict(other, one)));
          if (found) expect(contradict(list[found[0]]!, list[found[1]]!)).toBe(true);
          else kept.push(one);
        }
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});

const values = ({ first, work, count, kind }: Statement) => [`${first}`, `${work}`, count, kind];
