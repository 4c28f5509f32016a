import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeEvidence } from "../../gateway/coordinator/evidence.ts";
import { fundLocal } from "../../gateway/coordinator/local-chain.ts";
import { quantity } from "../../gateway/coordinator/rpc.ts";
import { DirectoryLock } from "../../gateway/journal/directory-lock.ts";
import { EnrolmentFiles } from "../../gateway/proofs/enrolment-files.ts";
import { logFolders } from "../../gateway/proofs/export.ts";
import {
  encodeCoseKey,
  encodeCountersigned,
  encodeEnrolment,
  encodeReceipt,
  encodeRevocation,
  encodeRotation,
  scopeOf,
  toBeCountersigned,
} from "../../protocols/attestation/index.ts";
import { sha256, toBase64Url, toHex } from "../../protocols/bytes/index.ts";
import { epochStart, finalAt } from "../../protocols/shares/index.ts";
import type { CliResult } from "../support/cli.ts";
import { type Committing, mine, sent } from "../support/committing.ts";
import { CoordinatorSite, type Person, proofOfEntry } from "../support/coordinator-site.ts";
import { SealedBoard, type SealingRig } from "../support/sealing.ts";
import { TestBoard } from "../support/statements.ts";

interface Transactions {
  account: string;
  dry_run: boolean;
  transactions: { call: string; gas_estimate: string | null; gas_used?: string; tx?: string }[];
  [member: string]: unknown;
}

let it1: CoordinatorSite;
let owner: Person;
let other: Person;
beforeAll(async () => {
  it1 = await CoordinatorSite.start();
  owner = await it1.person("an owner");
  other = await it1.person("another owner");
});
afterAll(() => it1?.stop());

const people = (...args: string[]) => it1.site.cli(args);
const json = <T = Transactions>(...args: string[]) => it1.site.json<T>(args);
const nonce = () => sent(it1.test);
const failure = async (...args: string[]) => {
  const result = await it1.site.cli([...args, "--json"]);
  const { error } = JSON.parse(result.stdout) as { error: { code: string; message: string } };
  expect(result.stderr).toContain(error.code);
  return { exit: result.code, ...error };
};
const ok = (result: CliResult): string => {
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return result.stdout;
};
const times = async () => (await json<{ times: Record<string, string> }>("coordinator", "show")).times;
const travel = async (seconds: bigint) => {
  await it1.local.chain.request({ method: "evm_increaseTime", params: [quantity(seconds)] });
  await mine(it1.test);
};

describe("coordinator deploy and show", () => {
  it("says what a deployment takes, and sends nothing on a dry run", async () => {
    const rpc = ["--rpc", it1.local.url, ...owner.args];
    const out = join(it1.site.dir, "other.json");
    const plan = await json<{ contracts: Record<string, { gas_at_most: string }> }>(
      ...["coordinator", "deploy", "--dry-run", "--out", out, ...rpc],
    );
    expect(Object.keys(plan.contracts)).toEqual(["registry", "ledger", "faults", "token", "rewards", "market"]);
    expect(existsSync(out)).toBe(false);
    const shown = ok(await people("coordinator", "deploy", "--out", out, ...rpc));
    expect(shown).toMatch(/created {4}market {3}[\d,]+ gas used/);
    expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ chain: 31337, epoch: 604_800 });
    expect(await failure("coordinator", "deploy", "--out", out, ...rpc)).toMatchObject({
      code: "FS-DEPLOY-EXISTS",
    });
  });

  it("init takes every address from the deployment file", async () => {
    const dir = it1.site.elsewhere("second");
    const args = ["--deployment", it1.deployment, "--coordinator-rpc", it1.local.url];
    ok(await people("init", "--dir", dir, ...args));
    const shown = await it1.site.cli(["coordinator", "show", "--json"], { cwd: dir });
    const about = JSON.parse(ok(shown)) as Record<string, unknown>;
    const { ledger, market } = JSON.parse(readFileSync(it1.deployment, "utf8")) as Record<string, string>;
    expect(about).toMatchObject({ ledger, market, times: { epoch: "2400" } });
    expect(ok(await people("coordinator", "show"))).toContain("epoch 2400 s, sealing 600 s, dispute 600 s");
  });
});

