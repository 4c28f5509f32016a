import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Chain } from "../../gateway/coordinator/chain.ts";
import { shareValue, stepValues } from "../../gateway/coordinator/demands.ts";
import { data, readData } from "../../gateway/coordinator/rpc.ts";
import { decodeWords, encodeCall, wordToUint } from "../../protocols/evm/index.ts";
import type { Share, ShareProof, SumNode } from "../../protocols/shares/index.ts";

const HARNESS = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
import {ShareProof} from "./ShareProof.sol";
import {Share, Shares, Step} from "./Shares.sol";
contract Harness {
    function locate(Share calldata share, uint64 index, uint64 count, Step[] calldata path)
        external pure returns (bytes32, uint128, uint128)
    {
        return Shares.locate(share, index, count, path);
    }
    function rootOf(Share[] calldata shares, Step[] calldata path, bytes calldata steps)
        external pure returns (bytes32, uint256)
    {
        return ShareProof.rootOf(shares, path, steps);
    }
}`;

interface Solc {
  compile(input: string): string;
}

interface Output {
  errors?: { formattedMessage: string }[];
  contracts: Record<string, Record<string, { evm: { deployedBytecode: { object: string } } }>>;
}

/** Code of a contract that calls the libraries, compiled as compile.mjs compiles. */
function compileHarness(): string {
  const solc = createRequire(import.meta.url)("solc") as Solc;
  const source = (name: string) =>
    readFileSync(new URL(`../../gateway/coordinator/contracts/${name}`, import.meta.url), "utf8");
  const names = ["Shares.sol", "ShareProof.sol"];
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([
      ["Harness.sol", { content: HARNESS }],
      ...names.map((name) => [name, { content: source(name) }]),
    ]) as Record<string, { content: string }>,
    settings: {
      optimizer: { enabled: true, runs: 10_000 },
      evmVersion: "cancun",
      outputSelection: { "*": { "*": ["evm.deployedBytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output;
  if (output.errors?.length) throw new Error(output.errors[0]!.formattedMessage);
  return `0x${output.contracts["Harness.sol"]!["Harness"]!.evm.deployedBytecode.object}`;
}

const SHARE = "(bytes32,uint64,uint64,uint64,uint64)";
const STEPS = "(bytes32,uint128)[]";

/** Shares.sol and ShareProof.sol on a chain. Both throw EnvironmentError FS-CHAIN-REVERT where the contract reverts. */
export interface ShareContract {
  locate(share: Share, index: number, count: number, path: readonly SumNode[]): Promise<[Uint8Array, bigint, bigint]>;
  rootOf(shares: readonly Share[], proof: ShareProof): Promise<[Uint8Array, bigint]>;
}

export async function shareContract(chain: Chain): Promise<ShareContract> {
  const to = new Uint8Array(20).fill(0xc0);
  await chain.request({ method: "anvil_setCode", params: [data(to), compileHarness()] });
  const ask = async (signature: string, values: Parameters<typeof encodeCall>[1], words: number) => {
    const params = [{ to: data(to), data: data(encodeCall(signature, values)) }, "latest"];
    return decodeWords(readData(await chain.request({ method: "eth_call", params }), "the result"), words);
  };
  return {
    async locate(share, index, count, path) {
      const values = [shareValue(share), BigInt(index), BigInt(count), stepValues(path)];
      const [root, total, before] = await ask(`locate(${SHARE},uint64,uint64,${STEPS})`, values, 3);
      return [root!, wordToUint(total!), wordToUint(before!)];
    },
    async rootOf(shares, { path, steps }) {
      const values = [shares.map(shareValue), stepValues(path), steps];
      const [root, total] = await ask(`rootOf(${SHARE}[],${STEPS},bytes)`, values, 2);
      return [root!, wordToUint(total!)];
    },
  };
}
