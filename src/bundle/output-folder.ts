import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { exists, whyForeign } from '../files/index.ts';
import { keepLock, settleLock } from './earlier-lock.ts';
import { type Foreign, refuseForeign } from './foreign.ts';
import { lookAgain, type LookedAtOutput, lookAtOutput } from './look-at-output.ts';
import { besideOutput, cannotWrite, HOLDER_MANNER, lockOutput } from './output-lock.ts';

export { lockBeside } from './output-lock.ts';

/** An output that this run alone may replace. */
export interface OutputFolder {
  /** Where the new content is built, on the output's own volume. */
  readonly staging: string;
  /** What a server keeps in the earlier bundle, by path: it goes with that. */
  readonly state: readonly string[];
  /**
   * Looks once more for what others put there since the run began.
   * @throws OciSaveError `local`, naming it
   */
  lookAgain(): Promise<void>;
  /** Puts the built content at the output's path: the earlier one stays until then. */
  publish(): Promise<void>;
  /** Gives the output free; what was built and not published goes. */
  release(): Promise<void>;
}

/**
 * Prepares an output. What no earlier run wrote is refused: files and links in its place, folders that no lock names, and
 * in a bundle's folder all that its lock does not explain. A run that was killed between its two renames is mended first.
 *
 * @param foreignElsewhere what stands at other places of the run, to be told in the same message
 * @throws OciSaveError `machine`, before anything is fetched.
 */
export async function openOutputFolder(
  output: string,
  foreignElsewhere: () => Promise<readonly Foreign[]> = () => Promise.resolve([]),
): Promise<OutputFolder> {
  try {
    await mkdir(path.dirname(output), { recursive: true });
  } catch (cause) {
    throw cannotWrite(output, cause);
  }
  const isFree = (await whyForeign(besideOutput(output, 'lock'), HOLDER_MANNER)) === undefined;
  const lock = isFree ? await lockOutput(output) : undefined;
  const [old, staging] = [besideOutput(output, 'old'), besideOutput(output, 'new')];
  let isReplaced = false;
  let found: LookedAtOutput;
  try {
    found = await lookAtOutput(output);
    refuseForeign([...found.foreign, ...(await foreignElsewhere())]);
    await mend(output, old);
    await keepLock(output, found.lockFile);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o755 });
  } catch (error) {
    await lock?.release();
    throw error;
  }
  return {
    staging,
    state: found.state,
    async lookAgain() {
      refuseForeign(await lookAgain(output, found), 'local');
    },
    async publish() {
      // Three steps, each of which a killed run can be mended from: see `mend`.
      if (await exists(output)) await rename(output, old);
      await rename(staging, output);
      isReplaced = true;
      await rm(old, { recursive: true, force: true });
    },
    async release() {
      await rm(staging, { recursive: true, force: true });
      await settleLock(output, isReplaced);
      await lock?.release();
    },
  };
}

/** An old bundle without a new one goes back; beside a new one it goes away. */
async function mend(output: string, old: string): Promise<void> {
  if (!(await exists(old))) return;
  if (await exists(output)) await rm(old, { recursive: true, force: true });
  else await rename(old, output);
}
