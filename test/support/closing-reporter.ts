import type { Reporter, TestCase, TestModule } from "vitest/node";

function* tests(modules: readonly TestModule[]): Iterable<TestCase> {
  for (const module of modules) yield* module.children.allTests();
}

/** Lists what was skipped by name, then closes with one plain line: `N passed, N failed, N skipped`. */
export default class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed =
      errors.length +
      modules.filter((module) => module.state() === "failed" && [...module.children.allTests()].length === 0).length;
    const skipped = new Set<string>();
    let skippedCount = 0;
    for (const test of tests(modules)) {
      const { state } = test.result();
      if (state === "passed") passed++;
      else if (state === "failed") failed++;
      else {
        skippedCount++;
        skipped.add(test.parent.type === "suite" ? test.parent.fullName : test.fullName);
      }
    }
    for (const name of skipped) console.log(`skipped: ${name}`);
    console.log(`${passed} passed, ${failed} failed, ${skippedCount} skipped`);
  }
}