describe("accounts and end points", () => {
  const stake = ["gateway", "stake", "0.2"];

  it("without money, a key, or the right chain nothing is sent", async () => {
    const poor = await it1.person("a poor owner", 0n);
    expect(await failure(...stake, ...poor.args)).toMatchObject({ exit: 1, code: "FS-CHAIN-FUNDS" });
    const none = await failure(...stake, "--key-file", "nowhere.key");
    expect(none).toMatchObject({ exit: 78, code: "FS-KEY-MISSING" });
    const open = join(it1.site.dir, "open.key");
    writeFileSync(open, "00".repeat(32), { mode: 0o644 });
    expect(await failure(...stake, "--key-file", open)).toMatchObject({ exit: 78, code: "FS-KEY-MODE" });
    const strange = join(it1.site.dir, "strange.key");
    writeFileSync(strange, "no key", { mode: 0o600 });
    expect(await failure(...stake, "--key-file", strange)).toMatchObject({ exit: 78, code: "FS-KEY-FILE" });
    const elsewhere = join(it1.site.dir, "elsewhere.json");
    const deployment = JSON.parse(readFileSync(it1.deployment, "utf8")) as Record<string, unknown>;
    const rpc = ["--rpc", it1.local.url, "--deployment", elsewhere];
    writeFileSync(elsewhere, JSON.stringify({ ...deployment, chain: 5 }));
    expect(await failure(...stake, ...rpc)).toMatchObject({ exit: 78, code: "FS-CHAIN-ID" });
    writeFileSync(elsewhere, JSON.stringify({ ...deployment, ledger: other.address }));
    expect(await failure(...stake, ...rpc)).toMatchObject({ exit: 78, code: "FS-CHAIN-NO-CONTRACT" });
    expect(await failure(...stake, "--rpc", "http://127.0.0.1:9")).toMatchObject({ exit: 69 });
    const without = await it1.site.cli(["coordinator", "show", "--json"], { env: { FIELDSEAL_CONFIG: "no.yaml" } });
    expect(without.code).toBe(78);
    expect(await failure("gateway", "stake", "much")).toMatchObject({ exit: 2, code: "FS-USAGE" });
    expect(await nonce()).toBe(0n);
  });

  it("the gateway's own account is refused while the gateway runs", async () => {
    await fundLocal(it1.local.chain, it1.test.gateway.address);
    const journal = join(it1.site.data, "journal");
    mkdirSync(journal, { recursive: true });
    const lock = new DirectoryLock(journal, "00");
    await lock.take();
    const busy = { exit: 1, code: "FS-CHAIN-ACCOUNT-BUSY" };
    expect(await failure(...stake)).toMatchObject(busy);
    expect(await failure(...stake, "--key-file", join(it1.site.dir, "keys"))).toMatchObject(busy);
    await lock.release();
    expect(await nonce()).toBe(0n);
  });
});

