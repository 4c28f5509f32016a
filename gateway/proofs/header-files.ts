import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Headers of the blocks that attestations name as "not signed before", kept so that proofs can show them when no node
 * serves the block any more. One file a block, and only blocks that an attestation names.
 */
export class HeaderFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(block: bigint): string {
    return join(this.#folder, `${block}.rlp`);
  }

  has(block: bigint): boolean {
    return existsSync(this.#path(block));
  }

  read(block: bigint): Uint8Array | undefined {
    return this.has(block) ? new Uint8Array(readFileSync(this.#path(block))) : undefined;
  }

  write(block: bigint, header: Uint8Array): void {
    mkdirSync(this.#folder, { recursive: true });
    const path = this.#path(block);
    writeFileSync(`${path}.new`, header);
    renameSync(`${path}.new`, path);
  }
}
