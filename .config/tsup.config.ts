import { defineConfig } from "tsup";

/**
 * One bundle per subpath export, plus one per process the daemon starts: a child process is
 * started by file name, so each needs a file of its own in dist/.
 */
const libraries = {
  index: "gateway/index.ts",
  protocols: "protocols/index.ts",
  "firmware-bridge": "firmware-bridge/index.ts",
  devices: "devices/index.ts",
  gateway: "gateway/index.ts",
};
const processes = {
  cli: "gateway/cli/main.ts",
  "gateway-process": "gateway/process/gateway-process.ts",
  "signer-process": "gateway/attest/signer-process.ts",
  "broker-process": "gateway/broker/broker-process.ts",
};

const common = {
  format: ["esm" as const],
  target: "node20",
  platform: "node" as const,
  splitting: true,
  sourcemap: true,
  treeshake: true,
  outDir: "dist",
};

export default defineConfig([
  { ...common, entry: { ...libraries, ...processes }, clean: !process.env["FIELDSEAL_KEEP_DIST"] },
  ...(process.env["FIELDSEAL_NO_TYPES"] ? [] : [{ ...common, entry: libraries, dts: { only: true } }]),
]);
