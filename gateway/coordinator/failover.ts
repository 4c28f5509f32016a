import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { Chain, ChainRequest } from "./chain.ts";

/** Several end points as one: the one that answered last is asked first, the others when it fails. */
export function failoverChain(chains: readonly Chain[]): Chain {
  let current = 0;
  return {
    async request(args: ChainRequest) {
      let failure: unknown;
      for (let tried = 0; tried < chains.length; tried++) {
        try {
          return await chains[current]!.request(args);
        } catch (error) {
          // An end point that answers with an error has answered: the question is at fault, not the line.
          if (!(error instanceof EnvironmentError) || error.code === "FS-CHAIN-RPC" || error.code === "FS-CHAIN-REVERT")
            throw error;
          failure = error;
          current = (current + 1) % chains.length;
        }
      }
      throw failure;
    },
  };
}
