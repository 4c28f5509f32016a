// Compiles the contracts with npm's solc and writes ../artifacts/<Contract>.json.
//   node gateway/coordinator/contracts/compile.mjs [Contract…]   writes; all without names
//   node gateway/coordinator/contracts/compile.mjs --check       exits 1 when a committed artifact differs from its source
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = new URL("./", import.meta.url);
const artifacts = new URL("../artifacts/", here);
const DEPLOYED = ["Registry", "Ledger", "Faults", "Token", "Rewards", "Market"];
const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const wanted = named.length > 0 ? named : DEPLOYED.filter((name) => existsSync(new URL(`${name}.sol`, here)));
const resolve = createRequire(import.meta.url).resolve;

/** Our own sources, and npm's OpenZeppelin; nothing else is imported. */
function find(path) {
  if (/^[A-Za-z0-9]+\.sol$/.test(path)) return { contents: readFileSync(new URL(path, here), "utf8") };
  if (!path.startsWith("@openzeppelin/contracts/")) return { error: `${path} is no source of ours` };
  return { contents: readFileSync(resolve(path), "utf8") };
}

/** Each contract by itself, so that its bytes do not depend on what else lies in the folder. */
function compile(name) {
  const input = {
    language: "Solidity",
    sources: { [`${name}.sol`]: { content: readFileSync(new URL(`${name}.sol`, here), "utf8") } },
    settings: {
      optimizer: { enabled: true, runs: 10_000 },
      evmVersion: "cancun",
      // No metadata: the same sources give the same bytes on every machine.
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: { [`${name}.sol`]: { [name]: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  // OpenZeppelin's own names are not ours to change.
  const theirs = ({ severity, sourceLocation }) =>
    severity === "warning" && sourceLocation?.file.startsWith("@openzeppelin/");
  const problems = (output.errors ?? []).filter((problem) => !theirs(problem));
  for (const { formattedMessage } of problems) process.stderr.write(formattedMessage);
  if (problems.length > 0) throw new Error(`${name}: ${problems.length} messages of the compiler; none is accepted`);
  const { abi, evm } = output.contracts[`${name}.sol`][name];
  const artifact = {
    contract: name,
    compiler: `solc ${solc.version()}`,
    settings: { evmVersion: input.settings.evmVersion, optimizer: input.settings.optimizer },
    deployedBytes: evm.deployedBytecode.object.length / 2,
    abi,
    bytecode: `0x${evm.bytecode.object}`,
  };
  return { file: new URL(`${name}.json`, artifacts), text: `${JSON.stringify(artifact, null, 2)}\n` };
}

const check = process.argv.includes("--check");
mkdirSync(artifacts, { recursive: true });
let differing = 0;
for (const { file, text } of wanted.map(compile)) {
  const same = existsSync(file) && readFileSync(file, "utf8") === text;
  if (same) continue;
  if (check) {
    differing++;
    process.stderr.write(`${fileURLToPath(file)} is not what the sources give; run compile.mjs\n`);
  } else {
    writeFileSync(file, text);
  }
}
process.exitCode = differing > 0 ? 1 : 0;
