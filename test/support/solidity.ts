import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { contractsFolder } from "./forge.ts";

interface Solc {
  compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string;
}

interface Output {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>;
}

const ours = createRequire(import.meta.url);

/** How a contract is compiled. */
export interface CompileOptions {
  /** As compile.mjs does; else without the optimizer, which is quicker. */
  optimized: boolean;
  /** Changes a source before it is compiled. */
  change?: (path: string, text: string) => string;
}

/** Creation code of a contract in a file of the contracts' folder, as "0x…". */
export function creationCode(file: string, contract: string, options: CompileOptions): string {
  const solc = ours("solc") as Solc;
  const source = (path: string): { contents: string } | { error: string } => {
    const at = path.startsWith("@openzeppelin/") ? ours.resolve(path) : join(contractsFolder, path);
    if (!existsSync(at)) return { error: path };
    const text = readFileSync(at, "utf8");
    return { contents: options.change?.(path, text) ?? text };
  };
  const start = source(file);
  if ("error" in start) throw new Error(`${file} is not there`);
  const input = {
    language: "Solidity",
    sources: { [file]: { content: start.contents } },
    settings: {
      optimizer: { enabled: options.optimized, runs: 10_000 },
      evmVersion: "cancun",
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: { [file]: { [contract]: ["evm.bytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: source })) as Output;
  const code = output.contracts?.[file]?.[contract]?.evm.bytecode.object;
  if (!code) throw new Error(output.errors?.map((error) => error.formattedMessage).join("\n"));
  return `0x${code}`;
}
