import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assess, findDriver, initialQuality, type Profile, type QualityState } from "../../../devices/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";

const EVERY = 10_000;
const sdm = findDriver("modbus/eastron-sdm630");
/** 24 Wh a second for 10 s and 5 s of slack. */
const ALLOWED = 24 * 15;

const withCounter = (more: object): Profile => ({
  ...sdm,
  measurements: sdm.measurements.map((one) => (one.name === "energy_import" ? { ...one, ...more } : one)),
});

/** A meter read every ten seconds; what came out of each reading. */
function meter(profile = sdm, start: QualityState = initialQuality()) {
  let state = start;
  let at = 0;
  return {
    read(energy: number, after = EVERY) {
      at += after;
      const values = new Map([["energy_import", energy]]);
      const { quality, work, base, state: next } = assess(profile, state, { at, values, malformed: false }, after);
      state = next;
      return { quality, work, base };
    },
    /** The gateway starts anew, with what its journal holds. */
    restart(last: { work: bigint; base: bigint | "unknown" }) {
      state = initialQuality({ ...last, at });
    },
  };
}

describe("work register", () => {
  it("withstands one 0 and one spike: marked, not counted", () => {
    const { read } = meter();
    read(10_000);
    expect(read(0)).toEqual({ quality: Quality.RegisterFell, work: 10_000n, base: 0n });
    expect(read(10_050)).toEqual({ quality: 0, work: 10_050n, base: 0n });
    expect(read(8_000_000)).toEqual({ quality: Quality.StepTooLarge, work: 10_050n, base: 0n });
    expect(read(10_100)).toEqual({ quality: 0, work: 10_100n, base: 0n });
  });

  it("does not believe a meter that shows 0 for an hour, and loses nothing of it", () => {
    const { read } = meter();
    read(10_000);
    for (let i = 0; i < 360; i++) expect(read(0)).toMatchObject({ quality: Quality.RegisterFell, work: 10_000n });
    expect(read(13_000)).toEqual({ quality: 0, work: 13_000n, base: 0n });
  });

  it("counts on from an exchanged meter once that has counted for a minute", () => {
    const { read } = meter();
    read(10_000_000);
    const works = [5, 25, 45, 65, 85, 105, 125, 145].map((energy) => read(energy));
    expect(works.map(({ work }) => Number(work) - 10_000_000)).toEqual([0, 0, 0, 0, 0, 0, 120, 140]);
    expect(works.map(({ quality }) => quality !== 0)).toEqual([true, true, true, true, true, true, true, false]);
    expect(works.at(-1)!.base).toBe(9_999_995n);
  });

  it("counts on from an exchanged meter that shows more", () => {
    const { read } = meter();
    read(10_000);
    for (let energy = 50_000_000; energy < 50_000_120; energy += 20) read(energy);
    expect(read(50_000_120)).toEqual({ quality: Quality.StepTooLarge, work: 10_120n, base: -49_990_000n });
    expect(read(50_000_140)).toEqual({ quality: 0, work: 10_140n, base: -49_990_000n });
  });

  it("waits for a register that fell back by no more than it had just risen", () => {
    const { read } = meter();
    read(10_000);
    expect(read(10_300).work).toBe(10_300n);
    for (let energy = 10_020; energy < 10_300; energy += 20) {
      expect(read(energy)).toMatchObject({ quality: Quality.RegisterFell, work: 10_300n, base: 0n });
    }
    expect(read(10_310)).toEqual({ quality: 0, work: 10_310n, base: 0n });
  });

  it("goes over a roll-over, and only from just below the modulus", () => {
    const rolling = withCounter({ rollover: 1_000_000 });
    const { read } = meter(rolling);
    read(999_900);
    expect(read(40)).toEqual({ quality: Quality.RegisterFell, work: 1_000_040n, base: 1_000_000n });
    expect(read(60)).toEqual({ quality: 0, work: 1_000_060n, base: 1_000_000n });
    const other = meter(rolling);
    other.read(500_000);
    expect(other.read(40)).toMatchObject({ work: 500_000n, base: 0n });
  });

  it("goes on after a restart on the same base, and pays nothing where the base is not known", () => {
    const { read, restart } = meter();
    restart({ work: 10_000_140n, base: 9_999_995n });
    expect(read(165)).toEqual({ quality: 0, work: 10_000_160n, base: 9_999_995n });
    restart({ work: 10_000_160n, base: "unknown" });
    expect(read(185)).toEqual({ quality: 0, work: 10_000_160n, base: 9_999_975n });
    expect(read(195)).toEqual({ quality: 0, work: 10_000_170n, base: 9_999_975n });
  });

  it("allows for what a coarse register moves at once", () => {
    const coarse = meter(withCounter({ resolution: 1000 }));
    coarse.read(10_000);
    expect(coarse.read(11_000)).toEqual({ quality: 0, work: 11_000n, base: 0n });
    expect(coarse.read(13_000)).toMatchObject({ quality: Quality.StepTooLarge, work: 11_000n });
  });

  it("believes every other counter again, too", () => {
    let state = initialQuality();
    const marks = [];
    for (let i = 0; i < 20; i++) {
      const values = new Map([
        ["energy_import", 1000 + i],
        ["energy_export", i < 5 ? 70_000 + i : 3 * i],
      ]);
      const { quality, state: next } = assess(sdm, state, { at: i * EVERY, values, malformed: false }, EVERY);
      state = next;
      marks.push(quality);
    }
    expect(marks.map((mark) => mark === Quality.RegisterFell)).toEqual(
      Array.from({ length: 20 }, (_, i) => i >= 5 && i <= 11),
    );
  });
});

