import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { exists, whyForeign } from '../../files/index.ts';
import { finishPublishing, isPublishing, replaceFolder } from './publish-results.ts';
import { besideOutput, forgetLock, keepLock } from './beside-output.ts';
import { type ForeignItem, refuseForeign } from './foreign.ts';
import { inspectAgain, inspectOutput } from './inspect-output.ts';
import { cannotWrite, HOLDER_FILE_KIND, holderFile, lockOutput } from './output-lock.ts';

/** An output that this run alone may replace. */
export interface OutputFolder {
  /** Where the new content is built, on the output's own volume. */
  readonly staging: string;
  /** What a server keeps in the earlier bundle, by path: it goes with the bundle. */
  readonly state: readonly string[];
  /** The lock that names the earlier bundle: in it, or beside it; undefined where there is none. */
  readonly lockFile: string | undefined;
  /**
   * Looks once more for what others put there since the run began.
   * @throws OciSaveError `local`, naming it
   */
  recheck(): Promise<void>;
  /** Puts the built content at the output's path: the earlier one stays until then. */
  publish(): Promise<void>;
  /** Releases the output; what was built and not published is removed. */
  release(): Promise<void>;
}

/** What a run hands to its output. */
export interface OutputOptions {
  /** The record of which results are about to take their names: see `publishResults`. */
  readonly record?: string | undefined;
  /** What others wrote where the run writes something beside the folder; it is reported in the same message. */
  readonly foreign?: () => Promise<readonly ForeignItem[]>;
}

/**
 * Prepares an output. What no earlier run wrote is refused: files and links in its place, folders that no lock names, and
 * in a bundle's folder all that its lock does not explain. What a killed run has begun to put in its
 * place is finished first.
 *
 * @throws OciSaveError `machine`, before anything is fetched
 */
export async function openOutputFolder(
  output: string,
  { record, foreign }: OutputOptions = {},
): Promise<OutputFolder> {
  try {
    await mkdir(path.dirname(output), { recursive: true });
  } catch (cause) {
    throw cannotWrite(output, cause);
  }
  const isFree = (await whyForeign(holderFile(output), HOLDER_FILE_KIND)) === undefined;
  const lock = isFree ? await lockOutput(output) : undefined;
  const [old, staging] = [besideOutput(output, 'old'), besideOutput(output, 'new')];
  const look = async (): ReturnType<typeof inspectOutput> => {
    const found = await inspectOutput(output);
    refuseForeign([...found.foreign, ...((await foreign?.()) ?? [])]);
    return found;
  };
  try {
    const before = await look();
    await mend(output, old);
    const isFinished = record !== undefined && (await finishPublishing(record, output));
    const found = isFinished ? await look() : before;
    await keepLock(output, found.lockFile);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o755 });
    return {
      staging,
      state: found.state,
      lockFile: found.lockFile,
      async recheck() {
        refuseForeign(await inspectAgain(output, found), 'local');
      },
      publish: () => replaceFolder(output),
      async release() {
        if (record === undefined || !(await isPublishing(record))) {
          await rm(staging, { recursive: true, force: true });
          await forgetLock(output);
        }
        await lock?.release();
      },
    };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** An old bundle goes back where there is no new one, and is removed where there is one. */
async function mend(output: string, old: string): Promise<void> {
  if (!(await exists(old))) return;
  if (await exists(output)) await rm(old, { recursive: true, force: true });
  else await rename(old, output);
}
