import { ProtocolError } from "../../protocols/bytes/index.ts";
import { fromAddressText, toAddressText } from "../../protocols/evm/index.ts";

/** Durations in seconds; sealing and dispute end within one epoch. */
export interface Times {
  epoch: number;
  sealing: number;
  dispute: number;
}

/** Names of the contracts, in the order in which one account creates them. */
export const CONTRACTS = ["registry", "ledger", "faults", "token", "rewards", "market"] as const;

export type ContractName = (typeof CONTRACTS)[number];

/** A deployed coordinator; addresses of 20 bytes. */
export interface Deployment extends Record<ContractName, Uint8Array> {
  chainId: bigint;
  times: Times;
  /** Block the Ledger was created in. */
  block: bigint;
}

/** Seconds a commitment stays provable, and a stake stays after an exit: epoch, sealing and dispute time together. */
export function retentionOf({ epoch, sealing, dispute }: Times): number {
  return epoch + sealing + dispute;
}

/** A deployment as the text of a deployment file. */
export function encodeDeployment(deployment: Deployment): string {
  const { chainId, times, block } = deployment;
  const addresses = CONTRACTS.map((name) => [name, toAddressText(deployment[name])]);
  const document = { chain: Number(chainId), ...Object.fromEntries(addresses), ...times, block: Number(block) };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const whole = (value: unknown, least: number): value is number => Number.isSafeInteger(value) && Number(value) >= least;

/** @throws ProtocolError FS-DEPLOYMENT, FS-ADDRESS-…. */
export function decodeDeployment(text: string): Deployment {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("FS-DEPLOYMENT", "the deployment file is not JSON", { cause });
  }
  const document = (json ?? {}) as Record<string, unknown>;
  const number = (name: string, least: number): number => {
    const value = document[name];
    if (!whole(value, least)) throw new ProtocolError("FS-DEPLOYMENT", `the deployment file's ${name} is no number`);
    return value;
  };
  const address = (name: ContractName): Uint8Array => {
    const value = document[name];
    if (typeof value !== "string") throw new ProtocolError("FS-DEPLOYMENT", `the deployment file lacks ${name}`);
    return fromAddressText(value);
  };
  return {
    chainId: BigInt(number("chain", 1)),
    registry: address("registry"),
    ledger: address("ledger"),
    faults: address("faults"),
    token: address("token"),
    rewards: address("rewards"),
    market: address("market"),
    times: { epoch: number("epoch", 1), sealing: number("sealing", 1), dispute: number("dispute", 1) },
    block: BigInt(number("block", 0)),
  };
}