/** What happens to a meter between two readings. `grow` is what is truly counted, in Wh. */
const event = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant("read" as const), grow: fc.nat(240) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("zero" as const), grow: fc.nat(240) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("odd" as const), grow: fc.nat(240), odd: fc.nat(2_000_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reset" as const), grow: fc.nat(240) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("exchange" as const), grow: fc.nat(240), to: fc.nat(900_000) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const), grow: fc.nat(240) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), grow: fc.nat(240) }) },
);

type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

/**
 * Plays events on a meter of one million Wh; what the work register grew by, and what was truly counted.
 * @param calm no restart while the register is in doubt: the time since it was believed last is then not known any more.
 */
function play(events: readonly Event[], plausible: (shown: number, before: number) => boolean, calm = false) {
  const MODULUS = 1_000_000;
  const { read, restart } = meter(withCounter({ rollover: MODULUS }));
  let shown = 600_000;
  let counted = 0;
  let last = read(shown);
  const first = last.work;
  const out: { paid: number; counted: number }[] = [];
  for (const one of events) {
    counted += one.grow;
    shown = (shown + one.grow) % MODULUS;
    if (one.kind === "reset") shown = 0;
    if (one.kind === "exchange") shown = one.to;
    const doubted = Number(last.work - first) !== counted - one.grow;
    if (one.kind === "restart" && !(calm && doubted)) restart({ work: last.work, base: last.base });
    if (one.kind === "forget") restart({ work: last.work, base: "unknown" });
    // What nobody can tell from honest counting is not played.
    const register = Number(last.work - last.base);
    let seen = shown;
    if (one.kind === "zero" && !plausible(0, register)) seen = 0;
    if (one.kind === "odd" && !plausible(one.odd, register)) seen = one.odd;
    if ((one.kind === "reset" || one.kind === "exchange") && plausible(shown, register)) return out;
    last = read(seen);
    out.push({ paid: Number(last.work - first), counted });
  }
  return out;
}

describe("over any sequence of glitches, resets, exchanges, roll-overs and restarts", () => {
  const events = fc.array(event, { minLength: 1, maxLength: 120 });
  // As far as the register may honestly have come since it was believed last; wide enough for every wait in between.
  const near = (value: number, register: number) => {
    const ahead = (value - register + 1_000_000) % 1_000_000;
    return ahead <= 24 * 10 * 130 || 1_000_000 - ahead <= 24 * 10 * 130;
  };

  it("what is paid never exceeds what was counted, and never falls", () => {
    fc.assert(
      fc.property(events, (list) => {
        let before = 0;
        for (const { paid, counted } of play(list, near)) {
          expect(paid).toBeLessThanOrEqual(counted);
          expect(paid).toBeGreaterThanOrEqual(before);
          before = paid;
        }
      }),
      { numRuns: 400 },
    );
  });

  it("what is paid without a reset, a lost base or a restart in doubt is all that was counted, as soon as the register is believed", () => {
    const harmless = fc.array(
      event.filter(({ kind }) => ["read", "zero", "odd", "restart"].includes(kind)),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(harmless, (list) => {
        const ends = [...list, { kind: "read" as const, grow: 0 }];
        const { paid, counted } = play(ends, near, true).at(-1)!;
        expect(paid).toBe(counted);
      }),
      { numRuns: 200 },
    );
  });

  it("even what cannot be told from honest counting pays no more than the board can count", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000_000), { minLength: 1, maxLength: 60 }), (values) => {
        const { read } = meter(withCounter({ rollover: 1_000_000 }));
        const works = values.map((value) => Number(read(value).work));
        expect(works.at(-1)! - works[0]!).toBeLessThanOrEqual(ALLOWED * values.length);
      }),
      { numRuns: 200 },
    );
  });
});
