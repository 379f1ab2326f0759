import { realpath } from 'node:fs/promises';
import { saveCache } from '@actions/cache';
import { messageOf } from '../../errors.ts';
import { freeBytes } from '../../store/index.ts';
import { formatBytes } from '../../text/bytes.ts';
import { beforeDeadline } from '../deadline.ts';
import type { NewEntry, SaveOutcome } from '../port.ts';
import { handOver, takeBack } from './handover.ts';
import { captureOutput } from './capture-output.ts';
import type { Environment } from './service.ts';

/** Stays free beside what the run itself will write. */
const RESERVE_BYTES = 256 * 1024 * 1024;

export interface SavePlace {
  /** The workspace's real path. */
  readonly workspace: string;
  readonly env: Environment;
  readonly onWords: (words: string) => void;
  /** Milliseconds that any entry may take, beside those for its bytes. */
  readonly graceMilliseconds: number;
}

/** A service that takes less would hold a run for longer than the sources do. */
const LEAST_BYTES_A_SECOND = 1024 * 1024;

/** Saves one entry with @actions/cache. Its archive is in the runner's temporary folder until it is sent. */
export async function saveEntry(entry: NewEntry, place: SavePlace): Promise<SaveOutcome> {
  try {
    return (await whyNotHere(entry, place)) ?? (await packAndSend(entry, place));
  } catch (error) {
    // An error of the disk, or the library's error about a path.
    return { kind: 'failed', reason: messageOf(error) };
  }
}

async function whyNotHere(
  { files, leaveFree }: NewEntry,
  { workspace, env }: SavePlace,
): Promise<SaveOutcome | undefined> {
  // The library's paths are relative to the workspace, and it reads them relative to the working directory.
  if ((await realpath(process.cwd())) !== workspace)
    return { kind: 'failed', reason: 'the step does not run in the workspace' };
  const bytes = bytesOf(files);
  const free = Math.min(await freeBytes(workspace), await freeBytes(env['RUNNER_TEMP'] || workspace));
  const needed = 2 * bytes + leaveFree + RESERVE_BYTES;
  if (free >= needed) return undefined;
  const reason = `saving it takes ${formatBytes(needed)} of the disk for a while, and ${formatBytes(free)} are free`;
  return { kind: 'failed', reason };
}

async function packAndSend(
  entry: NewEntry,
  { workspace, onWords, graceMilliseconds }: SavePlace,
): Promise<SaveOutcome> {
  // With a link in it the two would differ.
  process.env['GITHUB_WORKSPACE'] = workspace;
  // Layers are compressed already: more effort gains nothing.
  process.env['ZSTD_CLEVEL'] ??= '1';
  try {
    await handOver(entry, workspace);
    const saving = captureOutput(() => saveCache([entry.folder], entry.key));
    const milliseconds = graceMilliseconds + (1000 * bytesOf(entry.files)) / LEAST_BYTES_A_SECOND;
    const saved = await beforeDeadline(milliseconds, saving);
    if (saved === undefined)
      return { kind: 'limited', reason: `the service took no more for ${Math.round(milliseconds / 1000)} s` };
    const { result, words } = saved;
    onWords(words);
    return result === -1 ? judgeWords(words) : { kind: 'saved' };
  } finally {
    await takeBack(entry.folder, workspace);
  }
}

function bytesOf(files: NewEntry['files']): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

const MAX_WORDS = 300;

/** The outcome of a `saveCache` that saved nothing, from the words that it printed. */
export function judgeWords(words: string): SaveOutcome {
  const denied = /cache write denied:[^\n"]*/i.exec(words)?.[0];
  if (denied !== undefined) {
    return {
      kind: 'denied',
      reason: `this run may read the cache and not write it (${clean(denied)}): runs of pull requests from forks, and those that untrusted people can start, may not`,
    };
  }
  const seconds = /rate limit will reset in (\d+) seconds/.exec(words)?.[1];
  if (seconds !== undefined || /\(429\)|\b429\b|Rate limited/.test(words)) {
    const when = seconds === undefined ? '' : `, for the next ${seconds} s`;
    return {
      kind: 'limited',
      reason: `the repository saves too often${when} (429); fewer jobs at once, or cache-mode: read in most of them, helps`,
    };
  }
  if (/storage quota has been hit|insufficient usage/i.test(words)) {
    return {
      kind: 'limited',
      reason:
        'the storage that the account pays for is used up; delete caches, or raise the limit in its billing settings',
    };
  }
  if (/\(409\)|already_exists|already exists/i.test(words)) return { kind: 'exists' };
  return { kind: 'failed', reason: lastWords(words) };
}

function lastWords(words: string): string {
  const lines = words.split('\n').map((line) => line.trim());
  const said =
    lines.findLast((line) => line.startsWith('::debug::Failed to reserve cache:')) ??
    lines.findLast((line) => /Failed to save:/.test(line)) ??
    lines.findLast((line) => line !== '' && !line.startsWith('::debug::'));
  return clean(
    (said ?? 'it says nothing')
      .replace(/^::[a-z]+::/, '')
      .replace(/,? another job may be \w+ this cache\.?/, ''),
  );
}

function clean(text: string): string {
  return text
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, MAX_WORDS);
}
