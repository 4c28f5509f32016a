import { readFileSync, writeFileSync } from "node:fs";
import { EnvironmentError, UsageError } from "../../../protocols/bytes/index.ts";
import { decodeHeader } from "../../../protocols/evm/index.ts";
import { decodeProof, encodeProof } from "../../../protocols/proof/index.ts";
import { type Report, verifyProof } from "../../verify/index.ts";
import { type CommonOptions, load, outputOf } from "../context.ts";
import { Exit } from "../exit.ts";
import { exporterFor } from "../exporter.ts";
import type { Output } from "../output.ts";

export interface VerifyCommandOptions extends CommonOptions {
  last?: boolean;
  proof?: string;
  export?: string;
  rpc?: string;
}

/** The proof of what was asked for, made from the gateway's data folder. */
async function makeProof(reading: string | undefined, options: VerifyCommandOptions): Promise<string> {
  const { config } = load(options);
  const exporter = exporterFor(config);
  if (options.last) {
    const { device, seq } = exporter.newest();
    return encodeProof(await exporter.export(device, seq));
  }
  if (reading === undefined) {
    throw new UsageError("FS-USAGE", "which reading?", { fix: "fieldseal verify DEVICE:SEQ, --last, or --proof FILE" });
  }
  const match = /^([^:]+)(?::(\d{1,20}))?$/.exec(reading);
  if (!match)
    throw new UsageError("FS-USAGE", `"${reading}" does not name a reading`, {
      fix: "write DEVICE:SEQ, for example grid-meter:311",
    });
  const device = exporter.device(match[1]!);
  const seq = match[2] === undefined ? exporter.newestOf(device) : BigInt(match[2]);
  return encodeProof(await exporter.export(device, seq));
}

function readProof(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new EnvironmentError("FS-PROOF-FILE", `${file}: cannot be read`, { cause, fix: "check the path" });
  }
}

/** The block hash a node of the user's gives for the proof's block. */
async function askNode(
  source: string,
  url: string,
): Promise<{ blockHash(number: bigint): Uint8Array | undefined } | undefined> {
  let number: bigint;
  try {
    const { commitment } = decodeProof(source);
    if (!commitment) return undefined;
    number = decodeHeader(commitment.header).number;
  } catch {
    return undefined; // The verification itself says what is wrong with it.
  }
  const { getBlock, getChainId, httpChain } = await import("../../coordinator/index.ts");
  const chain = httpChain(url);
  const { commitment } = decodeProof(source);
  const chainId = await getChainId(chain);
  const block = await getBlock(chain, number);
  // A node of another chain has no say about this one: its answer is "not in my chain".
  const hash = chainId === BigInt(commitment!.chainId) ? block?.hash : undefined;
  return { blockHash: () => hash };
}

function show(out: Output, { steps, result, facts }: Report, asked: boolean): void {
  for (const { step, result: outcome, text, code } of steps) {
    const mark =
      outcome === "ok"
        ? out.style("ok    ", "green")
        : outcome === "pending"
          ? out.style("–     ", "yellow")
          : out.style("FAILED", "red");
    out.line(`${step.padEnd(11)} ${mark} ${text}${code ? `  (${code})` : ""}`);
  }
  const failed = steps.find(({ result: outcome }) => outcome === "failed");
  if (result === "verified") {
    const trust = asked ? "your node agrees" : "compare with a source you trust, or --rpc URL";
    out.line(`${"trust".padEnd(11)}        block ${facts.blockHash} of chain ${facts.chainId}: ${trust}`);
    out.line(`${out.style("RESULT", "bold")} ${out.style("verified", "green")}`);
  } else if (result === "pending") {
    out.line(
      `${out.style("RESULT", "bold")} ${out.style("pending", "yellow")}: signed and logged, not committed on chain yet`,
    );
  } else out.line(`${out.style("RESULT", "bold")} ${out.style(`NOT verified: ${failed?.step}`, "red")}`);
}

/** `fieldseal verify`: exit 0 verified, 3 not verified, 1 not committed yet. */
export async function verify(reading: string | undefined, options: VerifyCommandOptions): Promise<void> {
  const out = outputOf(options);
  const source = options.proof === undefined ? await makeProof(reading, options) : readProof(options.proof);
  if (options.export !== undefined) {
    if (options.export === "-") process.stdout.write(source);
    else writeFileSync(options.export, source);
  }
  const chain = options.rpc === undefined ? undefined : await askNode(source, options.rpc);
  const report = verifyProof(source, chain ? { chain } : {});
  if (options.export !== "-") {
    out.data(report, 2);
    show(out, report, chain !== undefined);
  }
  if (report.result === "failed") process.exitCode = Exit.notVerified;
  else if (report.result === "pending") process.exitCode = Exit.failed;
}
