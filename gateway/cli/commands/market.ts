import { decodeCoseKey, decodeCountersigned } from "../../../protocols/attestation/index.ts";
import { toHex, UsageError } from "../../../protocols/bytes/index.ts";
import { decodeWords, encodeCall, wordToUint } from "../../../protocols/evm/index.ts";
import {
  approveCall,
  certificateId,
  certificateOf,
  type Listing,
  marketCalls,
  marketReads,
} from "../../coordinator/market-calls.ts";
import { call } from "../../coordinator/rpc.ts";
import type { AccountOptions } from "../account.ts";
import { outputOf } from "../context.ts";
import {
  addressText,
  type CoordinatorOptions,
  type CoordinatorSite,
  deviceNamed,
  gatewayAddress,
  openCoordinator,
} from "../coordinator-site.ts";
import { ownClaims, type SealsOptions } from "../own-seals.ts";
import { readFields } from "../signed-file.ts";
import { submit } from "../submit.ts";
import { formatUnits, parseUnits, parseWhole } from "../units.ts";
import { ownerOf, unclaimedDocument } from "./claim.ts";

const U96 = (1n << 96n) - 1n;
const U128 = (1n << 128n) - 1n;
const U256 = (1n << 256n) - 1n;

/** Tokens of an account, in the smallest unit. */
async function tokens(site: CoordinatorSite, account: Uint8Array): Promise<bigint> {
  const data = encodeCall("balanceOf(address)", [account]);
  return wordToUint(decodeWords(await call(site.chain, { to: await site.token(), data }), 1)[0]!);
}

/** A certificate as `DEVICE:EPOCH` or as its number. @throws UsageError FS-USAGE, FS-DEVICE-UNKNOWN. */
function certificate(site: CoordinatorSite, text: string): bigint {
  const named = /^(.+):(\d{1,10})$/.exec(text);
  if (!named) return parseWhole(text, "the certificate", U256);
  return certificateId(deviceNamed(site, named[1]!), parseWhole(named[2]!, "the epoch", 0xffff_ffffn));
}

const certificateText = (id: bigint) => {
  const { device, epoch } = certificateOf(id);
  return { id: id.toString(), device: toHex(device), epoch: epoch.toString() };
};

/** `fieldseal market credits DEVICE [TOKENS]`: what a device may spend; with an amount, buys more. */
export async function marketCredits(name: string, amount: string | undefined, options: AccountOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const market = await site.market();
  const device = deviceNamed(site, name);
  const credits = async () => {
    const found = await marketReads(site.chain, market).credits(device);
    out.line(`${"credits".padEnd(10)} ${formatUnits(found)} of device ${toHex(device)}`);
    return { device: toHex(device), credits: found.toString() };
  };
  if (amount === undefined) {
    out.data(await credits(), 2);
    return;
  }
  const bought = parseUnits(amount, "the amount");
  if (bought > U128) throw new UsageError("FS-USAGE", "the amount does not fit 128 bits");
  await submit(options, site, () => [marketCalls(market).buyCredits(device, bought)], credits);
}

/** `fieldseal market settle FILE`: a receipt that both devices signed. */
export async function marketSettle(file: string, options: AccountOptions & { gateway?: string }): Promise<void> {
  const site = await openCoordinator(options);
  const market = await site.market();
  const { receipt, body, provider, consumer } = readFields(file, ["receipt", "body", "provider", "consumer"]);
  const { payload: statement, signature, countersignature } = decodeCountersigned(receipt);
  const signed = {
    gateway: gatewayAddress(site, options.gateway),
    statement,
    body,
    provider: decodeCoseKey(provider),
    consumer: decodeCoseKey(consumer),
    signature,
    countersignature,
  };
  await submit(options, site, () => [marketCalls(market).settle(signed)]);
}

/** A set of kinds that the Market was deployed with. */
async function kindsOf({ chain }: CoordinatorSite, market: Uint8Array, signature: string) {
  const bits = wordToUint(decodeWords(await call(chain, { to: market, data: encodeCall(signature, []) }), 1)[0]!);
  return (kind: number): boolean => ((bits >> BigInt(kind)) & 1n) === 1n;
}

export interface CertificatesOptions extends AccountOptions, SealsOptions {
  owner?: string;
  issue?: boolean;
}

