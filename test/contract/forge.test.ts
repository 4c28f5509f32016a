import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gasOf, readSnapshot, TOLERANCE } from "../bench/gas/snapshot.ts";
import { contractsFolder, type ForgeTest, forgeTests, UNIT_TESTS } from "../support/forge.ts";

it("the committed artifacts are what the sources give, byte for byte", () => {
  const check = spawnSync(process.execPath, [join(contractsFolder, "compile.mjs"), "--check"], { encoding: "utf8" });
  expect([check.status, check.stderr]).toEqual([0, ""]);
});

/** EIP-170. */
const MAX_DEPLOYED_BYTES = 24_576;

it("there are six contracts, none too large to deploy", () => {
  const names = ["Faults", "Ledger", "Market", "Registry", "Rewards", "Token"];
  const folder = join(contractsFolder, "..", "artifacts");
  expect(readdirSync(folder).sort()).toEqual(names.map((name) => `${name}.json`));
  for (const name of names) {
    const { deployedBytes } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as {
      deployedBytes: number;
    };
    expect(deployedBytes, name).toBeLessThan(MAX_DEPLOYED_BYTES);
  }
});

describe("the forge tests, offline, on the committed artifacts", () => {
  let results: ForgeTest[] | undefined;
  const ran = () => {
    results ??= forgeTests(UNIT_TESTS);
    return results;
  };

  it("pass", { timeout: 240_000 }, () => {
    expect(ran().length).toBeGreaterThanOrEqual(330);
    expect(ran().filter(({ status }) => status !== "Success")).toEqual([]);
  });

  it("measure the gas of the committed snapshot, within its tolerance", { timeout: 240_000 }, () => {
    const reached = gasOf(ran());
    const snapshot = readSnapshot();
    expect(Object.keys(reached).sort()).toEqual(Object.keys(snapshot).sort());
    const off = Object.entries(reached).filter(
      ([what, gas]) => Math.abs(gas - (snapshot[what] ?? 0)) > (snapshot[what] ?? 0) * TOLERANCE,
    );
    expect(off, "npm run gas -- --write, when the change is meant").toEqual([]);
  });
});
