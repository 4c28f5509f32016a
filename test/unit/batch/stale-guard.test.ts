import { expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/index.ts";
import { StaleGuard } from "../../../gateway/batch/stale-guard.ts";
import { EnvironmentError } from "../../../protocols/bytes/index.ts";

const behind = new EnvironmentError("FS-BATCH-BEHIND", "the chain covers more");
const silent = new EnvironmentError("FS-CHAIN-UNREACHABLE", "nobody answers");
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function rig(...answers: (Error | undefined)[]) {
  const clock = manualClock();
  const told: string[] = [];
  const guard = new StaleGuard({
    clock,
    async compare() {
      const answer = answers.shift();
      if (answer) throw answer;
    },
    onStale: ({ code }) => told.push(code),
  });
  return { clock, told, guard };
}

it("lets a gateway begin when the chain agrees, and when it does not answer", async () => {
  const { guard, told } = rig(undefined, silent);
  expect(await guard.look()).toBe(true);
  expect(await guard.look()).toBe(true);
  expect(told).toEqual([]);
});

it("holds it back while the chain holds more, through silence, until the chain agrees; tells it once", async () => {
  const { clock, guard, told } = rig(behind, behind, silent, undefined);
  expect(await guard.look()).toBe(false);
  let begun = 0;
  guard.wait(() => begun++);
  for (const expected of [0, 0, 1, 1]) {
    await clock.advance(30_000);
    await settle();
    expect(begun).toBe(expected);
    expect(guard.failure?.code).toBe(expected ? undefined : "FS-BATCH-BEHIND");
  }
  expect(told).toEqual(["FS-BATCH-BEHIND"]);
});

it("looks no more after stop, and does not hide a bug", async () => {
  const { clock, guard } = rig(behind, undefined);
  await guard.look();
  let begun = false;
  guard.wait(() => {
    begun = true;
  });
  guard.stop();
  await clock.advance(60_000);
  await settle();
  expect(begun).toBe(false);
  const broken = rig(new TypeError("undefined is no function"));
  await expect(broken.guard.look()).rejects.toThrow(TypeError);
});
