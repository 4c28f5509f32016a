import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import type { z } from "zod";
import { type ConfigDocument, readConfigDocument } from "./document.ts";
import { ConfigError, type ConfigProblem } from "./error.ts";
import { issueProblems } from "./issues.ts";
import { type Config, configJsonSchema, configSchema } from "./schema.ts";
import { isLoopback } from "./text.ts";

export type Origin = "flag" | "environment" | "file" | "default";

export interface LoadedConfig {
  file: string;
  config: Config;
  /** Where each leaf value came from, by dotted path. */
  origins: ReadonlyMap<string, Origin>;
  /** Devices left out because their own section is broken; the rest runs. */
  brokenDevices: readonly { name: string; problems: readonly ConfigProblem[] }[];
}

export interface LoadOptions {
  file: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** Values from the command line, by dotted path. */
  flags?: Readonly<Record<string, unknown>>;
}

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const SECTIONS = Object.keys(configSchema.shape);

/** `FIELDSEAL_MQTT__BASE_TOPIC=x` → `mqtt.base_topic`. Variables without a section and `__` are not configuration. */
function environmentValues(env: Readonly<Record<string, string | undefined>>): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith("FIELDSEAL_") || text === undefined) continue;
    const path = name.slice("FIELDSEAL_".length).toLowerCase().split("__");
    if (path.length > 1 && SECTIONS.includes(path[0]!)) found.set(path.join("."), parse(text));
  }
  return found;
}

function setPath(target: Plain, path: string, value: unknown): void {
  const keys = path.split(".");
  let at = target;
  for (const key of keys.slice(0, -1)) {
    const next = at[key];
    if (isPlain(next)) at = next;
    else {
      const made: Plain = {};
      at[key] = made;
      at = made;
    }
  }
  at[keys.at(-1)!] = value;
}

function leafPaths(value: unknown, path: string, into: Set<string>): Set<string> {
  if (isPlain(value))
    for (const [key, inner] of Object.entries(value)) leafPaths(inner, path ? `${path}.${key}` : key, into);
  else if (path !== "") into.add(path);
  return into;
}

function problemsOf(issue: z.core.$ZodIssue, document: ConfigDocument): ConfigProblem[] {
  const of = issue.path[0] === "devices" && issue.path.length > 1 ? { device: String(issue.path[1]) } : {};
  return issueProblems(issue, configJsonSchema(), document.place).map((problem) => ({ ...problem, ...of }));
}

/** What a device of this link cannot be reached without. */
const REACHED_BY: Readonly<Record<string, "port" | "station" | "public_key" | undefined>> = {
  link: "public_key",
  mqtt: undefined,
  ocpp: "station",
};

function missingKey(device: Config["devices"][string]): string | undefined {
  const [link = ""] = device.driver.split("/");
  const needed = link in REACHED_BY ? REACHED_BY[link] : "port";
  return needed !== undefined && device[needed] === undefined ? needed : undefined;
}

/** Rules that span several values. */
function crossChecks(config: Config, document: ConfigDocument): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { mqtt } = config;
  if (mqtt.broker === "embedded" && !isLoopback(mqtt.listen.host)) {
    problems.push({
      path: "mqtt.listen",
      message: `${mqtt.listen.host} is reachable from other machines, and the embedded broker has no TLS yet; listen on 127.0.0.1, or name a broker with TLS (mqtts://…)`,
      ...document.place(["mqtt", "listen"]),
    });
  }
  if ((mqtt.user === undefined) !== (mqtt.password === undefined)) {
    problems.push({ path: "mqtt", message: "user and password go together", ...document.place(["mqtt"]) });
  }
  for (const [name, { device }] of Object.entries(mqtt.users)) {
    if (config.devices[device]?.driver.startsWith("mqtt/")) continue;
    problems.push({
      path: `mqtt.users.${name}.device`,
      message: `${device} is no configured device with an mqtt/… driver`,
      ...document.place(["mqtt", "users", name, "device"]),
    });
  }
  for (const [name, device] of Object.entries(config.devices)) {
    const missing = missingKey(device);
    if (missing !== undefined) {
      problems.push({
        path: `devices.${name}`,
        message: `driver ${device.driver} needs ${missing}`,
        device: name,
        ...document.place(["devices", name]),
      });
    }
  }
  return problems;
}

/**
 * Reads, overrides and checks the configuration: flag > environment > file > default.
 * @throws ConfigError with every problem found; EnvironmentError when a file cannot be read.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const file = resolve(options.file);
  const document = readConfigDocument(file);
  if (!isPlain(document.values)) throw new ConfigError(file, [{ path: "", message: "is not a YAML mapping" }]);
  const origins = new Map<string, Origin>();
  for (const path of leafPaths(document.values, "", new Set())) origins.set(path, "file");

  const values = structuredClone(document.values);
  const override = (path: string, value: unknown, origin: Origin) => {
    setPath(values, path, value);
    origins.set(path, origin);
  };
  for (const [path, value] of environmentValues(options.env ?? {})) override(path, value, "environment");
  for (const [path, value] of Object.entries(options.flags ?? {}))
    if (value !== undefined) override(path, value, "flag");

  const broken = new Map<string, ConfigProblem[]>();
  for (;;) {
    const result = configSchema.safeParse(values);
    const problems = result.success
      ? crossChecks(result.data, document)
      : result.error.issues.flatMap((issue) => problemsOf(issue, document));
    const fatal = problems.filter(({ device }) => device === undefined);
    if (fatal.length > 0) throw new ConfigError(file, problems);
    if (result.success && problems.length === 0) {
      for (const path of leafPaths(result.data, "", new Set())) if (!origins.has(path)) origins.set(path, "default");
      return {
        file,
        config: anchored(result.data, file),
        origins,
        brokenDevices: [...broken].map(([name, found]) => ({ name, problems: found })),
      };
    }
    // Set the broken devices aside, and check what remains.
    for (const problem of problems) {
      const name = problem.device ?? "";
      broken.set(name, [...(broken.get(name) ?? []), problem]);
      delete (values["devices"] as Plain)[name];
    }
  }
}

function anchoredTls(tls: NonNullable<Config["ocpp"]>["tls"], base: string) {
  if (!tls) return {};
  const { key, cert, ca } = tls;
  const files = { key: resolve(base, key), cert: resolve(base, cert) };
  return { tls: ca === undefined ? files : { ...files, ca: resolve(base, ca) } };
}

/** Paths in the file are relative to the file. */
function anchored(config: Config, file: string): Config {
  const base = dirname(file);
  const { passphrase } = config.gateway;
  const source = passphrase?.startsWith("file:") ? `file:${resolve(base, passphrase.slice(5))}` : passphrase;
  return {
    ...config,
    profiles: resolve(base, config.profiles),
    gateway: {
      ...config.gateway,
      data: resolve(base, config.gateway.data),
      keys: resolve(base, config.gateway.keys),
      ...(source === undefined ? {} : { passphrase: source }),
    },
    ...(config.ocpp ? { ocpp: { ...config.ocpp, ...anchoredTls(config.ocpp.tls, base) } } : {}),
  };
}
