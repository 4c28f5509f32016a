import { decodeAttestation, type Statement, StatementKind, shortDeviceId } from "../../protocols/attestation/index.ts";
import { EnvironmentError, ProtocolError } from "../../protocols/bytes/index.ts";
import { DeviceIndex, type LogStore } from "../batch/index.ts";
import type { GatewayState } from "./state.ts";

const behind = (what: string) =>
  new EnvironmentError("FS-LOG-BEHIND", `journal and log do not fit together: ${what}`, {
    fix: "Restore both folders of one copy, newest first; a gateway does not say the same sequence number twice.",
  });

function add(index: DeviceIndex, bytes: Uint8Array, at: number): void {
  let statement: Statement;
  try {
    ({ statement } = decodeAttestation(bytes));
  } catch (error) {
    // What stands for a lost entry speaks for no device.
    if (error instanceof ProtocolError) return;
    throw error;
  }
  const { device, first, count, kind } = statement;
  index.add(device, { first, count, index: at, readings: kind === StatementKind.readings });
}

/**
 * Opens the device index, adds what a stop left out, and looks whether journal and log are of one history: after a restore of
 * one of them sequence numbers or places in the log would be given out twice.
 * @param damaged whether the journal lost records: then entries may be missing, and their places in the log are kept.
 * @throws EnvironmentError FS-LOG-BEHIND, FS-LOG-*.
 */
export async function openIndex(
  folder: string,
  store: LogStore,
  state: GatewayState,
  damaged: boolean,
): Promise<DeviceIndex> {
  const index = DeviceIndex.open(folder);
  const { size } = store;
  if (index.reach > size) throw behind(`the log has ${size} entries, and had ${index.reach}`);
  if (state.lost > 0 && !damaged) {
    throw behind(`the log has ${size} entries, and the journal lacks the ${state.lost} that come next`);
  }
  for await (const entry of store.entries(index.reach)) add(index, entry.attestation, entry.index);
  index.sync(size);
  for (const device of index.devices()) {
    if (index.next(device) <= state.cursor(device).next) continue;
    if (!damaged) throw behind(`the journal ends before what the log holds of ${shortDeviceId(device)}`);
    // The record that carried its cursor is lost: the log still knows where the device stands.
    const places = index.latest(device, Number.POSITIVE_INFINITY);
    for (const place of [places.findLast(({ readings }) => !readings), places.at(-1)]) {
      if (!place) continue;
      const attestation = decodeAttestation(await store.entry(place.index));
      state.enter({ index: place.index, attestation, bodies: null, position: 0n });
    }
  }
  return index;
}

/** Adds the entries below `size` that the log's files have just taken. @throws EnvironmentError FS-LOG-*. */
export function indexEntries(index: DeviceIndex, unstored: GatewayState["unstored"], size: number): void {
  for (const { index: at, sign1 } of unstored) if (at < size) add(index, sign1, at);
  index.sync(size);
}
