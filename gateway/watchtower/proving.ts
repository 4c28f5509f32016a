import { FieldsealError, fromHex } from "../../protocols/bytes/index.ts";
import type { Chain } from "../coordinator/chain.ts";
import type { ContractCall } from "../coordinator/coordinator.ts";
import { readRevert } from "../coordinator/reverts.ts";
import { estimateGas } from "../coordinator/rpc.ts";
import type { Suspicion } from "./suspicion.ts";
import type { Tell } from "./watch-event.ts";

export interface ProvingOptions {
  chain: Chain;
  /** Who sends, 20 bytes. */
  account: Uint8Array;
  /** Sends a call and resolves when it is in a block. */
  send(call: ContractCall): Promise<void>;
  /** Whether what is proven is sent. */
  challenge: boolean;
}

/** Lets the contract itself judge, in a call that changes nothing, before anything is sent. */
export class Proving {
  readonly #o: ProvingOptions;
  readonly #tell: Tell;

  constructor(options: ProvingOptions, tell: Tell) {
    this.#o = options;
    this.#tell = tell;
  }

  /** Why the contract refuses a call; undefined when it takes it. */
  async refused(call: ContractCall): Promise<string | undefined> {
    try {
      await estimateGas(this.#o.chain, { from: this.#o.account, ...call });
      return undefined;
    } catch (error) {
      if (!(error instanceof FieldsealError) || error.code !== "FS-CHAIN-REVERT") throw error;
      const { data } = error.context;
      return readRevert(typeof data === "string" ? fromHex(data.slice(2)) : new Uint8Array(0))?.text ?? error.message;
    }
  }

  /** Why the contract refused it meanwhile: somebody else was first. Undefined when it is in a block. */
  async send(call: ContractCall): Promise<string | undefined> {
    try {
      await this.#o.send(call);
      return undefined;
    } catch (error) {
      if (error instanceof FieldsealError && error.code === "FS-CHAIN-REVERT") return error.message;
      throw error;
    }
  }

  /** Those that the contract agrees with, and whether one of them was sent. */
  async judge(gateway: Uint8Array, suspicions: readonly Suspicion[]): Promise<{ proven: Suspicion[]; sent: boolean }> {
    const proven: Suspicion[] = [];
    const unproven = (suspicion: Suspicion, why: string) =>
      this.#tell({ kind: "unproven", gateway, suspicion, why }, `unproven ${suspicion.text} ${why}`);
    for (const suspicion of suspicions) {
      const refused = await this.refused(suspicion.call);
      if (refused !== undefined) {
        unproven(suspicion, refused);
        continue;
      }
      proven.push(suspicion);
      this.#tell({ kind: "fault", gateway, suspicion }, `fault ${suspicion.text}`);
      if (!this.#o.challenge) continue;
      const late = await this.send(suspicion.call);
      if (late !== undefined) {
        unproven(suspicion, late);
        continue;
      }
      this.#tell({ kind: "challenged", gateway, suspicion });
      return { proven, sent: true };
    }
    return { proven, sent: false };
  }
}
