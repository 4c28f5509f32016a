import { equalBytes, ProtocolError } from "../../protocols/bytes/index.ts";
import { commitmentsOf, verifyReceiptProof } from "../../protocols/evm/index.ts";
import { type Anchor, fetchAnchor } from "./anchor.ts";
import type { Coordinator } from "./coordinator.ts";
import { hashesOf, type OutboxEntry } from "./outbox.ts";
import { getBlock, getReceiptJson, readData, readQuantity } from "./rpc.ts";

/** A task's transaction in a block. */
export interface Inclusion {
  anchor: Anchor;
  gasUsed: bigint;
  /** The contract refused it. */
  reverted: boolean;
}

const lie = (why: string) =>
  new ProtocolError("FS-CHAIN-RECEIPT", `the end point's receipt is contradicted: ${why}`, {
    fix: "Use another JSON-RPC end point; nothing is counted as committed on this one's word.",
  });

/**
 * Looks for any of an entry's transactions in the chain. A receipt counts when the receipts root of the canonical block proves
 * it, it holds our commitment, and the Ledger's state agrees.
 * @throws ProtocolError FS-CHAIN-RECEIPT, FS-CHAIN-HEADER, FS-CHAIN-ANSWER; what `Chain.request` throws.
 */
export async function findInclusion(
  coordinator: Coordinator,
  gateway: Uint8Array,
  entry: OutboxEntry,
): Promise<Inclusion | undefined> {
  const { chain } = coordinator;
  for (const hash of hashesOf(entry)) {
    const json = await getReceiptJson(chain, hash);
    if (json === undefined) continue;
    if (!equalBytes(readData(json["transactionHash"], "the receipt's transaction", 32), hash)) {
      throw lie("it is another transaction's");
    }
    const anchor = await fetchAnchor(chain, hash);
    const { receipt } = verifyReceiptProof(anchor);
    const inclusion = { anchor, gasUsed: readQuantity(json["gasUsed"], "the gas used"), reverted: !receipt.status };
    if (receipt.status && entry.task.kind === "commit") {
      const { seq, size, root } = entry.task;
      const ours = commitmentsOf(receipt, coordinator.ledger).some(
        (found) =>
          equalBytes(found.gateway, gateway) &&
          found.seq === seq &&
          found.size === size &&
          equalBytes(found.root, root),
      );
      if (!ours) throw lie("it does not hold the commitment");
      await requireCommitted(coordinator, gateway, entry);
    }
    return inclusion;
  }
  return undefined;
}

/** The Ledger's own state must hold the commitment. @throws ProtocolError FS-CHAIN-RECEIPT. */
export async function requireCommitted(
  coordinator: Coordinator,
  gateway: Uint8Array,
  entry: OutboxEntry,
): Promise<void> {
  if (entry.task.kind !== "commit") return;
  const { seq, size, root } = entry.task;
  if (await coordinator.isCommitted(gateway, seq, size, root)) return;
  throw lie(`the Ledger's state does not hold commitment ${seq}`);
}

/** Whether the block an inclusion stands in is still part of the chain. */
export async function isCanonical(coordinator: Coordinator, { anchor }: Inclusion): Promise<boolean> {
  const block = await getBlock(coordinator.chain, anchor.blockNumber);
  return block !== undefined && equalBytes(block.hash, anchor.blockHash);
}
