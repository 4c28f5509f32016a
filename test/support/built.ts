import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Absolute path of a built entry of `dist/` (`cli`, `signer-process`, …); the test run builds it beforehand. */
export function builtFile(name: string): string {
  const path = fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));
  if (!existsSync(path)) throw new Error(`dist/${name}.js is not built: run npm test, or npm run build`);
  return path;
}
