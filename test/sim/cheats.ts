import { decodeAttestation, encodeAttestation } from "../../protocols/attestation/index.ts";
import type { Share } from "../../protocols/shares/index.ts";
import { TestBoard } from "../support/statements.ts";
import type { SimGateway } from "./sim-gateway.ts";

type Seals = { kind: number; shares: readonly Share[] }[];

/** One way to cheat: what a gateway does differently in one epoch. */
export interface Cheat {
  name: string;
  /** The fault of which it must be convicted. */
  fault: string;
  /** Before the epoch's last commitment. @param now seconds since 1970 */
  log?(gateway: SimGateway, now: bigint): Promise<void>;
  /** What it seals in place of the honest shares. */
  seal?(gateway: SimGateway, seals: Seals, epoch: bigint): Promise<Seals>;
  /** Its shares are not published. */
  hidesShares?: boolean;
}

/** Changes one share of the first seal. */
const change = (seals: Seals, at: number, make: (share: Share) => Share): Seals =>
  seals.map((seal, i) => (i === 0 ? { ...seal, shares: seal.shares.map((s, j) => (j === at ? make(s) : s)) } : seal));

const entryOf = (gateway: SimGateway, index: bigint) => gateway.log.entry(Number(index));

/** The shares that the gateway sealed in the epoch before. */
const sealedBefore = (gateway: SimGateway, epoch: bigint): Share =>
  [...gateway.prepared.entries()].findLast(([e]) => e < epoch)![1].seals[0]!.shares[0]!;

export const CHEATS: readonly Cheat[] = [
  {
    name: "replay",
    fault: "overlapping",
    // The same signed bytes once more, and the same stretch sealed again.
    async log(gateway) {
      const earlier = [...gateway.prepared.values()].at(-1)!.seals[0]!.shares[0]!;
      await gateway.append([await entryOf(gateway, earlier.toIndex)]);
    },
    async seal(gateway, seals, epoch) {
      const earlier = sealedBefore(gateway, epoch);
      const again = { ...earlier, toIndex: BigInt(gateway.log.size - 1) };
      return change(seals, 0, () => again);
    },
  },
  {
    name: "equivocation",
    fault: "incoherent",
    async log(gateway, now) {
      const device = gateway.devices[0]!;
      const said = device.attest(gateway.scope, now);
      const other = device.attest(gateway.scope, now, {
        first: said.statement.first,
        work: said.statement.work + 500n,
      });
      await gateway.append([said.bytes, other.bytes]);
    },
  },
  {
    name: "inflated share",
    fault: "misquoted",
    seal: async (_, seals) => change(seals, 0, (share) => ({ ...share, to: share.to + 1000n })),
  },
  {
    name: "withheld leaf",
    fault: "withheld",
    async log(gateway, now) {
      gateway.hideLog();
      await gateway.append([gateway.devices[0]!.attest(gateway.scope, now).bytes]);
    },
  },
  {
    name: "fork",
    fault: "forked",
    async log(gateway, now) {
      const device = gateway.devices[0]!;
      const other = device.attest(gateway.scope, now);
      await gateway.rewrite((entry, index) => (index === 3 ? other.bytes : entry));
    },
  },
  {
    name: "stretched register",
    fault: "outpaced",
    // The device signs what it did not measure; the gateway seals all of it.
    async log(gateway, now) {
      const device = gateway.devices[0]!;
      device.register += device.cap * 24n * 7n * 3n;
      await gateway.append([device.attest(gateway.scope, now).bytes]);
    },
    async seal(gateway, seals) {
      const device = gateway.devices[0]!;
      const last = BigInt(gateway.log.size - 1);
      const to = decodeAttestation(await entryOf(gateway, last)).statement.work;
      const stretched = (share: Share): Share =>
        share.device.every((byte, i) => byte === device.board.id[i]) ? { ...share, to, toIndex: last } : share;
      return seals.map((seal) => ({ ...seal, shares: seal.shares.map(stretched) }));
    },
  },
  {
    name: "forged signature",
    fault: "invalid",
    async log(gateway, now) {
      const said = gateway.devices[0]!.attest(gateway.scope, now);
      const signature = said.sign1.signature.slice();
      signature[40]! ^= 1;
      await gateway.append([encodeAttestation(said.sign1.alg, said.sign1.payload.slice(), signature)]);
    },
  },
  { name: "hidden shares", fault: "opaque", hidesShares: true },
  {
    name: "unknown device",
    fault: "unbacked",
    async log(gateway, now) {
      const ghost = new TestBoard(4711);
      const time = Number(now) * 1000;
      const said = { from: time, to: time, scope: gateway.scope };
      const at = (first: bigint, work: bigint) => ghost.attest({ ...said, first, work }).bytes;
      await gateway.append([at(0n, 100n), at(1n, 90_100n)]);
    },
    async seal(gateway, seals) {
      const toIndex = BigInt(gateway.log.size - 1);
      const { device } = decodeAttestation(await entryOf(gateway, toIndex)).statement;
      const share = { device, from: 100n, to: 90_100n, fromIndex: toIndex - 1n, toIndex };
      return seals.map((seal, i) => (i === 0 ? { ...seal, shares: [...seal.shares, share] } : seal));
    },
  },
  {
    name: "uncommitted entry",
    fault: "misdated",
    seal: async (gateway, seals) => change(seals, 0, (share) => ({ ...share, toIndex: BigInt(gateway.log.size) + 5n })),
  },
];
