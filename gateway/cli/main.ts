#!/usr/bin/env node
import { Argument, Command, Option } from "commander";
import { VERSION } from "../version.ts";
import type { CommonOptions } from "./context.ts";
import { exitCodeOf } from "./exit.ts";
import { Output } from "./output.ts";
import { coordinatorVerbs } from "./verbs/coordinator.ts";
import { devicesVerbs } from "./verbs/devices.ts";
import { verb } from "./verbs/verb.ts";
import { watchtowerVerbs } from "./verbs/watchtower.ts";

const program = new Command("fieldseal")
  .description("Signed readings from real meters and boards: gateway, log, chain commitment, proof.")
  .version(VERSION)
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    "after",
    `
Exit codes: 0 ok · 1 failed · 2 usage · 3 verification failed · 4 device missing or busy · 5 timeout · 69 upstream down · 78 configuration
Start with: fieldseal demo`,
  );

const group = (name: string, description: string) => program.command(name).description(description);

verb(program, "demo", "the whole path on this machine: simulated meters, local chain, commitment, verification")
  .option("--for <duration>", "end by itself after this time (30s, 2m)")
  .addOption(
    new Option("--ports <ports>", "`fixed` (MQTT 1883) or `free` ones").choices(["fixed", "free"]).default("fixed"),
  )
  .option("--dir <dir>", "keep the demo's data here (default: a temporary folder, removed at the end)")
  .action(async (options) => (await import("./commands/demo.ts")).demo(options));

verb(program, "init", "write a first configuration, key store, gateway key and chain key")
  .option("--dir <dir>", "where", ".")
  .option("--name <name>", "the gateway's name: origin of its checkpoints", "fieldseal")
  .option("--coordinator-rpc <url>", "JSON-RPC end point of the coordinator's chain")
  .option("--chain <id>", "its chain id")
  .option("--ledger <address>", "the Ledger contract")
  .option("--registry <address>", "the Registry contract")
  .option(
    "--deployment <file>",
    "all of its addresses from a deployment file, in place of --chain, --ledger and --registry",
  )
  .action(async (options) => (await import("./commands/init.ts")).init(options));

verb(program, "run", "run the gateway: supervises gateway, broker and signer")
  .option("--passphrase-fd <n>", "read the key store's passphrase from this descriptor")
  .option("--events", "print what happens on the path to stdout (NDJSON with --json)")
  .action(async (options) => (await import("./commands/run.ts")).run(options));

verb(program, "watch", "live telemetry, as any MQTT client sees it")
  .addArgument(new Argument("[devices...]", "only these"))
  .option("--raw", "every topic, as it is")
  .option("--count <n>", "end after N messages")
  .action(async (devices: string[], options) => (await import("./commands/watch.ts")).watch(devices, options));

verb(program, "status", "where on the path readings are: key, devices, clock, journal, broker, coordinator").action(
  async (options) => (await import("./commands/status.ts")).status(options),
);

devicesVerbs(program);

verb(program, "verify", "prove one reading, from its bytes up to the chain: exit 0 verified, 3 not")
  .argument("[reading]", "DEVICE:SEQ, for example grid-meter:311; DEVICE for its newest")
  .option("--last", "the newest committed reading of any device")
  .option("--proof <file>", "an exported proof, on a machine without the gateway (- for standard input)")
  .option("--export <file>", "also write the proof to a file (- for standard output)")
  .option("--rpc <url>", "compare the block hash with this node's")
  .action(async (reading: string | undefined, options) =>
    (await import("./commands/verify.ts")).verify(reading, options),
  );

const batch = group("batch", "checkpoints and their commitments");
verb(batch, "list", "checkpoints with size, root, state and transaction")
  .option("--limit <n>", "newest N", "20")
  .action(async (options) => (await import("./commands/batch.ts")).batchList(options));
verb(batch, "submit", "close the open batch now instead of at its time").action(async (options) =>
  (await import("./commands/batch.ts")).batchSubmit(options),
);

coordinatorVerbs(program);
watchtowerVerbs(program);

const config = group("config", "check and show the configuration");
verb(config, "check", "every problem with line and column").action(async (options) =>
  (await import("./commands/config.ts")).configCheck(options),
);
verb(config, "show", "every value in force")
  .option("--origin", "and where it comes from")
  .action(async (options) => (await import("./commands/config.ts")).configShow(options));
verb(config, "schema", "JSON Schema of the file")
  .option("--profile", "of a board profile instead")
  .action(async (options) => (await import("./commands/config.ts")).configSchemaCommand(options));
verb(config, "path", "which file is used").action(async (options) =>
  (await import("./commands/config.ts")).configPath(options),
);

const key = group("key", "device, gateway and chain keys");
verb(key, "list", "the public side of every key").action(async (options) =>
  (await import("./commands/key.ts")).keyList(options),
);
verb(key, "create", "create a device key that this gateway holds")
  .argument("<name>")
  .addOption(new Option("--alg <alg>", "algorithm").choices(["ES256", "EdDSA", "ES256K"]).default("ES256"))
  .option("--passphrase-fd <n>", "read the key store's passphrase from this descriptor")
  .action(async (name: string, options) => (await import("./commands/key.ts")).keyCreate(name, options));
verb(key, "export-public", "what others need to verify")
  .argument("<name>")
  .action(async (name: string, options) => (await import("./commands/key.ts")).keyExportPublic(name, options));

/** commander's own problems (unknown verb, missing argument) exit with 2; help and version with 0. */
function commanderExit(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("exitCode" in error) || !("code" in error)) return undefined;
  const { code, exitCode } = error as { code: unknown; exitCode: unknown };
  if (typeof code !== "string" || !code.startsWith("commander.")) return undefined;
  return exitCode === 0 ? 0 : 2;
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader of a pipe went away (`| head`): nothing is left to say.
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  const exit = commanderExit(error);
  if (exit === undefined) {
    const flags: CommonOptions = { json: process.argv.includes("--json"), debug: process.argv.includes("--debug") };
    new Output(flags).error(error);
    process.exitCode = exitCodeOf(error);
  } else process.exitCode = exit;
}
