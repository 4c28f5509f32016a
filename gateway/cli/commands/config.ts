import { configJsonSchema, describeProblem } from "../../config/index.ts";
import { type CommonOptions, configFile, load, outputOf } from "../context.ts";
import { Exit } from "../exit.ts";

/** `fieldseal config check`: every problem with its line and column; exit 78 when there is one. */
export function configCheck(options: CommonOptions): void {
  const out = outputOf(options);
  const { file, config, brokenDevices } = load(options);
  const problems = brokenDevices.flatMap((device) => device.problems);
  for (const problem of problems) out.line(describeProblem(file, problem));
  out.data({ file, ok: problems.length === 0, devices: Object.keys(config.devices), problems });
  if (problems.length > 0) process.exitCode = Exit.configuration;
  else out.line(`${file}: ok, ${Object.keys(config.devices).length} devices`);
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

/** `fieldseal config schema`: the JSON Schema of the file, for editors. */
export function configSchemaCommand(): void {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}

/** `fieldseal config path`: which file is used. */
export function configPath(options: CommonOptions): void {
  process.stdout.write(`${configFile(options)}\n`);
}
