import { ByteReader, copyOf, ProtocolError } from "../bytes/index.ts";
import { DLMS_UNITS } from "../meter/index.ts";
import { Decimal } from "../reading/index.ts";
import { smlCheckHolds } from "./crc.ts";
import { MAX_SML_VALUES, readSmlValue, type SmlBudget, type SmlValue } from "./value.ts";

/** One object of a list (SML_ListEntry), its value already in `unit`. */
export interface SmlEntry {
  /** `1-0:1.8.0`; with `*F` behind when group F is not 255. */
  code: string;
  /** Absent when the meter sends the object without a value. */
  value?: Decimal | Uint8Array | boolean;
  /** SenML or DLMS name: W, Wh, A, V, Hz; absent for a bare number. */
  unit?: string;
  /** The meter's own bits; for 1-0:1.8.0 bit 17 tells the direction of the energy flow at many makers. */
  status?: bigint;
}

/** What a meter pushes (SML_GetList.Res, SML 1.04 §5.1.8). */
export interface SmlList {
  serverId: Uint8Array;
  entries: readonly SmlEntry[];
}

/** Tags of message bodies. */
export const SML_OPEN_RESPONSE = 0x0101n;
export const SML_CLOSE_RESPONSE = 0x0201n;
export const SML_GET_LIST_RESPONSE = 0x0701n;

const CODE = "FS-SML-FILE";

function bad(why: string): ProtocolError {
  return new ProtocolError(CODE, `SML file: ${why}`);
}

/**
 * Reads the messages between the escape sequences of a file, without its fill bytes. Each message is checked by its own CRC;
 * those that are no list (open, close, attention) are passed over.
 *
 *   76                            message of six
 *   |  05 00 A0 D9 B6             transaction
 *   |  62 00  62 00               group, abort on error
 *   |  72 63 07 01 77 …           body: tag and content
 *   |  63 D4 3F                   CRC over all before, low byte first
 *   |  00                         end of message
 *
 * @throws ProtocolError FS-SML-FILE, FS-SML-VALUE, FS-SML-CHECK.
 */
export function decodeSmlFile(bytes: Uint8Array): SmlList[] {
  const reader = new ByteReader(bytes, CODE);
  const budget: SmlBudget = { values: MAX_SML_VALUES };
  const lists: SmlList[] = [];
  // Fill bytes that a meter did not announce are empty messages' ends.
  while (reader.remaining > 0) {
    if (reader.bytes[reader.offset] === 0) {
      reader.u8();
      continue;
    }
    const { tag, content } = readMessage(reader, budget);
    if (tag === SML_GET_LIST_RESPONSE) lists.push(readList(content));
  }
  return lists;
}

function readMessage(reader: ByteReader, budget: SmlBudget): { tag: bigint; content: SmlValue } {
  const start = reader.offset;
  if (reader.u8() !== 0x76) throw bad(`no message of six elements at offset ${start}`);
  for (let i = 0; i < 3; i++) readSmlValue(reader, budget);
  const body = readSmlValue(reader, budget);
  const end = reader.offset;
  const check = readSmlValue(reader, budget);
  if (check.type !== "unsigned" || reader.u8() !== 0) throw bad("a message without check or end");
  // Sent low byte first inside a number that is read high byte first. A check with a leading zero may come in one byte.
  const sent = Number(check.value);
  if (!smlCheckHolds(reader.bytes, start, end, ((sent & 0xff) << 8) | (sent >> 8))) {
    throw new ProtocolError("FS-SML-CHECK", "the check of an SML message does not hold");
  }
  const [tag, content] = body.type === "list" ? body.value : [];
  if (tag?.type !== "unsigned" || content === undefined) throw bad("a message body without a tag");
  return { tag: tag.value, content };
}

function readList(content: SmlValue): SmlList {
  if (content.type !== "list" || content.value.length !== 7) throw bad("a list response does not have 7 elements");
  const [, serverId, , , entries] = content.value;
  if (serverId?.type !== "octets" || entries?.type !== "list") throw bad("a list response without server or entries");
  return { serverId: serverId.value, entries: entries.value.map(readEntry) };
}

function readEntry(item: SmlValue): SmlEntry {
  if (item.type !== "list" || item.value.length !== 7) throw bad("a list entry does not have 7 elements");
  const [name, status, , unit, scaler, value] = item.value;
  if (name?.type !== "octets" || name.value.length !== 6) throw bad("a list entry without an object name");
  const [a, b, c, d, e, f] = name.value;
  const entry: SmlEntry = { code: `${a}-${b}:${c}.${d}.${e}${f === 255 ? "" : `*${f}`}` };
  if (status?.type === "unsigned") entry.status = status.value;
  const unitName = unit?.type === "unsigned" ? DLMS_UNITS.get(Number(unit.value)) : undefined;
  if (unitName !== undefined) entry.unit = unitName;
  if (value?.type === "integer" || value?.type === "unsigned") {
    entry.value = new Decimal(value.value, scaler?.type === "integer" ? Number(scaler.value) : 0);
  } else if (value?.type === "boolean") entry.value = value.value;
  else if (value?.type === "octets" && value.value.length > 0) entry.value = copyOf(value.value);
  return entry;
}
