import { OciSaveError } from '../errors.ts';
import { showText } from '../oci/reference-quote.ts';

/** A place that images without a transport are taken from. */
export type SourcePlace = 'remote' | 'docker-daemon' | 'containers-storage';

/** `auto`: registries; offline, this machine. */
export type SourceOrder = 'auto' | readonly SourcePlace[];

const LOCAL: readonly SourcePlace[] = ['containers-storage', 'docker-daemon'];

/** Places of this machine, in the order in which they are asked where nothing else is said. */
export function localPlaces(order: SourceOrder): readonly SourcePlace[] {
  return order === 'auto' ? LOCAL : order.filter((place) => place !== 'remote');
}

/**
 * Reads the option `source`: `auto`, `local`, `remote`, or an order of `docker-daemon`, `containers-storage`, `local` and
 * `remote`.
 * @throws OciSaveError `usage`
 */
export function parseSourceOrder(words: readonly string[]): SourceOrder {
  if (words.length === 0 || (words.length === 1 && words[0] === 'auto')) return 'auto';
  const places = words.flatMap((word): readonly SourcePlace[] => {
    if (word === 'local') return LOCAL;
    if (word === 'remote' || word === 'docker-daemon' || word === 'containers-storage') return [word];
    throw new OciSaveError({
      code: 'usage',
      message: `source: ${showText(word)} is no place that images are taken from`,
      hint: 'Write auto, local, remote, or an order as docker-daemon,containers-storage,remote.',
    });
  });
  return [...new Set(places)];
}
