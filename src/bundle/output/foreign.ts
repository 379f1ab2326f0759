import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../../errors.ts';
import { unlessGone, whyForeign } from '../../files/index.ts';
import { type Hint, hint, option } from '../../text/hint.ts';
import type { OwnFileKind } from '../../text/own-file-kind.ts';
import { unfinishedOf } from '../write-file.ts';

/** Something at a run's output that no earlier run wrote. */
export interface ForeignItem {
  /** A path, or the name of an image that was pushed. */
  readonly place: string;
  /** What it is: the rest of a sentence that begins with `place`. */
  readonly what: string;
}

/** How many are named in one message. */
const NAMED = 10;

/**
 * Ends a run that would overwrite or remove what others wrote.
 * @param code `machine` at the start of a run, `local` where something appeared while it ran
 * @throws OciSaveError that names the first ten, and how many more there are
 */
export function refuseForeign(foreign: readonly ForeignItem[], code: 'machine' | 'local' = 'machine'): void {
  if (foreign.length === 0) return;
  // A bundle and an archive of one name have the same lock beside them.
  const sentences = [...new Set(foreign.map(({ place, what }) => `${place} ${what}`))];
  const lines = sentences.slice(0, NAMED);
  const more = sentences.length - lines.length;
  const all = more > 0 ? [...lines, `and ${more} more`] : lines;
  const since = code === 'local' ? ' since this run began' : '';
  throw new OciSaveError({
    code,
    message:
      all.length === 1 && code === 'machine'
        ? `${all.join('')}; it is left as it is`
        : `others wrote at the output${since}; it is left as it is:\n${all.join(',\n')}`,
    hint: hintFor(foreign),
  });
}

function hintFor(foreign: readonly ForeignItem[]): Hint {
  const wasPushed = foreign.some(({ what }) => what.includes('pushed'));
  const areBlobs = foreign.every(({ what }) => what.includes('is a blob'));
  if (wasPushed)
    return hint`Only an earlier bundle is ever replaced. Push what was pushed there to another registry, too, and delete it here by digest; or name another output with ${option('output')}.`;
  return areBlobs
    ? hint`Servers keep the blobs of a deleted image until they collect garbage, and zot with "gc": false for ever. Where nobody needs them, move these files away; or name another output with ${option('output')}.`
    : hint`Only what an earlier run wrote is ever replaced. Move it away, or name another output with ${option('output')} or ${option('archiveName')}.`;
}

/**
 * The files at the final name of a file that a run writes, and at its names until then, that no earlier run wrote. A file
 * that a live run is writing is ignored.
 */
export async function foreignAt(file: string, kind: OwnFileKind): Promise<ForeignItem[]> {
  const [folder, name] = [path.dirname(file), path.basename(file)];
  const names = ((await unlessGone(readdir(folder))) ?? []).filter((other) => {
    const unfinished = unfinishedOf(other);
    return other === name || (unfinished?.file === name && !unfinished.isAtWork);
  });
  const foreign: ForeignItem[] = [];
  for (const place of names.toSorted().map((other) => path.join(folder, other))) {
    const what = await whyForeign(place, kind);
    if (what !== undefined) foreign.push({ place, what });
  }
  return foreign;
}
