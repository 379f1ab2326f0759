import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';

/** The workers of one run write here; the closing lines read it. */
const file = (): string =>
  path.join(tmpdir(), `oci-save-not-on-zot-${process.env['OCI_SAVE_TEST_RUN'] ?? 'x'}`);

/** Notes that the current test wanted zot and ran on the built-in registry. */
export function noteNotOnZot(): void {
  appendFileSync(file(), `${expect.getState().testPath ?? ''} ${expect.getState().currentTestName ?? ''}\n`);
}

/** How many checks did not run on zot; forgets them. */
export function takeNotOnZot(): number {
  try {
    return readFileSync(file(), 'utf8')
      .split('\n')
      .filter((line) => line !== '').length;
  } catch {
    return 0;
  } finally {
    rmSync(file(), { force: true });
  }
}
