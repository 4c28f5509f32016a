import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Absolute path of a built entry (`cli`, `signer-process`, …); the test run builds it beforehand. It is the run's own copy of
 * `dist/` where there is one, so that a build beside the tests does not change what their processes load.
 */
export function builtFile(name: string): string {
  const folder = process.env["FIELDSEAL_BUILT"] ?? fileURLToPath(new URL("../../dist", import.meta.url));
  const path = `${folder}/${name}.js`;
  if (!existsSync(path)) throw new Error(`dist/${name}.js is not built: run npm test, or npm run build`);
  return path;
}
