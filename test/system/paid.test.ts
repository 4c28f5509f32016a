import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { quantity } from "../../gateway/coordinator/rpc.ts";
import { epochEnd, epochStart, finalAt } from "../../protocols/shares/index.ts";
import { builtFile } from "../support/built.ts";
import type { EventProcess } from "../support/cli.ts";
import { mine } from "../support/committing.ts";
import { CoordinatorSite, type Person } from "../support/coordinator-site.ts";
import { freePort } from "../support/pymodbus.ts";

let it1: CoordinatorSite;
let owner: Person;
let meter: ChildProcess;
let gateway: EventProcess;

beforeAll(async () => {
  it1 = await CoordinatorSite.start();
  owner = await it1.person("an owner");
  const { site } = it1;
  // 36 kW are 10 Wh of work a second, below the 90 kWh an hour that the model may claim.
  const day = join(site.dir, "day.csv");
  writeFileSync(day, `power\n${"36000\n".repeat(24)}`);
  const port = await freePort();
  const args = ["simulate", "modbus/eastron-sdm630", "--on", `tcp:${port}`, "--profile", day];
  meter = spawn(process.execPath, [builtFile("cli"), ...args], { stdio: "ignore" });
  site.edit((text) =>
    text
      .replace("every: 1h", "every: 1s")
      .replace(/^( {2}ledger: .*)$/m, `$1\n  confirmations: 1\n  owner: "${owner.address}"`),
  );
  const reach = ["--driver", "modbus/eastron-sdm630", "--port", `tcp://127.0.0.1:${port}`, "--every", "500ms"];
  await site.json(["devices", "add", "grid-meter", ...reach]);
  await it1.local.chain.request({ method: "anvil_setBalance", params: [site.address, quantity(10n ** 19n)] });
  await site.json(["gateway", "stake", "0.2"]);
  gateway = site.run();
  await gateway.nth("ready", 1);
});
afterAll(async () => {
  await gateway?.stop();
  meter?.kill("SIGTERM");
  await it1?.stop();
});

const at = async (seconds: bigint) => {
  await it1.local.chain.request({ method: "evm_setNextBlockTimestamp", params: [quantity(seconds)] });
  await mine(it1.test);
};

it("a running gateway commits and seals a meter's energy, and its owner is paid what rewards says", async () => {
  const { site } = it1;
  await gateway.nth("registered", 1);
  await gateway.nth("commitment", 3);
  const { epoch, times } = await site.json<{ epoch: string; times: Record<string, string> }>(["coordinator", "show"]);
  const number = (name: string) => BigInt(times[name] ?? -1);
  const spans = {
    genesis: number("genesis"),
    epoch: number("epoch"),
    sealing: number("sealing"),
    dispute: number("dispute"),
  };
  expect(epochEnd(spans, BigInt(epoch))).toBe(epochStart(spans, BigInt(epoch) + 1n));
  await at(epochEnd(spans, BigInt(epoch)) + 5n);
  await mine(it1.test, 3);
  const sealed = await gateway.nth("sealed", 1);
  expect(sealed).toMatchObject({ epoch: Number(epoch), devices: 1 });
  await gateway.stop();
  await at(finalAt(spans, BigInt(epoch)) + 1n);

  interface Shares {
    epochs: { log: string; shares: { work: string; for_owner: string; state: string; agrees: boolean | null }[] }[];
  }
  const explain = () => site.json<Shares>(["rewards", "--epoch", epoch]);
  const before = (await explain()).epochs[0]!;
  expect(before).toMatchObject({ log: "same", shares: [{ work: sealed["work"], state: "claimable" }] });
  await site.json(["claim"]);
  const { tokens } = await site.json<{ tokens: string }>(["market", "balance", owner.address]);
  expect(BigInt(tokens)).toBeGreaterThan(0n);
  expect(tokens).toBe(before.shares[0]!.for_owner);
  expect((await explain()).epochs[0]!.shares).toMatchObject([{ state: "paid", agrees: true }]);
});
