import { InternalError } from "../../../protocols/bytes/index.ts";
import type { CryptoBackend } from "./backend.ts";
import { nobleBackend } from "./noble-backend.ts";
import { nodeBackend } from "./node-backend.ts";
import { selfTest } from "./self-test.ts";

export interface SelectedBackend {
  backend: CryptoBackend;
  /** One line for people: which one, and why. */
  why: string;
}

/**
 * The first candidate that passes its self-test, fastest first by default.
 * @throws InternalError FS-BACKEND-NONE when none does
 */
export function selectBackend(candidates: readonly CryptoBackend[] = [nodeBackend(), nobleBackend]): SelectedBackend {
  const refused: string[] = [];
  for (const backend of candidates) {
    const failure = selfTest(backend);
    if (failure === undefined) {
      const reason = refused.length === 0 ? "passed its self-test" : `passed its self-test; ${refused.join("; ")}`;
      return { backend, why: `${backend.name} (${backend.library}) ${reason}` };
    }
    refused.push(`${backend.name} failed: ${failure}`);
  }
  throw new InternalError("FS-BACKEND-NONE", `no signature back end works: ${refused.join("; ")}`, {
    fix: "Use a Node build with OpenSSL, on a machine that computes right.",
  });
}
