import fc from "fast-check";
import {
  getAddress,
  parseTransaction,
  recoverTransactionAddress,
  serializeTransaction,
  keccak256 as viemKeccak,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { ProtocolError, UsageError } from "../../../protocols/bytes/errors.ts";
import { fromHex, toHex } from "../../../protocols/bytes/text.ts";
import {
  addressOfPrivateKey,
  createdAddress,
  decodeTransaction,
  encodeRlp,
  fromAddressText,
  signTransaction,
  type TransactionFields,
  toAddressText,
  transactionHash,
  transactionSender,
  unsignedTransaction,
} from "../../../protocols/evm/index.ts";

const hex = (bytes: Uint8Array) => `0x${toHex(bytes)}` as const;
const amount = fc.bigInt({ min: 0n, max: (1n << 96n) - 1n });

const fieldsArbitrary: fc.Arbitrary<TransactionFields> = fc.record({
  chainId: fc.bigInt({ min: 1n, max: 1n << 40n }),
  nonce: fc.bigInt({ min: 0n, max: 1n << 40n }),
  maxPriorityFeePerGas: amount,
  maxFeePerGas: amount,
  gas: fc.bigInt({ min: 21_000n, max: 30_000_000n }),
  to: fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 }), { nil: undefined }),
  value: amount,
  data: fc.uint8Array({ maxLength: 200 }),
});
const keyArbitrary = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((k) => k[0] !== 0xff && k.some((b) => b > 0));

describe("EIP-1559 transactions", () => {
  it("are the bytes viem makes and signs, and read back as they were", async () => {
    await fc.assert(
      fc.asyncProperty(fieldsArbitrary, keyArbitrary, async (fields, key) => {
        const [tip] = [fields.maxPriorityFeePerGas, fields.maxFeePerGas].sort((a, b) => (a < b ? -1 : 1)) as [
          bigint,
          bigint,
        ];
        const ours = { ...fields, maxPriorityFeePerGas: tip };
        const theirs = {
          type: "eip1559" as const,
          chainId: Number(ours.chainId),
          nonce: Number(ours.nonce),
          maxFeePerGas: ours.maxFeePerGas,
          maxPriorityFeePerGas: tip,
          gas: ours.gas,
          value: ours.value,
          data: hex(ours.data),
          ...(ours.to === undefined ? {} : { to: hex(ours.to) }),
        };
        expect(hex(unsignedTransaction(ours))).toBe(serializeTransaction(theirs));
        const raw = signTransaction(ours, key);
        const account = privateKeyToAccount(hex(key));
        expect(hex(raw)).toBe(await account.signTransaction(theirs));
        expect(hex(transactionHash(raw))).toBe(viemKeccak(raw));
        const decoded = decodeTransaction(raw);
        expect(decoded.fields).toEqual(ours);
        expect(hex(decoded.hash)).toBe(viemKeccak(raw));
        expect(toAddressText(transactionSender(decoded))).toBe(account.address);
        expect(toAddressText(addressOfPrivateKey(key))).toBe(account.address);
        const recovered = await recoverTransactionAddress({ serializedTransaction: hex(raw) as `0x02${string}` });
        expect(recovered).toBe(account.address);
        expect(parseTransaction(hex(raw) as `0x02${string}`).nonce ?? 0).toBe(Number(ours.nonce));
      }),
      { numRuns: 60 },
    );
  });

  const key = new Uint8Array(32).fill(7);
  const plain: TransactionFields = {
    chainId: 31337n,
    nonce: 3n,
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: 2n,
    gas: 21_000n,
    to: new Uint8Array(20).fill(1),
    value: 0n,
    data: new Uint8Array(0),
  };

  it("refuses fields that fit no transaction", () => {
    expect(() => signTransaction({ ...plain, to: new Uint8Array(19) }, key)).toThrow(UsageError);
    expect(() => signTransaction({ ...plain, nonce: -1n }, key)).toThrow(UsageError);
    expect(() => signTransaction({ ...plain, value: 1n << 256n }, key)).toThrow(UsageError);
  });

  it("refuses what is not a signed type 2 transaction", () => {
    const raw = signTransaction(plain, key);
    expect(() => decodeTransaction(raw.subarray(1))).toThrow(ProtocolError);
    expect(() => decodeTransaction(unsignedTransaction(plain))).toThrow(/12 fields/);
    expect(() => decodeTransaction(raw.subarray(0, raw.length - 1))).toThrow(ProtocolError);
    expect(() => decodeTransaction(Uint8Array.of(1, ...encodeRlp([])))).toThrow(/type 1/);
  });
});

describe("addresses", () => {
  // EIP-55, "Test Cases".
  it.each([
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
  ])("writes and reads %s", (text) => {
    expect(toAddressText(fromAddressText(text))).toBe(getAddress(text));
    expect(toHex(fromAddressText(text))).toBe(text.slice(2).toLowerCase());
  });

  it("refuses a wrong checksum, length or prefix", () => {
    expect(() => fromAddressText("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed")).toThrow(/checksum/);
    expect(() => fromAddressText("0x5aAeb6")).toThrow(ProtocolError);
    expect(() => fromAddressText("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00")).toThrow(ProtocolError);
  });

  it("computes the address of a created contract", () => {
    // EIP-161 era example of the yellow paper's rule, published in "How is the address of an Ethereum contract computed?".
    const sender = fromHex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0");
    expect(toHex(createdAddress(sender, 0n))).toBe("cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d");
    expect(toHex(createdAddress(sender, 1n))).toBe("343c43a37d37dff08ae8c4a11544c718abb4fcf8");
  });
});
