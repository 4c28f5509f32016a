import { readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { copyOf, EnvironmentError, equalBytes, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import { createSecretFile, fileError, readSecretFile } from "./keystore-files.ts";
import { damaged, decodeSealedJson, encodeSealedJson, type Members } from "./sealed-json.ts";

/** A tree head that was signed. */
export interface SignedHead {
  size: number;
  root: Uint8Array;
}

/** What the signer must not forget, whatever ends it. */
interface State {
  /** Starts so far; the running signer's number. */
  boot: number;
  /** Heads signed as checkpoints, sizes rising; the last one decides what may be signed next. */
  checkpoints: readonly SignedHead[];
  /** Heads a transaction was signed for, the latest last: a fee must be raisable however long a transaction is stuck. */
  committed: readonly SignedHead[];
}

const KEPT_CHECKPOINTS = 128;
const KEPT_COMMITTED = 16;
const MAX_BOOT = 0xffff_ffff;
const NAME = /^signer-([0-9]{12})\.state$/;
const fileName = (generation: number) => `signer-${String(generation).padStart(12, "0")}.state`;

function encode({ boot, checkpoints, committed }: State): Uint8Array {
  const heads = (list: readonly SignedHead[]) => list.map(({ size, root }) => ({ size, root: toHex(root) }));
  return encodeSealedJson({
    format: "fieldseal-signer",
    version: 1,
    boot,
    checkpoints: heads(checkpoints),
    committed: heads(committed),
  });
}

function decode(path: string, bytes: Uint8Array): State {
  const members = decodeSealedJson(path, bytes);
  members.expect("format", "fieldseal-signer");
  members.expect("version", 1);
  const head = (item: Members): SignedHead => ({ size: item.integer("size"), root: item.bytes("root", 32) });
  const state = {
    boot: members.integer("boot"),
    checkpoints: members.list("checkpoints").map(head),
    committed: members.list("committed").map(head),
  };
  if (state.boot > MAX_BOOT) throw damaged(path, "the boot counter is out of range");
  return state;
}

function generations(dir: string): number[] {
  try {
    return readdirSync(dir)
      .map((name) => NAME.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  } catch (cause) {
    throw fileError(dir, cause);
  }
}

/** The state of a key store that never signed. Does nothing when there is one. */
export function createSignerState(dir: string): void {
  if (generations(dir).length > 0) return;
  createSecretFile(join(dir, fileName(0)), encode({ boot: 0, checkpoints: [], committed: [] }));
}

function fenced(dir: string): EnvironmentError {
  return new EnvironmentError("FS-SIGNER-FENCED", `another signer works on ${dir}`, {
    context: { dir },
    fix: "Run one gateway on a key store. This signer has stopped; the newer one goes on.",
  });
}

function fork(why: string, last: SignedHead): ProtocolError {
  return new ProtocolError("FS-SIGNER-FORK", why, {
    context: { lastSize: last.size, lastRoot: toHex(last.root) },
    fix: "The log is older than what was signed for it (a restored disk?). Bring back the newest copy; nothing is signed till then.",
  });
}

const sameHead = (a: SignedHead, b: SignedHead) => a.size === b.size && equalBytes(a.root, b.root);

/**
 * Boot counter and signed tree heads, in numbered files of which the highest counts. A change makes the next file with
 * link(2), which fails when the name is taken: of two signers on one directory only one can go on, and no file is ever
 * half written or lost. Signers are started once and keep this open.
 */
export class SignerState {
  readonly #dir: string;
  #generation: number;
  #state: State;

  private constructor(dir: string, generation: number, state: State) {
    this.#dir = dir;
    this.#generation = generation;
    this.#state = state;
  }

  /**
   * Counts the start: the new boot number is durable when this returns.
   * @throws EnvironmentError FS-KEY-MISSING, FS-KEY-DAMAGED, FS-KEY-MODE, FS-KEY-IO, FS-SIGNER-FENCED, FS-SIGNER-BOOT.
   */
  static start(dir: string): SignerState {
    const generation = generations(dir).at(-1);
    if (generation === undefined) {
      throw new EnvironmentError("FS-KEY-MISSING", `${dir} has no signer state`, {
        context: { dir },
        fix: "Restore signer-*.state from a backup: without it boot numbers would repeat and logs could fork.",
      });
    }
    const path = join(dir, fileName(generation));
    const read = decode(path, readSecretFile(path));
    if (read.boot >= MAX_BOOT) {
      throw new EnvironmentError("FS-SIGNER-BOOT", "the boot counter has reached its end", {
        fix: "Create new keys in a new key store.",
      });
    }
    const state = new SignerState(dir, generation, read);
    state.#advance({ ...read, boot: read.boot + 1 });
    return state;
  }

  get boot(): number {
    return this.#state.boot;
  }

  /** The newest tree head that may have been signed. */
  get lastCheckpoint(): SignedHead | undefined {
    return this.#state.checkpoints.at(-1);
  }

  /**
   * Call before a checkpoint is signed: durable when this returns.
   * @throws ProtocolError FS-SIGNER-FORK for a smaller tree, or another one of the same size; EnvironmentError as `start`.
   */
  recordCheckpoint(head: SignedHead): void {
    const last = this.lastCheckpoint;
    if (last !== undefined && head.size <= last.size) {
      if (head.size < last.size) throw fork(`a tree of ${head.size} entries after one of ${last.size}`, last);
      if (!sameHead(head, last)) throw fork(`a second tree of ${head.size} entries`, last);
      return;
    }
    const { checkpoints } = this.#state;
    this.#advance({ ...this.#state, checkpoints: [...checkpoints, copy(head)].slice(-KEPT_CHECKPOINTS) });
  }

  /**
   * Call before a commitment is signed: durable when this returns. Only heads of signed checkpoints are committed, so the
   * rule of `recordCheckpoint` holds on chain too.
   * @throws ProtocolError FS-SIGNER-UNSIGNED; EnvironmentError as `start`.
   */
  recordCommitment(head: SignedHead): void {
    const { committed, checkpoints } = this.#state;
    if (committed.some((known) => sameHead(known, head))) return;
    if (!checkpoints.some((known) => sameHead(known, head))) {
      throw new ProtocolError("FS-SIGNER-UNSIGNED", `no checkpoint of ${head.size} entries with this root was signed`, {
        context: { size: head.size },
        fix: "Commit the newest checkpoint.",
      });
    }
    this.#advance({ ...this.#state, committed: [...committed, copy(head)].slice(-KEPT_COMMITTED) });
  }

  #advance(next: State): void {
    const generation = this.#generation + 1;
    if (!createSecretFile(join(this.#dir, fileName(generation)), encode(next))) throw fenced(this.#dir);
    // A newer signer may have made and removed this very number in the meantime; it then stands at a higher one.
    const present = generations(this.#dir);
    if (present.at(-1) !== generation) {
      this.#remove(generation);
      throw fenced(this.#dir);
    }
    for (const older of present) if (older < generation) this.#remove(older);
    this.#generation = generation;
    this.#state = next;
  }

  /** One that is gone was removed by another signer. */
  #remove(generation: number): void {
    try {
      unlinkSync(join(this.#dir, fileName(generation)));
    } catch (cause) {
      if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) {
        throw fileError(join(this.#dir, fileName(generation)), cause);
      }
    }
  }
}

const copy = ({ size, root }: SignedHead): SignedHead => ({ size, root: copyOf(root) });
