import { defineConfig } from 'vitest/config';

const minute = 60_000;

export default defineConfig({
  test: {
    // As many files at once as there are processors, of all projects together: each file has servers, ports, folders
    // and homes of its own. By default one processor is kept free.
    maxWorkers: '100%',
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{itg,e2e,workflows}.test.ts'],
          // To load all of `src/` anew costs more than most files' tests do. `src/` keeps no state between calls, and a
          // file puts back what it changes of the process.
          isolate: false,
          // A busy machine is no failure: no test measures time.
          testTimeout: minute,
          hookTimeout: minute,
        },
      },
      {
        extends: true,
        test: {
          name: 'itg',
          include: ['test/**/*.itg.test.ts'],
          testTimeout: 2 * minute,
          hookTimeout: 2 * minute,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          testTimeout: 5 * minute,
          hookTimeout: 5 * minute,
        },
      },
      {
        extends: true,
        test: {
          // Not part of `npm test`: the linters come from Go, pip and apt.
          name: 'workflows',
          include: ['test/**/*.workflows.test.ts'],
          // Each linter is a program of its own, and slow to start.
          testTimeout: minute,
          hookTimeout: minute,
        },
      },
    ],
  },
});
