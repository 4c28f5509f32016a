import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { shortDeviceId } from "../../../protocols/attestation/index.ts";
import { UsageError } from "../../../protocols/bytes/index.ts";
import { addressOfPublicKey, toAddressText } from "../../../protocols/evm/index.ts";
import { Keystore, listKeys } from "../../attest/keystore.ts";
import { readPassphrase, resolvePassphrase } from "../../attest/passphrase.ts";
import { decodeDeployment } from "../../coordinator/deployment.ts";
import { type CommonOptions, outputOf } from "../context.ts";
import { readTextFile } from "../coordinator-site.ts";

export interface InitOptions extends CommonOptions {
  dir: string;
  name: string;
  coordinatorRpc?: string;
  chain?: string;
  ledger?: string;
  registry?: string;
  deployment?: string;
}

/** Lines of the coordinator section after its end point: addresses by name. */
function coordinatorLines(options: InitOptions): string[] | undefined {
  const { deployment, chain, ledger, registry } = options;
  if (deployment === undefined) {
    if (!chain || !ledger) return undefined;
    return [`  chain: ${chain}`, `  ledger: "${ledger}"`, ...(registry ? [`  registry: "${registry}"`] : [])];
  }
  if (chain || ledger || registry) {
    throw new UsageError("FS-USAGE", "--deployment goes in place of --chain, --ledger and --registry");
  }
  if (!options.coordinatorRpc) {
    throw new UsageError("FS-USAGE", "--deployment needs the chain's end point", { fix: "Add --coordinator-rpc URL." });
  }
  const found = decodeDeployment(readTextFile(deployment));
  const names = ["ledger", "registry", "faults", "rewards", "market"] as const;
  return [`  chain: ${found.chainId}`, ...names.map((name) => `  ${name}: "${toAddressText(found[name])}"`)];
}

/** The first configuration: everything a newcomer changes, each line with what it is for. */
function template(options: InitOptions, passphraseFile: boolean): string {
  const { coordinatorRpc: rpc } = options;
  const addresses = coordinatorLines(options);
  const coordinator =
    rpc && addresses
      ? ["coordinator:", `  rpc: ["${rpc}"]`, ...addresses]
      : [
          "# coordinator:                      # where batches are committed; without it they are signed and kept",
          '#   rpc: ["http://127.0.0.1:8545"]',
          "#   chain: 31337",
          '#   ledger: "0x…"',
          '#   registry: "0x…"',
        ];
  return [
    "# yaml-language-server: $schema=./config.schema.json",
    "version: 1",
    "gateway:",
    `  name: ${JSON.stringify(options.name)}`,
    "  data: data                        # journal and log: back this up with the keys, or not at all",
    "  keys: keys                        # private: 0700, files 0600",
    ...(passphraseFile ? ["  passphrase: file:passphrase       # or credential:NAME of the service manager"] : []),
    "mqtt:",
    "  broker: embedded                  # or mqtt://host:1883, mqtts://host:8883",
    "  listen: 127.0.0.1:1883",
    "  base_topic: fieldseal",
    "devices: {}                         # fieldseal devices add NAME --driver modbus/eastron-sdm630 --port /dev/…",
    "batch: { every: 15m, max: 4096 }",
    ...coordinator,
    "",
  ].join("\n");
}

/** `fieldseal init`: configuration, key store, gateway key and chain key. Never replaces anything. */
export async function init(options: InitOptions): Promise<void> {
  const out = outputOf(options);
  const dir = resolve(options.dir);
  const config = join(dir, "config.yaml");
  const keys = join(dir, "keys");
  for (const path of [config, join(keys, "keystore.json")]) {
    if (existsSync(path)) {
      throw new UsageError("FS-INIT-EXISTS", `${path} is already there`, {
        fix: "use another --dir; keys and configurations are never replaced",
      });
    }
  }
  // Before anything is made: a wrong option leaves nothing behind.
  coordinatorLines(options);
  mkdirSync(dir, { recursive: true });
  mkdirSync(join(dir, "data"), { recursive: true, mode: 0o700 });
  const given = resolvePassphrase(process.env, { exists: existsSync });
  const passphraseFile = join(dir, "passphrase");
  if (!given) writeFileSync(passphraseFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  const passphrase = await readPassphrase(given ?? { kind: "file", path: passphraseFile });
  const store = Keystore.create({ dir: keys, passphrase });
  store.createKey({ purpose: "gateway" });
  const chain = store.createKey({ purpose: "chain" });
  store.close();
  passphrase.fill(0);
  writeFileSync(config, template(options, !given), { flag: "wx" });
  const { configJsonSchema } = await import("../../config/index.ts");
  writeFileSync(join(dir, "config.schema.json"), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);

  const gateway = listKeys(keys).find(({ purpose }) => purpose === "gateway")!;
  const address = toAddressText(addressOfPublicKey(chain.publicKey));
  out.data({ config, keys, gateway: shortDeviceId(gateway.id), address, passphrase: given ? "given" : passphraseFile });
  out.line(`config     ${config}`);
  out.line(`keys       ${keys}   gateway key ${shortDeviceId(gateway.id)}   chain address ${address}`);
  if (!given) {
    out.line(`passphrase ${passphraseFile}   (0600; a service credential is safer, see gateway.passphrase)`);
  }
  out.line("next       fieldseal devices add NAME --driver modbus/eastron-sdm630 --port /dev/serial/by-id/…");
  if (options.coordinatorRpc) {
    out.line(
      `           send ETH to ${address}, then: fieldseal gateway stake 0.1   (before run; only staked gateways are paid)`,
    );
  }
  out.line("           fieldseal run");
}
