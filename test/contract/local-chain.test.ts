import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpChain } from "../../gateway/coordinator/chain.ts";
import { coordinatorAt } from "../../gateway/coordinator/coordinator.ts";
import { anvilProgram, LEASH, type LocalChain, startLocalChain } from "../../gateway/coordinator/local-chain.ts";
import { getChainId } from "../../gateway/coordinator/rpc.ts";
import { checkpointOf, commitments, committing, mine, run } from "../support/committing.ts";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fieldseal-chain-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Waits for something outside this process; the test's own time-out is the limit. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("the local chain", () => {
  it("listens on a free loopback port and is gone when it is stopped", async () => {
    const local = await startLocalChain({ chainId: 4242 });
    expect(await getChainId(local.chain)).toBe(4242n);
    expect(alive(local.pid)).toBe(true);
    await local.stop();
    expect(alive(local.pid)).toBe(false);
    await expect(getChainId(httpChain(local.url))).rejects.toMatchObject({ code: "FS-CHAIN-UNREACHABLE" });
  });

  it("says why it does not start", async () => {
    const first = await startLocalChain();
    await expect(startLocalChain({ port: first.port })).rejects.toMatchObject({ code: "FS-LOCAL-CHAIN-START" });
    await first.stop();
  });

  it("tells when it ends by itself", async () => {
    const local = await startLocalChain();
    process.kill(local.pid, "SIGKILL");
    await local.exited;
    expect(alive(local.pid)).toBe(false);
  });

  it("ends with the process that started it, even when that one is killed", async () => {
    const args = ["--host", "127.0.0.1", "--port", "0"];
    const parent = spawn(
      process.execPath,
      [
        "-e",
        `const { spawn } = require("node:child_process");
         const c = spawn("sh", ["-c", ${JSON.stringify(LEASH)}, ...${JSON.stringify([anvilProgram(), ...args])}], { stdio: ["pipe", "pipe", "ignore", "pipe"] });
         c.stdio[3].on("data", (d) => process.stdout.write(String(d)));`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (d) => resolve(Number(String(d)))));
    expect(alive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await until(() => !alive(pid));
  });

  it("keeps its state over a stop", async () => {
    const stateFile = join(folder, "state.json");
    const test = await startTestCoordinator({ stateFile });
    const it1 = await committing(test);
    it1.submitter.offer(checkpointOf(10n));
    await run(it1, test, 4);
    await test.local.stop();
    const local = await startLocalChain({ stateFile });
    const again: TestCoordinator = { ...test, local };
    const it2 = await committing(again, { store: it1.store });
    it2.submitter.offer(checkpointOf(20n));
    await run(it2, again, 5);
    expect((await commitments(again)).map(({ size }) => size)).toEqual([10n, 20n]);
    await local.stop();
  });

  it("is killed, loses its newest blocks, and the submitter brings everything back", async () => {
    const stateFile = join(folder, "state.json");
    const test = await startTestCoordinator({ stateFile });
    await test.local.saved();
    expect(existsSync(`${stateFile}.good`)).toBe(true);
    const it1 = await committing(test);
    it1.submitter.offer(checkpointOf(10n));
    await run(it1, test, 4);
    process.kill(test.local.pid, "SIGKILL");
    await test.local.exited;
    const restarted: LocalChain = await startLocalChain({ stateFile });
    const again: TestCoordinator = { ...test, local: restarted };
    const it2 = await committing(again, { store: it1.store });
    it2.submitter.offer(checkpointOf(20n));
    for (let i = 0; i < 12; i++) {
      await it2.submitter.tick();
      await mine(again);
    }
    expect(it2.submitter.status.text).toBe("20 entries committed (commitment 2)");
    const { chain } = restarted;
    expect((await coordinatorAt(chain, test.deployment.ledger).head(test.gateway.address)).seq).toBe(2n);
    await restarted.stop();
  });

  it("starts from the last whole state when the newest is torn", async () => {
    const stateFile = join(folder, "state.json");
    const test = await startTestCoordinator({ stateFile });
    const it1 = await committing(test);
    it1.submitter.offer(checkpointOf(10n));
    await run(it1, test, 4);
    await test.local.stop();
    const whole = readFileSync(stateFile, "utf8");
    writeFileSync(`${stateFile}.good`, whole);
    writeFileSync(stateFile, whole.slice(0, whole.length / 2));
    const local = await startLocalChain({ stateFile });
    expect((await commitments({ ...test, local })).map(({ size }) => size)).toEqual([10n]);
    await local.stop();
  });
});
