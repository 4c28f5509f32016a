import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EnvironmentError, fromHex, toHex } from "../../protocols/bytes/index.ts";
import { type LogFiles, memoryLogFiles, nodeLogFiles } from "../batch/index.ts";
import { onFile, replaceFileSync } from "../batch/sync-files.ts";
import type { CommitmentEvidence } from "../coordinator/faults.ts";
import type { Asked } from "./asking.ts";
import type { Cursor } from "./chain-feed.ts";
import type { FaultName } from "./suspicion.ts";
import type { LogProgress } from "./watched-log.ts";

/** A seal by epoch and kind of device. */
export type SealKey = readonly [epoch: bigint, kind: number];

/** What is kept of a gateway. */
export interface GatewayProgress extends LogProgress {
  /** Seals that are not judged yet, and those whose shares are kept. */
  pending: SealKey[];
  judged: SealKey[];
  asked: Asked[];
  /** What the log made look false, with the call data that proves it. */
  suspicions: { fault: FaultName; text: string; data: Uint8Array }[];
}

/** What a watchtower keeps over restarts, beside the logs and shares themselves. */
export interface WatchState {
  cursor: Cursor | undefined;
  /** Device in hex, and the transaction that registered it. */
  devices: [string, Uint8Array][];
  /** By address in hex. */
  gateways: Map<string, GatewayProgress>;
  /** Wei of bonds that are open or went to gateways that answered. */
  bonded: bigint;
}

/** Where a watchtower keeps what it knows. */
export interface WatchStore {
  load(): string | undefined;
  /** Durable when it returns. */
  save(text: string): void;
  /** Shares as they were checked: evidence against later seals. */
  readShares(gateway: string, epoch: bigint): string | undefined;
  writeShares(gateway: string, epoch: bigint, text: string): void;
  /** The copy of a gateway's log. */
  logFiles(gateway: string): LogFiles;
}

/** A folder: `state.json`, and a folder for each gateway. Methods throw EnvironmentError FS-LOG-…. */
export function folderStore(folder: string): WatchStore {
  const read = (path: string) => (existsSync(path) ? onFile(path, () => readFileSync(path, "utf8")) : undefined);
  const state = join(folder, "state.json");
  const shares = (gateway: string, epoch: bigint) => join(folder, gateway, "seals", `${epoch}.json`);
  return {
    load: () => read(state),
    save: (text) => replaceFileSync(state, text),
    readShares: (gateway, epoch) => read(shares(gateway, epoch)),
    writeShares: (gateway, epoch, text) => replaceFileSync(shares(gateway, epoch), text),
    logFiles: (gateway) => nodeLogFiles(join(folder, gateway, "log")),
  };
}

/** The memory twin. */
export function memoryStore(): WatchStore {
  const files = new Map<string, string>();
  const logs = new Map<string, LogFiles>();
  return {
    load: () => files.get("state"),
    save: (text) => void files.set("state", text),
    readShares: (gateway, epoch) => files.get(`${gateway}/${epoch}`),
    writeShares: (gateway, epoch, text) => void files.set(`${gateway}/${epoch}`, text),
    logFiles(gateway) {
      const known = logs.get(gateway) ?? memoryLogFiles();
      logs.set(gateway, known);
      return known;
    },
  };
}

type CommitmentTuple = [seq: string, size: string, root: string];
type AskedTuple =
  | ["entry", bond: string, seq: string, size: string, root: string, index: string]
  | ["share", bond: string, epoch: string, kind: number, point: string];
type KeyTuple = [epoch: string, kind: number];

interface Document {
  version: 1;
  ledger: string;
  cursor: [number: string, hash: string] | null;
  devices: [device: string, transaction: string][];
  gateways: Record<
    string,
    {
      commitments: CommitmentTuple[];
      checkedSeq: string;
      checkedTo: number;
      pending: KeyTuple[];
      judged: KeyTuple[];
      asked: AskedTuple[];
      suspicions: [fault: FaultName, text: string, data: string][];
    }
  >;
  bonded: string;
}

