import type { PublicKey } from "../../protocols/attestation/index.ts";
import { copyOf, UsageError, utf8 } from "../../protocols/bytes/index.ts";
import { type AbiValue, decodeWords, encodeCall, wordToAddress, wordToUint } from "../../protocols/evm/index.ts";
import type { Chain } from "./chain.ts";
import type { ShareBatch } from "./claiming.ts";
import type { ContractCall } from "./coordinator.ts";
import { keyValue } from "./registry-calls.ts";
import { BATCH_TYPE, batchValue } from "./rewards-calls.ts";
import { call } from "./rpc.ts";

const SIGNED = "(address,bytes,bytes,(uint8,bytes32,bytes32),(uint8,bytes32,bytes32))";

/** Canonical signatures of the functions of Market.sol that change something, without those of every ERC-1155. */
export const MARKET_CALLS = {
  buyCredits: "buyCredits(bytes32,uint128)",
  settle: `settle(${SIGNED},bytes,bytes)`,
  issue: `issue(address,${BATCH_TYPE})`,
  list: "list(uint256,uint96,uint256)",
  buy: "buy(uint256,uint96)",
  cancel: "cancel(uint256)",
  retire: "retire(uint256,uint256,string)",
} as const;

/** A receipt as both devices signed it (Credits.sol, `Signed`). */
export interface SignedReceipt {
  /** The gateway in the statement's scope, 20 bytes. */
  gateway: Uint8Array;
  /** 160 bytes, kind 4. */
  statement: Uint8Array;
  /** 128 bytes. */
  body: Uint8Array;
  provider: PublicKey;
  consumer: PublicKey;
  /** By the provider, 64 bytes. */
  signature: Uint8Array;
  /** By the consumer, 64 bytes. */
  countersignature: Uint8Array;
}

/** Certificates for sale. */
export interface Listing {
  seller: Uint8Array;
  /** Units left. */
  amount: bigint;
  id: bigint;
  /** Of one unit, in the smallest unit of the token. */
  price: bigint;
}

/** Longest name of a beneficiary, bytes of UTF-8. */
const BENEFICIARY = 256;

/** Id of a device's certificates of an epoch: the first 28 bytes of the device id, then the epoch in 4 bytes. */
export function certificateId(device: Uint8Array, epoch: bigint): bigint {
  return ((wordToUint(device) >> 32n) << 32n) | epoch;
}

/** What a certificate's id names: the first 28 bytes of the device id, and the epoch. */
export function certificateOf(id: bigint): { device: Uint8Array; epoch: bigint } {
  const [word] = decodeWords(encodeCall("x(uint256)", [id]).subarray(4), 1);
  return { device: copyOf(word!, 0, 28), epoch: id & 0xffff_ffffn };
}

/** The calls of a Market contract. @param market its address, 20 bytes. */
export function marketCalls(market: Uint8Array) {
  const make = (label: string, signature: string, values: readonly AbiValue[]): ContractCall => ({
    label,
    to: market,
    data: encodeCall(signature, values),
  });
  return {
    /** Burns tokens of the sender for credit of a device. @param amount in the smallest unit of the token */
    buyCredits: (payer: Uint8Array, amount: bigint) => make("buy credits", MARKET_CALLS.buyCredits, [payer, amount]),
    /** Pays a provider what a receipt's total grew. Sent by anyone. */
    settle({ gateway, statement, body, provider, consumer, signature, countersignature }: SignedReceipt) {
      const receipt = [gateway, statement, body, keyValue(provider), keyValue(consumer)];
      return make("settle a receipt", MARKET_CALLS.settle, [receipt, signature, countersignature]);
    },
    /** Mints certificates to the devices' owner. Sent by anyone. */
    issue: (owner: Uint8Array, batch: ShareBatch) =>
      make(`certify ${batch.shares.length} shares`, MARKET_CALLS.issue, [owner, batchValue(batch)]),
    /** Offers certificates of the sender. @param price of one unit, in the smallest unit of the token */
    list: (id: bigint, amount: bigint, price: bigint) =>
      make(`list ${amount} certificates`, MARKET_CALLS.list, [id, amount, price]),
    /** Buys from a listing; the cost must be approved. */
    buy: (listing: bigint, amount: bigint) => make(`buy from listing ${listing}`, MARKET_CALLS.buy, [listing, amount]),
    /** Takes back what is left of a listing of the sender. */
    cancel: (listing: bigint) => make(`cancel listing ${listing}`, MARKET_CALLS.cancel, [listing]),
    /**
     * Burns certificates of the sender in somebody's name.
     * @throws UsageError FS-MARKET-BENEFICIARY above 256 bytes.
     */
    retire(id: bigint, amount: bigint, beneficiary: string) {
      const name = utf8(beneficiary);
      if (name.length > BENEFICIARY) {
        throw new UsageError(
          "FS-MARKET-BENEFICIARY",
          `the beneficiary has ${name.length} bytes, at most ${BENEFICIARY}`,
          {
            fix: "Give a shorter name.",
          },
        );
      }
      return make(`retire ${amount} certificates`, MARKET_CALLS.retire, [id, amount, name]);
    },
  };
}

/** Lets the Market take the cost of certificates from the sender. @param token address of the Token contract */
export function approveCall(token: Uint8Array, market: Uint8Array, amount: bigint): ContractCall {
  return { label: "approve a payment", to: token, data: encodeCall("approve(address,uint256)", [market, amount]) };
}

/**
 * What a Market contract says.
 * @param market its address, 20 bytes.
 */
export function marketReads(chain: Chain, market: Uint8Array) {
  const ask = async (signature: string, values: readonly AbiValue[], words: number): Promise<Uint8Array[]> =>
    decodeWords(await call(chain, { to: market, data: encodeCall(signature, values) }), words);
  const one = async (signature: string, values: readonly AbiValue[]) =>
    wordToUint((await ask(signature, values, 1))[0]!);
  return {
    /** Credit of a payer, 1 = 1e-18 of a token. */
    credits: (payer: Uint8Array) => one("creditsOf(bytes32)", [payer]),
    /** What is settled between two devices, as their receipts' `total`. */
    settled: (payer: Uint8Array, provider: Uint8Array) => one("settledOf(bytes32,bytes32)", [payer, provider]),
    /** Certificates of an account. */
    balance: (account: Uint8Array, id: bigint) => one("balanceOf(address,uint256)", [account, id]),
    /** Certificates in being. */
    supply: (id: bigint) => one("totalSupply(uint256)", [id]),
    /** Number of the newest listing; the first is 1. */
    listings: () => one("listings()", []),
    /** Undefined when there is none, or nothing left of it. */
    async listing(number: bigint): Promise<Listing | undefined> {
      const [seller, amount, id, price] = await ask("listingOf(uint256)", [number], 4);
      if (wordToUint(amount!) === 0n) return undefined;
      return {
        seller: wordToAddress(seller!),
        amount: wordToUint(amount!),
        id: wordToUint(id!),
        price: wordToUint(price!),
      };
    },
  };
}