describe("gateway", () => {
  it("stakes, with the gas before and after; a dry run sends nothing", async () => {
    const dry = await json("gateway", "stake", "0.2", "--dry-run");
    expect(dry).toMatchObject({ dry_run: true, transactions: [{ call: "stake", gas_estimate: expect.any(String) }] });
    expect(await nonce()).toBe(0n);
    expect(ok(await people("gateway", "status"))).toContain("does not seal: the least stake is 0.2 ETH");
    const staked = await json("gateway", "stake", "0.2", "--key-file", join(it1.site.dir, "keys"));
    expect(staked).toMatchObject({ account: it1.site.address, seals: true, stake_wei: "200000000000000000" });
    const [transaction] = staked.transactions;
    expect(BigInt(transaction!.gas_used!)).toBeLessThanOrEqual(BigInt(transaction!.gas_estimate!));
    expect(await json("gateway", "status")).toMatchObject({ seals: true, frozen: false, open_demands: "0" });
  });

  it("leaves, and takes the stake back when it may: until then the contract's reason in words", async () => {
    const early = await failure("gateway", "exit", ...other.args);
    expect(early).toMatchObject({ exit: 1, code: "FS-CHAIN-REVERT" });
    expect(early.message).toContain("the gateway has no stake (NoStake)");
    expect(ok(await people("gateway", "stake", "0.3", ...other.args))).toMatch(/gas estimated.*\n.*gas used/);
    await json("gateway", "exit", ...other.args);
    expect((await failure("gateway", "withdraw", ...other.args)).message).toMatch(/can be withdrawn at .*TooEarly/);
    expect(ok(await people("gateway", "status", other.address))).toContain("leaving, withdrawable at");
    const { epoch, sealing, dispute } = await times();
    await travel(BigInt(epoch!) + BigInt(sealing!) + BigInt(dispute!));
    ok(await people("gateway", "withdraw", ...other.args));
    expect(await json("gateway", "status", other.address)).toMatchObject({ stake_wei: "0", withdrawable_at: null });
    expect(await json("gateway", "collect", ...other.args)).toMatchObject({ transactions: [] });
  });
});

describe("device", () => {
  const nonceOf = new Uint8Array(16).fill(7);
  const scope = () => scopeOf(it1.test.deployment.chainId, it1.test.deployment.ledger, it1.test.gateway.address);
  const enrolment = (board: TestBoard, work: bigint, to: Person) => {
    const body = encodeEnrolment({
      ...{ key: board.key.publicKey, owner: to.signer.address, grade: 4 },
      ...{ profile: sha256(nonceOf), nonce: nonceOf },
    });
    return { attestation: board.attest({ kind: 1, work, scope: scope(), root: sha256(body) }).bytes, body };
  };
  const file = (name: string, board: TestBoard, signed: { attestation: Uint8Array; body: Uint8Array }) => {
    const path = join(it1.site.dir, name);
    const texts = [encodeCoseKey(board.key.publicKey), signed.attestation, signed.body].map(toBase64Url);
    writeFileSync(path, JSON.stringify({ key: texts[0], attestation: texts[1], body: texts[2] }));
    return path;
  };
  const board = new TestBoard(41);
  const next = new TestBoard(42);

  it("is registered from its enrolment, shown, and passed on", async () => {
    const files = new EnrolmentFiles(logFolders(it1.site.data).enrolments);
    files.write({ name: "greenhouse", key: board.key.publicKey, ...enrolment(board, 100n, owner) });
    expect(await failure("device", "show", "greenhouse")).toMatchObject({ exit: 4, code: "FS-DEVICE-UNREGISTERED" });
    expect(await failure("device", "show", "cellar")).toMatchObject({ exit: 4, code: "FS-DEVICE-UNKNOWN" });
    const dry = await json("device", "register", "greenhouse", "--cap", "5000", "--dry-run");
    expect(dry.transactions.map(({ gas_estimate }) => gas_estimate === null)).toEqual([false, true]);
    const made = await json("device", "register", "greenhouse", "--cap", "5000");
    expect(made).toMatchObject({ registered: true, owner: owner.address, cap: "5000", first_mark: "100" });
    expect((await failure("device", "register", "greenhouse", "--cap", "5000")).message).toContain("DeviceKnown");
    expect(ok(await people("device", "show", toHex(board.id)))).toContain(owner.address);
    const refused = await failure("device", "transfer", "greenhouse", other.address, ...other.args);
    expect(refused.message).toMatch(/the device belongs to .*NotOwner/);
    ok(await people("device", "transfer", "greenhouse", other.address, ...owner.args));
    expect(await json("device", "accept", "greenhouse", ...other.args)).toMatchObject({ owner: other.address });
  });

  it("has its key followed by another, and ends on its key's own word or its owner's", async () => {
    const body = encodeRotation({ next: next.key.publicKey, grade: 4, nonce: nonceOf });
    const attestation = board.attest({ kind: 2, first: 1n, work: 150n, scope: scope(), root: sha256(body) }).bytes;
    const rotation = file("rotation.json", board, { attestation, body });
    const following = file("next.json", next, enrolment(next, 150n, other));
    const both = ["--rotation", rotation, "--enrolment", following];
    expect((await failure("device", "succeed", ...both, ...owner.args)).message).toContain("NotNamed");
    const done = await json("device", "succeed", ...both, ...other.args);
    expect(done).toMatchObject({ old: { end: "150" }, next: { owner: other.address, end: null } });
    writeFileSync(rotation, "{}");
    expect(await failure("device", "succeed", ...both, ...other.args)).toMatchObject({ code: "FS-SIGNED-FILE" });
    const reason = encodeRevocation({ reason: 2, since: 0, nonce: nonceOf });
    const word = next.attest({ kind: 3, first: 1n, work: 150n, scope: scope(), root: sha256(reason) }).bytes;
    const revocation = file("revocation.json", next, { attestation: word, body: reason });
    const retired = await json("device", "retire", toHex(next.id), "--revocation", revocation);
    expect(retired).toMatchObject({ end: "150" });
    expect((await failure("device", "retire", toHex(next.id), ...other.args)).message).toContain("DeviceEnded");
  });
});

