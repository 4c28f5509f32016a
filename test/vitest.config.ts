import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/** unit: pure code and twins. contract: one suite over fake and real. system: real processes, real peers. fuzz: mutated input by the million. */
const project = (name: string, include: string[], timeout: number) => ({
  extends: true as const,
  test: { name, include, testTimeout: timeout, hookTimeout: timeout },
});

export default defineConfig({
  root,
  test: {
    pool: "forks",
    maxWorkers: 2,
    retry: 0,
    globalSetup: ["test/support/build-once.ts"],
    reporters: ["default", "./test/support/closing-reporter.ts"],
    projects: [
      project("unit", ["test/unit/**/*.test.ts", "test/layers.test.ts"], 60_000),
      project("contract", ["test/contract/**/*.test.ts"], 120_000),
      project("fuzz", ["test/fuzz/**/*.test.ts"], 300_000),
      project("system", ["test/system/**/*.test.ts"], 300_000),
    ],
  },
});
