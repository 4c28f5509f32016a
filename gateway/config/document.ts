import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { LineCounter, parse, parseDocument } from "yaml";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { ConfigError } from "./error.ts";
import { type PlaceOf, placesOf, plainValues } from "./places.ts";

/** A parsed file that can tell where each value stands. */
export interface ConfigDocument {
  file: string;
  /** Plain values, `!secret` resolved. */
  values: unknown;
  /** Place of the value at `path`, or of `key` within it. */
  place: PlaceOf;
}

function readSecrets(file: string): () => Record<string, unknown> {
  let secrets: Record<string, unknown> | undefined;
  return () => {
    if (secrets) return secrets;
    const path = join(dirname(file), "secrets.yaml");
    let mode: number;
    try {
      mode = statSync(path).mode & 0o777;
    } catch (cause) {
      throw new EnvironmentError(
        "FS-CONFIG-SECRETS",
        `${path}: the configuration names a !secret, and this file is absent`,
        {
          cause,
          fix: `create it with mode 0600: one line "name: value" a secret`,
        },
      );
    }
    if ((mode & 0o077) !== 0) {
      throw new EnvironmentError("FS-CONFIG-SECRETS", `${path} can be read by others (mode ${mode.toString(8)})`, {
        fix: `chmod 600 ${path}`,
      });
    }
    const parsed: unknown = parse(readFileSync(path, "utf8"));
    secrets = typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
    return secrets;
  };
}

/** Largest configuration read; a longer file is a mistake, not a configuration. */
const MAX_BYTES = 1 << 20;

/**
 * Reads and parses the YAML file.
 * @throws ConfigError FS-CONFIG for malformed YAML; EnvironmentError FS-CONFIG-MISSING, FS-CONFIG-SECRETS.
 */
export function readConfigDocument(file: string): ConfigDocument {
  let text: string;
  try {
    if (statSync(file).size > MAX_BYTES) throw new ConfigError(file, [{ path: "", message: "is larger than 1 MiB" }]);
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new EnvironmentError("FS-CONFIG-MISSING", `${file}: cannot be read`, {
      cause,
      fix: "fieldseal init writes a first one; --config names another file",
    });
  }
  const lines = new LineCounter();
  const secrets = readSecrets(file);
  const unknownSecrets: string[] = [];
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    customTags: [
      {
        tag: "!secret",
        resolve(name: string) {
          const value = secrets()[name];
          if (typeof value === "string" || typeof value === "number") return String(value);
          unknownSecrets.push(name);
          return "";
        },
      },
    ],
  });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new ConfigError(
      file,
      faults.map(({ message, pos }) => ({ path: "", message, ...at(pos[0]) })),
    );
  }
  if (unknownSecrets.length > 0) {
    throw new ConfigError(
      file,
      unknownSecrets.map((name) => ({ path: "", message: `!secret ${name} is not in secrets.yaml` })),
    );
  }
  const plain = plainValues(document);
  if ("fault" in plain) throw new ConfigError(file, [{ path: "", message: plain.fault }]);
  return {
    file,
    values: plain.values ?? {},
    place: placesOf(document, lines),
  };
}
