import { realpath } from 'node:fs/promises';
import { saveCache } from '@actions/cache';
import { messageOf, OciSaveError, systemCodeOf } from '../../errors.ts';
import { formatBytes } from '../../text/bytes.ts';
import { freeBytes } from '../../store/index.ts';
import type { NewEntry, SaveOutcome } from '../port.ts';
import { handOver, takeBack } from './handover.ts';
import { judgeWords } from './judge.ts';
import { overhear } from './overhear.ts';
import type { Environment } from './service.ts';

/** Left free beside what the run itself is going to write. */
const RESERVE_BYTES = 256 * 1024 * 1024;

export interface SavePlace {
  /** The workspace's real path. */
  readonly workspace: string;
  readonly env: Environment;
  readonly onWords: (words: string) => void;
}

/** Saves one entry by @actions/cache. Its archive lies in the runner's temporary folder until it is sent. */
export async function saveEntry(
  entry: NewEntry,
  { workspace, env, onWords }: SavePlace,
): Promise<SaveOutcome> {
  const bytes = entry.files.reduce((sum, { size }) => sum + size, 0);
  try {
    await requirePlace(workspace, env);
    const free = Math.min(await freeBytes(workspace), await freeBytes(env['RUNNER_TEMP'] || workspace));
    const needed = 2 * bytes + entry.leaveFree + RESERVE_BYTES;
    if (free < needed) {
      const reason = `saving it takes ${formatBytes(needed)} of the disk for a while, and ${formatBytes(free)} are free`;
      return { kind: 'failed', reason };
    }
    await handOver(entry, workspace);
    // Layers are compressed already: more effort gains nothing.
    process.env['ZSTD_CLEVEL'] ??= '1';
    const { result, words } = await overhear(() => saveCache([entry.folder], entry.key));
    onWords(words);
    return result === -1 ? judgeWords(words) : { kind: 'saved' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A fault of the disk, or what the library throws about a path.
    return { kind: 'failed', reason: reasonOf(error) };
  } finally {
    await takeBack(entry.folder, workspace);
  }
}

/** The library names files from the workspace, and looks for them from the working directory. */
async function requirePlace(workspace: string, env: Environment): Promise<void> {
  if ((await realpath(process.cwd())) !== workspace) {
    throw new OciSaveError({ code: 'local', message: 'the step does not run in the workspace' });
  }
  // With a link in it the two would not fit.
  if (env['GITHUB_WORKSPACE'] !== workspace) process.env['GITHUB_WORKSPACE'] = workspace;
}

function reasonOf(error: Error): string {
  const code = systemCodeOf(error);
  return code === undefined ? messageOf(error) : `${code}: ${messageOf(error)}`;
}
