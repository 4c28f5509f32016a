import { EnvironmentError, equalBytes, FieldsealError, toHex } from "../../protocols/bytes/index.ts";
import { encodeReceipt, verifyReceiptProof } from "../../protocols/evm/index.ts";
import { type Anchor, receiptOf } from "./anchor.ts";
import type { Chain } from "./chain.ts";
import { type CallRequest, call, getBlock, getNonce, getReceiptJson, readData } from "./rpc.ts";
import { faultWords } from "./status.ts";

/** How many end points must say the same. */
const QUORUM = 2;

/** What one end point says of a transaction that another one shows in a block. */
type View =
  | { kind: "agrees" }
  /** Another block, status or logs; `key` is the same where two say the same. */
  | { kind: "contradicts"; key: string; words: string }
  /** It does not know yet, or does not answer. */
  | { kind: "silent"; words: string };

interface Point {
  name: string;
  chain: Chain;
}

/** End points that may speak for themselves: two entries of one host are one witness. */
function pointsOf(chain: Chain): Point[] {
  const found = new Map<string, Chain>();
  for (const [i, point] of (chain.points ?? [chain]).entries()) {
    const name = point.name ?? `end point ${i + 1}`;
    if (!found.has(name)) found.set(name, point);
  }
  return [...found].map(([name, of]) => ({ name, chain: of }));
}

/**
 * A contract's answer that two end points give alike, for what is staked on: with one end point its own.
 * @throws EnvironmentError FS-CHAIN-DISAGREE, FS-CHAIN-UNCONFIRMED; with one end point what `Chain.request` throws.
 */
export async function agreedCall(chain: Chain, request: CallRequest): Promise<Uint8Array> {
  const points = pointsOf(chain);
  if (points.length < QUORUM) return call(chain, request);
  const silent: string[] = [];
  const answers = new Map<string, { bytes: Uint8Array; names: string[] }>();
  await Promise.all(
    points.map(async ({ name, chain: point }) => {
      try {
        const bytes = await call(point, request);
        const said = answers.get(toHex(bytes));
        if (said) said.names.push(name);
        else answers.set(toHex(bytes), { bytes, names: [name] });
      } catch (error) {
        if (!(error instanceof FieldsealError)) throw error;
        silent.push(`${name} (${faultWords(error)})`);
      }
    }),
  );
  const [most, next] = [...answers.values()].sort((a, b) => b.names.length - a.names.length);
  if (most && most.names.length >= QUORUM && most.names.length > (next?.names.length ?? 0)) return most.bytes;
  if (next) {
    const who = [...answers.values()].flatMap(({ names }) => names).join(", ");
    throw new EnvironmentError("FS-CHAIN-DISAGREE", `end points answer a call differently: ${who}`, {
      fix: "Nothing is staked on it until two agree; replace the end point that is wrong.",
    });
  }
  throw new EnvironmentError("FS-CHAIN-UNCONFIRMED", `waits for a second end point to answer: ${silent.join("; ")}`, {
    fix: "Nothing is staked on one end point's word; it is tried again.",
  });
}

const short = (hash: Uint8Array) => `0x${toHex(hash.subarray(0, 4))}…`;

/**
 * Lets nothing count on one end point's word when several are configured: the receipt's bytes (status, logs, gas), the block's hash and
 * that the block is final must be the same on two of them, and on more than on any other side.
 */
export class CrossCheck {
  readonly #points: readonly Point[];
  #text: string;
  #warning: string | undefined;

  constructor(chain: Chain) {
    this.#points = pointsOf(chain);
    const count = this.#points.length;
    this.#text = count < QUORUM ? "one end point, not cross-checked" : `${count} end points, two must agree`;
  }

  /** For the status: whether what counts was cross-checked. */
  get text(): string {
    return this.#text;
  }

  /** An end point that contradicts the others. */
  get warning(): string | undefined {
    return this.#warning;
  }

