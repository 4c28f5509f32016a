import { deviceId, scopeOf, shortDeviceId } from "../../../protocols/attestation/index.ts";
import { EnvironmentError, equalBytes, toHex } from "../../../protocols/bytes/index.ts";
import { eventTopic, wordToUint } from "../../../protocols/evm/index.ts";
import { advance, epochEnd, epochStart, finalAt, firstMark, type Share } from "../../../protocols/shares/index.ts";
import { LogStore, nodeLogFiles } from "../../batch/index.ts";
import { CommitmentFiles } from "../../coordinator/commitment-files.ts";
import { payTermsReader } from "../../coordinator/pay-terms.ts";
import { data, quantity, readArray, readData, readObject } from "../../coordinator/rpc.ts";
import { logFolders } from "../../proofs/export.ts";
import { type Pay, type PayTerms, type PreparedSeal, payOf, treeOf } from "../../rewards/index.ts";
import { recomputeEpoch } from "../../rewards/recompute.ts";
import { outputOf } from "../context.ts";
import {
  addressText,
  type CoordinatorOptions,
  type CoordinatorSite,
  deviceNamed,
  enrolmentsOf,
  gatewayAddress,
  openCoordinator,
} from "../coordinator-site.ts";
import { Exit } from "../exit.ts";
import type { Output } from "../output.ts";
import { deviceReads, type SealsOptions, sealFiles } from "../own-seals.ts";
import { formatUnits, parseWhole, utcTime } from "../units.ts";
import { UNCLAIMED } from "./claim.ts";

export interface RewardsOptions extends CoordinatorOptions, SealsOptions {
  epoch?: string;
  device?: string;
}

/** What became of a share. */
type State = "disputable" | "paid" | "claimable" | "refused" | "not-sealed";

interface Row {
  epoch: bigint;
  kind: number;
  share: Share;
  terms: PayTerms;
  pay: Pay | undefined;
  state: State;
  text: string;
  /** What the chain says was paid to the owner; undefined when it does not say. */
  paid: bigint | undefined;
}

/** `Claimed` events of a device: what its owner was paid, by epoch; undefined when the end point does not tell. */
async function claimedOf(
  site: CoordinatorSite,
  rewards: Uint8Array,
  device: Uint8Array,
): Promise<ReadonlyMap<bigint, bigint> | undefined> {
  const filter = {
    address: data(rewards),
    fromBlock: quantity(site.deployment?.block ?? 0n),
    toBlock: "latest",
    topics: [data(eventTopic("Claimed(bytes32,uint32,uint256)")), data(device)],
  };
  let answer: unknown;
  try {
    answer = await site.chain.request({ method: "eth_getLogs", params: [filter] });
  } catch (error) {
    // Public end points limit how many blocks one question may span.
    if (error instanceof EnvironmentError && error.code === "FS-CHAIN-RPC") return undefined;
    throw error;
  }
  const paid = new Map<bigint, bigint>();
  for (const item of readArray(answer, "the logs", 10_000)) {
    const log = readObject(item, "a log");
    const topics = readArray(log["topics"], "a log's topics", 4);
    const epoch = wordToUint(readData(topics[2], "a topic", 32));
    paid.set(epoch, (paid.get(epoch) ?? 0n) + wordToUint(readData(log["data"], "a log's data", 32)));
  }
  return paid;
}

/** Whether the chain holds just this seal. */
async function isOnChain(site: CoordinatorSite, gateway: Uint8Array, epoch: bigint, seal: PreparedSeal) {
  const held = await site.seals.sealOf(gateway, epoch, seal.kind);
  return held !== undefined && equalBytes(held.root, treeOf(seal).root.hash);
}

/** Makes an epoch's shares once more from the configured gateway's log: `same`, `different`, or why it cannot be done. */
async function comparison(
  site: CoordinatorSite,
  options: RewardsOptions,
  gateway: Uint8Array,
  epoch: bigint,
): Promise<string> {
  if (!site.loaded || options.seals !== undefined) return "no log at hand";
  const folders = logFolders(site.loaded.config.gateway.data);
  const files = sealFiles(site, options);
  const log = new LogStore({ files: nodeLogFiles(folders.log), readOnly: true });
  const { ledger } = site.coordinator;
  try {
    await log.open();
    const again = await recomputeEpoch({
      log,
      files,
      commitments: new CommitmentFiles(folders.commitments),
      ledger,
      gateway,
      scope: scopeOf(site.chainId, ledger, gateway),
      times: await site.seals.times(),
      epoch,
      counts: (at, seal) => isOnChain(site, gateway, at, seal),
      termsOf: (device) => site.seals.termsOf(device),
    });
    const roots = (seals: readonly PreparedSeal[]) =>
      seals.map((seal) => `${seal.kind} ${toHex(treeOf(seal).root.hash)}`).join();
    return roots(again.seals) === roots(files.read(epoch)?.seals ?? []) ? "same" : "different";
  } catch (error) {
    if (error instanceof EnvironmentError && error.code.startsWith("FS-LOG")) return error.message;
    throw error;
  }
}

class Explainer {
  readonly #site: CoordinatorSite;
  readonly #gateway: Uint8Array;
  readonly #rewards: Uint8Array;
  readonly #reads: Awaited<ReturnType<typeof deviceReads>>;
  readonly #termsOf: ReturnType<typeof payTermsReader>;
  readonly #claimed = new Map<string, ReturnType<typeof claimedOf>>();

  private constructor(
    site: CoordinatorSite,
    gateway: Uint8Array,
    rewards: Uint8Array,
    reads: Awaited<ReturnType<typeof deviceReads>>,
  ) {
    this.#site = site;
    this.#gateway = gateway;
    this.#rewards = rewards;
    this.#reads = reads;
    this.#termsOf = payTermsReader(site.chain, rewards, site.seals);
  }

