import { ByteReader, concatBytes, copyOf, equalBytes, UsageError } from "../../protocols/bytes/index.ts";
import { encodeCall, encodeCommit, selector } from "../../protocols/evm/index.ts";
import { type CoordinatorCall, fromU128, u128 } from "./signer-calls.ts";

const ADMIT = "admit(address,bytes32,uint64)";
const REGISTER = "register((address,bytes32,uint64,uint64,uint8,uint48),bytes32[],(address,bytes,bytes),bytes)";
const COMMIT = "commit(uint64,uint64,bytes32)";
const SEAL = "seal(uint32,uint8,bytes32,uint128,uint64)";
const ANSWER = "answer(address,(uint64,uint64,bytes32),uint64,bytes,bytes32[])";
const ANSWER_SHARE =
  "answerShare(address,uint32,uint8,uint128,(bytes32,uint64,uint64,uint64,uint64),uint64,(bytes32,uint128)[])";

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
    case "seal":
      return encodeCall(SEAL, [call.epoch, BigInt(call.deviceKind), call.root, call.work, call.count]);
    case "answer": {
      const { gateway, commitment, index, entry, path } = call;
      return encodeCall(ANSWER, [gateway, [commitment.seq, commitment.size, commitment.root], index, entry, path]);
    }
    case "answer-share": {
      const { gateway, epoch, deviceKind, point, share, index, path } = call;
      const { device, from, to, fromIndex, toIndex } = share;
      const steps = path.map((step) => [copyOf(step, 0, 32), fromU128(copyOf(step, 32, 48))]);
      const stretch = [device, from, to, fromIndex, toIndex];
      return encodeCall(ANSWER_SHARE, [gateway, epoch, BigInt(deviceKind), point, stretch, index, steps]);
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

  u128(): bigint {
    this.#reader.take(16);
    return fromU128(this.#reader.take(16));
  }

  address(): Uint8Array {
    return copyOf(this.#reader.take(32), 12);
  }

  bytes32(): Uint8Array {
    return copyOf(this.#reader.take(32));
  }

  /** Items of an array; more than a Merkle path has are none of ours. */
  count(): number {
    const count = this.uint();
    return count <= 64n ? Number(count) : 65;
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
  const path = Array.from({ length: words.count() }, () => words.bytes32());
  const gateway = words.address();
  words.skip(2);
  const enrolled = { gateway, statement: words.bytes(), body: words.bytes() };
  return { kind: "register", entry, path, enrolled, signature: words.bytes() };
}

/** `answer`: seven words of head (commitment inline, two offsets), then entry and path in this order. */
function readAnswer(words: Words): CoordinatorCall {
  const gateway = words.address();
  const commitment = { seq: words.uint(), size: words.uint(), root: words.bytes32() };
  const index = words.uint();
  words.skip(2);
  const entry = words.bytes();
  const path = Array.from({ length: words.count() }, () => words.bytes32());
  return { kind: "answer", gateway, commitment, index, entry, path };
}

/** `answerShare`: eleven words of head (share inline, one offset), then the path. */
function readAnswerShare(words: Words): CoordinatorCall {
  const gateway = words.address();
  const epoch = words.uint();
  const deviceKind = Number(words.uint());
  const point = words.u128();
  const share = {
    device: words.bytes32(),
    from: words.uint(),
    to: words.uint(),
    fromIndex: words.uint(),
    toIndex: words.uint(),
  };
  const index = words.uint();
  words.skip(1);
  const path = Array.from({ length: words.count() }, () => concatBytes(words.bytes32(), u128(words.u128())));
  return { kind: "answer-share", gateway, epoch, deviceKind, point, share, index, path };
}

function read(data: Uint8Array): CoordinatorCall | undefined {
  const words = new Words(data.subarray(4));
  const called = (signature: string) => equalBytes(data.subarray(0, 4), selector(signature));
  if (called(COMMIT)) return { kind: "commit", seq: words.uint(), size: words.uint(), root: words.bytes32() };
  if (called(ADMIT)) return { kind: "admit", maker: words.address(), root: words.bytes32(), count: words.uint() };
  if (called(REGISTER)) return readRegister(words);
  if (called(SEAL)) {
    const [epoch, deviceKind] = [words.uint(), Number(words.uint())];
    return { kind: "seal", epoch, deviceKind, root: words.bytes32(), work: words.u128(), count: words.uint() };
  }
  if (called(ANSWER)) return readAnswer(words);
  if (called(ANSWER_SHARE)) return readAnswerShare(words);
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
    fix: "Gateways commit, admit, register, seal and answer demands; send other transactions from a wallet.",
  });
}
