import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
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

/** Builds `dist/` when a source is newer: tests that start our processes start what the sources say. */
export function setup(): void {
  const sources = Math.max(...["protocols", "firmware-bridge", "devices", "gateway", ".config"].map(newest));
  if (builtAt() >= sources || process.env["FIELDSEAL_NO_BUILD"]) return;
  const build = spawnSync("npx", ["--no-install", "tsup", "--config", ".config/tsup.config.ts", "--silent"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, FIELDSEAL_NO_TYPES: "1" },
  });
  if (build.status !== 0) throw new Error("the build failed: npm run build shows why");
}
