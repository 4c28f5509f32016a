import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contractsFolder, forgeTests, UNIT_TESTS, withFolder } from "../../support/forge.ts";
import { creationCode } from "../../support/solidity.ts";
import { type Row, rowsOf } from "./rows.ts";
import { type Gas, gasOf, writeSnapshot } from "./snapshot.ts";

/** Ours from the committed artifacts, the others compiled now with the same settings. */
function measure(): { ours: Gas; theirs: Gas } {
  return withFolder((folder) => {
    cpSync(join(contractsFolder, "..", "artifacts"), folder, { recursive: true });
    for (const name of ["Timestamps", "Notary", "Naive", "Airdrop"]) {
      const bytecode = creationCode("test/Peers.sol", name, { optimized: true });
      writeFileSync(join(folder, `${name}.json`), JSON.stringify({ abi: [], bytecode }));
    }
    const all = (args: readonly string[]) => {
      const tests = forgeTests(args, { FIELDSEAL_CODE: `${folder}/` });
      const failed = tests.filter(({ status }) => status !== "Success");
      if (failed.length > 0) throw new Error(failed.map(({ name, reason }) => `${name}: ${reason}`).join("\n"));
      return gasOf(tests);
    };
    return {
      ours: all(UNIT_TESTS),
      theirs: all(["--match-contract", "PeersGasTest"]),
    };
  });
}

function table(rows: readonly Row[]): string {
  const number = (value: number | undefined) => (value === undefined ? "" : value.toLocaleString("en"));
  const width = Math.max(...rows.map(({ what }) => what.length));
  const lines = rows.map(({ what, goal, reached, others }) => {
    const missed = goal !== undefined && reached > goal ? "!" : " ";
    return `${what.padEnd(width)}  ${number(goal).padStart(8)}  ${number(reached).padStart(8)} ${missed} ${others}`.trimEnd();
  });
  return [`${"gas".padEnd(width)}  ${"goal".padStart(8)}  ${"reached".padStart(8)}   others`, ...lines].join("\n");
}

const { ours, theirs } = measure();
const rows = rowsOf(ours, theirs);
if (process.argv.includes("--write")) writeSnapshot(ours);
if (process.argv.includes("--json")) console.log(JSON.stringify({ rows, ours, alternatives: theirs }, null, 2));
else {
  console.log(table(rows));
  console.log(
    "\n! above the goal. Others: as measured by compiling their contracts; own = their design, measured in this run.",
  );
}
