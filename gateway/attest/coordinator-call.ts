import { ByteReader, copyOf, equalBytes, UsageError } from "../../protocols/bytes/index.ts";
import { encodeCall, encodeCommit, selector } from "../../protocols/evm/index.ts";
import type { CoordinatorCall } from "./signer-protocol.ts";

const ADMIT = "admit(address,bytes32,uint64)";
const REGISTER = "register((address,bytes32,uint64,uint64,uint8,uint48),bytes32[],(address,bytes,bytes),bytes)";
const COMMIT = "commit(uint64,uint64,bytes32)";

/** Call data of the one function a typed call names. @throws UsageError FS-ABI-VALUE */
export function encodeCoordinatorCall(call: CoordinatorCall): Uint8Array {
  switch (call.kind) {
    case "commit":
      return encodeCommit(call);
    case "admit":
      return encodeCall(ADMIT, [call.maker, call.root, call.count]);
    case "register": {
      const { entry, path, enrolled, signature } = call;
      return encodeCall(REGISTER, [
        [entry.maker, entry.root, entry.count, entry.index, BigInt(entry.kind), entry.cap],
        path,
        [enrolled.gateway, enrolled.statement, enrolled.body],
        signature,
      ]);
    }
  }
}

/** Words of the contract ABI, one after the other. */
class Words {
  readonly #reader: ByteReader;

  constructor(data: Uint8Array) {
    this.#reader = new ByteReader(data, "FS-ABI");
  }

  uint(): bigint {
    this.#reader.take(24);
    return this.#reader.u64();
  }

  address(): Uint8Array {
    return copyOf(this.#reader.take(32), 12);
  }

  bytes32(): Uint8Array {
    return copyOf(this.#reader.take(32));
  }

  skip(words: number): void {
    this.#reader.take(32 * words);
  }

  /** A byte string with its length before it, padded to whole words. */
  bytes(): Uint8Array {
    const length = Number(this.uint());
    return copyOf(this.#reader.take(Math.ceil(length / 32) * 32), 0, length);
  }
}

/** `register`: nine words of head (entry inline, three offsets), then path, enrolled, signature in this order. */
function readRegister(words: Words): CoordinatorCall {
  const entry = {
    maker: words.address(),
    root: words.bytes32(),
    count: words.uint(),
    index: words.uint(),
    kind: Number(words.uint()),
    cap: words.uint(),
  };
  words.skip(3);
  const hashes = Number(words.uint());
  const path: Uint8Array[] = [];
  for (let i = 0; i < hashes; i++) path.push(words.bytes32());
  const gateway = words.address();
  words.skip(2);
  const enrolled = { gateway, statement: words.bytes(), body: words.bytes() };
  return { kind: "register", entry, path, enrolled, signature: words.bytes() };
}

function read(data: Uint8Array): CoordinatorCall | undefined {
  const words = new Words(data.subarray(4));
  const called = (signature: string) => equalBytes(data.subarray(0, 4), selector(signature));
  if (called(COMMIT)) return { kind: "commit", seq: words.uint(), size: words.uint(), root: words.bytes32() };
  if (called(ADMIT)) return { kind: "admit", maker: words.address(), root: words.bytes32(), count: words.uint() };
  if (called(REGISTER)) return readRegister(words);
  return undefined;
}

/**
 * The typed call that call data stands for. Only data that encodes to itself is read: what is then signed is what was asked.
 * @throws UsageError FS-SIGNER-CALL for a call that the signer does not make.
 */
export function decodeCoordinatorCall(data: Uint8Array): CoordinatorCall {
  let call: CoordinatorCall | undefined;
  try {
    call = read(data);
    if (call !== undefined && equalBytes(encodeCoordinatorCall(call), data)) return call;
  } catch {
    // Told below: whatever is wrong with it, it is no call of ours.
  }
  throw new UsageError("FS-SIGNER-CALL", `the signer makes no such call (${data.length} bytes)`, {
    fix: "Gateways commit, admit and register; send other transactions from a wallet.",
  });
}
