import { type Catalog, driverId, profileJsonSchema } from "../../../devices/index.ts";
import { UsageError } from "../../../protocols/bytes/index.ts";
import {
  type Config,
  type ConfigProblem,
  configJsonSchema,
  describeBroken,
  describeProblem,
  loadProfiles,
} from "../../config/index.ts";
import { type CommonOptions, configFile, load, outputOf } from "../context.ts";
import { Exit } from "../exit.ts";

/** `fieldseal config check`: every problem with its line and column; exit 78 when there is one. */
export function configCheck(options: CommonOptions): void {
  const out = outputOf(options);
  const { file, config, brokenDevices } = load(options);
  const { profiles, broken, notes, catalog } = loadProfiles(config.profiles);
  const problems = [...brokenDevices.flatMap((device) => device.problems), ...unknownDrivers(config, catalog)];
  for (const problem of problems) out.line(describeProblem(file, problem));
  for (const line of describeBroken(broken)) out.line(line);
  for (const note of notes) out.note(note);
  const ok = problems.length === 0 && broken.length === 0;
  const own = profiles.map(({ profile }) => driverId(profile));
  out.data({ file, ok, devices: Object.keys(config.devices), problems, profiles: own, brokenProfiles: broken, notes });
  if (!ok) process.exitCode = Exit.configuration;
  else {
    const more = own.length > 0 ? `, ${own.length} profiles of your own` : "";
    out.line(`${file}: ok, ${Object.keys(config.devices).length} devices${more}`);
  }
}

/** Devices of a model that neither ships nor is among the user's own profiles. */
function unknownDrivers({ devices }: Config, catalog: Catalog): ConfigProblem[] {
  return Object.entries(devices).flatMap(([name, { driver }]) => {
    if (driver === "link") return [];
    try {
      catalog.find(driver);
      return [];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const { message, fix } = error;
      return [{ path: `devices.${name}.driver`, device: name, message: fix ? `${message}; ${fix}` : message }];
    }
  });
}

/** Keys whose values are never shown, wherever they stand. */
const SECRET_KEYS = new Set(["password", "encryption_key", "authentication_key"]);

/** `fieldseal config show [--origin]`: every value in force; secrets stay hidden. */
export function configShow(options: CommonOptions & { origin?: boolean }): void {
  const out = outputOf(options);
  const { config, origins } = load(options);
  const rows: { path: string; value: unknown; origin: string }[] = [];
  const walk = (value: unknown, path: string) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === "" ? key : `${path}.${key}`);
    } else if (path !== "") {
      rows.push({
        path,
        value: SECRET_KEYS.has(path.slice(path.lastIndexOf(".") + 1)) ? "(secret)" : value,
        origin: originOf(origins, path),
      });
    }
  };
  walk(config, "");
  out.data(
    Object.fromEntries(rows.map(({ path, value, origin }) => [path, options.origin ? { value, origin } : value])),
    2,
  );
  for (const { path, value, origin } of rows) {
    out.line(`${path.padEnd(32)} ${String(value)}${options.origin ? out.style(`   (${origin})`, "dim") : ""}`);
  }
}

/** A value that was taken apart (`listen` → host and port) has the origin of the text it came from. */
function originOf(origins: ReadonlyMap<string, string>, path: string): string {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const origin = origins.get(at);
    if (origin !== undefined && (origin !== "default" || at === path)) return origin;
  }
  return "default";
}

/** `fieldseal config schema [--profile]`: the JSON Schema of the file, or of a board profile, for editors. */
export function configSchemaCommand({ profile }: { profile?: boolean } = {}): void {
  process.stdout.write(`${JSON.stringify(profile ? profileJsonSchema() : configJsonSchema(), null, 2)}\n`);
}

/** `fieldseal config path`: which file is used. */
export function configPath(options: CommonOptions): void {
  process.stdout.write(`${configFile(options)}\n`);
}
