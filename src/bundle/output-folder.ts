import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { exists } from '../files/index.ts';
import { readLock } from './read-lock.ts';
import { finishAppearance, isAppearing, replaceFolder } from './appear.ts';
import { besideOutput } from './beside-output.ts';
import { cannotWrite, lockOutput } from './output-lock.ts';
import { LOCK_FILE } from './tree.ts';

/** An output that this run alone may replace. */
export interface OutputFolder {
  /** Where the new content is built, on the output's own volume. */
  readonly staging: string;
  /** Puts the built content at the output's path: the earlier one stays until then. */
  publish(): Promise<void>;
  /** Gives the output free; what was built and not published goes. */
  release(): Promise<void>;
}

/** The lock that names a bundle of one view: it stands beside the folder. */
export function lockBeside(output: string): string {
  return `${output}.lock.json`;
}

/**
 * Prepares an output. Refused are files, links and folders that hold something else than a bundle: a folder is
 * ours when a lock names it. What a run that was killed has begun to put at its place is finished first.
 * @throws OciSaveError `machine`, before anything is fetched.
 */
export async function openOutputFolder(output: string): Promise<OutputFolder> {
  try {
    await mkdir(path.dirname(output), { recursive: true });
  } catch (cause) {
    throw cannotWrite(output, cause);
  }
  const lock = await lockOutput(output);
  const [old, staging] = [besideOutput(output, 'old'), besideOutput(output, 'new')];
  try {
    await mend(output, old);
    await refuseForeign(output);
    await finishAppearance(output);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o755 });
  } catch (error) {
    await lock.release();
    throw error;
  }
  return {
    staging,
    publish: () => replaceFolder(output),
    async release() {
      if (!(await isAppearing(output))) await rm(staging, { recursive: true, force: true });
      await lock.release();
    },
  };
}

/** An old bundle without a new one goes back; beside a new one it goes away. */
async function mend(output: string, old: string): Promise<void> {
  if (!(await exists(old))) return;
  if (await exists(output)) await rm(old, { recursive: true, force: true });
  else await rename(old, output);
}

async function refuseForeign(output: string): Promise<void> {
  if (!(await exists(output))) return;
  const stats = await lstat(output);
  if (stats.isSymbolicLink()) throw foreign(output, 'is a link');
  if (!stats.isDirectory()) throw foreign(output, 'is a file');
  if ((await readdir(output)).length === 0) return;
  const ours = (await isLock(path.join(output, LOCK_FILE))) || (await isLock(lockBeside(output)));
  if (!ours) throw foreign(output, 'holds something else than a bundle');
}

async function isLock(file: string): Promise<boolean> {
  try {
    return (await readLock(file)) !== undefined;
  } catch (error) {
    if (error instanceof OciSaveError) return false;
    throw error;
  }
}

function foreign(output: string, what: string): OciSaveError {
  return new OciSaveError({
    code: 'machine',
    message: `${output} ${what}; it is left as it is`,
    hint: 'Only an earlier bundle is ever replaced. Name another folder with --output, or remove this one yourself.',
  });
}
