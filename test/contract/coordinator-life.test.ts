import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runOfOne } from "../../gateway/coordinator/coordinator.ts";
import { CONTRACTS, decodeDeployment, encodeDeployment, retentionOf } from "../../gateway/coordinator/deployment.ts";
import {
  collectCall,
  commitForCall,
  exitCall,
  type RelayedCommit,
  relayDigest,
  stakeCall,
  withdrawCall,
} from "../../gateway/coordinator/ledger-calls.ts";
import { fundLocal } from "../../gateway/coordinator/local-chain.ts";
import {
  acceptCall,
  type Ending,
  offerCall,
  retireCall,
  revokeCall,
  succeedCall,
} from "../../gateway/coordinator/registry-calls.ts";
import { readRevert } from "../../gateway/coordinator/reverts.ts";
import { call, estimateGas, getBalance } from "../../gateway/coordinator/rpc.ts";
import { localTransactionSigner } from "../../gateway/coordinator/signer.ts";
import {
  deviceId,
  encodeEnrolment,
  encodeRevocation,
  encodeRotation,
  encodeStatement,
  type PublicKey,
  scopeOf,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { FieldsealError, fromHex, sha256, utf8 } from "../../protocols/bytes/index.ts";
import { encodeCall } from "../../protocols/evm/index.ts";
import { secretOf, startTestCoordinator, type TestCoordinator, transact } from "../support/coordinator.ts";

let test: TestCoordinator;
const owner = localTransactionSigner(secretOf("the owner"));
const buyer = localTransactionSigner(secretOf("the buyer"));

beforeAll(async () => {
  test = await startTestCoordinator();
  for (const { address } of [owner, buyer]) await fundLocal(test.local.chain, address);
});
afterAll(async () => {
  await test?.local.stop();
});

/** The custom error a call from `from` ends with. */
async function refusal(sent: { to: Uint8Array; data: Uint8Array }, from: Uint8Array): Promise<string | undefined> {
  try {
    await estimateGas(test.local.chain, { from, ...sent });
    return undefined;
  } catch (error) {
    if (!(error instanceof FieldsealError) || error.code !== "FS-CHAIN-REVERT") throw error;
    return readRevert(fromHex(String(error.context["data"]).slice(2)))?.name;
  }
}

const NONCE = new Uint8Array(16).fill(5);
const T = 1_800_000_000_000;

interface Board {
  key: PublicKey;
  id: Uint8Array;
  secret: Uint8Array;
}

function boardOf(name: string): Board {
  const secret = secretOf(name);
  const key: PublicKey = { alg: "ES256", bytes: p256.getPublicKey(secret, false).slice(1) };
  return { key, id: deviceId(key), secret };
}

/** A statement with a body, signed by a board for the test's gateway. */
function sign(board: Board, kind: number, body: Uint8Array, work: bigint, time: number): Ending {
  const statement = encodeStatement({
    ...{ kind, clock: 1, boot: 1, first: BigInt(kind), count: 1, from: time, to: time, work },
    ...{ anchorBlock: 0n, anchorHash: new Uint8Array(16), device: board.id, root: sha256(body) },
    scope: scopeOf(test.deployment.chainId, test.deployment.ledger, test.gateway.address),
  });
  const signature = p256.sign(toBeSigned("ES256", statement), board.secret);
  return { gateway: test.gateway.address, key: board.key, statement, body, signature };
}

const enrol = (board: Board, work: bigint, time: number): Ending =>
  sign(
    board,
    1,
    encodeEnrolment({ key: board.key, owner: owner.address, grade: 4, profile: sha256(utf8("profile")), nonce: NONCE }),
    work,
    time,
  );

async function register(name: string): Promise<Board> {
  const board = boardOf(name);
  const { coordinator, gateway } = test;
  const entry = runOfOne(gateway.address, board.id, 2, 5000n);
  await transact(test, gateway, await coordinator.admitCall(entry));
  await transact(test, gateway, await coordinator.registerCall({ entry, path: [], ...enrol(board, 77n, T) }));
  return board;
}

describe("devices over their life, on a real chain", () => {
  const registry = () => test.deployment.registry;

  it("change hands", async () => {
    const { id } = await register("a sold board");
    expect(await refusal(acceptCall(registry(), id), buyer.address)).toBe("NotOffered");
    await transact(test, owner, offerCall(registry(), id, buyer.address));
    await transact(test, buyer, acceptCall(registry(), id));
    expect((await test.coordinator.deviceOf(id))?.owner).toEqual(buyer.address);
    expect(await refusal(offerCall(registry(), id, buyer.address), owner.address)).toBe("NotOwner");
  });

  it("retire", async () => {
    const { id } = await register("a retired board");
    expect(await refusal(retireCall(registry(), id), buyer.address)).toBe("NotOwner");
    await transact(test, owner, retireCall(registry(), id));
    const found = await test.coordinator.deviceOf(id);
    expect(found).toMatchObject({ kind: 2, cap: 5000n, mark: 77n });
    expect(found?.until).toBeTypeOf("bigint");
    expect(found?.end).toBeUndefined();
    expect(await refusal(retireCall(registry(), id), owner.address)).toBe("DeviceEnded");
  });

  it("are revoked by their own key", async () => {
    const board = await register("a revoked board");
    const since = T + 10_000;
    const revocation = sign(board, 3, encodeRevocation({ reason: 1, since, nonce: NONCE }), 99n, T + 20_000);
    await transact(test, buyer, revokeCall(registry(), revocation));
    expect(await test.coordinator.deviceOf(board.id)).toMatchObject({ end: 99n, until: BigInt(since / 1000) });
    const stranger = sign(boardOf("nobody's board"), 3, encodeRevocation({ reason: 1, since, nonce: NONCE }), 1n, T);
    expect(await refusal(revokeCall(registry(), stranger), buyer.address)).toBe("DeviceUnknown");
  });

  it("are succeeded by the next key, once", async () => {
    const board = await register("an old board");
    const next = boardOf("its next board");
    const rotation = sign(board, 2, encodeRotation({ next: next.key, grade: 5, nonce: NONCE }), 500n, T + 1000);
    const early = succeedCall(registry(), rotation, enrol(next, 499n, T));
    expect(await refusal(early, test.gateway.address)).toBe("EnrolledEarlier");
    const sending = succeedCall(registry(), rotation, enrol(next, 520n, T + 2000));
    expect(await refusal(sending, buyer.address)).toBe("NotNamed");
    await transact(test, test.gateway, sending);
    expect(await test.coordinator.deviceOf(board.id)).toMatchObject({ mark: 77n, end: 500n });
    const found = await test.coordinator.deviceOf(next.id);
    expect(found).toMatchObject({ owner: owner.address, kind: 2, cap: 5000n, mark: 520n });
    expect(await refusal(sending, test.gateway.address)).toBe("DeviceEnded");
  });
});

describe("gateways over their life, on a real chain", () => {
  const ledger = () => test.deployment.ledger;
  const one = async (signature: string, values: Parameters<typeof encodeCall>[1]) =>
    call(test.local.chain, { to: ledger(), data: encodeCall(signature, values) });

  it("have their commitments sent by others, who cannot change them", async () => {
    const secret = secretOf("a gateway without ether");
    const gateway = localTransactionSigner(secret).address;
    const commit: RelayedCommit = { gateway, seq: 1n, size: 10n, root: sha256(utf8("root")) };
    const digest = relayDigest(test.deployment.chainId, ledger(), commit);
    const { seq, size, root } = commit;
    expect(digest).toEqual(await one("commitDigest(address,uint64,uint64,bytes32)", [gateway, seq, size, root]));
    const raw = secp256k1.sign(digest, secret, { prehash: false, format: "recovered" });
    const signature = { yParity: raw[0]!, r: raw.slice(1, 33), s: raw.slice(33) };
    const changed = { ...commit, size: 11n, signature };
    await transact(test, buyer, commitForCall(ledger(), [changed, { ...commit, signature }, { ...commit, signature }]));
    expect(await test.coordinator.head(gateway)).toMatchObject({ seq: 1n, size: 10n });
    expect(await test.coordinator.isCommitted(gateway, seq, size, root)).toBe(true);
  });

  it("stake, leave, and get their stake back after the retention", async () => {
    const { chain } = test.local;
    await transact(test, buyer, stakeCall(ledger(), 10n ** 18n));
    expect((await test.coordinator.head(buyer.address)).stake).toBe(10n ** 18n);
    expect(await refusal(withdrawCall(ledger()), buyer.address)).toBe("NotExiting");
    await transact(test, buyer, exitCall(ledger()));
    expect(await refusal(withdrawCall(ledger()), buyer.address)).toBe("TooEarly");
    expect(await refusal(collectCall(ledger(), buyer.address), buyer.address)).toBe("NothingOwed");
    await chain.request({ method: "evm_increaseTime", params: [retentionOf(test.deployment.times)] });
    await chain.request({ method: "evm_mine" });
    const before = await getBalance(chain, buyer.address);
    await transact(test, buyer, withdrawCall(ledger()));
    expect((await getBalance(chain, buyer.address)) - before).toBeGreaterThan(9n * 10n ** 17n);
    expect(await getBalance(chain, ledger())).toBe(0n);
  });
});

describe("a deployment", () => {
  it("names six contracts, each with code", async () => {
    for (const name of CONTRACTS) {
      const address = `0x${Buffer.from(test.deployment[name]).toString("hex")}`;
      const code = await test.local.chain.request({ method: "eth_getCode", params: [address, "latest"] });
      expect(String(code).length, name).toBeGreaterThan(1000);
    }
  });

  it("is refused when its file is not whole", () => {
    const text = encodeDeployment(test.deployment);
    expect(() => decodeDeployment(text.slice(1))).toThrow("not JSON");
    const document = JSON.parse(text) as Record<string, unknown>;
    for (const name of Object.keys(document)) {
      const { [name]: _, ...rest } = document;
      expect(() => decodeDeployment(JSON.stringify(rest)), name).toThrow(
        expect.objectContaining({ code: "FS-DEPLOYMENT" }),
      );
    }
    for (const value of [-1, 0.5, "1", null]) {
      expect(() => decodeDeployment(JSON.stringify({ ...document, epoch: value }))).toThrow("epoch");
    }
  });
});
