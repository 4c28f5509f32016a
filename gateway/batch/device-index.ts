import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter, fromHex, InternalError, toHex } from "../../protocols/bytes/index.ts";
import { onFile, replaceFileSync } from "./sync-files.ts";

/** Where one attestation of a device stands: sequence numbers `first … first + count - 1` are in log entry `index`. */
export interface PackPlace {
  first: bigint;
  count: number;
  index: number;
  /** False for what takes a sequence number and is no reading: enrolment, rotation, revocation, receipt. */
  readings: boolean;
}

// 00 00 00 00 00 00 00 2a  00 08         00 00 00 00 00 00 01 9c
// |                        |             |
// first, u64               count, u16    log index, u64
//                          bit 15: no readings
const RECORD = 18;
const NO_READINGS = 0x8000;
/** Holds how far the index was complete when its files were last made durable. */
const REACH = "reach";

function encode({ first, count, index, readings }: PackPlace): Uint8Array {
  return new ByteWriter(RECORD)
    .u64(first)
    .u16(readings ? count : count | NO_READINGS)
    .u64(index)
    .finish();
}

function decode(bytes: Uint8Array): PackPlace {
  const reader = new ByteReader(bytes);
  const first = reader.u64();
  const count = reader.u16();
  return { first, count: count & ~NO_READINGS, index: Number(reader.u64()), readings: count < NO_READINGS };
}

const endOf = ({ first, count }: PackPlace) => first + BigInt(count);

/** Records of one file, in log order. */
interface File {
  readonly path: string;
  /** -1: there is none yet. */
  fd: number;
  records: number;
  /** The last record; undefined in an empty file. */
  last: PackPlace | undefined;
}

/** One device: packs in the order of their sequence numbers, and beside them the few that came late and fill a gap. */
interface Places {
  order: File;
  late: File;
}

/**
 * Finds the log entry that holds a device's reading without reading the log. It is derived from the log and never decides what is
 * true: what is missing after a crash is added from the log, `add` is idempotent.
 */
export class DeviceIndex {
  readonly #folder: string;
  readonly #devices = new Map<string, Places>();
  readonly #writable: boolean;
  /** Entries below this are in the files for certain. */
  #reach: number;

  private constructor(folder: string, writable: boolean, reach: number) {
    this.#folder = folder;
    this.#writable = writable;
    this.#reach = reach;
  }

  /**
   * The gateway's own view; one writer at a time. What a power cut may have left half is given up.
   * @throws EnvironmentError FS-LOG-*.
   */
  static open(folder: string): DeviceIndex {
    return onFile(folder, () => {
      mkdirSync(folder, { recursive: true });
      const path = join(folder, REACH);
      const text = existsSync(path) ? readFileSync(path, "utf8") : "0";
      return new DeviceIndex(folder, true, /^\d{1,15}$/.test(text) ? Number(text) : 0);
    });
  }

  /** A reader beside a running gateway. */
  static read(folder: string): DeviceIndex {
    return new DeviceIndex(folder, false, 0);
  }

  /** Log entries below this are in the index; those from here on are to be added. */
  get reach(): number {
    return this.#reach;
  }

  /** Devices that have an index, by id. */
  devices(): Uint8Array[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map(fromHex);
  }

