import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Keystore } from "../../gateway/attest/keystore.ts";
import { coordinatorAt } from "../../gateway/coordinator/coordinator.ts";
import { decodeDeployment } from "../../gateway/coordinator/deployment.ts";
import { fundLocal, type LocalChain, startLocalChain } from "../../gateway/coordinator/local-chain.ts";
import { localTransactionSigner, type TransactionSigner } from "../../gateway/coordinator/signer.ts";
import { encodeCoseKey } from "../../protocols/attestation/index.ts";
import { fromUtf8, toHex } from "../../protocols/bytes/index.ts";
import { toAddressText } from "../../protocols/evm/index.ts";
import { encodeTlogProof, encodeVkey } from "../../protocols/log/index.ts";
import { encodeProof } from "../../protocols/proof/index.ts";
import { cliJson } from "./cli.ts";
import { secretOf, type TestCoordinator } from "./coordinator.ts";
import { logKey } from "./log-fixture.ts";
import { SealingRig } from "./sealing.ts";
import { Site } from "./site.ts";
import type { TestBoard } from "./statements.ts";

/** A person's account with its key in a file. */
export interface Person {
  signer: TransactionSigner;
  address: string;
  /** Arguments that make a command send from it. */
  args: readonly string[];
}

/** A gateway's folder whose coordinator was deployed, and is used, by commands. */
export class CoordinatorSite {
  readonly local: LocalChain;
  readonly site: Site;
  readonly test: TestCoordinator;
  readonly deployment: string;

  private constructor(local: LocalChain, site: Site, test: TestCoordinator, deployment: string) {
    this.local = local;
    this.site = site;
    this.test = test;
    this.deployment = deployment;
  }

  static async start(): Promise<CoordinatorSite> {
    const local = await startLocalChain();
    try {
      const site = await Site.create({ every: "1h" });
      const deployment = join(site.dir, "deployment.json");
      const times = ["--epoch", "40m", "--sealing", "10m", "--dispute", "10m", "--min-stake", "0.2"];
      await cliJson(["coordinator", "deploy", "--local", "--rpc", local.url, "--out", deployment, ...times]);
      const gateway = localTransactionSigner(chainSecret(site));
      const read = decodeDeployment(readFileSync(deployment, "utf8"));
      const coordinator = coordinatorAt(local.chain, read.ledger, { registry: read.registry });
      site.edit((text) => `${text}${section(local.url, deployment)}`);
      return new CoordinatorSite(local, site, { local, deployment: read, coordinator, gateway }, deployment);
    } catch (error) {
      await local.stop();
      throw error;
    }
  }

  async person(name: string, wei = 10n ** 20n): Promise<Person> {
    const secret = secretOf(name);
    const file = join(this.site.dir, `${name.replaceAll(" ", "-")}.key`);
    writeFileSync(file, `0x${toHex(secret)}\n`, { mode: 0o600 });
    const signer = localTransactionSigner(secret);
    if (wei > 0n) await fundLocal(this.local.chain, signer.address, wei);
    return { signer, address: toAddressText(signer.address), args: ["--key-file", file] };
  }

  rig(): Promise<SealingRig> {
    return SealingRig.open(this.test, this.site.data);
  }

  async stop(): Promise<void> {
    this.site.remove();
    await this.local.stop();
  }
}

function chainSecret(site: Site): Uint8Array {
  const passphrase = new TextEncoder().encode(readFileSync(join(site.dir, "passphrase"), "utf8").trim());
  const store = Keystore.open({ dir: join(site.dir, "keys"), passphrase });
  const { secret } = store.openKey("chain");
  store.close();
  return secret;
}

/** The coordinator section as `init --deployment` writes it. */
function section(url: string, file: string): string {
  const { chainId, ledger, registry, rewards } = decodeDeployment(readFileSync(file, "utf8"));
  const addresses = Object.entries({ ledger, registry, rewards });
  return [
    "coordinator:",
    `  rpc: ["${url}"]`,
    `  chain: ${chainId}`,
    ...addresses.map(([name, address]) => `  ${name}: "${toAddressText(address)}"`),
    "",
  ].join("\n");
}

/** An exported proof of a log entry in the newest commitment, as far as a challenge reads it. */
export async function proofOfEntry(
  { deployment, gateway }: TestCoordinator,
  rig: SealingRig,
  board: TestBoard,
  index: number,
): Promise<string> {
  const stored = rig.commitments.read(rig.commitments.sizes().at(-1)!)!;
  const { chainId, blockHash, headerRlp, transactionIndex, proof } = stored.commitment!;
  const { size } = stored.checkpoint;
  const attestation = await rig.log.entry(index);
  const log = encodeTlogProof({ index, proof: await rig.log.proof(index, size), checkpoint: stored.note });
  return encodeProof({
    reading: { bytes: Uint8Array.of(1), index: 0, path: [] },
    attestation,
    key: encodeCoseKey(board.key.publicKey),
    enrolment: { attestation, body: Uint8Array.of(1) },
    previous: null,
    log: { vkey: encodeVkey(logKey), proof: fromUtf8(log)! },
    commitment: {
      ...{ chainId: Number(chainId), ledger: deployment.ledger, gateway: gateway.address },
      ...{ blockHash, header: headerRlp, transactionIndex, receiptProof: [...proof] },
    },
    notBefore: null,
  });
}
