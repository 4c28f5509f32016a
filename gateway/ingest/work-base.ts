import { WORK_BASE } from "../../devices/index.ts";
import { decodeAttestation, StatementKind } from "../../protocols/attestation/index.ts";
import { equalBytes, ProtocolError } from "../../protocols/bytes/index.ts";
import { decodeReading } from "../../protocols/reading/index.ts";
import type { DeviceIndex, LogStore } from "../batch/index.ts";
import type { PathLog } from "./path-log.ts";

export interface WorkBaseSources {
  log: Pick<PathLog, "state">;
  store: Pick<LogStore, "entry" | "readings">;
  index: Pick<DeviceIndex, "latest">;
}

/** Attestations looked back at: enrolments stand between those over readings. */
const LOOK_BACK = 8;

/**
 * What a device's work register is above its counter, from its newest reading. `unknown` where that was deleted: then
 * nothing may be concluded from where the counter stands.
 */
export async function workBase(device: Uint8Array, sources: WorkBaseSources): Promise<bigint | "unknown"> {
  const newest = await newestReading(device, sources);
  if (!newest) return "unknown";
  const base = decodeReading(newest).measurements.find(({ name }) => name === WORK_BASE)?.value;
  if (base === undefined) return 0n;
  return typeof base === "number" ? BigInt(base) : "unknown";
}

async function newestReading(
  device: Uint8Array,
  { log, store, index }: WorkBaseSources,
): Promise<Uint8Array | undefined> {
  const waiting = log.state.pendingOf(device).at(-1);
  if (waiting) return waiting.bytes;
  const unstored = log.state.unstored.findLast(({ sign1 }) => isOver(sign1, device));
  if (unstored) return unstored.bodies?.at(-1);
  for (const { index: at } of index.latest(device, LOOK_BACK).reverse()) {
    if (isOver(await store.entry(at), device)) return (await store.readings(at))?.at(-1);
  }
  return undefined;
}

/** Whether an entry of the log attests readings of the device; a lost one attests nothing. */
function isOver(sign1: Uint8Array, device: Uint8Array): boolean {
  try {
    const { statement } = decodeAttestation(sign1);
    return equalBytes(statement.device, device) && statement.kind === StatementKind.readings;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
