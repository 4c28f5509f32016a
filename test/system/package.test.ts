import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  exports: Record<string, unknown>;
};

let folder: string;
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 26 });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fieldseal-package-"));
  execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "ignore" });
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], {
    cwd: root,
    stdio: "ignore",
  });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  mkdirSync(join(folder, "empty"));
  folder = join(folder, "empty");
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  run(
    "npm",
    "install",
    "--ignore-scripts",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    `../${tarball}`,
  );
});
afterAll(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

describe("the packed package, installed in an empty directory", () => {
  const subpaths = Object.keys(manifest.exports).filter((path) => !path.endsWith(".json"));

  it.each(subpaths)("exports %s", (subpath) => {
    const name = `fieldseal${subpath.slice(1)}`;
    const out = run(
      "node",
      "--input-type=module",
      "-e",
      `import * as m from "${name}"; console.log(Object.keys(m).length)`,
    );
    expect(Number(out)).toBeGreaterThan(0);
  });

  it("types every subpath", () => {
    const imports = subpaths.map(
      (path, i) => `import * as m${i} from "fieldseal${path.slice(1)}"; export const n${i}: object = m${i};`,
    );
    writeFileSync(join(folder, "use.ts"), `${imports.join("\n")}\n`);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    run("node", tsc, "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "use.ts");
  });

  it("runs the binary", () => {
    expect(run("npx", "--no-install", "fieldseal", "--version").trim()).toBe(manifest.version);
    expect(run("npx", "--no-install", "fieldseal", "--help")).toContain("demo");
    const schema = JSON.parse(
      readFileSync(join(folder, "node_modules", "fieldseal", "dist", "config.schema.json"), "utf8"),
    ) as object;
    expect(schema).toHaveProperty("properties.mqtt");
  });

  it("makes a first configuration that checks out", () => {
    run("npx", "--no-install", "fieldseal", "init", "--dir", "site", "--name", "shed");
    expect(run("npx", "--no-install", "fieldseal", "config", "check", "--config", "site/config.yaml")).toContain("ok");
    const keys = JSON.parse(
      run("npx", "--no-install", "fieldseal", "key", "list", "--json", "--config", "site/config.yaml"),
    ) as unknown[];
    expect(keys).toHaveLength(2);
  });
});
