import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles one TypeScript file (path from the project root) so that node can run it as a process; returns the file's path. */
export function bundled(source: string): string {
  // Below node_modules, so that the packages it leaves outside the bundle are found.
  const outfile = join(
    root,
    "node_modules",
    ".cache",
    "fieldseal-test",
    `${source.replaceAll("/", "-").replace(/\.ts$/, "")}-${process.pid}.mjs`,
  );
  buildSync({
    entryPoints: [join(root, source)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "error",
  });
  return outfile;
}
