import { randomUUID } from 'node:crypto';

/** Runs once before all tests: names the run, for what its workers count together. */
export default function setup(): void {
  process.env['OCI_SAVE_TEST_RUN'] ??= randomUUID();
}
