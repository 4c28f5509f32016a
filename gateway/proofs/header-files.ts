import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter, copyOf, equalBytes } from "../../protocols/bytes/index.ts";
import { keccak256 } from "../../protocols/evm/index.ts";
import { onFile } from "../batch/sync-files.ts";

/** Blocks that share a file: few files on the disk, little to read for one header. */
const BLOCKS_PER_FILE = 4096n;
const HEAD = 12;

/** Where whole records end: what follows is a write that was cut off. */
function wholeLength(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  let end = 0;
  while (reader.remaining >= HEAD) {
    reader.take(8);
    const length = reader.u32();
    if (length === 0 || length > reader.remaining) break;
    reader.take(length);
    end = reader.offset;
  }
  return end;
}

/**
 * Headers of the blocks that attestations name as "not signed before", kept so that proofs can show them when no node
 * serves the block any more. Derived: a header that is lost can be asked of any node.
 */
export class HeaderFiles {
  readonly #folder: string;
  /** The file written last, and where its next record goes. */
  #open: { path: string; end: number } | undefined;
  #newest: { block: bigint; header: Uint8Array } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(block: bigint): string {
    return join(this.#folder, `${block / BLOCKS_PER_FILE}.bin`);
  }

  /**
   * The header of a block whose hash begins with `hash`: after a reorganisation a height stands here with either header, and an
   * attestation names one of them.
   */
  read(block: bigint, hash: Uint8Array): Uint8Array | undefined {
    const path = this.#path(block);
    if (!existsSync(path)) return undefined;
    const bytes = onFile(path, () => new Uint8Array(readFileSync(path)));
    const reader = new ByteReader(bytes.subarray(0, wholeLength(bytes)));
    while (reader.remaining > 0) {
      const number = reader.u64();
      const header = reader.take(reader.u32());
      if (number === block && equalBytes(keccak256(header).subarray(0, hash.length), hash)) return copyOf(header);
    }
    return undefined;
  }

  /** block 8 | length 4 | header. Written once for each block in a row. @throws EnvironmentError FS-LOG-*. */
  write(block: bigint, header: Uint8Array): void {
    if (block === this.#newest?.block && equalBytes(header, this.#newest.header)) return;
    const path = this.#path(block);
    const record = new ByteWriter(HEAD + header.length).u64(block).u32(header.length).bytes(header).finish();
    onFile(path, () => {
      mkdirSync(this.#folder, { recursive: true });
      const file = openSync(path, existsSync(path) ? "r+" : "w+");
      try {
        if (this.#open?.path !== path) this.#open = { path, end: this.#wholeLength(file) };
        // A write that failed halfway is overwritten by the next.
        const written = writeSync(file, record, 0, record.length, this.#open.end);
        if (written === record.length) this.#open.end += written;
      } finally {
        closeSync(file);
      }
    });
    this.#newest = { block, header: copyOf(header) };
  }

  #wholeLength(file: number): number {
    const bytes = new Uint8Array(fstatSync(file).size);
    return wholeLength(bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)));
  }
}
