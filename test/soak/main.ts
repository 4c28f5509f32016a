import { readdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What a `*.soak.ts` exports: runs for long, returns what failed. */
export interface SoakModule {
  soak(): Promise<string[]>;
}

const folder = fileURLToPath(new URL(".", import.meta.url));
const only = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".soak.ts") && (only.length === 0 || only.some((word) => name.includes(word))))
  .sort();
let failed = 0;
for (const file of files) {
  const { soak } = (await import(pathToFileURL(folder + file).href)) as SoakModule;
  for (const failure of await soak()) {
    failed++;
    console.error(failure);
  }
}
console.log(failed === 0 ? "soak passed" : `soak failed: ${failed}`);
process.exitCode = failed === 0 ? 0 : 1;
