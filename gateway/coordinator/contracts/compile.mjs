// Compiles the contracts with npm's solc and writes ../artifacts/<Contract>.json.
//   node gateway/coordinator/contracts/compile.mjs            writes
//   node gateway/coordinator/contracts/compile.mjs --check    exits 1 when a committed artifact differs from its source
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = new URL("./", import.meta.url);
const artifacts = new URL("../artifacts/", here);
const CONTRACTS = ["Ledger", "Registry"];

function compile() {
  const files = readdirSync(here).filter((name) => name.endsWith(".sol"));
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(files.map((name) => [name, { content: readFileSync(new URL(name, here), "utf8") }])),
    settings: {
      optimizer: { enabled: true, runs: 10_000 },
      evmVersion: "cancun",
      // No metadata: the same sources give the same bytes on every machine.
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const problems = output.errors ?? [];
  for (const { formattedMessage } of problems) process.stderr.write(formattedMessage);
  if (problems.length > 0) throw new Error(`${problems.length} messages of the compiler; none is accepted`);
  return CONTRACTS.map((name) => {
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
  });
}

const check = process.argv.includes("--check");
mkdirSync(artifacts, { recursive: true });
let differing = 0;
for (const { file, text } of compile()) {
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