const commitmentTuple = ({ seq, size, root }: CommitmentEvidence): CommitmentTuple => [
  `${seq}`,
  `${size}`,
  toHex(root),
];

const askedTuple = (asked: Asked): AskedTuple =>
  asked.what === "entry"
    ? ["entry", `${asked.bond}`, ...commitmentTuple(asked), `${asked.index}`]
    : ["share", `${asked.bond}`, `${asked.epoch}`, asked.deviceKind, `${asked.point}`];

function askedOf(tuple: AskedTuple): Asked {
  if (tuple[0] === "entry") {
    const [what, bond, seq, size, root, index] = tuple;
    return {
      what,
      bond: BigInt(bond),
      seq: BigInt(seq),
      size: BigInt(size),
      root: fromHex(root),
      index: BigInt(index),
    };
  }
  const [what, bond, epoch, deviceKind, point] = tuple;
  return { what, bond: BigInt(bond), epoch: BigInt(epoch), deviceKind, point: BigInt(point) };
}

const keyTuple = ([epoch, kind]: SealKey): KeyTuple => [`${epoch}`, kind];
const keyOf = ([epoch, kind]: KeyTuple): SealKey => [BigInt(epoch), kind];

/** @param ledger whose gateways are watched: the state of another coordinator is not taken for this one's. */
export function encodeState(ledger: Uint8Array, { cursor, devices, gateways, bonded }: WatchState): string {
  const document: Document = {
    version: 1,
    ledger: toHex(ledger),
    cursor: cursor ? [`${cursor.number}`, toHex(cursor.hash)] : null,
    devices: devices.map(([device, transaction]) => [device, toHex(transaction)]),
    gateways: Object.fromEntries(
      [...gateways].map(([address, one]) => [
        address,
        {
          commitments: one.commitments.map(commitmentTuple),
          checkedSeq: `${one.checkedSeq}`,
          checkedTo: one.checkedTo,
          pending: one.pending.map(keyTuple),
          judged: one.judged.map(keyTuple),
          asked: one.asked.map(askedTuple),
          suspicions: one.suspicions.map(({ fault, text, data }) => [fault, text, toHex(data)]),
        },
      ]),
    ),
    bonded: `${bonded}`,
  };
  return JSON.stringify(document);
}

/** @throws EnvironmentError FS-WATCH-STATE. */
export function decodeState(ledger: Uint8Array, text: string): WatchState {
  try {
    const { version, ledger: of, cursor, devices, gateways, bonded } = JSON.parse(text) as Document;
    if (version !== 1) throw new SyntaxError(`version ${String(version)}`);
    if (of !== toHex(ledger)) throw new SyntaxError("it belongs to another Ledger");
    return {
      cursor: cursor ? { number: BigInt(cursor[0]), hash: fromHex(cursor[1]) } : undefined,
      devices: devices.map(([device, transaction]) => [device, fromHex(transaction)]),
      gateways: new Map(
        Object.entries(gateways).map(([address, one]) => [
          address,
          {
            commitments: one.commitments.map(([seq, size, root]) => ({
              seq: BigInt(seq),
              size: BigInt(size),
              root: fromHex(root),
            })),
            checkedSeq: BigInt(one.checkedSeq),
            checkedTo: one.checkedTo,
            pending: one.pending.map(keyOf),
            judged: one.judged.map(keyOf),
            asked: one.asked.map(askedOf),
            suspicions: one.suspicions.map(([fault, text, hex]) => ({ fault, text, data: fromHex(hex) })),
          },
        ]),
      ),
      bonded: BigInt(bonded),
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "unreadable";
    throw new EnvironmentError("FS-WATCH-STATE", `the watchtower's state cannot be used: ${why}`, {
      cause,
      fix: "Restore state.json from a copy, or remove the folder: everything is then read and checked again.",
    });
  }
}
