import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The contracts' folder, forge's root. */
export const contractsFolder = fileURLToPath(new URL("../../gateway/coordinator/contracts", import.meta.url));
const cacheFolder = fileURLToPath(new URL("../../node_modules/.cache/fieldseal-contracts", import.meta.url));
const ours = createRequire(import.meta.url);

/** What forge says of one test. */
export interface ForgeTest {
  name: string;
  status: string;
  reason: string | null;
  /** Its events of (string what, uint256 amount), in the order in which they were emitted. */
  measured: [what: string, amount: number][];
}

interface Answer {
  status: string;
  reason: string | null;
  logs?: { topics: string[]; data: string }[];
}

/** ABI: offset of the text, amount, length of the text, text. */
function measurementOf({ topics, data }: { topics: string[]; data: string }): [string, number][] {
  const bytes = Buffer.from(data.slice(2), "hex");
  if (topics.length !== 1 || bytes.length < 96 || bytes[31] !== 64) return [];
  const length = Number(bytes.readBigUInt64BE(88));
  if (bytes.length !== 96 + 32 * Math.ceil(length / 32)) return [];
  return [[bytes.toString("utf8", 96, 96 + length), Number(bytes.readBigUInt64BE(56))]];
}

/** forge's own program, without the node process npm puts in front of it. */
export function forgeProgram(): string {
  const forge = createRequire(ours.resolve("@foundry-rs/forge/package.json"));
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  return forge.resolve(`@foundry-rs/forge-${process.platform}-${arch}/bin/forge`);
}

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

function run(folder: string, args: readonly string[], env: Record<string, string> = {}): Ran {
  const [command = "test", ...rest] = args;
  const compiler = ["--offline", "--use", join(contractsFolder, "solc.mjs")];
  const paths = ["--out", join(folder, "out"), "--cache-path", join(folder, "cache")];
  return spawnSync(forgeProgram(), [command, "--root", contractsFolder, ...compiler, ...paths, ...rest], {
    encoding: "utf8",
    maxBuffer: 256 << 20,
    env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1", ...env },
  });
}

/** Everything that decides what forge compiles. */
function sourcesKey(): string {
  const hash = createHash("sha256");
  const names = readdirSync(contractsFolder, { recursive: true, encoding: "utf8" }).sort();
  for (const name of names.filter((name) => /\.(sol|toml|mjs)$/.test(name))) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(contractsFolder, name)))
      .update("\0");
  }
  for (const name of ["solc", "@openzeppelin/contracts", "@foundry-rs/forge"]) {
    hash.update(readFileSync(ours.resolve(`${name}/package.json`)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The compiled tests: made once for the same sources, whoever asks first. */
function compiled(): string {
  const folder = join(cacheFolder, `tests-${sourcesKey()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder, { recursive: true });
  const making = mkdtempSync(join(cacheFolder, "making-"));
  const { status, stderr } = run(making, ["build"]);
  if (status !== 0) {
    rmSync(making, { recursive: true, force: true });
    throw new Error(`forge build: ${stderr}`);
  }
  for (const name of readdirSync(cacheFolder)) {
    if (name.startsWith("tests-")) rmSync(join(cacheFolder, name), { recursive: true, force: true });
  }
  try {
    renameSync(making, folder);
  } catch (error) {
    // Somebody else was quicker.
    if (!existsSync(folder)) throw error;
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

/** All tests but the random campaigns, which have a test file of their own, and those that need the alternatives' code. */
export const UNIT_TESTS: readonly string[] = ["--no-match-contract", "(InvariantTest|MalformedTest|PeersGasTest)"];

/** Runs forge tests, compiled once. */
export function forgeTests(args: readonly string[], env: Record<string, string> = {}): ForgeTest[] {
  const { stdout, stderr } = run(compiled(), ["test", ...args, "--json", "-vv"], env);
  const start = stdout.indexOf("{");
  if (start < 0) throw new Error(`forge test: ${stdout}${stderr}`);
  const suites = JSON.parse(stdout.slice(start)) as Record<string, { test_results: Record<string, Answer> }>;
  return Object.values(suites).flatMap(({ test_results }) =>
    Object.entries(test_results).map(([name, { status, reason, logs }]) => ({
      name,
      status,
      reason,
      measured: (logs ?? []).flatMap(measurementOf),
    })),
  );
}

/** Runs another command of forge in a folder of its own: one that compiles in another way. */
export function forgeAlone(args: readonly string[], env: Record<string, string> = {}): Ran {
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(cacheFolder, "alone-"));
  try {
    return run(folder, args, env);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder that tests may read, for one run. */
export function withFolder<T>(use: (folder: string) => T): T {
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(cacheFolder, "code-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
