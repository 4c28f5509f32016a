import { describe, expect, it } from "vitest";
import { MUTANTS, writeMutant } from "../support/contract-mutants.ts";
import { forgeTests, withFolder } from "../support/forge.ts";

/** Whole transactions cost more than calls, and nothing here measures gas. */
const env = { FOUNDRY_ISOLATE: "false" };
const suite = ["--match-contract", "InvariantTest"];

describe("what holds whatever anybody does", () => {
  it("more than 100,000 calls of random actions break none of nine properties", { timeout: 240_000 }, () => {
    const results = forgeTests(suite, env);
    expect(results.filter(({ status }) => status !== "Success")).toEqual([]);
    expect(results.filter(({ name }) => name.startsWith("invariant_"))).toHaveLength(9);
    expect(results).toHaveLength(10);
  });

  it("a call with a byte changed fails with its own error and leaves nothing behind", { timeout: 120_000 }, () => {
    const results = forgeTests(["--match-contract", "MalformedTest"], env);
    expect(results.map(({ status, reason }) => [status, reason])).toEqual([["Success", null]]);
  });

  it.each(MUTANTS)("$invariant notices $file without $from", (mutant) => {
    withFolder((folder) => {
      writeMutant(mutant, folder);
      const [result] = forgeTests([...suite, "--match-test", mutant.invariant], {
        ...env,
        FIELDSEAL_CODE: `${folder}/`,
      });
      expect(result?.status).toBe("Failure");
      expect(result?.reason).toContain(mutant.says);
    });
  });
});
