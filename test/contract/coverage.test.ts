import { createRequire } from "node:module";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { forgeAlone, UNIT_TESTS } from "../support/forge.ts";

const LEAST = 95;
const FILES = 23;

it("forge's tests reach at least 95 % of the lines of every contract", { timeout: 300_000 }, () => {
  const openzeppelin = dirname(createRequire(import.meta.url).resolve("@openzeppelin/contracts/package.json"));
  const { stdout, stderr } = forgeAlone(
    [
      "coverage",
      "--report=summary",
      // Its parser does not ask solc.mjs, and knows no path relative to another folder.
      "--remappings",
      `@openzeppelin/=${dirname(openzeppelin)}/`,
      "--no-match-coverage",
      "(node_modules|test/)",
      // The optimizer is off here: figures of gas say nothing.
      "--no-match-test",
      "gas_of",
      ...UNIT_TESTS,
    ],
    { FIELDSEAL_CODE: ":", FOUNDRY_FUZZ_RUNS: "64" },
  );
  const lines = [...stdout.matchAll(/^\| (\w+\.sol) +\| ([\d.]+)%/gm)].map(
    ([, file = "", part = ""]): [string, number] => [file, Number(part)],
  );
  expect(lines.length, stdout + stderr).toBeGreaterThanOrEqual(FILES);
  expect(lines.filter(([, part]) => part < LEAST)).toEqual([]);
  expect(stdout).not.toContain("Failing tests");
});
