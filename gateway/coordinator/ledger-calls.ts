import { concatBytes, utf8 } from "../../protocols/bytes/index.ts";
import { encodeArguments, encodeCall, keccak256 } from "../../protocols/evm/index.ts";
import type { ContractCall } from "./coordinator.ts";

/** Adds to the sender's stake. @param wei above 0 */
export function stakeCall(ledger: Uint8Array, wei: bigint): ContractCall {
  return { label: "stake", to: ledger, data: encodeCall("stake()", []), value: wei };
}

/** Announces that the sender leaves. */
export function exitCall(ledger: Uint8Array): ContractCall {
  return { label: "exit", to: ledger, data: encodeCall("exit()", []) };
}

/** Pays the stake back, once the time after the exit is over. */
export function withdrawCall(ledger: Uint8Array): ContractCall {
  return { label: "withdraw", to: ledger, data: encodeCall("withdraw()", []) };
}

/** Pays what the Ledger owes the sender. @param to 20 bytes: who takes it */
export function collectCall(ledger: Uint8Array, to: Uint8Array): ContractCall {
  return { label: "collect", to: ledger, data: encodeCall("collect(address)", [to]) };
}

/** A commitment that its gateway signs and somebody else sends. */
export interface RelayedCommit {
  /** 20 bytes. */
  gateway: Uint8Array;
  seq: bigint;
  size: bigint;
  root: Uint8Array;
}

/** A secp256k1 signature with low s. */
export interface RelaySignature {
  /** 32 bytes each. */
  r: Uint8Array;
  s: Uint8Array;
  /** Parity of y, 0 or 1. */
  yParity: number;
}

const text = (value: string) => keccak256(utf8(value));

/** EIP-712 digest of a relayed commitment: `Ledger.commitDigest`. */
export function relayDigest(chainId: bigint, ledger: Uint8Array, commit: RelayedCommit): Uint8Array {
  const domain = encodeArguments("(bytes32,bytes32,bytes32,uint256,address)", [
    text("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
    text("Fieldseal Ledger"),
    text("1"),
    chainId,
    ledger,
  ]);
  const data = encodeArguments("(bytes32,address,uint64,uint64,bytes32)", [
    text("Commit(address gateway,uint64 seq,uint64 size,bytes32 root)"),
    commit.gateway,
    commit.seq,
    commit.size,
    commit.root,
  ]);
  return keccak256(concatBytes(Uint8Array.of(0x19, 0x01), keccak256(domain), keccak256(data)));
}

/** Commitments of many gateways in one transaction; what the Ledger does not take it skips and reports. */
export function commitForCall(
  ledger: Uint8Array,
  commits: readonly (RelayedCommit & { signature: RelaySignature })[],
): ContractCall {
  const values = commits.map(({ gateway, seq, size, root, signature }) => {
    // EIP-2098: the parity stands in the highest bit, which a low s leaves free.
    const vs = Uint8Array.from(signature.s);
    vs[0] = vs[0]! | (signature.yParity << 7);
    return [gateway, seq, size, root, signature.r, vs];
  });
  const data = encodeCall("commitFor((address,uint64,uint64,bytes32,bytes32,bytes32)[])", [values]);
  return { label: `commit for ${commits.length}`, to: ledger, data };
}
