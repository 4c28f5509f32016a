import { existsSync } from "node:fs";
import type { Command } from "commander";
import { builtIn, type Catalog } from "../../devices/index.ts";
import { EnvironmentError, UsageError } from "../../protocols/bytes/index.ts";
import { readPassphrase, resolvePassphrase } from "../attest/passphrase.ts";
import { describeBroken, type LoadedConfig, loadConfig, loadProfiles } from "../config/index.ts";
import { Output } from "./output.ts";

/** Options that every verb has. */
export interface CommonOptions {
  config?: string;
  json?: boolean;
  quiet?: boolean;
  color?: boolean;
  debug?: boolean;
}

/** Adds the options that every verb has. */
export function common(command: Command): Command {
  return command
    .option(
      "-c, --config <file>",
      "configuration file (default: FIELDSEAL_CONFIG, ./config.yaml, /etc/fieldseal/config.yaml)",
    )
    .option("--json", "machine-readable output: one document, or one JSON object a line when streaming")
    .option("-q, --quiet", "no messages beside the data")
    .option("--no-color", "no colours (also: NO_COLOR)")
    .option("--debug", "stack traces with errors");
}

/** The configuration file a command works on. */
export function configFile(options: CommonOptions): string {
  const named = options.config ?? process.env["FIELDSEAL_CONFIG"];
  if (named !== undefined) return named;
  return existsSync("config.yaml") || !existsSync("/etc/fieldseal/config.yaml")
    ? "config.yaml"
    : "/etc/fieldseal/config.yaml";
}

export function load(options: CommonOptions, flags: Record<string, unknown> = {}): LoadedConfig {
  return loadConfig({ file: configFile(options), env: process.env, flags });
}

/**
 * Board models that ship, and the user's own where there is a configuration. Broken profiles are noted.
 * @throws ConfigError; EnvironmentError FS-CONFIG-MISSING when the file that is named is not there.
 */
export function knownModels(options: CommonOptions): Catalog {
  const named = options.config !== undefined || process.env["FIELDSEAL_CONFIG"] !== undefined;
  if (!named && !existsSync(configFile(options))) return builtIn;
  const { catalog, broken } = loadProfiles(load(options).config.profiles);
  const out = outputOf(options);
  for (const line of describeBroken(broken)) out.note(`left out: ${line}`);
  return catalog;
}

export const outputOf = (options: CommonOptions): Output => new Output(options);

/**
 * The key store's passphrase, from descriptor, configuration, service credential or file.
 * @throws UsageError FS-KEY-NO-PASSPHRASE when none is configured.
 */
export async function passphraseFor(loaded: LoadedConfig | undefined, fd?: string): Promise<Uint8Array> {
  if (fd !== undefined && !/^\d{1,4}$/.test(fd)) {
    throw new UsageError("FS-USAGE", `--passphrase-fd: "${fd}" is not a descriptor number`);
  }
  const configured = loaded?.config.gateway.passphrase;
  const source = resolvePassphrase(process.env, {
    ...(fd === undefined ? {} : { fd: Number(fd) }),
    ...(configured === undefined ? {} : { configured }),
    exists: existsSync,
  });
  if (!source) {
    throw new EnvironmentError("FS-KEY-NO-PASSPHRASE", "no passphrase for the key store is given", {
      fix: "set gateway.passphrase (file:PATH, 0600), or hand over a service credential, or use --passphrase-fd",
    });
  }
  return readPassphrase(source);
}