  #places(device: Uint8Array): Places | undefined {
    const name = toHex(device);
    let places = this.#devices.get(name);
    if (places) return places;
    const path = join(this.#folder, name);
    if (!existsSync(path)) return undefined;
    places = onFile(path, () => ({ order: this.#open(path), late: this.#open(`${path}.late`) }));
    this.#devices.set(name, places);
    return places;
  }

  #open(path: string): File {
    if (!existsSync(path)) return { path, fd: -1, records: 0, last: undefined };
    const fd = openSync(path, this.#writable ? "r+" : "r");
    const { size } = fstatSync(fd);
    let records = Math.floor(size / RECORD);
    if (this.#writable) {
      // Beyond what was made durable a power cut may have left anything.
      while (records > 0 && !this.#trusted(this.#record(fd, records - 1))) records--;
      if (size !== records * RECORD) ftruncateSync(fd, records * RECORD);
    }
    return { path, fd, records, last: records > 0 ? this.#record(fd, records - 1) : undefined };
  }

  #trusted({ count, index }: PackPlace): boolean {
    return count > 0 && index < this.#reach;
  }

  #record(fd: number, at: number): PackPlace {
    const bytes = new Uint8Array(RECORD);
    if (readSync(fd, bytes, 0, RECORD, at * RECORD) !== RECORD) {
      throw new InternalError("FS-INDEX", `record ${at} of a device index is cut`);
    }
    return decode(bytes);
  }

  /** Adds a place unless the index has it. Places come in log order. @throws EnvironmentError FS-LOG-*. */
  add(device: Uint8Array, place: PackPlace): void {
    const name = toHex(device);
    const path = join(this.#folder, name);
    const places = this.#places(device) ?? { order: this.#open(path), late: this.#open(`${path}.late`) };
    this.#devices.set(name, places);
    const { order, late } = places;
    if (place.index <= Math.max(order.last?.index ?? -1, late.last?.index ?? -1)) return;
    const file = order.last && place.first < endOf(order.last) ? late : order;
    onFile(file.path, () => {
      if (file.fd < 0) file.fd = openSync(file.path, "w+");
      writeSync(file.fd, encode(place), 0, RECORD, file.records * RECORD);
    });
    file.records++;
    file.last = place;
  }

  /** Entries below `size` have been added: makes that durable. @throws EnvironmentError FS-LOG-*. */
  sync(size: number): void {
    if (size <= this.#reach) return;
    onFile(this.#folder, () => {
      for (const { order, late } of this.#devices.values())
        for (const { fd } of [order, late]) if (fd >= 0) fsyncSync(fd);
    });
    replaceFileSync(join(this.#folder, REACH), String(size));
    this.#reach = size;
  }

  /** Number of records of `order` whose first sequence number is at most `seq`. */
  #upTo({ fd, records }: File, seq: bigint): number {
    let low = 0;
    let high = records;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#record(fd, middle).first <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #all({ fd, records }: File): PackPlace[] {
    return Array.from({ length: records }, (_, at) => this.#record(fd, at));
  }

  /** The pack that holds sequence number `seq`, and the device's pack before it in number that stands before it in the log. */
  find(device: Uint8Array, seq: bigint): { place: PackPlace; previous: PackPlace | undefined } | undefined {
    const places = this.#places(device);
    if (!places) return undefined;
    const { order } = places;
    const late = this.#all(places.late);
    const at = this.#upTo(order, seq);
    const candidates = at > 0 ? [this.#record(order.fd, at - 1), ...late] : late;
    const place = candidates.find((one) => one.first <= seq && seq < endOf(one));
    if (!place) return undefined;
    const before = this.#upTo(order, place.first - 1n);
    const earlier = before > 0 ? [this.#record(order.fd, before - 1), ...late] : late;
    let previous: PackPlace | undefined;
    for (const one of earlier) {
      if (endOf(one) > place.first || one.index >= place.index) continue;
      if (!previous || one.first > previous.first) previous = one;
    }
    return { place, previous };
  }

  /** The device's newest pack of readings below log entry `end`. */
  newestBefore(device: Uint8Array, end: number): PackPlace | undefined {
    const order = this.#places(device)?.order;
    for (let at = (order?.records ?? 0) - 1; at >= 0; at--) {
      const place = this.#record(order!.fd, at);
      if (place.index < end && place.readings) return place;
    }
    return undefined;
  }

  /** The device's newest pack of readings. */
  newest(device: Uint8Array): PackPlace | undefined {
    return this.newestBefore(device, Number.POSITIVE_INFINITY);
  }

  /** Sequence number after the device's last. */
  next(device: Uint8Array): bigint {
    const last = this.#places(device)?.order.last;
    return last ? endOf(last) : 0n;
  }

  /** The device's latest places by sequence number, at most `most`, oldest first. */
  latest(device: Uint8Array, most: number): PackPlace[] {
    const places = this.#places(device);
    if (!places) return [];
    const { fd, records } = places.order;
    const from = Math.max(0, records - most);
    return [...Array.from({ length: records - from }, (_, i) => this.#record(fd, from + i)), ...this.#all(places.late)]
      .sort((a, b) => (a.first < b.first ? -1 : 1))
      .slice(-most);
  }

  close(): void {
    for (const { order, late } of this.#devices.values()) {
      for (const { fd } of [order, late]) if (fd >= 0) closeSync(fd);
    }
    this.#devices.clear();
  }
}
