import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const contracts = fileURLToPath(new URL("../../gateway/coordinator/contracts", import.meta.url));

/** forge's own program, without the node process npm puts in front of it. */
function forgeProgram(): string {
  const ours = createRequire(import.meta.url);
  const forge = createRequire(ours.resolve("@foundry-rs/forge/package.json"));
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  return forge.resolve(`@foundry-rs/forge-${process.platform}-${arch}/bin/forge`);
}

interface ForgeTest {
  status: string;
  reason: string | null;
}

it("the committed artifacts are what the sources give, byte for byte", () => {
  const check = spawnSync(process.execPath, [join(contracts, "compile.mjs"), "--check"], { encoding: "utf8" });
  expect([check.status, check.stderr]).toEqual([0, ""]);
});

/** EIP-170. */
const MAX_DEPLOYED_BYTES = 24_576;

it("there are six contracts, none too large to deploy", () => {
  const names = ["Faults", "Ledger", "Market", "Registry", "Rewards", "Token"];
  const folder = join(contracts, "..", "artifacts");
  expect(readdirSync(folder).sort()).toEqual(names.map((name) => `${name}.json`));
  for (const name of names) {
    const { deployedBytes } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as {
      deployedBytes: number;
    };
    expect(deployedBytes, name).toBeLessThan(MAX_DEPLOYED_BYTES);
  }
});

it("the contracts pass their forge tests, offline", () => {
  const scratch = mkdtempSync(join(tmpdir(), "fieldseal-forge-"));
  try {
    const paths = ["--out", join(scratch, "out"), "--cache-path", join(scratch, "cache")];
    const compiler = ["--offline", "--use", join(contracts, "solc.mjs")];
    const output = execFileSync(forgeProgram(), ["test", "--root", contracts, ...compiler, ...paths, "--json"], {
      encoding: "utf8",
      maxBuffer: 64 << 20,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1" },
    });
    const suites = Object.values(JSON.parse(output) as Record<string, { test_results: Record<string, ForgeTest> }>);
    const results = suites.flatMap(({ test_results }) => Object.entries(test_results));
    expect(results.length).toBeGreaterThanOrEqual(300);
    expect(results.filter(([, { status }]) => status !== "Success")).toEqual([]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
