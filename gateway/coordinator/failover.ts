import { EnvironmentError, FieldsealError, UsageError } from "../../protocols/bytes/index.ts";
import type { Chain, ChainRequest } from "./chain.ts";

/** An end point that answers with an error has answered: the question is at fault, not the line. */
const answered = (error: unknown) =>
  error instanceof EnvironmentError && (error.code === "FS-CHAIN-RPC" || error.code === "FS-CHAIN-REVERT");

/**
 * Several end points as one: the one that answered last is asked first, the others when it does not answer, not in time, or
 * with something that is no answer.
 * @throws UsageError FS-CHAIN-URL without any.
 */
export function failoverChain(chains: readonly Chain[]): Chain {
  if (chains.length === 0) throw new UsageError("FS-CHAIN-URL", "no end point of the chain is configured");
  let current = 0;
  return {
    points: [...chains],
    async request(args: ChainRequest) {
      // Each request goes round by itself: another one that fails meanwhile does not make it skip an end point.
      const start = current;
      for (let tried = 1; ; tried++) {
        const at = (start + tried - 1) % chains.length;
        try {
          const result = await chains[at]!.request(args);
          current = at;
          return result;
        } catch (error) {
          if (!(error instanceof FieldsealError) || answered(error) || tried === chains.length) throw error;
        }
      }
    },
  };
}
