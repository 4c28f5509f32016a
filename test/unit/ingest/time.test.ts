import { afterEach, describe, expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/index.ts";
import type { Chain } from "../../../gateway/coordinator/chain.ts";
import { coordinatorAt } from "../../../gateway/coordinator/index.ts";
import { TimeSandwich } from "../../../gateway/ingest/time-sandwich.ts";
import { clockState } from "../../../gateway/ingest/time-state.ts";
import { HeaderFiles } from "../../../gateway/proofs/header-files.ts";
import { ClockState } from "../../../protocols/attestation/index.ts";
import { EnvironmentError } from "../../../protocols/bytes/index.ts";
import { removeTempDirs, tempDir } from "../../support/keystore.ts";

afterEach(removeTempDirs);

describe("state of the clock", () => {
  it.each<[boolean | undefined, number | undefined, number]>([
    [true, undefined, ClockState.network],
    [false, undefined, ClockState.unsynced],
    [undefined, undefined, ClockState.unsynced],
    [false, 119_000, ClockState.network],
    [undefined, -119_000, ClockState.network],
    [undefined, 121_000, ClockState.unsynced],
  ])("kernel %s, block %s ms away: %s", (kernel, away, state) => {
    const now = 1_795_000_000_000;
    expect(clockState(kernel, now, away === undefined ? undefined : now + away)).toBe(state);
  });
});

describe("the lower bound of statements' time", () => {
  const sandwich = (synced: boolean | undefined, chain?: Chain) => {
    const clock = manualClock();
    const folder = tempDir();
    const headers = new HeaderFiles(folder);
    const coordinator = chain && coordinatorAt(chain, new Uint8Array(20));
    const time = new TimeSandwich({ clock, coordinator, headers, every: 5_000, clockSynced: async () => synced });
    return { time, clock, headers };
  };

  it("names no block where nothing is committed", async () => {
    const { time } = sandwich(true);
    await time.start();
    expect(time.current()).toEqual({ clock: ClockState.network, anchorBlock: 0n, anchorHash: new Uint8Array(16) });
    time.stop();
  });

  it("counts a clock as disciplined while a GNSS receiver confirms it, and no longer", async () => {
    const { time, clock } = sandwich(false);
    await time.start();
    expect(time.state()).toBe(ClockState.unsynced);
    time.hear(clock.now() - 900);
    expect(time.state()).toBe(ClockState.disciplined);
    await clock.advance(4 * 60_000);
    expect(time.state()).toBe(ClockState.disciplined);
    await clock.advance(61_000);
    expect(time.state()).toBe(ClockState.unsynced);
    // A receiver that tells another time confirms nothing, and sets nothing.
    const before = clock.now();
    time.hear(before + 60_000);
    expect([time.state(), clock.now()]).toEqual([ClockState.unsynced, before]);
    time.stop();
  });

  it("names none while no end point answers, and keeps asking", async () => {
    let asked = 0;
    const { time, clock } = sandwich(false, {
      request: async () => {
        asked++;
        throw new EnvironmentError("FS-CHAIN-UNREACHABLE", "down");
      },
    });
    await time.start();
    const first = asked;
    await clock.advance(16_000);
    expect(asked).toBe(first + 3);
    expect(time.current()).toMatchObject({ clock: ClockState.unsynced, anchorBlock: 0n });
    time.stop();
    await clock.advance(60_000);
    expect(asked).toBe(first + 3);
  });
});
