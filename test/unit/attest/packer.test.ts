import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import { Packer, type PackerOptions, type PackProposal, type PackReading } from "../../../gateway/attest/index.ts";
import { packRoot } from "../../../protocols/attestation/index.ts";
import { utf8 } from "../../../protocols/bytes/index.ts";
import { filled } from "../../support/signer-requests.ts";

const device = filled(32, 1);

const reading = (seq: bigint, changes: Partial<PackReading<number>> = {}): PackReading<number> => ({
  seq,
  time: 1_000_000 + Number(seq) * 1000,
  work: seq * 10n,
  bytes: utf8(`reading ${seq}`),
  position: Number(seq),
  ...changes,
});

function setUp(options: Partial<PackerOptions<number>> = {}) {
  const clock = manualClock();
  const packs: PackProposal<number>[] = [];
  const packer = new Packer<number>({
    device,
    count: 3,
    within: 10_000,
    clock,
    onPack: (pack) => packs.push(pack),
    ...options,
  });
  return { clock, packs, packer, spans: () => packs.map(({ first, count }) => [Number(first), count]) };
}

describe("packer", () => {
  it("closes a pack by count and says what its readings say", () => {
    const { packer, packs, clock } = setUp();
    for (const seq of [7n, 8n, 9n]) packer.add(reading(seq));
    expect(packs).toEqual([
      {
        device,
        first: 7n,
        count: 3,
        from: 1_007_000,
        to: 1_009_000,
        work: 90n,
        root: packRoot([7n, 8n, 9n].map((seq) => reading(seq).bytes)),
        readings: [7n, 8n, 9n].map((seq) => reading(seq)),
      },
    ]);
    expect([packer.pending, clock.pending]).toEqual([0, 0]);
  });

  it("closes a pack by its deadline, counted from its first reading", async () => {
    const { packer, clock, spans } = setUp();
    packer.add(reading(0n));
    await clock.advance(9_000);
    packer.add(reading(1n));
    await clock.advance(999);
    expect(spans()).toEqual([]);
    await clock.advance(1);
    expect(spans()).toEqual([[0, 2]]);
    await clock.advance(60_000);
    expect(spans()).toEqual([[0, 2]]);
  });

  it("does not mind the wall clock", async () => {
    const { packer, clock, spans } = setUp();
    packer.add(reading(0n));
    clock.setNow(0);
    await clock.advance(9_999);
    expect(spans()).toEqual([]);
    await clock.advance(1);
    expect(spans()).toEqual([[0, 1]]);
  });

  it("makes packs of one at once", () => {
    const { packer, spans, clock } = setUp({ count: 1 });
    packer.add(reading(0n));
    packer.add(reading(1n));
    expect(spans()).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(clock.pending).toBe(0);
  });

  it("never packs over a missing sequence number, nor over a time that falls", () => {
    const { packer, spans } = setUp({ count: 10 });
    packer.add(reading(0n));
    packer.add(reading(1n));
    packer.add(reading(5n));
    packer.add(reading(6n, { time: 0 }));
    packer.add(reading(7n, { time: 0 }));
    packer.stop();
    expect(spans()).toEqual([
      [0, 2],
      [5, 1],
      [6, 2],
    ]);
  });

  it("bounds a pack by bytes", () => {
    const { packer, spans } = setUp({ count: 1024, maxBytes: 1000 });
    for (let seq = 0n; seq < 5n; seq++) packer.add(reading(seq, { bytes: filled(400, 1) }));
    packer.add(reading(5n, { bytes: filled(5000, 1) }));
    packer.stop();
    expect(spans()).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
      [5, 1],
    ]);
  });

  it("flushes when stopped and takes nothing after", () => {
    const { packer, spans, clock } = setUp();
    packer.add(reading(0n));
    packer.stop();
    packer.stop();
    expect([spans(), clock.pending]).toEqual([[[0, 1]], 0]);
    expect(() => packer.add(reading(1n))).toThrow(expect.objectContaining({ code: "FS-PACK-STOPPED" }));
  });

  it("refuses what would make a false statement", () => {
    const { packer } = setUp();
    packer.add(reading(5n));
    const refused = (bad: PackReading<number>, code: string) =>
      expect(() => packer.add(bad)).toThrow(expect.objectContaining({ code }));
    refused(reading(5n), "FS-PACK-ORDER");
    refused(reading(4n), "FS-PACK-ORDER");
    refused(reading(6n, { work: 49n }), "FS-PACK-WORK");
    refused(reading(6n, { time: -1 }), "FS-PACK-TIME");
    refused(reading(6n, { time: 0.5 }), "FS-PACK-TIME");
    expect(packer.pending).toBe(1);
    for (const count of [0, 1025, 1.5]) {
      expect(() => setUp({ count })).toThrow(expect.objectContaining({ code: "FS-PACK-COUNT" }));
    }
  });

  it("packs every reading once, in order, however they come", () => {
    const step = fc.record({ skip: fc.nat(2), back: fc.nat(5), size: fc.nat(40), wait: fc.nat(4000) });
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), async (steps, count) => {
        const { packer, packs, clock } = setUp({ count, maxBytes: 200 });
        const added: PackReading<number>[] = [];
        let seq = 0n;
        for (const { skip, back, size, wait } of steps) {
          seq += skip === 2 ? 3n : 1n;
          const time = 1_000_000 + Number(seq) * 1000 - (back === 0 ? 500_000 : 0);
          const next = reading(seq, { time, bytes: filled(size, 1) });
          added.push(next);
          packer.add(next);
          if (wait > 3000) await clock.advance(wait);
        }
        packer.stop();
        expect(packs.flatMap(({ readings }) => readings)).toEqual(added);
        for (const { first, from, to, work, readings, count: said } of packs) {
          expect(readings.map((r) => r.seq)).toEqual(readings.map((_, i) => first + BigInt(i)));
          expect(readings.length).toBe(said);
          expect(said).toBeLessThanOrEqual(count);
          expect(from).toBeLessThanOrEqual(to);
          expect([from, to, work]).toEqual([readings[0]?.time, readings.at(-1)?.time, readings.at(-1)?.work]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