  /**
   * Asks every end point for a receipt that one of them proved.
   * @param isFinal asked of each end point on its own, when the receipt is to count as final.
   * @throws EnvironmentError FS-CHAIN-DISAGREE when they contradict each other, FS-CHAIN-UNCONFIRMED while only one shows it.
   */
  async receipt(anchor: Anchor, isFinal?: (chain: Chain) => Promise<boolean>): Promise<void> {
    if (this.#points.length < QUORUM) return;
    const { receipt } = verifyReceiptProof(anchor);
    const bytes = encodeReceipt(receipt);
    const views = await Promise.all(
      this.#points.map(async ({ name, chain }) => ({ name, view: await viewOf(chain, anchor, bytes, isFinal) })),
    );
    const agree = views.filter(({ view }) => view.kind === "agrees").length;
    const sides = new Map<string, number>();
    for (const { view } of views) {
      if (view.kind === "contradicts") sides.set(view.key, (sides.get(view.key) ?? 0) + 1);
    }
    const words = views
      .flatMap(({ name, view }) => (view.kind === "agrees" ? [] : [`${name} ${view.words}`]))
      .join("; ");
    const contradicted = sides.size > 0;
    const transaction = short(anchor.transactionHash);
    this.#warning = contradicted ? `end points disagree about transaction ${transaction}: ${words}` : undefined;
    if (agree >= QUORUM && agree > Math.max(0, ...sides.values())) {
      this.#text = `${agree} of ${views.length} end points agree`;
      return;
    }
    this.#text = contradicted ? "end points disagree" : `${agree} of ${views.length} end points agree, two must`;
    if (contradicted) {
      throw new EnvironmentError(
        "FS-CHAIN-DISAGREE",
        `end points disagree about transaction ${transaction}: ${words}`,
        {
          context: { transaction: toHex(anchor.transactionHash) },
          fix: "Nothing is counted until two agree; replace the end point that is wrong.",
        },
      );
    }
    throw new EnvironmentError(
      "FS-CHAIN-UNCONFIRMED",
      `waits for a second end point to show ${transaction}: ${words}`,
      {
        context: { transaction: toHex(anchor.transactionHash) },
        fix: "Nothing is counted on one end point's word; it is tried again.",
      },
    );
  }

  /** Whether two end points say that the receipt stands and is final. @throws EnvironmentError FS-CHAIN-DISAGREE. */
  async final(anchor: Anchor, isFinal: (chain: Chain) => Promise<boolean>): Promise<boolean> {
    try {
      await this.receipt(anchor, isFinal);
      return true;
    } catch (error) {
      if (error instanceof EnvironmentError && error.code === "FS-CHAIN-UNCONFIRMED") return false;
      throw error;
    }
  }

  /**
   * Before a task is signed anew under another nonce: no end point may show any of its transactions, and two must say that its
   * nonce is taken.
   * @throws EnvironmentError FS-CHAIN-UNCONFIRMED.
   */
  async taken(account: Uint8Array, nonce: bigint, hashes: readonly Uint8Array[]): Promise<void> {
    if (this.#points.length < QUORUM) return;
    const answers = await Promise.all(
      this.#points.map(async ({ name, chain }) => {
        try {
          for (const hash of hashes) if (await getReceiptJson(chain, hash)) return { name, shows: true, taken: false };
          return { name, shows: false, taken: (await getNonce(chain, account)) > nonce };
        } catch (error) {
          if (!(error instanceof FieldsealError)) throw error;
          return { name, shows: false, taken: false };
        }
      }),
    );
    const shows = answers.find((answer) => answer.shows);
    const taken = answers.filter((answer) => answer.taken).length;
    if (!shows && taken >= QUORUM) return;
    const why = shows ? `${shows.name} shows its transaction` : `${taken} of ${answers.length} end points say so`;
    throw new EnvironmentError("FS-CHAIN-UNCONFIRMED", `nonce ${nonce} may be taken by another transaction: ${why}`, {
      context: { nonce: Number(nonce) },
      fix: "Nothing is signed anew on one end point's word; it is tried again.",
    });
  }
}

async function viewOf(
  chain: Chain,
  anchor: Anchor,
  bytes: Uint8Array,
  isFinal: ((chain: Chain) => Promise<boolean>) | undefined,
): Promise<View> {
  try {
    const json = await getReceiptJson(chain, anchor.transactionHash);
    if (json === undefined) return { kind: "silent", words: "does not know it" };
    const blockHash = readData(json["blockHash"], "the receipt's block", 32);
    const own = encodeReceipt(receiptOf(json));
    if (!equalBytes(blockHash, anchor.blockHash)) {
      return { kind: "contradicts", key: toHex(blockHash), words: `has it in block ${short(blockHash)}` };
    }
    if (!equalBytes(own, bytes)) {
      return { kind: "contradicts", key: toHex(own), words: "has another status or other logs for it" };
    }
    const block = await getBlock(chain, anchor.blockNumber);
    if (block === undefined) return { kind: "silent", words: `does not have block ${anchor.blockNumber}` };
    if (!equalBytes(block.hash, anchor.blockHash)) {
      return { kind: "contradicts", key: toHex(block.hash), words: `has ${short(block.hash)} for its block` };
    }
    if (isFinal && !(await isFinal(chain))) return { kind: "silent", words: "does not call its block final yet" };
    return { kind: "agrees" };
  } catch (error) {
    if (!(error instanceof FieldsealError)) throw error;
    return { kind: "silent", words: `(${faultWords(error)})` };
  }
}
