import { OciSaveError } from '../errors.ts';
import { type Hint, hint, option } from '../text/hint.ts';

/** Something at a run's output that no earlier run wrote. */
export interface Foreign {
  /** A path, or the name of an image that was pushed. */
  readonly place: string;
  /** What it is: the rest of a sentence that begins with `place`. */
  readonly what: string;
}

/** How many are named in one message. */
const NAMED = 10;

/**
 * Ends a run that would overwrite or remove what others wrote.
 * @param code `machine` before the run has begun, `local` where something appeared while it was at work
 * @throws OciSaveError that names the first ten, and how many more there are
 */
export function refuseForeign(foreign: readonly Foreign[], code: 'machine' | 'local' = 'machine'): void {
  if (foreign.length === 0) return;
  // A lock stands beside a bundle and beside an archive of one name.
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

function hintFor(foreign: readonly Foreign[]): Hint {
  const wasPushed = foreign.some(({ what }) => what.includes('pushed'));
  const areBlobs = foreign.every(({ what }) => what.includes('is a blob'));
  if (wasPushed)
    return hint`Only an earlier bundle is ever replaced. Push what was pushed there to another registry, too, and delete it here by digest; or name another output with ${option('output')}.`;
  return areBlobs
    ? hint`Servers keep the blobs of a deleted image until they collect garbage, and zot with "gc": false for ever. Where nobody needs them, move these files away; or name another output with ${option('output')}.`
    : hint`Only what an earlier run wrote is ever replaced. Move it away, or name another output with ${option('output')} or ${option('archiveName')}.`;
}
