import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deviceId } from "../../protocols/attestation/index.ts";
import { EnvironmentError, equalBytes, fromHex, UsageError } from "../../protocols/bytes/index.ts";
import {
  addressOfPublicKey,
  decodeWords,
  encodeCall,
  fromAddressText,
  toAddressText,
  wordToAddress,
} from "../../protocols/evm/index.ts";
import { listKeys } from "../attest/keystore.ts";
import type { LoadedConfig } from "../config/index.ts";
import { type Deployment, decodeDeployment } from "../coordinator/deployment.ts";
import { failoverChain } from "../coordinator/failover.ts";
import { type Chain, type Coordinator, coordinatorAt, httpChain } from "../coordinator/index.ts";
import { call } from "../coordinator/rpc.ts";
import { type LedgerSeals, ledgerSeals } from "../coordinator/seals.ts";
import { requireChainId } from "../coordinator/send.ts";
import { EnrolmentFiles } from "../proofs/enrolment-files.ts";
import { logFolders } from "../proofs/export.ts";
import { type CommonOptions, configFile, load } from "./context.ts";

/** Options of every verb that asks the coordinator's contracts. */
export interface CoordinatorOptions extends CommonOptions {
  rpc?: string;
  deployment?: string;
}

/** The coordinator that the options or the configuration name. */
export interface CoordinatorSite {
  chain: Chain;
  chainId: bigint;
  coordinator: Coordinator;
  seals: LedgerSeals;
  deployment: Deployment | undefined;
  /** The configuration, where there is one. */
  loaded: LoadedConfig | undefined;
  /** Wei per unit of gas. */
  maxFeePerGas: bigint;
  registry(): Promise<Uint8Array>;
  faults(): Promise<Uint8Array>;
  /** The named one, which must be this Ledger's. @throws UsageError FS-CONFIG-COORDINATOR: the Ledger does not name it. */
  rewards(): Promise<Uint8Array>;
  market(): Promise<Uint8Array>;
  token(): Promise<Uint8Array>;
}

const MAX_FILE = 1 << 20;

/** A small text file that the caller named. @throws EnvironmentError FS-FILE. */
export function readTextFile(path: string): string {
  try {
    const bytes = readFileSync(path === "-" ? 0 : path);
    if (bytes.length <= MAX_FILE) return bytes.toString("utf8");
  } catch (cause) {
    throw new EnvironmentError("FS-FILE", `${path}: cannot be read`, { cause, fix: "Check the path." });
  }
  throw new EnvironmentError("FS-FILE", `${path}: more than ${MAX_FILE} bytes`, { fix: "Name the right file." });
}

const unknown = (what: string) =>
  new UsageError("FS-CONFIG-COORDINATOR", `${what} is not known`, {
    fix: "Give --deployment FILE and --rpc URL, or fill the coordinator section of the configuration.",
  });

function endPoints({ rpc }: CoordinatorOptions, configured: readonly string[] | undefined): Chain {
  const urls = rpc === undefined ? configured : [rpc];
  if (!urls) throw unknown("the chain's JSON-RPC end point");
  return failoverChain(urls.map((url) => httpChain(url)));
}

/**
 * Opens the coordinator of `--deployment` and `--rpc`, or the configured one.
 * @throws UsageError FS-CONFIG-COORDINATOR; EnvironmentError FS-CHAIN-ID, FS-CHAIN-NO-CONTRACT, FS-CHAIN-REGISTRY; what
 *   `Chain.request` throws.
 */
