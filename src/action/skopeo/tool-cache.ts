import { constants, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFile, find } from '@actions/tool-cache';
import { systemCodeOf } from '../../errors.ts';
import type { Installer } from '../../skopeo/index.ts';
import { hashFile } from '../../store/index.ts';
import type { Step } from '../log.ts';

const TOOL = 'skopeo';

/** @actions/tool-cache finds semantic versions only, so a bare hash would never be found. */
const versionOf = (sha256: string): string => `0.0.0-sha256.${sha256}`;

/**
 * Keeps a skopeo that came from an address in the runner's tool cache, RUNNER_TOOL_CACHE, for later jobs. Other jobs
 * may write there at the same time, without a lock, so nothing is run from there: each use copies the file and checks
 * the copy. Without a writable tool cache everything is fetched each time.
 */
export function createToolCache(
  { log, env, signal }: Pick<Step, 'log' | 'env' | 'signal'>,
  maxBytes: number,
): Pick<Installer, 'takeKept' | 'keep'> {
  const isThere = (env['RUNNER_TOOL_CACHE'] ?? '') !== '';
  const say = (level: 'info' | 'warning', message: string): void => log.emit({ type: 'log', level, message });
  return {
    async takeKept(sha256, file) {
      const folder = isThere ? find(TOOL, versionOf(sha256)) : '';
      if (folder === '') return false;
      const kept = path.join(folder, TOOL);
      const fault = await copyChecked(kept, file, { sha256, maxBytes, signal });
      if (fault === undefined) {
        say('info', `skopeo is taken from the tool cache (${kept})`);
        return true;
      }
      if (fault === ABSENT) return false;
      say('warning', `skopeo in the tool cache (${kept}) ${fault}: it was not run, and is fetched again`);
      await rm(file, { force: true });
      for (const dropped of [`${folder}.complete`, folder])
        await rm(dropped, { recursive: true, force: true }).catch(() => {});
      return false;
    },
    async keep(sha256, file) {
      if (!isThere) return;
      try {
        await cacheFile(file, TOOL, TOOL, versionOf(sha256));
      } catch (error) {
        say(
          'info',
          `skopeo could not be kept in the tool cache (${systemCodeOf(error) ?? 'no reason given'})`,
        );
      }
    },
  };
}

/** Not a fault: another job may be about to store it. */
const ABSENT = 'is not there';

interface Expected {
  readonly sha256: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Copies a file that others can write to. Returns its fault; undefined where the copy has the sha256. */
async function copyChecked(
  from: string,
  to: string,
  { sha256, maxBytes, signal }: Expected,
): Promise<string | undefined> {
  try {
    // Do not follow a link, or wait for the writer of a pipe.
    const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await source.stat();
      if (!stats.isFile()) return 'is not a regular file';
      if (stats.size > maxBytes) return 'is too large';
      await pipeline(
        source.createReadStream({ end: maxBytes, autoClose: false }),
        createWriteStream(to, { flags: 'wx' }),
        { signal },
      );
    } finally {
      await source.close();
    }
    const { digest } = await hashFile(to, { signal });
    return digest === `sha256:${sha256}` ? undefined : `has ${digest}, not sha256:${sha256}`;
  } catch (error) {
    signal.throwIfAborted();
    const code = systemCodeOf(error) ?? 'no reason given';
    if (code === 'ENOENT') return ABSENT;
    return code === 'ELOOP' ? 'is a link' : `cannot be read (${code})`;
  }
}
