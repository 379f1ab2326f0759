import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const VARIABLE = 'NODE_COMPILE_CACHE';

/**
 * Lets every Node program of this test run share what it has compiled: the built files are compiled once, not at each
 * of a thousand starts. Returns what removes it; nothing where the environment names a folder.
 */
export async function shareCompiled(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[VARIABLE] !== undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'os-compiled-'));
  process.env[VARIABLE] = folder;
  return () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** What a child's environment has to name for that. */
export function compiled(): Record<string, string> {
  const folder = process.env[VARIABLE];
  return folder === undefined ? {} : { [VARIABLE]: folder };
}
