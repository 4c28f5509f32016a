import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { decodeWords, encodeCall, wordToAddress, wordToUint } from "../../protocols/evm/index.ts";
import type { DeviceTerms, EpochTimes } from "../../protocols/shares/index.ts";
import type { Chain } from "./chain.ts";
import type { ContractCall } from "./coordinator.ts";
import { agreedCall } from "./cross-check.ts";

/** A seal as the Ledger holds it (Interfaces.sol, `Seal`). */
export interface SealOnChain {
  root: Uint8Array;
  work: bigint;
  count: bigint;
  /** Seconds since 1970. */
  sealedAt: bigint;
}

/**
 * What the Ledger says about epochs and seals, and the call that seals. Reads are of the newest block, and two end points must agree
 * where there are two: a seal made of a false answer would cost the stake.
 */
export interface LedgerSeals {
  times(): Promise<EpochTimes>;
  /** The contract that judges; demands are made there. */
  faults(): Promise<Uint8Array>;
  /** Undefined when there is none, or when it was voided. */
  sealOf(gateway: Uint8Array, epoch: bigint, kind: number): Promise<SealOnChain | undefined>;
  totalWork(epoch: bigint, kind: number): Promise<bigint>;
  /** When the gateway committed exactly this, seconds since 1970; 0n when the ring does not say so. */
  committedAt(gateway: Uint8Array, seq: bigint, size: bigint, root: Uint8Array): Promise<bigint>;
  /** When the ring's place of `seq` was written, seconds since 1970; 0n = never. */
  ringTime(gateway: Uint8Array, seq: bigint): Promise<bigint>;
  /** Least wei with which a gateway may seal. */
  minStake(): Promise<bigint>;
  /** A device as its pay sees it; undefined when it is not registered. */
  termsOf(device: Uint8Array): Promise<DeviceTerms | undefined>;
  sealCall(epoch: bigint, kind: number, root: Uint8Array, work: bigint, count: bigint): ContractCall;
}

/**
 * Reads throw what `Chain.request` throws; EnvironmentError FS-CHAIN-NO-CONTRACT, FS-CHAIN-DISAGREE, FS-CHAIN-UNCONFIRMED;
 * ProtocolError FS-ABI.
 */
export function ledgerSeals(chain: Chain, ledger: Uint8Array): LedgerSeals {
  const ask = async (to: Uint8Array, signature: string, values: Parameters<typeof encodeCall>[1], words: number) => {
    const answer = await agreedCall(chain, { to, data: encodeCall(signature, values) });
    if (answer.length === 0) {
      throw new EnvironmentError("FS-CHAIN-NO-CONTRACT", "there is no coordinator contract at the given address", {
        fix: "Check the addresses and the chain id; on a local chain, deploy again.",
      });
    }
    return decodeWords(answer, words);
  };
  const one = async (signature: string, values: Parameters<typeof encodeCall>[1] = []) => {
    const [word] = await ask(ledger, signature, values, 1);
    return wordToUint(word!);
  };
  const address = async (signature: string) => {
    const [word] = await ask(ledger, signature, [], 1);
    return wordToAddress(word!);
  };
  let known: EpochTimes | undefined;
  let registry: Uint8Array | undefined;
  return {
    async times() {
      known ??= {
        genesis: await one("GENESIS()"),
        epoch: await one("EPOCH()"),
        sealing: await one("SEALING()"),
        dispute: await one("DISPUTE()"),
      };
      return known;
    },
    faults: () => address("FAULTS()"),
    async sealOf(gateway, epoch, kind) {
      const values = [gateway, epoch, BigInt(kind)];
      const [root, work, count, at] = await ask(ledger, "sealOf(address,uint32,uint8)", values, 4);
      const sealedAt = wordToUint(at!, 40);
      if (sealedAt === 0n) return undefined;
      return { root: root!, work: wordToUint(work!, 128), count: wordToUint(count!, 64), sealedAt };
    },
    totalWork: (epoch, kind) => one("totalWork(uint32,uint8)", [epoch, BigInt(kind)]),
    committedAt: (gateway, seq, size, root) =>
      one("committedAt(address,uint64,uint64,bytes32)", [gateway, seq, size, root]),
    ringTime: async (gateway, seq) => (await one("checkpoint(address,uint64)", [gateway, seq])) & ((1n << 40n) - 1n),
    minStake: () => one("MIN_STAKE()"),
    async termsOf(device) {
      registry ??= await address("REGISTRY()");
      const words = await ask(registry, "deviceOf(bytes32)", [device], 7);
      const [owner, kind, cap, since, mark, end, until] = words.map((word) => wordToUint(word));
      if (owner === 0n) return undefined;
      return { kind: Number(kind), cap: cap!, since: since!, mark: mark!, end: end!, until: until! };
    },
    sealCall: (epoch, kind, root, work, count) => ({
      label: `seal epoch ${epoch} of kind ${kind}`,
      to: ledger,
      data: encodeCall("seal(uint32,uint8,bytes32,uint128,uint64)", [epoch, BigInt(kind), root, work, count]),
    }),
  };
}