// One after the other, on one chain: what is sealed is claimed, and what is claimed is spent.
describe("claim, rewards, market and challenge", () => {
  const boards = [new SealedBoard(1, 0, 500n), new SealedBoard(2, 1, 0n)];
  let rig: SealingRig;
  let daemon: Committing;
  let first: bigint;

  async function epoch(at: bigint): Promise<void> {
    await rig.at(epochStart(rig.times, at) + 1000n);
    for (const board of boards) await rig.read(board, 40n);
    await rig.commit(daemon);
    await rig.afterEpoch(at);
    await rig.until(daemon, rig.sealing(daemon).step());
  }

  beforeAll(async () => {
    rig = await it1.rig();
    daemon = await rig.submitter();
    for (const board of boards) await rig.enrol(board, owner.signer.address);
    const { epoch: now } = await json<{ epoch: string }>("coordinator", "show");
    first = BigInt(now) + 1n;
    await epoch(first);
  });

  it("nothing is claimed before it is final, then everything, once", async () => {
    const args = ["claim", "--owner", owner.address];
    expect(await json(...args)).toMatchObject({ shares: 0, transactions: [] });
    const early = ok(await people("rewards"));
    expect(early).toMatch(/made again from the log: same[\s\S]*disputable: can be challenged until/);
    await epoch(first + 1n);
    const before = await nonce();
    const dry = await json(...args, "--dry-run");
    expect(dry).toMatchObject({ dry_run: true, shares: 2, epochs: [first.toString()] });
    expect(await nonce()).toBe(before);
    expect(ok(await people(...args, "--dry-run"))).toMatch(
      /2 shares of epochs .* SEAL to 0x.*\n.*\ncall .*gas estimated/,
    );
    const claimed = await json(...args);
    expect(claimed).toMatchObject({ shares: 2, for_owner: dry["for_owner"] });
    expect(await json("market", "balance", owner.address)).toMatchObject({ tokens: dry["for_owner"] });
    expect(ok(await people(...args))).toContain("nothing to claim");
  });

  it("rewards computes each payment again and finds it in the chain", async () => {
    interface Shown {
      epochs: { log: string; shares: { device: string; state: string; agrees: boolean | null; work: string }[] }[];
    }
    const { epochs } = await json<Shown>("rewards", "--epoch", first.toString());
    expect(epochs).toMatchObject([{ log: "same", shares: [{ state: "paid", agrees: true, work: "40" }, {}] }]);
    const shown = ok(await people("rewards", "--epoch", first.toString(), "--device", toHex(boards[0]!.board.id)));
    expect(shown).toMatch(/× 40 \/ 40 = .*\n.*as computed/);
  });

  it("rewards sees a share that neither the log nor the chain says", async () => {
    const file = join(logFolders(it1.site.data).seals, `${String(first).padStart(10, "0")}.json`);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"540"', '"541"'));
    const result = await people("rewards", "--epoch", first.toString());
    writeFileSync(file, text);
    expect(result.code).toBe(3);
    expect(result.stdout).toMatch(/made again from the log: different[\s\S]*not-sealed/);
  });

  it("certificates are issued for what was not paid, listed, bought, and retired", async () => {
    await rig.at(finalAt(rig.times, first + 1n));
    const certificate = `${toHex(boards[0]!.board.id)}:${first + 1n}`;
    expect(await json("market", "certificates", "--owner", owner.address)).toMatchObject({ certifiable: 1 });
    expect(ok(await people("market", "certificates", "--owner", owner.address))).toMatch(/work 40 {2}held 0 of 0/);
    const issued = await json("market", "certificates", "--owner", owner.address, "--issue");
    expect(issued).toMatchObject({ transactions: [{ call: "certify 1 shares" }] });
    const listed = await json("market", "list", certificate, "30", "0.5", ...owner.args);
    expect(listed).toMatchObject({ newest_listing: "1" });
    expect(ok(await people("market", "listings"))).toContain("30 × 0.5 SEAL");
    const poor = await failure("market", "buy", "1", "10", ...other.args);
    expect(poor.message).toContain("ERC20InsufficientBalance");
    expect((await failure("market", "cancel", "1", ...other.args)).message).toContain("NotSeller");
    expect(await failure("market", "buy", "9", "10", ...other.args)).toMatchObject({ code: "FS-MARKET-LISTING" });
    // The owner buys ten of his own back: what is shown is approval and purchase.
    const bought = await json("market", "buy", "1", "10", ...owner.args);
    expect(bought.transactions.map(({ call }) => call)).toEqual(["approve a payment", "buy from listing 1"]);
    ok(await people("market", "cancel", "1", ...owner.args));
    expect(await json("market", "listings")).toEqual([]);
    const retired = await json("market", "retire", certificate, "25", "--for", "A school", ...owner.args);
    expect(retired).toMatchObject({ supply: "15" });
    expect((await failure("market", "retire", certificate, "99", "--for", "A", ...owner.args)).message).toContain(
      "ERC1155InsufficientBalance",
    );
  });

  it("credits are bought, and a receipt that both signed is settled", async () => {
    const consumer = new TestBoard(51);
    const payer = toHex(consumer.id);
    ok(await people("market", "credits", payer, "2.5", ...owner.args));
    expect(await json("market", "credits", payer)).toMatchObject({ credits: "2500000000000000000" });
    const { board } = boards[0]!;
    const body = encodeReceipt({
      ...{ unit: "Wh", session: new Uint8Array(16).fill(1), payer: consumer.id, provider: board.id },
      ...{ units: 10n, total: 10n ** 18n },
    });
    const { sign1 } = board.attest({ kind: 4, first: 1000n, scope: rig.scope, root: sha256(body) });
    const counter = consumer.key.sign(toBeCountersigned("ES256", sign1.payload, sign1.signature));
    const receipt = encodeCountersigned("ES256", sign1.payload, sign1.signature, counter);
    const keys = [board, consumer].map(({ key }) => encodeCoseKey(key.publicKey));
    const [a, b, c, d] = [receipt, body, ...keys].map(toBase64Url);
    const file = join(it1.site.dir, "receipt.json");
    writeFileSync(file, JSON.stringify({ receipt: a, body: b, provider: c, consumer: d }));
    ok(await people("market", "settle", file, ...other.args));
    expect(await json("market", "credits", payer)).toMatchObject({ credits: "1500000000000000000" });
    expect((await failure("market", "settle", file, ...other.args)).message).toContain("NothingToSettle");
  });

  it("an owner takes a device out of service", async () => {
    const device = toHex(boards[1]!.board.id);
    expect(await json("device", "retire", device, ...owner.args)).toMatchObject({ until: expect.any(String) });
    expect(ok(await people("device", "show", device))).toMatch(/epochs from .* on are not paid/);
  });

  it("a demand bonds what it needs; an honest gateway is not slashed", async () => {
    const gateway = it1.site.address;
    const log = ["--log", logFolders(it1.site.data).log, "--gateway", gateway];
    const good = await failure("challenge", "invalid", ...log, "--index", "0", ...other.args);
    expect(good).toMatchObject({ exit: 1, code: "FS-CHAIN-REVERT" });
    const coherent = await failure("challenge", "incoherent", ...log, "--index", "0", "2", ...other.args);
    expect(coherent.message).toContain("Coherent");
    const evidence = join(it1.site.dir, "evidence.json");
    const proof = join(it1.site.dir, "proof.json");
    writeFileSync(proof, await proofOfEntry(it1.test, rig, boards[0]!.board, 0));
    const proven = await failure("challenge", "invalid", "--proof", proof, ...other.args);
    expect(proven).toMatchObject({
      exit: 1,
      code: "FS-CHAIN-REVERT",
      message: expect.stringContaining("SignatureGood"),
    });
    const demanded = await json("challenge", "demand", ...log, "--index", "1", "--write", evidence, ...other.args);
    expect(demanded).toMatchObject({ fault: "demand", frozen: false });
    expect(await json("gateway", "status")).toMatchObject({ open_demands: "1" });
    const dry = ["--index", "2", "--dry-run"];
    expect(ok(await people("challenge", "demand", ...log, ...dry, ...other.args))).toMatch(/demand, sends 0\.\d+ ETH/);
    const text = readFileSync(evidence, "utf8").replace('"demand"', '"withheld"');
    writeFileSync(evidence, text);
    const soon = await failure("challenge", "withheld", "--evidence", evidence, ...other.args);
    expect(soon.message).toMatch(/may still answer.*AnswerStillDue/);
    const share = ["--gateway", gateway, "--epoch", "0", "--kind", "0", "--point", "0"];
    expect((await failure("challenge", "demand-share", ...share, ...other.args)).message).toContain("NoSeal");
  });

  it("a gateway that does not answer is slashed, and the challenger collects", async () => {
    const evidence = join(it1.site.dir, "evidence.json");
    const { dispute } = await times();
    await travel(BigInt(dispute!) + 86_400n);
    const done = await json("challenge", "withheld", "--evidence", evidence, ...other.args);
    expect(done).toMatchObject({ frozen: true, stake_wei: "0" });
    expect(ok(await people("gateway", "status"))).toContain("frozen by a proven fault");
    const collected = await json("gateway", "collect", ...other.args);
    expect(collected.transactions.map(({ call }) => call)).toEqual(["collect bonds"]);
  });

  it("evidence that is none is refused before anything is asked of the contract", async () => {
    const file = join(it1.site.dir, "bad.json");
    writeFileSync(file, "{}");
    expect(await failure("challenge", "forked", "--evidence", file)).toMatchObject({ exit: 1, code: "FS-EVIDENCE" });
    const { gateway } = it1.test;
    const other = { fault: "opaque", epoch: 1n, kind: 0, point: 5n } as const;
    writeFileSync(file, encodeEvidence({ gateway: gateway.address, evidence: other }));
    expect(await failure("challenge", "forked", "--evidence", file)).toMatchObject({ exit: 2, code: "FS-USAGE" });
    expect(await failure("challenge", "overlapping", "--proof", file)).toMatchObject({ exit: 1 });
  });
});
