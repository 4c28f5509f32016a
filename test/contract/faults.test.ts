import { p256 } from "@noble/curves/nist.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContractCall } from "../../gateway/coordinator/coordinator.ts";
import { answerLeafCall } from "../../gateway/coordinator/demands.ts";
import {
  type CommitmentEvidence,
  collectBondsCall,
  faultCalls,
  type LoggedEntry,
  leastBond,
  owedBonds,
} from "../../gateway/coordinator/faults.ts";
import { stakeCall } from "../../gateway/coordinator/ledger-calls.ts";
import { fundLocal } from "../../gateway/coordinator/local-chain.ts";
import { readRevert } from "../../gateway/coordinator/reverts.ts";
import { estimateGas } from "../../gateway/coordinator/rpc.ts";
import { localTransactionSigner, type TransactionSigner } from "../../gateway/coordinator/signer.ts";
import {
  deviceId,
  encodeAttestation,
  encodeStatement,
  type PublicKey,
  scopeOf,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { FieldsealError, fromHex, sha256 } from "../../protocols/bytes/index.ts";
import { leafHash, MerkleTree } from "../../protocols/log/index.ts";
import { secretOf, startTestCoordinator, type TestCoordinator, transact } from "../support/coordinator.ts";

const ETHER = 10n ** 18n;
const secret = secretOf("a board");
const key: PublicKey = { alg: "ES256", bytes: p256.getPublicKey(secret, false).slice(1) };
const challenger = localTransactionSigner(secretOf("a challenger"));

let test: TestCoordinator;
beforeAll(async () => {
  test = await startTestCoordinator();
  await fundLocal(test.local.chain, challenger.address);
});
afterAll(async () => {
  await test?.local.stop();
});

/** A staked gateway with a log of what `entry` makes. */
class Accused {
  readonly signer: TransactionSigner;
  readonly entries: Uint8Array[] = [];
  #seq = 0n;

  private constructor(name: string) {
    this.signer = localTransactionSigner(secretOf(name));
  }

  static async staked(name: string): Promise<Accused> {
    const gateway = new Accused(name);
    await fundLocal(test.local.chain, gateway.signer.address);
    await transact(test, gateway.signer, stakeCall(test.deployment.ledger, 2n * ETHER));
    return gateway;
  }

  get calls() {
    return faultCalls(test.deployment.faults, this.signer.address);
  }

  entry(first: bigint, signer = secret): Uint8Array {
    const statement = encodeStatement({
      kind: 0,
      clock: 1,
      boot: 1,
      first,
      count: 1,
      from: 1_800_000_000_000,
      to: 1_800_000_000_000,
      work: 100n + first,
      anchorBlock: 0n,
      anchorHash: new Uint8Array(16),
      scope: scopeOf(test.deployment.chainId, test.deployment.ledger, this.signer.address),
      device: deviceId(key),
      root: sha256(Uint8Array.of(1)),
    });
    return encodeAttestation("ES256", statement, p256.sign(toBeSigned("ES256", statement), signer));
  }

  #tree(): MerkleTree {
    const tree = new MerkleTree();
    for (const entry of this.entries) tree.append(leafHash(entry));
    return tree;
  }

  async commit(): Promise<CommitmentEvidence> {
    const commitment = { seq: ++this.#seq, size: BigInt(this.entries.length), root: this.#tree().root() };
    const { seq, size, root } = commitment;
    await transact(test, this.signer, test.coordinator.commitCall(seq, size, root));
    return commitment;
  }

  shown(commitment: CommitmentEvidence, index: number): LoggedEntry {
    const path = this.#tree().inclusionProof(index, Number(commitment.size));
    return { commitment, index: BigInt(index), entry: this.entries[index]!, path };
  }

  async frozen(): Promise<boolean> {
    return (await test.coordinator.head(this.signer.address)).frozen;
  }
}

const send = (call: ContractCall) => transact(test, challenger, call);

/** The custom error that a call ends with. */
async function refusal(call: ContractCall): Promise<string | undefined> {
  try {
    await estimateGas(test.local.chain, { from: challenger.address, ...call });
    return undefined;
  } catch (error) {
    if (!(error instanceof FieldsealError) || error.code !== "FS-CHAIN-REVERT") throw error;
    return readRevert(fromHex(String(error.context["data"]).slice(2)))?.name;
  }
}

describe("faults on a real chain", () => {
  it("an attestation that its device did not sign costs the stake; one that it signed does not", async () => {
    const gateway = await Accused.staked("a gateway that forges");
    gateway.entries.push(gateway.entry(0n), gateway.entry(1n), gateway.entry(2n, secretOf("somebody else")));
    const commitment = await gateway.commit();
    expect(await refusal(gateway.calls.invalid(gateway.shown(commitment, 0), key))).toBe("SignatureGood");
    expect(await refusal(gateway.calls.incoherent(gateway.shown(commitment, 0), gateway.shown(commitment, 1)))).toBe(
      "Coherent",
    );
    expect(await gateway.frozen()).toBe(false);
    await send(gateway.calls.invalid(gateway.shown(commitment, 2), key));
    expect(await gateway.frozen()).toBe(true);
  });

  it("two histories cost the stake", async () => {
    const gateway = await Accused.staked("a gateway that forks");
    gateway.entries.push(gateway.entry(0n), gateway.entry(1n));
    const a = await gateway.commit();
    const before = gateway.shown(a, 0);
    gateway.entries.push(gateway.entry(2n));
    const b = await gateway.commit();
    const evidence = ({ commitment, entry, path }: LoggedEntry) => ({ commitment, leaf: leafHash(entry), path });
    const agreeing = gateway.calls.forked(0n, evidence(before), evidence(gateway.shown(b, 0)));
    expect(await refusal(agreeing)).toBe("LogsAgree");
    gateway.entries[0] = gateway.entry(9n);
    const c = await gateway.commit();
    await send(gateway.calls.forked(0n, evidence(before), evidence(gateway.shown(c, 0))));
    expect(await gateway.frozen()).toBe(true);
  });

  it("an answer earns the bond, and no answer costs the stake", async () => {
    const { local, deployment } = test;
    const gateway = await Accused.staked("a gateway that is asked");
    gateway.entries.push(gateway.entry(0n), gateway.entry(1n));
    const commitment = await gateway.commit();
    const { address } = gateway.signer;
    const bond = 2n * (await leastBond(local.chain, deployment.faults, address));
    await send(gateway.calls.demand(commitment, 0n, bond));
    await send(gateway.calls.demand(commitment, 1n, 2n * bond));
    const { entry, path } = gateway.shown(commitment, 0);
    const asked = { kind: "leaf", id: new Uint8Array(32), deadline: 0n, bond, index: 0n, ...commitment } as const;
    await transact(test, gateway.signer, answerLeafCall(deployment.faults, address, asked, entry, path));
    expect(await owedBonds(local.chain, deployment.faults, address)).toBe(bond);
    expect(await refusal(gateway.calls.withheld(commitment, 0n))).toBe("NoDemand");
    expect(await refusal(gateway.calls.withheld(commitment, 1n))).toBe("AnswerStillDue");
    // A third of the dispute time of 600 s.
    await local.chain.request({ method: "evm_increaseTime", params: [201] });
    await local.chain.request({ method: "evm_mine" });
    await send(gateway.calls.withheld(commitment, 1n));
    expect(await gateway.frozen()).toBe(true);
    expect(await owedBonds(local.chain, deployment.faults, challenger.address)).toBe(2n * bond);
    await send(collectBondsCall(deployment.faults, challenger.address));
    expect(await owedBonds(local.chain, deployment.faults, challenger.address)).toBe(0n);
  });
});
