import { entryOf, formatSource, type ImageRequest, type WritableImage } from '../../list/index.ts';
import type { LockedImage } from '../../lock/index.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';

/** One image as a list, a lock or a bundle names it. */
export interface Listed {
  readonly ref: string;
  /** Names under which it is stored: all of a lock; of a list those that it gives. */
  readonly names: readonly string[];
  /** Of a lock. What a list pins is in its `ref`. */
  readonly digest: Digest | undefined;
  readonly platforms: readonly string[];
  /** `file:line` of each entry that names it; the file of a lock, where more than it is shown. */
  readonly origins: readonly string[];
  /** Of a lock, where it is not a registry. */
  readonly transport?: Exclude<LockedImage['source'], 'docker'> | undefined;
  /** How many signatures and other referrers are saved with it; absent where none is, and in a list. */
  readonly referrers?: number | undefined;
  /** Options that its lock has for it, and that no entry of a list can have. */
  readonly options: readonly string[];
  /** The entry that asks for it, or why no list can. */
  readonly entry: WritableImage | string;
}

/** An entry of a list. */
export function requestRow(request: ImageRequest, origins: readonly string[]): Listed {
  const { source, platforms, storedAs, locked } = request;
  if (locked !== undefined) return lockedRow(locked, origins);
  return {
    ref: formatSource(source),
    names: storedAs.map(formatReference),
    digest: undefined,
    platforms: platformWords(platforms),
    origins,
    options: [],
    entry: { source, platforms, storedAs },
  };
}

/** An image of a lock. */
export function lockedRow(image: LockedImage, origins: readonly string[]): Listed {
  const { ref, names, digest, source, referrers, index, converted } = image;
  const entry = entryOf(image);
  return {
    ref,
    names,
    digest,
    platforms: typeof entry === 'object' && entry.platforms === 'all' ? ['all'] : image.platforms,
    origins,
    ...(source === 'docker' ? {} : { transport: source }),
    ...(referrers.length === 0 ? {} : { referrers: referrers.length }),
    options: [
      ...(index === undefined ? [] : [`--index ${index}`]),
      ...(source === 'docker' && converted !== undefined ? ['--format oci'] : []),
      ...(referrers.length === 0 ? [] : ['--referrers']),
    ],
    entry,
  };
}

/** An image that stands in several places is one row. */
export function joinRows(rows: readonly Listed[]): Listed[] {
  const groups = Map.groupBy(rows, ({ ref, names, digest, platforms, transport }) =>
    JSON.stringify([ref, names, digest, platforms, transport]),
  );
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, origins: [first, ...others].flatMap(({ origins }) => origins) }],
  );
}

function platformWords(platforms: ImageRequest['platforms']): readonly string[] {
  if (platforms === undefined) return [];
  return platforms === 'all' ? ['all'] : platforms.map(formatPlatform);
}
