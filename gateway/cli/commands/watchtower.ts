import { randomBytes } from "node:crypto";
import { systemClock } from "../../../firmware-bridge/port/clock.ts";
import { type FieldsealError, toHex, UsageError } from "../../../protocols/bytes/index.ts";
import { nodeBackend } from "../../attest/index.ts";
import { parseDuration } from "../../config/index.ts";
import type { ContractCall } from "../../coordinator/coordinator.ts";
import { Periodic } from "../../coordinator/periodic.ts";
import { sendCall } from "../../coordinator/sending.ts";
import {
  folderStore,
  type Missing,
  type Published,
  publishedAt,
  publishedFolder,
  type WatchEvent,
  Watchtower,
} from "../../watchtower/index.ts";
import { type Account, type AccountOptions, openAccount } from "../account.ts";
import { outputOf } from "../context.ts";
import { addressText, type CoordinatorSite, openCoordinator, parseAddress } from "../coordinator-site.ts";
import { Exit } from "../exit.ts";
import type { Output } from "../output.ts";
import { formatUnits, parseUnits, parseWhole } from "../units.ts";

export interface WatchtowerCommandOptions extends AccountOptions {
  state: string;
  fromBlock?: string;
  once?: boolean;
  every: string;
  challenge?: boolean;
  demand?: boolean;
  bondLimit: string;
  grace?: string;
}

/** @throws UsageError FS-USAGE, FS-WATCH-URL; ProtocolError FS-ADDRESS. */
function parseGateway(text: string): { address: Uint8Array; published: Published } {
  const at = text.indexOf("=");
  if (at < 0 || at === text.length - 1) {
    throw new UsageError("FS-USAGE", `"${text}" does not say where a gateway publishes`, {
      fix: "Write ADDRESS=PLACE: a folder or URL that holds its log/ and seals/.",
    });
  }
  const place = text.slice(at + 1);
  const published = /^https?:\/\//.test(place) ? publishedAt(place) : publishedFolder(place);
  return { address: parseAddress(text.slice(0, at)), published };
}

const missingText = (missing: Missing): string =>
  missing.what === "entry"
    ? `entries of commitment ${missing.seq} from ${missing.first} on: ${missing.why}`
    : `shares of epoch ${missing.epoch}, kind ${missing.deviceKind}: ${missing.why}`;

const askedText = (asked: Extract<WatchEvent, { kind: "demanded" }>["asked"]): string =>
  asked.what === "entry"
    ? `entry ${asked.index} of commitment ${asked.seq}`
    : `the share at point ${asked.point} of epoch ${asked.epoch}, kind ${asked.deviceKind}`;

/** What happened, in words. */
export function eventText(event: WatchEvent): string {
  switch (event.kind) {
    case "log": {
      const { good, again, foreign, unregistered, lost } = event.counts;
      const others = [
        [again, "said before"],
        [foreign, "for others"],
        [unregistered, "of unregistered devices"],
        [lost, "lost"],
      ].flatMap(([count, what]) => (count === 0 ? [] : [`, ${count} ${what}`]));
      return `commitment ${event.seq}: ${event.size} entries, one log; ${good} signed${others.join("")}`;
    }
    case "seal":
      return `epoch ${event.epoch}, kind ${event.deviceKind}: ${event.shares} shares as the log says`;
    case "missing":
      return `missing: ${missingText(event.missing)}`;
    case "bond-limit":
      return `not demanded, since a bond of ${formatUnits(event.bond)} ETH would exceed --bond-limit: ${missingText(event.missing)}`;
    case "demanded":
      return `demanded ${askedText(event.asked)} for ${formatUnits(event.asked.bond)} ETH`;
    case "answered":
      return `answered: ${askedText(event.asked)}`;
    case "fault":
      return `FAULT ${event.suspicion.fault}: ${event.suspicion.text}`;
    case "unproven":
      return `not proven (${event.suspicion.fault}): ${event.suspicion.text}; ${event.why}`;
    case "challenged":
      return `challenged: ${event.suspicion.fault}; the stake is taken`;
    case "frozen":
      return "frozen by a proven fault";
  }
}

