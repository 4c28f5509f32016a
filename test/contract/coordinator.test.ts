import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import faultsArtifact from "../../gateway/coordinator/artifacts/Faults.json" with { type: "json" };
import ledgerArtifact from "../../gateway/coordinator/artifacts/Ledger.json" with { type: "json" };
import marketArtifact from "../../gateway/coordinator/artifacts/Market.json" with { type: "json" };
import registryArtifact from "../../gateway/coordinator/artifacts/Registry.json" with { type: "json" };
import rewardsArtifact from "../../gateway/coordinator/artifacts/Rewards.json" with { type: "json" };
import tokenArtifact from "../../gateway/coordinator/artifacts/Token.json" with { type: "json" };
import { type Registration, ringMark, runLeaf, runOfOne } from "../../gateway/coordinator/coordinator.ts";
import { decodeDeployment, encodeDeployment } from "../../gateway/coordinator/deployment.ts";
import { fundLocal } from "../../gateway/coordinator/local-chain.ts";
import { KNOWN_REVERTS, readRevert } from "../../gateway/coordinator/reverts.ts";
import { estimateGas, getBlock, readData, readQuantity } from "../../gateway/coordinator/rpc.ts";
import { localTransactionSigner } from "../../gateway/coordinator/signer.ts";
import {
  type Algorithm,
  deviceId,
  type Enrolment,
  encodeEnrolment,
  encodeStatement,
  type PublicKey,
  type Statement,
  scopeOf,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { FieldsealError, fromHex, sha256, toHex } from "../../protocols/bytes/index.ts";
import { encodeArguments, encodeCall, keccak256 } from "../../protocols/evm/index.ts";
import { leafHash, MerkleTree } from "../../protocols/log/index.ts";
import { secretOf, startTestCoordinator, type TestCoordinator, transact } from "../support/coordinator.ts";

let test: TestCoordinator;
beforeAll(async () => {
  test = await startTestCoordinator();
  await fundLocal(test.local.chain, maker.address);
});
afterAll(async () => {
  await test?.local.stop();
});

const maker = localTransactionSigner(secretOf("the maker"));
const owner = localTransactionSigner(secretOf("the owner"));
const CAP = 11_000n;

const curves = { ES256: p256, ES256K: secp256k1 };
type Curve = keyof typeof curves;

interface Device {
  alg: Curve;
  secret: Uint8Array;
  key: PublicKey;
  id: Uint8Array;
}

function deviceOf(alg: Curve, name: string): Device {
  const secret = secretOf(name);
  const key: PublicKey = { alg: alg as Algorithm, bytes: curves[alg].getPublicKey(secret, false).slice(1) };
  return { alg, secret, key, id: deviceId(key) };
}

function enrol(device: Device, changes: Partial<Statement & { owner: Uint8Array }> = {}) {
  const body: Enrolment = {
    key: device.key,
    owner: changes.owner ?? owner.address,
    grade: 4,
    profile: sha256(Uint8Array.of(1)),
    nonce: new Uint8Array(16).fill(5),
  };
  const encoded = encodeEnrolment(body);
  const statement = encodeStatement({
    kind: 1,
    clock: 1,
    boot: 1,
    first: 0n,
    count: 1,
    from: 1_800_000_000_000,
    to: 1_800_000_000_000,
    work: 77n,
    anchorBlock: 0n,
    anchorHash: new Uint8Array(16),
    scope: scopeOf(test.deployment.chainId, test.deployment.ledger, test.gateway.address),
    device: device.id,
    root: sha256(encoded),
    ...changes,
  });
  const signature = curves[device.alg].sign(toBeSigned(device.alg, statement), device.secret);
  return { statement, body: encoded, signature };
}

function registration(device: Device, changes: Parameters<typeof enrol>[1] = {}): Registration {
  const entry = runOfOne(maker.address, device.id, 3, CAP);
  return { entry, path: [], gateway: test.gateway.address, ...enrol(device, changes) };
}

/** The custom error a call from `from` ends with; registrations come from the gateway that the device signed. */
async function refusal(
  call: { to: Uint8Array; data: Uint8Array },
  from = test.gateway.address,
): Promise<string | undefined> {
  try {
    await estimateGas(test.local.chain, { from, ...call });
    return undefined;
  } catch (error) {
    if (!(error instanceof FieldsealError) || error.code !== "FS-CHAIN-REVERT") throw error;
    return readRevert(fromHex(String(error.context["data"]).slice(2)))?.name;
  }
}

const gas = (receipt: Record<string, unknown>) => Number(readQuantity(receipt["gasUsed"], "gas"));

describe("the coordinator on a real chain", () => {
  it("is what the deployment file says", async () => {
    const text = encodeDeployment(test.deployment);
    expect(decodeDeployment(text)).toEqual(test.deployment);
    expect(await test.coordinator.registry()).toEqual(test.deployment.registry);
  });

  it("has words for every custom error of the contracts, and for no other", () => {
    const base = [...ledgerArtifact.abi, ...registryArtifact.abi, ...faultsArtifact.abi];
    const declared = [...base, ...tokenArtifact.abi, ...rewardsArtifact.abi, ...marketArtifact.abi]
      .filter((item) => item.type === "error")
      .map((item) => `${"name" in item ? item.name : ""}(${(item.inputs ?? []).map(({ type }) => type).join(",")})`);
    expect([...KNOWN_REVERTS].sort()).toEqual([...new Set(declared)].sort());
  });

  it.each<Curve>(["ES256", "ES256K"])("registers an %s device that says whose it is", async (alg) => {
    const device = deviceOf(alg, `a ${alg} board`);
    const sending = registration(device);
    const { coordinator } = test;
    expect(await coordinator.deviceOf(device.id)).toBeUndefined();
    expect(await refusal(await coordinator.registerCall(sending))).toBe("RunUnknown");
    expect(await coordinator.isAdmitted(sending.entry)).toBe(false);
    const admitted = await transact(test, maker, await coordinator.admitCall(sending.entry));
    expect(await coordinator.isAdmitted(sending.entry)).toBe(true);
    const receipt = await transact(test, test.gateway, await coordinator.registerCall(sending));
    expect(receipt["status"]).toBe("0x1");
    const found = await coordinator.deviceOf(device.id);
    expect(found?.owner).toEqual(owner.address);
    expect([found?.kind, found?.cap, found?.mark]).toEqual([3, CAP, 77n]);
    expect([found?.end, found?.until]).toEqual([undefined, undefined]);
    expect(await coordinator.firstMark(device.id)).toBe(77n);
    expect(await refusal(await coordinator.registerCall(sending))).toBe("DeviceKnown");
    console.log(`gas: admit ${gas(admitted)}, register ${alg} ${gas(receipt)} (work register at 77)`);
  });

  it("registers a place in a maker's run", async () => {
    const devices = Array.from({ length: 21 }, (_, i) => deviceOf("ES256", `board ${i} of a run`));
    const tree = new MerkleTree();
    for (const { id } of devices) tree.append(leafHash(runLeaf(id, 3, CAP)));
    const run = { maker: maker.address, root: tree.root(), count: 21n };
    await transact(test, maker, await test.coordinator.admitCall(run));
    const device = devices[13]!;
    const entry = { ...run, index: 13n, kind: 3, cap: CAP };
    const path = tree.inclusionProof(13, 21);
    const sending = { entry, path, gateway: test.gateway.address, ...enrol(device, { work: 0n }) };
    expect(await refusal(await test.coordinator.registerCall({ ...sending, entry: { ...entry, index: 12n } }))).toBe(
      "NotInRun",
    );
    expect(await refusal(await test.coordinator.registerCall({ ...sending, entry: { ...entry, kind: 4 } }))).toBe(
      "NotInRun",
    );
    const receipt = await transact(test, test.gateway, await test.coordinator.registerCall(sending));
    console.log(`gas: register ES256 out of a run of 21, work register at 0: ${gas(receipt)}`);
    expect((await test.coordinator.deviceOf(device.id))?.owner).toEqual(owner.address);
  });

  describe("refuses, and says why:", () => {
    const other = () => registration(deviceOf("ES256", "a refused board"));
    beforeAll(async () => {
      await transact(test, maker, await test.coordinator.admitCall(other().entry));
    });
    const cases: [string, string, () => Registration][] = [
      ["another gateway's scope", "WrongScope", () => ({ ...other(), gateway: maker.address })],
      [
        "another chain's scope",
        "WrongScope",
        () =>
          registration(deviceOf("ES256", "a refused board"), {
            scope: scopeOf(1n, test.deployment.ledger, test.gateway.address),
          }),
      ],
      [
        "the scope of the Registry instead of the Ledger",
        "WrongScope",
        () =>
          registration(deviceOf("ES256", "a refused board"), {
            scope: scopeOf(test.deployment.chainId, test.deployment.registry, test.gateway.address),
          }),
      ],
      [
        "another owner than signed",
        "WrongBody",
        () => ({ ...other(), body: registration(deviceOf("ES256", "a refused board"), { owner: maker.address }).body }),
      ],
      [
        "no owner",
        "ZeroOwner",
        () => registration(deviceOf("ES256", "a refused board"), { owner: new Uint8Array(20) }),
      ],
      [
        "a signature by another key",
        "BadSignature",
        () => ({ ...other(), signature: registration(deviceOf("ES256", "x")).signature }),
      ],
      ["another kind of statement", "WrongKind", () => registration(deviceOf("ES256", "a refused board"), { kind: 0 })],
      [
        "another device's id",
        "WrongDevice",
        () => registration(deviceOf("ES256", "a refused board"), { device: new Uint8Array(32).fill(1) }),
      ],
      ["a short statement", "StatementLength", () => ({ ...other(), statement: other().statement.slice(1) })],
      ["a short signature", "SignatureLength", () => ({ ...other(), signature: other().signature.slice(1) })],
    ];
    it.each(cases)("%s (%s)", async (_, name, make) => {
      expect(await refusal(await test.coordinator.registerCall(make()))).toBe(name);
    });

    it("a run that is not the caller's, empty, or known (NotMaker, EmptyRun, RunKnown)", async () => {
      const run = other().entry;
      expect(await refusal(await test.coordinator.admitCall(run), owner.address)).toBe("NotMaker");
      expect(await refusal(await test.coordinator.admitCall({ ...run, count: 0n }), maker.address)).toBe("EmptyRun");
      expect(await refusal(await test.coordinator.admitCall(run), maker.address)).toBe("RunKnown");
    });
  });

  it("takes at most 37,500 gas for a commitment in steady state", async () => {
    const { coordinator } = test;
    const { chain } = test.local;
    const gateway = localTransactionSigner(secretOf("a busy gateway"));
    await fundLocal(chain, gateway.address);
    await transact(test, gateway, coordinator.commitCall(1n, 10n, sha256(Uint8Array.of(1))));
    // The ring lies at slot 3 (gateway => bytes32[1024]): its places are filled with marks of long ago, as after 1,024 commitments.
    const start = BigInt(`0x${toHex(keccak256(encodeArguments("(address,uint256)", [gateway.address, 3n])))}`);
    const old = `0x${"ab".repeat(27)}0000000001`;
    for (const place of [2n, 3n]) {
      const slot = `0x${(start + place).toString(16).padStart(64, "0")}`;
      await chain.request({ method: "anvil_setStorageAt", params: [`0x${toHex(coordinator.ledger)}`, slot, old] });
    }
    for (const [seq, size] of [
      [2n, 10_010n],
      [3n, 0xffff_ffff_ffffn],
    ] as const) {
      const used = gas(
        await transact(test, gateway, coordinator.commitCall(seq, size, sha256(Uint8Array.of(Number(seq))))),
      );
      console.log(`gas: commit, steady state, size ${size}: ${used}`);
      expect(used).toBeLessThanOrEqual(37_500);
    }
  });

  it("keeps a gateway's commitments in order, and their hashes as documented", async () => {
    const { coordinator, gateway } = test;
    const root = sha256(Uint8Array.of(7));
    expect((await coordinator.head(gateway.address)).seq).toBe(0n);
    expect(await refusal(coordinator.commitCall(2n, 10n, root), gateway.address)).toBe("SeqNotNext");
    const first = await transact(test, gateway, coordinator.commitCall(1n, 10n, root));
    const second = await transact(test, gateway, coordinator.commitCall(2n, 10_010n, root));
    console.log(`gas: commit, first of a gateway ${gas(first)}, a fresh place of the ring ${gas(second)}`);
    expect(await refusal(coordinator.commitCall(2n, 10_010n, root), gateway.address)).toBe("SeqNotNext");
    expect(await refusal(coordinator.commitCall(3n, 10_009n, root), gateway.address)).toBe("SizeFell");
    expect(await coordinator.head(gateway.address)).toMatchObject({
      seq: 2n,
      size: 10_010n,
      stake: 0n,
      exit: 0n,
      frozen: false,
    });
    expect(await coordinator.isCommitted(gateway.address, 2n, 10_010n, root)).toBe(true);
    expect(await coordinator.isCommitted(gateway.address, 2n, 10_011n, root)).toBe(false);
    const block = await getBlock(test.local.chain, readQuantity(second["blockNumber"], "block"));
    const held = await test.local.chain.request({
      method: "eth_call",
      params: [
        {
          to: `0x${toHex(coordinator.ledger)}`,
          data: `0x${toHex(encodeCall("checkpoint(address,uint64)", [gateway.address, 2n]))}`,
        },
        "latest",
      ],
    });
    expect(readData(held, "mark")).toEqual(ringMark(gateway.address, 2n, 10_010n, root, block!.timestamp));
  });
});