  static async of(site: CoordinatorSite, gateway: Uint8Array): Promise<Explainer> {
    return new Explainer(site, gateway, await site.rewards(), await deviceReads(site));
  }

  async #paid(share: Share, epoch: bigint): Promise<bigint | undefined> {
    const name = toHex(share.device);
    const found = this.#claimed.get(name) ?? claimedOf(this.#site, this.#rewards, share.device);
    this.#claimed.set(name, found);
    return (await found)?.get(epoch);
  }

  async #state(epoch: bigint, kind: number, share: Share, sealed: boolean, now: bigint): Promise<[State, string]> {
    if (!sealed) return ["not-sealed", UNCLAIMED["not-sealed"]];
    const times = await this.#site.seals.times();
    const final = finalAt(times, epoch);
    if (now < final) return ["disputable", `can be challenged until ${utcTime(final)}`];
    const device = await this.#reads.deviceOf(share.device);
    if (device?.terms.kind !== kind) return ["refused", UNCLAIMED["wrong-kind"]];
    const mark = (await this.#reads.markOf(share.device)) ?? firstMark(device.terms);
    if (mark.to >= share.to) return ["paid", UNCLAIMED["behind-mark"]];
    const after = advance(mark, share, device.terms, epochStart(times, epoch), epochEnd(times, epoch));
    return typeof after === "string" ? ["refused", UNCLAIMED[after]] : ["claimable", "fieldseal claim"];
  }

  async rows(epoch: bigint, seal: PreparedSeal, now: bigint, only: Uint8Array | undefined): Promise<Row[]> {
    const sealed = await isOnChain(this.#site, this.#gateway, epoch, seal);
    const terms = await this.#termsOf(epoch, seal.kind);
    const rows: Row[] = [];
    for (const share of seal.shares) {
      if (only && !equalBytes(share.device, only)) continue;
      const [state, text] = await this.#state(epoch, seal.kind, share, sealed, now);
      const pay = sealed && terms.totalWork > 0n ? payOf(share, terms) : undefined;
      const paid = state === "paid" ? await this.#paid(share, epoch) : undefined;
      rows.push({ epoch, kind: seal.kind, share, terms, pay, state, text, paid });
    }
    return rows;
  }
}

function rowDocument({ epoch, kind, share, terms, pay, state, text, paid }: Row) {
  const texts = (values: object) => Object.fromEntries(Object.entries(values).map(([name, v]) => [name, String(v)]));
  return {
    device: toHex(share.device),
    epoch: epoch.toString(),
    kind,
    ...texts({ from: share.from, to: share.to, from_index: share.fromIndex, to_index: share.toIndex }),
    ...texts({ work: share.to - share.from, total_work: terms.totalWork }),
    ...(pay
      ? texts({
          emission: pay.emission,
          pool: pay.pool,
          gross: pay.gross,
          for_gateway: pay.forGateway,
          for_owner: pay.forOwner,
        })
      : {}),
    state,
    text,
    paid: paid?.toString() ?? null,
    agrees: pay === undefined || paid === undefined ? null : paid === pay.forOwner,
  };
}

function show(out: Output, name: string, { kind, share, terms, pay, state, text, paid }: Row): void {
  const work = share.to - share.from;
  out.line(
    `  ${name}  ${shortDeviceId(share.device)}  kind ${kind}  register ${share.from} → ${share.to}  ${state}: ${text}`,
  );
  if (!pay) return;
  out.line(
    `    ${formatUnits(pay.pool)} × ${work} / ${terms.totalWork} = ${formatUnits(pay.gross)}   gateway ${formatUnits(pay.forGateway)}   owner ${formatUnits(pay.forOwner)}`,
  );
  if (paid === undefined) return;
  const agrees = paid === pay.forOwner ? out.style("as computed", "green") : out.style("NOT as computed", "red");
  out.line(`    paid ${formatUnits(paid)}: ${agrees}`);
}

/**
 * `fieldseal rewards`: why a device was paid what it was: its share of each epoch, made again from the gateway's own log, the
 * rule's numbers, and what the chain says. Exit 3 when they do not agree.
 */
export async function rewards(options: RewardsOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const gateway = gatewayAddress(site, options.gateway);
  const only = options.device === undefined ? undefined : deviceNamed(site, options.device);
  const files = sealFiles(site, options);
  const wanted = options.epoch === undefined ? undefined : parseWhole(options.epoch, "--epoch", 0xffff_ffffn);
  const epochs = files.epochs().filter((epoch) => wanted === undefined || epoch === wanted);
  const { timestamp } = await site.coordinator.latestBlock();
  const explainer = await Explainer.of(site, gateway);
  const names = new Map(
    enrolmentsOf(site)
      .list()
      .map(({ name, key }) => [toHex(deviceId(key)), name]),
  );
  const documents = [];
  let wrong = false;
  for (const epoch of epochs) {
    const log = await comparison(site, options, gateway, epoch);
    const rows: Row[] = [];
    for (const seal of files.read(epoch)?.seals ?? [])
      rows.push(...(await explainer.rows(epoch, seal, timestamp, only)));
    const shown = rows.map(rowDocument);
    wrong ||= log === "different" || shown.some(({ agrees }) => agrees === false);
    documents.push({ epoch: epoch.toString(), log, shares: shown });
    out.line(`epoch ${epoch}   ${rows.length} shares   made again from the log: ${log}`);
    for (const row of rows) show(out, names.get(toHex(row.share.device)) ?? "device", row);
  }
  out.data({ gateway: addressText(gateway), epochs: documents }, 2);
  if (epochs.length === 0) out.note("no epoch was sealed yet");
  if (wrong) process.exitCode = Exit.notVerified;
}