const callDocument = ({ to, data, value }: ContractCall) => ({
  to: addressText(to),
  data: `0x${toHex(data)}`,
  ...(value === undefined ? {} : { value_wei: value }),
});

/** What happened, for machines: bytes as hex, numbers of the chain as text. */
export function eventDocument(event: WatchEvent): object {
  const { gateway, kind, ...rest } = event;
  const hex = (value: unknown): unknown => (value instanceof Uint8Array ? `0x${toHex(value)}` : value);
  const plain = (value: object): object =>
    Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        name,
        name === "call"
          ? callDocument(one as ContractCall)
          : typeof one === "object" && one !== null && !(one instanceof Uint8Array)
            ? plain(one)
            : hex(one),
      ]),
    );
  return { event: kind, gateway: addressText(gateway), ...plain(rest) };
}

/** Tells what happens, and remembers what the exit code depends on. */
class Teller {
  readonly #out: Output;
  faults = 0;
  missing = 0;

  constructor(out: Output) {
    this.#out = out;
  }

  tell(event: WatchEvent): void {
    if (event.kind === "fault") this.faults++;
    if (event.kind === "missing") this.missing++;
    this.#out.data(eventDocument(event));
    const text = `${addressText(event.gateway).slice(0, 10)}  ${eventText(event)}`;
    this.#out.line(event.kind === "fault" ? this.#out.style(text, "red") : text);
  }

  failed({ code, message }: FieldsealError): void {
    this.#out.note(`${code}  ${message}; it is tried again`);
  }

  get exit(): number {
    if (this.faults > 0) return Exit.notVerified;
    return this.missing > 0 ? Exit.failed : Exit.ok;
  }
}

const seconds = (text: string): bigint => BigInt(Math.ceil(parseDuration(text) / 1000));

function towerFor(
  site: CoordinatorSite,
  gateways: readonly { address: Uint8Array; published: Published }[],
  account: Account | undefined,
  options: WatchtowerCommandOptions,
  teller: Teller,
): Watchtower {
  const { fromBlock, grace, demand, bondLimit, challenge, state } = options;
  const { signer } = account ?? {};
  return new Watchtower({
    chain: site.chain,
    chainId: site.chainId,
    ledger: site.coordinator.ledger,
    fromBlock: fromBlock === undefined ? (site.deployment?.block ?? 0n) : parseWhole(fromBlock, "--from-block"),
    gateways,
    account: account?.address ?? new Uint8Array(20),
    store: folderStore(state),
    verifier: nodeBackend(),
    random: (length) => new Uint8Array(randomBytes(length)),
    send: async (call) => {
      if (signer) await sendCall({ ...site, signer, clock: systemClock() }, call);
    },
    challenge: challenge === true && signer !== undefined,
    bonds: demand === true && signer !== undefined ? parseUnits(bondLimit, "--bond-limit") : 0n,
    ...(grace === undefined ? {} : { grace: seconds(grace) }),
    onEvent: (event) => teller.tell(event),
  });
}

/** `fieldseal watchtower`: looks once, or again and again until it is ended. */
export async function watchtower(texts: readonly string[], options: WatchtowerCommandOptions): Promise<void> {
  const out = outputOf(options);
  const gateways = texts.map(parseGateway);
  const everyMs = parseDuration(options.every);
  const site = await openCoordinator(options);
  // Who only looks needs no key.
  const account = options.challenge || options.demand ? await openAccount(options, site) : undefined;
  const teller = new Teller(out);
  try {
    const tower = towerFor(site, gateways, account, options, teller);
    await tower.open();
    if (options.once) await tower.step();
    else {
      const clock = systemClock();
      const onFailure = (error: FieldsealError) => teller.failed(error);
      const periodic = new Periodic({ clock, everyMs, step: () => tower.step(), onFailure });
      periodic.start();
      await new Promise<void>((resolve) => {
        process.once("SIGINT", () => resolve());
        process.once("SIGTERM", () => resolve());
      });
      await periodic.stop();
    }
  } finally {
    await account?.close();
  }
  process.exitCode = options.once ? teller.exit : teller.faults > 0 ? Exit.notVerified : Exit.ok;
}
