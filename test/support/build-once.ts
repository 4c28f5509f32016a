import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

function newest(folder: string): number {
  let latest = 0;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return latest;
}

function builtAt(): number {
  try {
    return statSync(join(root, "dist", "cli.js")).mtimeMs;
  } catch {
    return 0;
  }
}

function buildIfOld(): void {
  const sources = Math.max(...["protocols", "firmware-bridge", "devices", "gateway", ".config"].map(newest));
  if (builtAt() >= sources || process.env["FIELDSEAL_NO_BUILD"]) return;
  const build = spawnSync("npx", ["--no-install", "tsup", "--config", ".config/tsup.config.ts", "--silent"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, FIELDSEAL_NO_TYPES: "1" },
  });
  if (build.status !== 0) throw new Error("the build failed: npm run build shows why");
}

/**
 * Builds `dist/` when a source is newer: tests that start our processes start what the sources say. The processes run from a copy
 * of this run's own, because `dist/` is emptied by every build, also by one that a test makes.
 */
export function setup(): (() => void) | undefined {
  if (process.env["FIELDSEAL_BUILT"]) return undefined;
  buildIfOld();
  // Below node_modules, so that the packages it leaves outside the bundle are found.
  const copy = join(root, "node_modules", ".cache", "fieldseal-test", `dist-${process.pid}`);
  cpSync(join(root, "dist"), copy, { recursive: true });
  process.env["FIELDSEAL_BUILT"] = copy;
  return () => rmSync(copy, { recursive: true, force: true });
}