export async function openCoordinator(options: CoordinatorOptions): Promise<CoordinatorSite> {
  const given = options.deployment !== undefined && options.rpc !== undefined;
  const loaded = !given || existsSync(configFile(options)) ? load(options) : undefined;
  const config = loaded?.config.coordinator;
  const deployment = options.deployment === undefined ? undefined : decodeDeployment(readTextFile(options.deployment));
  const chainId = deployment?.chainId ?? (config && BigInt(config.chain));
  const ledger = deployment?.ledger ?? (config && fromAddressText(config.ledger));
  if (chainId === undefined || ledger === undefined) throw unknown("the coordinator");
  const chain = endPoints(options, config?.rpc);
  await requireChainId(chain, chainId);

  const ask = async (to: Uint8Array, signature: string) => {
    const answer = await call(chain, { to, data: encodeCall(signature, []) });
    return answer.length === 0 ? undefined : wordToAddress(decodeWords(answer, 1)[0]!);
  };
  const named = deployment?.rewards ?? (config?.rewards ? fromAddressText(config.rewards) : undefined);
  let checked: Uint8Array | undefined;
  const rewards = async () => {
    if (checked) return checked;
    if (!named) throw unknown("the Rewards contract");
    const its = await ask(named, "LEDGER()");
    // A call to an account without code succeeds and does nothing: what is called is looked at first.
    if (!its || !equalBytes(its, ledger)) throw unknown(`the Rewards contract of this Ledger: ${toAddressText(named)}`);
    checked = named;
    return named;
  };
  const ofRewards = async (signature: string, what: string) => {
    const found = await ask(await rewards(), signature);
    if (!found) throw unknown(what);
    return found;
  };
  const registry = deployment?.registry ?? (config?.registry ? fromAddressText(config.registry) : undefined);
  const coordinator = coordinatorAt(chain, ledger, registry ? { registry } : {});
  const seals = ledgerSeals(chain, ledger);
  await coordinator.registry();
  return {
    chain,
    chainId,
    coordinator,
    seals,
    deployment,
    loaded,
    maxFeePerGas: BigInt(Math.round((config?.max_fee_gwei ?? 200) * 1e9)),
    registry: () => coordinator.registry(),
    faults: () => seals.faults(),
    rewards,
    market: () => ofRewards("MARKET()", "the Market contract"),
    token: () => ofRewards("TOKEN()", "the Token contract"),
  };
}

/** The gateway that is meant: the one named, else the configured one's account. @throws UsageError FS-USAGE. */
export function gatewayAddress(site: CoordinatorSite, named?: string): Uint8Array {
  if (named !== undefined) return fromAddressText(named);
  const keys = site.loaded ? listKeys(site.loaded.config.gateway.keys) : [];
  const key = keys.find(({ purpose }) => purpose === "chain");
  if (key) return addressOfPublicKey(key.publicKey);
  throw new UsageError("FS-USAGE", "which gateway?", {
    fix: "Name its address, or run the command in its configuration's folder.",
  });
}

/** The gateway's data folder. @throws UsageError FS-CONFIG-COORDINATOR without a configuration. */
export function dataFolder({ loaded }: CoordinatorSite): string {
  if (!loaded) throw unknown("the gateway's data folder");
  return loaded.config.gateway.data;
}

/** Enrolments that the configured gateway keeps; none without a configuration. */
export const enrolmentsOf = ({ loaded }: CoordinatorSite): EnrolmentFiles =>
  new EnrolmentFiles(loaded ? logFolders(loaded.config.gateway.data).enrolments : join("nowhere", "enrolments"));

/**
 * A device by its whole id (64 hex digits, also after `fs:`), or by its name or the beginning of its id at the configured gateway.
 * @throws UsageError FS-DEVICE-UNKNOWN.
 */
export function deviceNamed(site: CoordinatorSite, text: string): Uint8Array {
  const digits = text.replace(/^(fs:|0x)/, "");
  if (/^[0-9a-fA-F]{64}$/.test(digits)) return fromHex(digits.toLowerCase());
  const keys = site.loaded ? listKeys(site.loaded.config.gateway.keys) : [];
  const key = keys.find(({ purpose, name }) => purpose === "device" && name === text);
  if (key) return key.id;
  const own = site.loaded?.config.devices[text]?.key;
  if (own) return fromHex(own.replace(/^fs:/, ""));
  const enrolled = enrolmentsOf(site).find(text);
  if (enrolled) return deviceId(enrolled.key);
  throw new UsageError("FS-DEVICE-UNKNOWN", `no device "${text}" is known here`, {
    fix: "Give its whole id, 64 hex digits, or the name of a device of this gateway.",
  });
}

/** An address from the command line. @throws ProtocolError FS-ADDRESS. */
export const parseAddress = (text: string): Uint8Array => fromAddressText(text);
export const addressText = toAddressText;
