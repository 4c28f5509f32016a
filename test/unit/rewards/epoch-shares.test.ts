import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareOfEpoch } from "../../../gateway/rewards/epoch-shares.ts";
import type { Cited, Standing } from "../../../gateway/rewards/standing.ts";
import { advance, type DeviceTerms, FIRST_MARK, firstMark, type Mark } from "../../../protocols/shares/index.ts";

const DAY = 86_400n;
const WEEK = 7n * DAY;
const SINCE = 1_800_000_000n;
const device = new Uint8Array(32).fill(7);
const U64 = (1n << 64n) - 1n;
const terms = (changes: Partial<DeviceTerms> = {}): DeviceTerms => ({
  kind: 3,
  cap: 1000n,
  since: SINCE,
  mark: 100n,
  end: U64,
  until: (1n << 40n) - 1n,
  ...changes,
});
const spanOf = (epoch: bigint) => ({ start: SINCE + epoch * WEEK, end: SINCE + (epoch + 1n) * WEEK });
/** An entry `day` days after registration that takes one sequence number. */
const entry = (index: number, seq: number, work: number, day: number, enrols = false): Cited => ({
  device,
  index: BigInt(index),
  work: BigInt(work),
  time: Number(SINCE + BigInt(Math.round(day * 86_400))) * 1000,
  clock: 1,
  first: BigInt(seq),
  next: BigInt(seq) + 1n,
  enrols,
});
const enrolled = entry(0, 0, 100, 0, true);

