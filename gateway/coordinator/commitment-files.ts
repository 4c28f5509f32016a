import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  fromBase64Url,
  fromUtf8,
  InternalError,
  ProtocolError,
  toBase64Url,
  utf8,
} from "../../protocols/bytes/index.ts";
import { decodeCheckpoint, type SignedCheckpoint } from "../../protocols/log/index.ts";
import { onFile, replaceFileSync } from "../batch/sync-files.ts";
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

  /**
   * The checkpoint of a size; undefined when there is none, or when its file is damaged: then a later checkpoint covers the same
   * entries, and the newest is written again at the next start.
   * @throws EnvironmentError FS-LOG-ACCESS, FS-LOG-IO.
   */
  read(size: number): StoredCheckpoint | undefined {
    const path = this.#path(size);
    if (!existsSync(path)) return undefined;
    const stored = parse(onFile(path, () => readFileSync(path, "utf8")));
    return stored?.checkpoint.size === size ? stored : undefined;
  }

  /**
   * Smallest checkpoint that covers entry `index`, a committed one if there is any.
   * @param most larger ones are passed over: a reader's log may end there.
   */
  covering(index: number, most = Number.POSITIVE_INFINITY): StoredCheckpoint | undefined {
    const sizes = this.sizes().filter((size) => size <= most);
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

  /** Writes or completes a checkpoint; durable when this returns. @throws EnvironmentError FS-LOG-*. */
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
    replaceFileSync(this.#path(size), JSON.stringify(document));
  }
}

/** A checkpoint document, or undefined for what is none: a file can be damaged, its writer cannot have been. */
function parse(text: string): StoredCheckpoint | undefined {
  try {
    const { note, commitment } = JSON.parse(text) as Document;
    const bytes = utf8(note);
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
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof ProtocolError) return undefined;
    throw error;
  }
}
