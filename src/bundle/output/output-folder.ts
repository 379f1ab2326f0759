import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { exists, whyForeign } from '../../files/index.ts';
import { finishPublishing, isPublishing, replaceFolder } from './publish-results.ts';
import { besideOutput, forgetLock, keepLock } from './beside-output.ts';
import { type ForeignItem, refuseForeign } from './foreign.ts';
import { inspectAgain, inspectOutput, type OutputFindings } from './inspect-output.ts';
import { cannotWrite, HOLDER_FILE_KIND, holderFile, lockOutput } from './output-lock.ts';

/** An output that this run alone may replace. */
export interface OutputFolder extends Pick<OutputFindings, 'state' | 'lockFile'> {
  /** Where the new content is built, on the output's own volume. */
  readonly staging: string;
  /**
   * Checks once more for what others put there since the run started.
   * @throws OciSaveError `local` that names it
   */
  recheck(): Promise<void>;
  /** Puts the built content at the output's path: the earlier one stays until then. */
  publish(): Promise<void>;
  /** @throws OciSaveError `machine` where another run has taken over the right to write here */
  checkLock(): Promise<void>;
  /** Releases the output; what was built and not published is removed. What another run builds that took it over stays. */
  release(): Promise<void>;
}

export interface OutputOptions {
  /** The file that records which results are taking their names: see `publishResults`. */
  readonly record?: string | undefined;
  /** What others wrote where the run writes something beside the folder; it is reported in the same message. */
  readonly foreign?: () => Promise<readonly ForeignItem[]>;
}

/**
 * Prepares an output. What no earlier run wrote is refused: files and links in its place, folders that no lock names, and
 * in a bundle's folder all that its lock does not account for. Results that a killed run was publishing get their names
 * first.
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
  const inspect = async (): Promise<OutputFindings> => {
    const found = await inspectOutput(output);
    refuseForeign([...found.foreign, ...((await foreign?.()) ?? [])]);
    return found;
  };
  try {
    const before = await inspect();
    await mend(output, old);
    const isFinished = record !== undefined && (await finishPublishing(record, output));
    const found = isFinished ? await inspect() : before;
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
      checkLock: async () => lock?.check(),
      async release() {
        const isHeld = (await lock?.isHeld()) !== false;
        if (isHeld && (record === undefined || !(await isPublishing(record)))) {
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

/** Puts an old bundle back where there is no new one, and removes it where there is one. */
async function mend(output: string, old: string): Promise<void> {
  if (!(await exists(old))) return;
  if (await exists(output)) await rm(old, { recursive: true, force: true });
  else await rename(old, output);
}
