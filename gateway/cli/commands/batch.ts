import { join } from "node:path";
import { EnvironmentError, toHex } from "../../../protocols/bytes/index.ts";
import { CommitmentFiles } from "../../coordinator/commitment-files.ts";
import { type CommonOptions, load, outputOf } from "../context.ts";
import { request } from "../mqtt-client.ts";

/** `fieldseal batch list`: signed checkpoints, newest last, with where they are committed. */
export function batchList(options: CommonOptions & { limit: string }): void {
  const out = outputOf(options);
  const { config } = load(options);
  const files = new CommitmentFiles(join(config.gateway.data, "log", "commitments"));
  const rows = files
    .sizes()
    .slice(-Number(options.limit))
    .map((size) => {
      const { checkpoint, commitment } = files.read(size)!;
      return {
        size,
        root: toHex(checkpoint.root),
        state: commitment ? "committed" : "signed",
        ...(commitment ? { block: Number(commitment.blockNumber), tx: `0x${toHex(commitment.transactionHash)}` } : {}),
      };
    });
  out.data(rows, 2);
  for (const { size, root, state, block, tx } of rows) {
    out.line(
      `${String(size).padStart(9)} entries  root ${root.slice(0, 12)}…  ${state.padEnd(9)} ${block === undefined ? "" : `block ${block}  ${tx}`}`,
    );
  }
  if (rows.length === 0) out.note("no checkpoint has been signed yet");
}

/** `fieldseal batch submit`: asks the running gateway to close the open batch now. */
export async function batchSubmit(options: CommonOptions): Promise<void> {
  const out = outputOf(options);
  const { config } = load(options);
  const answer = await request(config, "batch", {});
  if (answer["status"] !== "ok") {
    throw new EnvironmentError(String(answer["code"] ?? "FS-BATCH"), String(answer["error"] ?? "the gateway refused"));
  }
  out.data(answer["data"]);
  const { size, root } = answer["data"] as { size: number; root: string };
  out.line(`checkpoint ${size} entries, root ${root.slice(0, 12)}…: signed, and on its way to the coordinator`);
}
