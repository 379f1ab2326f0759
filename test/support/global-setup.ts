import { randomUUID } from 'node:crypto';
import { shareCompiled } from './compiled.ts';

/** Runs once before all tests: names the run, for what its workers count together. Returns what ends it. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  process.env['OCI_SAVE_TEST_RUN'] ??= randomUUID();
  return await shareCompiled();
}
