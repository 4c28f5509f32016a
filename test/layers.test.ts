import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Lowest first: a layer may import itself and what stands before it. */
const LAYERS = ["protocols", "firmware-bridge", "devices", "gateway"] as const;
type Layer = (typeof LAYERS)[number];

interface Source {
  path: string;
  text: string;
  imports: string[];
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']\s*\)|(?:^|\n)\s*import\s+["']([^"']+)["']/g;

function sources(layer: Layer): Source[] {
  return readdirSync(join(root, layer), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => {
      const path = relative(root, join(entry.parentPath, entry.name));
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, imports: [...text.matchAll(IMPORT)].map((m) => (m[1] ?? m[2] ?? m[3])!) };
    });
}

/** Project-relative path of a relative import, or undefined for a package. */
const target = (source: Source, specifier: string) =>
  specifier.startsWith(".") ? relative(root, resolve(root, dirname(source.path), specifier)) : undefined;

const all = LAYERS.flatMap(sources);
const violations = (select: (source: Source) => string[]) =>
  all.flatMap((s) => select(s).map((why) => `${s.path}: ${why}`));

describe("layers", () => {
  it("has sources in every layer", () => {
    for (const layer of LAYERS) expect(sources(layer).length, layer).toBeGreaterThan(0);
  });

  it("resolves every relative import to a file, by its full name", () => {
    expect(
      violations((s) => s.imports.filter((i) => i.startsWith(".") && !existsSync(join(root, target(s, i)!)))),
    ).toEqual([]);
  });

  it("imports one way: protocols ← firmware-bridge ← devices ← gateway", () => {
    const rank = (path: string) => LAYERS.indexOf(path.split("/")[0] as Layer);
    expect(
      violations((s) =>
        s.imports.filter((i) => {
          const to = target(s, i);
          return to !== undefined && to !== "package.json" && (rank(to) < 0 || rank(to) > rank(s.path));
        }),
      ),
    ).toEqual([]);
  });

  it("keeps protocols pure: no clock, randomness, sockets, files, timers, logging", () => {
    const impure =
      /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|console\.|process\.|Buffer\b|fetch\(|globalThis\.crypto|crypto\.(?:getRandomValues|subtle)|async\s|await\s|Promise\b)/;
    const code = (text: string) =>
      text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "");
    expect(
      violations((s) => {
        if (!s.path.startsWith("protocols/")) return [];
        const node = s.imports.filter((i) => i.startsWith("node:"));
        const found = impure.exec(code(s.text));
        return found ? [...node, found[0]] : node;
      }),
    ).toEqual([]);
  });

  it("lets protocols use only pure packages", () => {
    const allowed =
      /^(?:@noble\/(?:curves|hashes)\/(?:abstract\/weierstrass|[a-z0-9-]+)\.js|@noble\/ciphers\/aes\.js|cbor-x)$/;
    expect(
      violations((s) =>
        s.path.startsWith("protocols/") ? s.imports.filter((i) => !i.startsWith(".") && !allowed.test(i)) : [],
      ),
    ).toEqual([]);
  });

  it("keeps the verifier independent: gateway/verify imports protocols only", () => {
    expect(
      violations((s) =>
        s.path.startsWith("gateway/verify/")
          ? s.imports.filter((i) => {
              const to = target(s, i);
              return to === undefined || !(to.startsWith("protocols/") || to.startsWith("gateway/verify/"));
            })
          : [],
      ),
    ).toEqual([]);
  });

  it("keeps the catalog free of I/O", () => {
    const io = /^(?:node:|serialport|mqtt|aedes)|firmware-bridge\/(?!port\/clock)/;
    expect(
      violations((s) =>
        s.path.startsWith("devices/catalog/") ? s.imports.filter((i) => io.test(target(s, i) ?? i)) : [],
      ),
    ).toEqual([]);
  });

  it("keeps files small: at most 400 lines", () => {
    const files = [...LAYERS, "test"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(?:ts|sol|c|h)$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => !path.includes("node_modules")),
    );
    const lines = (path: string) => readFileSync(path, "utf8").split("\n").length - 1;
    expect(
      files.filter((path) => statSync(path).isFile() && lines(path) > 400).map((path) => relative(root, path)),
    ).toEqual([]);
  });

  it("names every export: no wildcard", () => {
    expect(violations((s) => (/(?:^|\n)\s*export\s*\*/.test(s.text) ? ["export *"] : []))).toEqual([]);
  });
});