/** `fieldseal market certificates`: which shares can be certified, and what is certified; `--issue` mints them. */
export async function marketCertificates(options: CertificatesOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const market = await site.market();
  const reads = marketReads(site.chain, market);
  const gateway = gatewayAddress(site, options.gateway);
  const owner = ownerOf(site, options.owner, gateway);
  const certifiable = await kindsOf(site, market, "CERTIFIABLE()");
  const exclusive = await kindsOf(site, market, "EXCLUSIVE()");
  const found = await ownClaims(site, options, { gateway, owner, certificates: exclusive });
  const batches = found.batches.filter(({ kind }) => certifiable(kind));
  const unclaimed = found.unclaimed.filter(({ kind }) => certifiable(kind));
  const shown = async () => {
    const rows = [];
    const both = [
      ...batches.flatMap(({ epoch, shares }) => shares.map((share) => ({ epoch, share }))),
      ...unclaimed.map(({ epoch, share }) => ({ epoch, share })),
    ];
    for (const { epoch, share } of both) {
      const id = certificateId(share.device, epoch);
      const held = await reads.balance(owner, id);
      const supply = await reads.supply(id);
      rows.push({
        ...certificateText(id),
        work: (share.to - share.from).toString(),
        held: held.toString(),
        supply: supply.toString(),
      });
      out.line(
        `epoch ${epoch}  device ${toHex(share.device)}  work ${share.to - share.from}  held ${held} of ${supply}`,
      );
    }
    return {
      owner: addressText(owner),
      certifiable: batches.reduce((sum, { shares }) => sum + shares.length, 0),
      certificates: rows,
      left_out: unclaimed.filter(({ why }) => why !== "behind-mark").map(unclaimedDocument),
    };
  };
  if (!options.issue || batches.length === 0) {
    if (options.issue) out.note("nothing can be certified");
    out.data(await shown(), 2);
    return;
  }
  await submit(options, site, () => batches.map((batch) => marketCalls(market).issue(owner, batch)), shown);
}

/** `fieldseal market list CERTIFICATE AMOUNT PRICE`. */
export async function marketList(id: string, amount: string, price: string, options: AccountOptions): Promise<void> {
  const site = await openCoordinator(options);
  const market = await site.market();
  const number = certificate(site, id);
  const made = marketCalls(market).list(number, parseWhole(amount, "the amount", U96), parseUnits(price, "the price"));
  await submit(
    options,
    site,
    () => [made],
    async () => ({ newest_listing: (await marketReads(site.chain, market).listings()).toString() }),
  );
}

const listingDocument = (listing: bigint, { seller, amount, id, price }: Listing) => ({
  listing: listing.toString(),
  seller: addressText(seller),
  amount: amount.toString(),
  price: price.toString(),
  ...certificateText(id),
});

/** `fieldseal market listings`: what is for sale, newest first. */
export async function marketListings(options: CoordinatorOptions & { limit: string }): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const reads = marketReads(site.chain, await site.market());
  const limit = Number(parseWhole(options.limit, "--limit", 1000n));
  const rows = [];
  for (let number = await reads.listings(); number > 0n && rows.length < limit; number--) {
    const found = await reads.listing(number);
    if (!found) continue;
    rows.push(listingDocument(number, found));
    const { device, epoch } = certificateOf(found.id);
    out.line(
      `${String(number).padStart(6)}  ${found.amount} × ${formatUnits(found.price)} SEAL  epoch ${epoch}  device ${toHex(device)}…  ${addressText(found.seller)}`,
    );
  }
  out.data(rows, 2);
  if (rows.length === 0) out.note("nothing is for sale");
}

/** `fieldseal market buy LISTING AMOUNT`: approves just the cost, then buys. */
export async function marketBuy(listing: string, amount: string, options: AccountOptions): Promise<void> {
  const site = await openCoordinator(options);
  const market = await site.market();
  const token = await site.token();
  const number = parseWhole(listing, "the listing", U256);
  const units = parseWhole(amount, "the amount", U96);
  const found = await marketReads(site.chain, market).listing(number);
  if (!found) {
    throw new UsageError("FS-MARKET-LISTING", `there is no listing ${number}, or nothing is left of it`, {
      fix: "fieldseal market listings",
    });
  }
  const cost = found.price * units;
  let buyer: Uint8Array = market;
  await submit(
    options,
    site,
    async (from) => {
      buyer = from;
      const approval = encodeCall("allowance(address,address)", [from, market]);
      const allowed = wordToUint(decodeWords(await call(site.chain, { to: token, data: approval }), 1)[0]!);
      return [...(allowed < cost ? [approveCall(token, market, cost)] : []), marketCalls(market).buy(number, units)];
    },
    async () => ({
      ...certificateText(found.id),
      cost: cost.toString(),
      held: (await marketReads(site.chain, market).balance(buyer, found.id)).toString(),
      tokens: (await tokens(site, buyer)).toString(),
    }),
  );
}

/** `fieldseal market cancel LISTING`. */
export async function marketCancel(listing: string, options: AccountOptions): Promise<void> {
  const site = await openCoordinator(options);
  const market = await site.market();
  const number = parseWhole(listing, "the listing", U256);
  await submit(options, site, () => [marketCalls(market).cancel(number)]);
}

/** `fieldseal market retire CERTIFICATE AMOUNT --for NAME`. */
export async function marketRetire(
  id: string,
  amount: string,
  options: AccountOptions & { for: string },
): Promise<void> {
  const site = await openCoordinator(options);
  const market = await site.market();
  const number = certificate(site, id);
  const made = marketCalls(market).retire(number, parseWhole(amount, "the amount", U256), options.for);
  await submit(
    options,
    site,
    () => [made],
    async () => ({
      ...certificateText(number),
      supply: (await marketReads(site.chain, market).supply(number)).toString(),
    }),
  );
}

/** `fieldseal market balance [ACCOUNT]`: tokens. */
export async function marketBalance(account: string | undefined, options: CoordinatorOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const of = gatewayAddress(site, account);
  const held = await tokens(site, of);
  out.data({ account: addressText(of), tokens: held.toString() }, 2);
  out.line(`${addressText(of)}   ${formatUnits(held)} SEAL`);
}
