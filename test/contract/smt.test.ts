import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { contractsFolder } from "../support/forge.ts";
import { describeWith } from "../support/requires.ts";

interface Solc {
  compile(
    input: string,
    callbacks: {
      import(path: string): { contents: string };
      smtSolver(query: string): { contents: string };
    },
  ): string;
}

/** Bounds a query that does not end. */
const SECONDS = 150;
const FILE = "test/Proofs.sol";

/**
 * What solc's SMTChecker says of the assertions of a contract, with z3 as solver. BMC answers for single calls (its end is
 * announced, and the compiler is pinned), CHC for any number of them; CHC gives up on products of variables.
 */
function proofs(contract: string, engine: "bmc" | "chc"): { safe: string[]; open: string[] } {
  const solc = createRequire(import.meta.url)("solc") as Solc;
  const source = (path: string) => readFileSync(join(contractsFolder, path), "utf8");
  const input = {
    language: "Solidity",
    sources: { [FILE]: { content: source(FILE) } },
    settings: {
      modelChecker: {
        engine,
        solvers: ["smtlib2"],
        targets: ["assert"],
        showProvedSafe: true,
        showUnproved: true,
        contracts: { [FILE]: [contract] },
      },
      outputSelection: { "*": { "*": [] } },
    },
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), {
      import: (path) => ({ contents: source(path) }),
      smtSolver: (query) => {
        const { stdout } = spawnSync("z3", ["-in", "-smt2", `-T:${SECONDS}`], { input: query, encoding: "utf8" });
        return { contents: stdout };
      },
    }),
  ) as { errors: { message: string; formattedMessage: string }[] };
  const about = output.errors.filter(({ formattedMessage }) => formattedMessage.includes("assert("));
  const line = ({ formattedMessage }: { formattedMessage: string }) =>
    /assert\(.*\);/.exec(formattedMessage)?.[0] ?? "";
  return {
    safe: about.filter(({ message }) => message.includes("is safe")).map(line),
    open: about.filter(({ message }) => !message.includes("is safe")).map(line),
  };
}

/** The assertions in a contract of the file. */
function assertions(contract: string): string[] {
  const text = readFileSync(join(contractsFolder, FILE), "utf8");
  const start = text.indexOf(`contract ${contract} `);
  const end = text.indexOf("\n}", start);
  return text.slice(start, end).match(/assert\(.*\);/g) ?? [];
}

describeWith(["z3"], "proven by the SMTChecker", () => {
  it("no division of the emission gives more than there is, for all arguments", { timeout: 600_000 }, () => {
    const { safe, open } = proofs("EmissionProofs", "bmc");
    expect(open).toEqual([]);
    expect(safe.sort()).toEqual(assertions("EmissionProofs").sort());
    expect(safe).toHaveLength(7);
  });

  it("a mark only rises and no work is used twice, for any number of claims", { timeout: 120_000 }, () => {
    const { safe, open } = proofs("MarkProofs", "chc");
    expect(open).toEqual([]);
    expect(safe.sort()).toEqual(assertions("MarkProofs").sort());
    expect(safe).toHaveLength(2);
  });
});
