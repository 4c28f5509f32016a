import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Left,
  type PreparedEpoch,
  type PrepareOptions,
  prepareEpoch,
  readEntry,
  SealFiles,
  standingsAfter,
  treeOf,
} from "../../../gateway/rewards/index.ts";
import { compareBytes, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import type { DeviceTerms } from "../../../protocols/shares/index.ts";
import { SCOPE, TestBoard } from "../../support/statements.ts";

const SINCE = 1_800_000_000n;
const WEEK = 604_800n;
const terms = (kind: number): DeviceTerms => ({
  kind,
  cap: 1_000_000n,
  since: SINCE,
  mark: 0n,
  end: (1n << 64n) - 1n,
  until: (1n << 40n) - 1n,
});

const boards = Array.from({ length: 5 }, (_, i) => new TestBoard(i + 1));
/** The last one is not registered, the one before is of a kind that nobody is paid for. */
const kinds = [0, 0, 1, 16, undefined];
const seqs = new Map<TestBoard, bigint>();

function attest(board: TestBoard, work: bigint, day: number, changes: Parameters<TestBoard["attest"]>[0] = {}) {
  const first = seqs.get(board) ?? 0n;
  seqs.set(board, first + 1n);
  const time = (Number(SINCE) + day * 86_400) * 1000;
  return board.attest({ first, work, from: time, to: time, ...changes }).bytes;
}

const log: Uint8Array[] = [];
const logOf = {
  async *entries(from: number) {
    for (let index = from; index < log.length; index++) yield { index, attestation: log[index]! };
  },
};
const span = (epoch: bigint) => ({ start: SINCE + epoch * WEEK, end: SINCE + (epoch + 1n) * WEEK });
const left: [string, Left][] = [];
const prepare = (changes: Partial<PrepareOptions>): Promise<PreparedEpoch> =>
  prepareEpoch({
    log: logOf,
    scope: SCOPE,
    epoch: 0n,
    span: span(0n),
    from: 0n,
    standings: new Map(),
    before: 0n,
    size: BigInt(log.length),
    termsOf: async (device) => {
      const at = boards.findIndex(({ id }) => toHex(id) === toHex(device));
      const kind = kinds[at];
      return kind === undefined ? undefined : terms(kind);
    },
    onLeft: (device, why) => left.push([toHex(device), why]),
    ...changes,
  });

let folder: string;
let sizes: number[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fieldseal-prepare-"));
  for (const board of boards) log.push(attest(board, 0n, 0, { kind: 1 }));
  for (const board of boards) log.push(attest(board, 100n, 1));
  log.push(utf8("fieldseal: entry 10 is lost, its journal record was damaged"));
  log.push(attest(boards[0]!, 5_000n, 2, { scope: new Uint8Array(16).fill(1) }));
  log.push(attest(boards[0]!, 5_000n, 2, { kind: 3 }));
  sizes = [log.length];
  for (const board of boards) log.push(attest(board, 250n, 9));
  sizes.push(log.length);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the shares of an epoch", () => {
  it("count statements of readings and enrolments for this gateway only", () => {
    expect(readEntry(5n, log[5]!, SCOPE)).toMatchObject({ index: 5n, work: 100n, enrols: false });
    expect(readEntry(0n, log[0]!, SCOPE)).toMatchObject({ work: 0n, enrols: true });
    for (const index of [10, 11, 12]) expect(readEntry(BigInt(index), log[index]!, SCOPE)).toBeUndefined();
  });

  it("stand by kind, sorted by device, the same ones whenever they are made", async () => {
    const prepared = await prepare({ size: BigInt(sizes[0]!) });
    expect(prepared.seals.map(({ kind, shares }) => [kind, shares.length])).toEqual([
      [0, 2],
      [1, 1],
    ]);
    const [first, second] = prepared.seals[0]!.shares;
    expect(compareBytes(first!.device, second!.device)).toBeLessThan(0);
    expect(treeOf(prepared.seals[0]!).root.sum).toBe(200n);
    expect(await prepare({ size: BigInt(sizes[0]!) })).toEqual(prepared);
    expect(left.filter(([, why]) => why === "unregistered").length).toBeGreaterThan(0);
  });

  it("survive the way to the disk, and go on from there", async () => {
    const files = new SealFiles(join(folder, "seals"));
    expect([files.epochs(), files.read(0n)]).toEqual([[], undefined]);
    const prepared = await prepare({ size: BigInt(sizes[0]!) });
    files.write(prepared);
    expect(files.read(0n)).toEqual(prepared);
    expect(files.epochs()).toEqual([0n]);

    const next = (counts: (kind: number) => boolean) =>
      prepare({
        epoch: 1n,
        span: span(1n),
        from: prepared.size,
        before: prepared.size,
        size: BigInt(sizes[1]!),
        standings: standingsAfter(prepared, ({ kind }) => counts(kind)),
      });
    const work = ({ seals }: PreparedEpoch) => seals.map((seal) => treeOf(seal).root.sum);
    expect(work(await next(() => true))).toEqual([300n, 150n]);
    // What was not sealed is in the next one; each kind for itself.
    expect(work(await next((kind) => kind === 1))).toEqual([500n, 150n]);
    expect(work(await next(() => false))).toEqual([500n, 250n]);
  });

  it("are the same, read at once or epoch by epoch, when nothing was sealed between", async () => {
    const at = BigInt(sizes[0]!);
    const once = await prepare({ epoch: 1n, span: span(1n), before: at, size: BigInt(sizes[1]!) });
    const first = await prepare({ size: at });
    const then = await prepare({
      epoch: 1n,
      span: span(1n),
      from: at,
      before: at,
      size: BigInt(sizes[1]!),
      standings: standingsAfter(first, () => false),
    });
    expect(then.seals).toEqual(once.seals);
  });

  it("name the file when it is damaged", () => {
    const files = new SealFiles(join(folder, "seals"));
    for (const text of ["{", "{}", '{"version":2}', '{"version":1,"epoch":"x"}']) {
      writeFileSync(join(folder, "seals", "0000000007.json"), text);
      expect(() => files.read(7n)).toThrow(/0000000007.json is damaged/);
    }
  });
});
