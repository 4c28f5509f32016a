import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter, fromHex, InternalError, toHex } from "../../protocols/bytes/index.ts";

/** Where one attestation of a device stands: readings `first … first + count - 1` are in log entry `index`. */
export interface PackPlace {
  first: bigint;
  count: number;
  index: number;
}

// 00 00 00 00 00 00 00 2a  00 08  00 00 00 00 00 00 01 9c
// |                        |      |
// first, u64               count  log index, u64
const RECORD = 18;

function encode(place: PackPlace): Uint8Array {
  return new ByteWriter(RECORD).u64(place.first).u16(place.count).u64(place.index).finish();
}

/**
 * Finds the log entry that holds a device's reading without reading the log: one file a device, records in log order.
 * It is derived from the log and never decides what is true: losing it costs a scan, `add` is idempotent.
 */
export class DeviceIndex {
  readonly #folder: string;
  readonly #files = new Map<string, { fd: number; records: number; last: number }>();
  readonly #writable: boolean;

  private constructor(folder: string, writable: boolean) {
    this.#folder = folder;
    this.#writable = writable;
  }

  /** The gateway's own view; one writer at a time. */
  static open(folder: string): DeviceIndex {
    mkdirSync(folder, { recursive: true });
    return new DeviceIndex(folder, true);
  }

  /** A reader beside a running gateway. */
  static read(folder: string): DeviceIndex {
    return new DeviceIndex(folder, false);
  }

  /** Devices that have an index, by id. */
  devices(): Uint8Array[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map(fromHex);
  }

  #file(device: Uint8Array) {
    const name = toHex(device);
    let file = this.#files.get(name);
    if (file) return file;
    const path = join(this.#folder, name);
    if (!this.#writable && !existsSync(path)) return undefined;
    const fd = openSync(path, this.#writable ? (existsSync(path) ? "r+" : "w+") : "r");
    const size = fstatSync(fd).size;
    const records = Math.floor(size / RECORD);
    if (this.#writable && size % RECORD !== 0) ftruncateSync(fd, records * RECORD);
    file = { fd, records, last: -1 };
    if (records > 0) file.last = this.#record(fd, records - 1).index;
    this.#files.set(name, file);
    return file;
  }

  #record(fd: number, at: number): PackPlace {
    const bytes = new Uint8Array(RECORD);
    if (readSync(fd, bytes, 0, RECORD, at * RECORD) !== RECORD) {
      throw new InternalError("FS-INDEX", `record ${at} of a device index is cut`);
    }
    const reader = new ByteReader(bytes);
    return { first: reader.u64(), count: reader.u16(), index: Number(reader.u64()) };
  }

  /** Adds a place unless the index already reaches that far. */
  add(device: Uint8Array, place: PackPlace): void {
    const file = this.#file(device)!;
    if (place.index <= file.last) return;
    writeSync(file.fd, encode(place), 0, RECORD, file.records * RECORD);
    file.records++;
    file.last = place.index;
  }

  /** The pack that holds reading `seq`, and the device's pack before it. */
  find(device: Uint8Array, seq: bigint): { place: PackPlace; previous: PackPlace | undefined } | undefined {
    const file = this.#file(device);
    if (!file) return undefined;
    let low = 0;
    let high = file.records - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const place = this.#record(file.fd, middle);
      if (seq < place.first) high = middle - 1;
      else if (seq >= place.first + BigInt(place.count)) low = middle + 1;
      else return { place, previous: middle > 0 ? this.#record(file.fd, middle - 1) : undefined };
    }
    return undefined;
  }

  /** The device's newest pack below log entry `end`. */
  newestBefore(device: Uint8Array, end: number): PackPlace | undefined {
    const file = this.#file(device);
    for (let at = (file?.records ?? 0) - 1; at >= 0; at--) {
      const place = this.#record(file!.fd, at);
      if (place.index < end) return place;
    }
    return undefined;
  }

  /** The device's latest places, at most `most`, oldest first. */
  latest(device: Uint8Array, most: number): PackPlace[] {
    const file = this.#file(device);
    const records = file?.records ?? 0;
    const from = Math.max(0, records - most);
    return Array.from({ length: records - from }, (_, i) => this.#record(file!.fd, from + i));
  }

  /** Log entries below this are in the index. */
  reach(): number {
    return 1 + Math.max(-1, ...this.devices().map((device) => this.#file(device)?.last ?? -1));
  }

  /** The device's newest pack. */
  newest(device: Uint8Array): PackPlace | undefined {
    const file = this.#file(device);
    return file && file.records > 0 ? this.#record(file.fd, file.records - 1) : undefined;
  }

  close(): void {
    for (const { fd } of this.#files.values()) closeSync(fd);
    this.#files.clear();
  }
}
