import type { Command } from "commander";
import { verb } from "./verb.ts";

/** `fieldseal watchtower`. */
export function watchtowerVerbs(program: Command): void {
  verb(program, "watchtower", "watch other gateways: check what they commit and seal, tell or challenge what is false")
    .argument("<gateways...>", "ADDRESS=PLACE: a folder or URL that holds the gateway's log/ and seals/")
    .option("--rpc <url>", "JSON-RPC end point of the coordinator's chain (default: the configured ones)")
    .option("--deployment <file>", "deployment file of the coordinator (default: the configured addresses)")
    .option("--state <dir>", "where copies of logs and shares, and how far they were read, are kept", "watchtower")
    .option("--from-block <n>", "begin to read here (default: the deployment's block)")
    .option("--once", "look once: exit 0 nothing false, 3 a fault is proven, 1 something is missing")
    .option("--every <duration>", "between looks", "1m")
    .option("--challenge", "send what proves a fault; nothing is sent that the contract does not confirm first")
    .option("--demand", "demand what is not published; whoever asks pays for the answer")
    .option("--bond-limit <eth>", "most that all demands together may bond", "0.05")
    .option("--grace <duration>", "time to publish before a demand (default: a 24th of the time for an answer)")
    .option("--key-file <path>", "account of challenges and demands: a private key (0600) or a key store's folder")
    .option("--passphrase-fd <n>", "read the key store's passphrase from this descriptor")
    .action(async (gateways: string[], options) =>
      (await import("../commands/watchtower.ts")).watchtower(gateways, options),
    );
}
