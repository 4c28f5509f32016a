import { decodeAttestation, decodeStatement, scopeOf, shortDeviceId } from "../../../protocols/attestation/index.ts";
import { toHex, UsageError } from "../../../protocols/bytes/index.ts";
import { KINDS } from "../../../protocols/shares/index.ts";
import { type ContractCall, runOfOne } from "../../coordinator/index.ts";
import { acceptCall, offerCall, retireCall, revokeCall, succeedCall } from "../../coordinator/registry-calls.ts";
import { rewardsReads } from "../../coordinator/rewards-calls.ts";
import type { AccountOptions } from "../account.ts";
import { outputOf } from "../context.ts";
import {
  addressText,
  type CoordinatorOptions,
  type CoordinatorSite,
  deviceNamed,
  enrolmentsOf,
  gatewayAddress,
  openCoordinator,
  parseAddress,
} from "../coordinator-site.ts";
import { readSignedFile } from "../signed-file.ts";
import { submit } from "../submit.ts";
import { parseWhole, utcTime } from "../units.ts";

export interface GatewayOption {
  gateway?: string;
}

/** What the Registry says of a device, after a call that changed it. */
async function registered(site: CoordinatorSite, device: Uint8Array) {
  const found = await site.coordinator.deviceOf(device);
  if (!found) return { device: toHex(device), registered: false };
  const { owner, kind, cap, since, mark, end, until } = found;
  return {
    device: toHex(device),
    registered: true,
    owner: addressText(owner),
    kind,
    cap: cap.toString(),
    since: since.toString(),
    first_mark: mark.toString(),
    end: end?.toString() ?? null,
    until: until?.toString() ?? null,
  };
}

function unknownDevice(device: Uint8Array): UsageError {
  return new UsageError("FS-DEVICE-UNREGISTERED", `device ${toHex(device)} is not registered`, {
    fix: "A gateway registers its devices by itself while it runs, or: fieldseal device register NAME",
  });
}

async function requireRegistered(site: CoordinatorSite, device: Uint8Array): Promise<void> {
  if (!(await site.coordinator.deviceOf(device))) throw unknownDevice(device);
}

/** `fieldseal device register NAME`: a device that enrolled here, as a production run of one. */
export async function deviceRegister(
  name: string,
  options: AccountOptions & GatewayOption & { kind: string; cap: string },
): Promise<void> {
  const kind = Number(parseWhole(options.kind, "--kind", BigInt(KINDS - 1)));
  const cap = parseWhole(options.cap, "--cap", (1n << 48n) - 1n);
  const site = await openCoordinator(options);
  const { coordinator, chainId } = site;
  const gateway = gatewayAddress(site, options.gateway);
  const device = deviceNamed(site, name);
  const enrolled = enrolmentsOf(site).of(device, scopeOf(chainId, coordinator.ledger, gateway));
  if (!enrolled) {
    throw new UsageError("FS-DEVICE-NOT-ENROLLED", `${name} has not enrolled for this coordinator and gateway`, {
      fix: "Start the gateway once with the device: it signs its enrolment, and registers it by itself.",
    });
  }
  const { sign1 } = decodeAttestation(enrolled.attestation);
  await submit(
    options,
    site,
    async (from) => {
      const entry = runOfOne(from, device, kind, cap);
      const registration = {
        entry,
        path: [],
        gateway,
        statement: sign1.payload,
        body: enrolled.body,
        signature: sign1.signature,
      };
      return [
        ...((await coordinator.isAdmitted(entry)) ? [] : [await coordinator.admitCall(entry)]),
        await coordinator.registerCall(registration, `register ${shortDeviceId(device)}`),
      ];
    },
    () => registered(site, device),
  );
}

/** A call about one registered device. */
async function submitFor(
  name: string,
  options: AccountOptions,
  make: (registry: Uint8Array, device: Uint8Array, site: CoordinatorSite) => ContractCall,
): Promise<void> {
  const site = await openCoordinator(options);
  const device = deviceNamed(site, name);
  await requireRegistered(site, device);
  const registry = await site.registry();
  await submit(
    options,
    site,
    () => [make(registry, device, site)],
    () => registered(site, device),
  );
}

/** `fieldseal device transfer DEVICE TO`: an offer, which the other account accepts. */
export async function deviceTransfer(
  name: string,
  to: string | undefined,
  options: AccountOptions & { takeBack?: boolean },
): Promise<void> {
  if ((to === undefined) === !options.takeBack) {
    throw new UsageError("FS-USAGE", "to whom?", { fix: "Name one address, or --take-back." });
  }
  const taker = to === undefined ? new Uint8Array(20) : parseAddress(to);
  await submitFor(name, options, (registry, device) => offerCall(registry, device, taker));
}

/** `fieldseal device accept DEVICE`. */
export const deviceAccept = (name: string, options: AccountOptions): Promise<void> =>
  submitFor(name, options, acceptCall);

/** `fieldseal device retire DEVICE`: by its owner, or on its key's own word. */
export async function deviceRetire(
  name: string,
  options: AccountOptions & GatewayOption & { revocation?: string },
): Promise<void> {
  if (options.revocation === undefined) return submitFor(name, options, retireCall);
  const signed = readSignedFile(options.revocation);
  await submitFor(name, options, (registry, _, site) =>
    revokeCall(registry, { gateway: gatewayAddress(site, options.gateway), ...signed }),
  );
}

/** `fieldseal device succeed`: a new key in the place of an old one. */
export async function deviceSucceed(
  options: AccountOptions & GatewayOption & { rotation: string; enrolment: string },
): Promise<void> {
  const signed = readSignedFile(options.rotation);
  const { statement, body, signature } = readSignedFile(options.enrolment);
  const site = await openCoordinator(options);
  const gateway = gatewayAddress(site, options.gateway);
  const rotation = { gateway, ...signed };
  const next = { gateway, statement, body, signature };
  const registry = await site.registry();
  const { device } = decodeStatement(rotation.statement);
  await requireRegistered(site, device);
  await submit(
    options,
    site,
    () => [succeedCall(registry, rotation, next)],
    async () => ({
      old: await registered(site, device),
      next: await registered(site, decodeStatement(statement).device),
    }),
  );
}

/** `fieldseal device show DEVICE`: owner, kind, cap and marks. Exit 4 when it is not registered. */
export async function deviceShow(name: string, options: CoordinatorOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const device = deviceNamed(site, name);
  const found = await site.coordinator.deviceOf(device);
  if (!found) throw unknownDevice(device);
  const known = site.deployment !== undefined || site.loaded?.config.coordinator?.rewards !== undefined;
  const reads = known ? rewardsReads(site.chain, await site.rewards()) : undefined;
  const paid = await reads?.paidMark(device);
  const certified = await reads?.certifiedMark(device);
  out.data(
    {
      ...(await registered(site, device)),
      ...(reads ? { paid_mark: paid?.to.toString() ?? null, certified_mark: certified?.to.toString() ?? null } : {}),
    },
    2,
  );
  const { owner, kind, cap, since, mark, end, until } = found;
  const line = (label: string, text: string) => out.line(`${label.padEnd(10)} ${text}`);
  line("device", toHex(device));
  line("owner", addressText(owner));
  line("kind", `${kind}, at most ${cap} an hour, registered ${utcTime(since)} at ${mark}`);
  if (reads)
    line("paid", `${paid ? `up to ${paid.to}` : "never"}; certified ${certified ? `up to ${certified.to}` : "never"}`);
  if (end !== undefined) line("ended", `work above ${end} is not paid`);
  if (until !== undefined) line("ended", `epochs from ${utcTime(until)} on are not paid`);
}
