import { defineConfig } from 'vitest/config';

const TWO_MINUTES = 120_000;

/** Set by `scripts/mutate.ts`. */
const FOLDERS = (process.env['OCI_SAVE_MUTATE_TESTS'] ?? 'test').split(',');

/** The tests that load `src/` into their own process: only these run changed code. Those of the repository are not among them. */
export default defineConfig({
  test: {
    include: FOLDERS.map((folder) => `${folder}/**/*.test.ts`),
    exclude: ['test/**/*.{e2e,workflows}.test.ts', 'test/house/**'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: TWO_MINUTES,
    hookTimeout: TWO_MINUTES,
  },
});
