import type { Reporter, TestModule } from 'vitest/node';

/** Closes a run with a plain line, `N passed, N failed`, that a machine can read. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A skipped test is a failing test.
        count[state === 'passed' ? 'passed' : state === 'skipped' ? 'skipped' : 'failed'] += 1;
      }
      if (module.errors().length > 0) count.failed += 1;
    }
    process.stdout.write(`\n${count.passed} passed, ${count.failed + count.skipped} failed\n`);
  }
}
