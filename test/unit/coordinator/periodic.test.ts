import { describe, expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import { Periodic } from "../../../gateway/coordinator/periodic.ts";
import { EnvironmentError } from "../../../protocols/bytes/index.ts";

function rig(step: () => Promise<void>) {
  const clock = manualClock();
  const codes: string[] = [];
  let steps = 0;
  const periodic = new Periodic({
    clock,
    everyMs: 10_000,
    step: () => {
      steps++;
      return step();
    },
    onFailure: ({ code }) => codes.push(code),
  });
  return { clock, codes, periodic, steps: () => steps };
}

describe("a periodic step", () => {
  it("is taken at once and then after each pause, until it is stopped", async () => {
    const it = rig(async () => undefined);
    it.periodic.start();
    it.periodic.start();
    await it.clock.advance(35_000);
    expect(it.steps()).toBe(4);
    await it.periodic.stop();
    await it.clock.advance(60_000);
    expect([it.steps(), it.clock.pending]).toEqual([4, 0]);
  });

  it("is tried again sooner after a failure, with growing pauses that end at the usual one", async () => {
    const it = rig(async () => {
      throw new EnvironmentError("FS-CHAIN-UNREACHABLE", "down");
    });
    it.periodic.start();
    const counts: number[] = [];
    for (const ms of [0, 500, 1_000, 2_000, 5_000, 10_000, 10_000]) {
      await it.clock.advance(ms);
      counts.push(it.steps());
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(it.codes)).toEqual(new Set(["FS-CHAIN-UNREACHABLE"]));
    await it.periodic.stop();
  });

  it("turns what nobody expected into a fault with a code", async () => {
    const it = rig(async () => {
      throw new TypeError("x is not a function");
    });
    it.periodic.start();
    await it.clock.advance(0);
    expect(it.codes).toEqual(["FS-COORDINATOR-BUG"]);
    await it.periodic.stop();
  });

  it("is waited for when it is stopped within", async () => {
    let end: () => void = () => undefined;
    let ended = false;
    const it = rig(
      () =>
        new Promise<void>((resolve) => {
          end = () => {
            ended = true;
            resolve();
          };
        }),
    );
    it.periodic.start();
    const stopped = it.periodic.stop();
    end();
    await stopped;
    expect([ended, it.clock.pending]).toEqual([true, 0]);
  });
});
