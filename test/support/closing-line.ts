import type { Reporter, TestModule } from 'vitest/node';
import { takeNotOnZot } from './not-on-zot.ts';

/** Closes a run with a plain line, `N passed, N failed`, that a machine can read. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0 };
    for (const module of modules) {
      // A skipped test is a failing test.
      for (const test of module.children.allTests())
        count[test.result().state === 'passed' ? 'passed' : 'failed'] += 1;
      if (module.errors().length > 0) count.failed += 1;
    }
    const notOnZot = takeNotOnZot();
    const zot =
      notOnZot === 0 ? 'every check that wants zot ran on zot' : `${notOnZot} checks did not run on zot`;
    process.stdout.write(`\n${zot}\n${count.passed} passed, ${count.failed} failed\n`);
  }
}