describe("a device's share of an epoch", () => {
  it("begins at its enrolment and ends at its last attestation", () => {
    const entries = [enrolled, entry(4, 1, 600, 1), entry(9, 2, 2100, 6)];
    const { share, sealed, left } = shareOfEpoch(undefined, entries, terms(), spanOf(0n));
    expect(share).toEqual({ device, from: 100n, to: 2100n, fromIndex: 0n, toIndex: 9n });
    expect(sealed).toMatchObject({ index: 9n, work: 2100n, next: 3n });
    expect(left).toBeUndefined();
  });

  it("goes on where the last sealed one ended", () => {
    const first = shareOfEpoch(undefined, [enrolled, entry(9, 1, 2100, 6)], terms(), spanOf(0n));
    const next = shareOfEpoch(first.sealed, [entry(12, 2, 2500, 8), entry(20, 3, 4000, 13)], terms(), spanOf(1n));
    expect(next.share).toEqual({ device, from: 2100n, to: 4000n, fromIndex: 9n, toIndex: 20n });
  });

  it("takes in what an epoch that was not sealed left", () => {
    const first = shareOfEpoch(undefined, [enrolled, entry(9, 1, 2100, 6)], terms(), spanOf(0n));
    const next = shareOfEpoch(first.unsealed, [entry(20, 2, 4000, 13)], terms(), spanOf(1n));
    expect(next.share).toEqual({ device, from: 100n, to: 4000n, fromIndex: 0n, toIndex: 20n });
  });

  it("begins at the first mark when the log's first attestation is below it", () => {
    const entries = [entry(2, 1, 50, 0), entry(9, 2, 2100, 6)];
    const { share } = shareOfEpoch(undefined, entries, terms(), spanOf(0n));
    expect(share).toEqual({ device, from: 100n, to: 2100n, fromIndex: FIRST_MARK, toIndex: 9n });
  });

  it("without an enrolment in the log begins at the first attestation, above the mark", () => {
    const entries = [entry(2, 1, 500, 1), entry(9, 2, 2100, 6)];
    const { share } = shareOfEpoch(undefined, entries, terms(), spanOf(0n));
    expect(share).toMatchObject({ from: 500n, fromIndex: 2n, to: 2100n });
  });

  it("leaves what the cap does not allow yet for a later epoch", () => {
    const slow = terms({ cap: 10n });
    const entries = [enrolled, entry(4, 1, 900, 4), entry(9, 2, 5000, 6)];
    const first = shareOfEpoch(undefined, entries, slow, spanOf(0n));
    expect(first.share).toMatchObject({ from: 100n, to: 900n, toIndex: 4n });
    expect(first.left).toBe("beyond-cap-or-time");
    const none = shareOfEpoch(undefined, [enrolled, entry(9, 1, 5000, 6)], slow, spanOf(0n));
    expect([none.share, none.left]).toEqual([undefined, "beyond-cap-or-time"]);
    expect(none.sealed).toEqual(none.unsealed);
  });

  it("cites nothing that was taken faster than the cap between the readings themselves", () => {
    // 1,000 an hour: 3,000 in two hours are allowed with the tolerance of one, 3,001 are not.
    const at = (work: number) =>
      shareOfEpoch(undefined, [entry(0, 0, 100, 6, true), entry(1, 1, work, 6 + 2 / 24)], terms(), spanOf(0n)).share;
    expect(at(3100)?.to).toBe(3100n);
    expect(at(3101)).toBeUndefined();
  });

  it("cites nothing from after the epoch, whatever the device's clock says", () => {
    const entries = [enrolled, entry(4, 1, 900, 6.9), entry(9, 2, 1500, 7.1)];
    const { share, left } = shareOfEpoch(undefined, entries, terms(), spanOf(0n));
    expect([share?.to, left]).toEqual([900n, "beyond-cap-or-time"]);
  });

  it("has none without growth, a registration or a key in force", () => {
    const entries = [enrolled, entry(4, 1, 100, 1)];
    expect(shareOfEpoch(undefined, entries, terms(), spanOf(0n))).toMatchObject({ share: undefined, left: undefined });
    const grown = [enrolled, entry(4, 1, 600, 1)];
    expect(shareOfEpoch(undefined, grown, undefined, spanOf(0n)).left).toBe("unregistered");
    expect(shareOfEpoch(undefined, grown, terms({ until: SINCE }), spanOf(0n)).left).toBe("ended");
  });

  it("ends where the key's work ends", () => {
    const entries = [enrolled, entry(4, 1, 600, 1), entry(5, 2, 700, 2)];
    expect(shareOfEpoch(undefined, entries, terms({ end: 650n }), spanOf(0n)).share?.to).toBe(600n);
  });

  it("takes late packs in the order of their sequence numbers", () => {
    const entries = [enrolled, entry(4, 3, 900, 3), entry(5, 1, 300, 1), entry(6, 2, 600, 2)];
    const { share, sealed } = shareOfEpoch(undefined, entries, terms(), spanOf(0n));
    expect(share).toMatchObject({ to: 900n, toIndex: 4n });
    expect(sealed.next).toBe(4n);
  });

  it("claims nothing of the time a device signed for another gateway", () => {
    const before: Standing = { index: 3n, work: 500n, time: enrolled.time, clock: 1, next: 5n, at: SINCE };
    // Away from sequence number 6 to 19.
    const entries = [entry(10, 5, 900, 8), entry(11, 20, 5000, 9, true), entry(12, 21, 5100, 10)];
    const found = shareOfEpoch(before, entries, terms(), spanOf(1n));
    expect(found.share).toEqual({ device, from: 500n, to: 900n, fromIndex: 3n, toIndex: 10n });
    expect(found.left).toBe("absence");
    // What follows begins after the absence.
    expect(found.sealed).toMatchObject({ index: 11n, work: 5000n, next: 22n });
    const next = shareOfEpoch(found.sealed, [entry(30, 22, 6000, 15)], terms(), spanOf(2n));
    expect(next.share).toMatchObject({ from: 5000n, fromIndex: 11n, to: 6000n });
  });

  it("is payable, never counts twice and never leaves the log, whatever a device sends", () => {
    const step = fc.record({
      gap: fc.integer({ min: 0, max: 3 }),
      grown: fc.integer({ min: 0, max: 40_000 }),
      hours: fc.integer({ min: 0, max: 60 }),
      enrols: fc.boolean(),
      clock: fc.constantFrom(0, 1, 2),
    });
    const sealedEpochs = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), sealedEpochs, (steps, sealedIn) => {
        const own = terms();
        let seq = 0n;
        let work = own.mark;
        let hour = 0;
        const all = steps.map(({ gap, grown, hours, enrols, clock }, i): Cited => {
          seq += BigInt(gap);
          work += BigInt(grown);
          hour += hours;
          const time = (Number(SINCE) + hour * 3600) * 1000;
          return { device, index: BigInt(i), work, time, clock, first: seq++, next: seq, enrols: enrols || i === 0 };
        });
        let standing: Standing | undefined;
        let mark: Mark = firstMark(own);
        for (const [epoch, sealed] of sealedIn.entries()) {
          const span = spanOf(BigInt(epoch));
          const within = all.filter(({ time }) => {
            const at = BigInt(time) / 1000n;
            return at >= span.start && at < span.end;
          });
          if (within.length === 0) continue;
          const found = shareOfEpoch(standing, within, own, span);
          standing = sealed ? found.sealed : found.unsealed;
          if (!found.share || !sealed) continue;
          const { from, to, fromIndex, toIndex } = found.share;
          expect(all[Number(toIndex)]).toMatchObject({ work: to, enrols: false });
          if (fromIndex !== FIRST_MARK) expect(all[Number(fromIndex)]?.work).toBe(from);
          const after = advance(mark, found.share, own, span.start, span.end);
          expect(after).toBeTypeOf("object");
          mark = after as Mark;
        }
      }),
      { numRuns: 400 },
    );
  });
});
