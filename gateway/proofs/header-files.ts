import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter } from "../../protocols/bytes/index.ts";

/** Blocks that share a file: few files on the disk, little to read for one header. */
const BLOCKS_PER_FILE = 4096n;

/**
 * Headers of the blocks that attestations name as "not signed before", kept so that proofs can show them when no node
 * serves the block any more. Derived: a header that is lost can be asked of any node.
 */
export class HeaderFiles {
  readonly #folder: string;
  #newest = -1n;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(block: bigint): string {
    return join(this.#folder, `${block / BLOCKS_PER_FILE}.bin`);
  }

  read(block: bigint): Uint8Array | undefined {
    const path = this.#path(block);
    if (!existsSync(path)) return undefined;
    const reader = new ByteReader(new Uint8Array(readFileSync(path)));
    let found: Uint8Array | undefined;
    while (reader.remaining >= 12) {
      const number = reader.u64();
      const length = reader.u32();
      // A write that a power cut left half.
      if (length > reader.remaining) break;
      const header = reader.take(length);
      // After a reorganisation a block stands here twice; the later one is the chain's.
      if (number === block) found = header.slice();
    }
    return found;
  }

  /** block 8 | length 4 | header. Written once for each block in a row. */
  write(block: bigint, header: Uint8Array): void {
    if (block === this.#newest) return;
    mkdirSync(this.#folder, { recursive: true });
    appendFileSync(
      this.#path(block),
      new ByteWriter(12 + header.length).u64(block).u32(header.length).bytes(header).finish(),
    );
    this.#newest = block;
  }
}
