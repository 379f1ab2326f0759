import type { SaveOutcome } from '../port.ts';

const MAX_WORDS = 300;

/** What became of a `saveCache` that saved nothing, from the words it left. */
export function judgeWords(words: string): SaveOutcome {
  const denied = /cache write denied:[^\n"]*/i.exec(words)?.[0];
  if (denied !== undefined) {
    return {
      kind: 'denied',
      reason: `this run may read the cache and not write it (${clean(denied)}): runs of pull requests from forks, and those that strangers can start, may not`,
    };
  }
  const seconds = /rate limit will reset in (\d+) seconds/.exec(words)?.[1];
  if (seconds !== undefined || /\(429\)|\b429\b|Rate limited/.test(words)) {
    const when = seconds === undefined ? '' : `, for the next ${seconds} s`;
    return {
      kind: 'limited',
      reason: `the repository saves too often${when} (429); fewer jobs at once, or \`cache-mode: read\` in most of them, helps`,
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
