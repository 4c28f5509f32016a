import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fromBase64Url, fromUtf8, InternalError, toBase64Url } from "../../protocols/bytes/index.ts";
import { decodeCheckpoint, type SignedCheckpoint } from "../../protocols/log/index.ts";
import type { Anchor } from "./anchor.ts";

export interface StoredCheckpoint {
  /** The signed note's bytes. */
  note: Uint8Array;
  checkpoint: SignedCheckpoint;
  /** Where the chain holds it; undefined while it does not. */
  commitment: Anchor | undefined;
}

interface Document {
  note: string;
  commitment?: {
    chainId: string;
    transactionHash: string;
    blockNumber: string;
    blockHash: string;
    transactionIndex: number;
    header: string;
    proof: string[];
  };
}

/**
 * Every signed checkpoint, and its proof of commitment as soon as there is one: one file each, named by the log's size,
 * written whole and renamed into place. Exported proofs are made of them, when the chain's nodes are long gone.
 */
export class CommitmentFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Sizes of the checkpoints that are there, ascending. */
  sizes(): number[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .flatMap((name) => (/^\d{16}\.json$/.test(name) ? [Number(name.slice(0, 16))] : []))
      .sort((a, b) => a - b);
  }

  #path(size: number): string {
    return join(this.#folder, `${String(size).padStart(16, "0")}.json`);
  }

  read(size: number): StoredCheckpoint | undefined {
    const path = this.#path(size);
    if (!existsSync(path)) return undefined;
    const { note, commitment } = JSON.parse(readFileSync(path, "utf8")) as Document;
    const bytes = new TextEncoder().encode(note);
    return {
      note: bytes,
      checkpoint: decodeCheckpoint(bytes),
      commitment: commitment && {
        chainId: BigInt(commitment.chainId),
        transactionHash: fromBase64Url(commitment.transactionHash),
        blockNumber: BigInt(commitment.blockNumber),
        blockHash: fromBase64Url(commitment.blockHash),
        transactionIndex: commitment.transactionIndex,
        headerRlp: fromBase64Url(commitment.header),
        proof: commitment.proof.map(fromBase64Url),
      },
    };
  }

  /** Smallest checkpoint that covers entry `index`, a committed one if there is any. */
  covering(index: number): StoredCheckpoint | undefined {
    const sizes = this.sizes();
    let low = 0;
    let high = sizes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sizes[middle]! > index) high = middle;
      else low = middle + 1;
    }
    let first: StoredCheckpoint | undefined;
    for (const size of sizes.slice(low)) {
      const stored = this.read(size);
      if (stored?.commitment) return stored;
      first ??= stored;
    }
    return first;
  }

  /** Writes or completes a checkpoint; durable when this returns. */
  write(note: Uint8Array, commitment: Anchor | undefined): void {
    const text = fromUtf8(note);
    if (text === undefined) throw new InternalError("FS-CHECKPOINT-TEXT", "a checkpoint that is not text");
    const { size } = decodeCheckpoint(note);
    const document: Document = {
      note: text,
      ...(commitment && {
        commitment: {
          chainId: commitment.chainId.toString(),
          transactionHash: toBase64Url(commitment.transactionHash),
          blockNumber: commitment.blockNumber.toString(),
          blockHash: toBase64Url(commitment.blockHash),
          transactionIndex: commitment.transactionIndex,
          header: toBase64Url(commitment.headerRlp),
          proof: commitment.proof.map(toBase64Url),
        },
      }),
    };
    mkdirSync(this.#folder, { recursive: true });
    const path = this.#path(size);
    const temporary = `${path}.new`;
    const file = openSync(temporary, "w", 0o644);
    try {
      writeSync(file, JSON.stringify(document));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    const folder = openSync(this.#folder, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }
}
