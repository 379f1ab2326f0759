import path from 'node:path';
import { type ArchivePlace, checkArchiveName, partSizeOf, wholeName } from '../../archive/index.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import type { SaveOptions } from '../../options/index.ts';
import { assetNameOf, releaseTag } from '../../github-release/index.ts';
import type { Environment } from '../../http/index.ts';
import type { Store } from '../../store/index.ts';

/** Where a run's results go. Paths are absolute. */
export interface Places {
  /** The bundle's folder; undefined where no folder is wanted. */
  readonly output: string | undefined;
  /** Where the archive stands, or would stand. */
  readonly archivePlace: ArchivePlace;
  /** The archive's file; undefined where none is wanted on disk. */
  readonly archive: string | undefined;
  /** Bytes of its parts, on disk as in a release; 0 where it is never cut. */
  readonly partSize: number;
  /** The lock beside an archive. */
  readonly archiveLock: string;
  readonly report: string;
}

const NONE = 'none';

/**
 * What a release has at most in one file, with a margin: GitHub takes less than 2 GiB (2048 MiB), and a round figure
 * tells a reader at once that nothing was cut off.
 */
export const RELEASE_PART_BYTES = 2000 * 1024 * 1024;

/**
 * Reads the tag of a release from the environment where it is `auto`.
 * @throws OciSaveError `usage` where there is none, or an archive cannot have the name that it would have
 */
export function placesOf(options: SaveOptions, env: Environment): Places {
  const { output, archive, archiveName, splitSize } = options;
  const tag = releaseTag(options.release, env);
  const folder = output === NONE ? undefined : path.resolve(output);
  const home = folder === undefined ? process.cwd() : path.dirname(folder);
  const given = folder === undefined ? 'oci-bundle' : path.basename(folder);
  const called = archiveName || (tag === undefined ? given : assetNameOf(`${given}-${tag}`));
  // A folder alone may have any name.
  if (archiveName !== '' || archive !== NONE) checkArchiveName(called);
  const base = path.resolve(home, called);
  const place = {
    folder: path.dirname(base),
    name: { base: path.basename(base), suffix: archive === NONE ? 'tar' : archive },
  };
  return {
    output: folder,
    archivePlace: place,
    archive: archive === NONE ? undefined : path.join(place.folder, wholeName(place.name)),
    partSize: splitSize === 0 && tag !== undefined ? RELEASE_PART_BYTES : partSizeOf(splitSize),
    archiveLock: `${base}.lock.json`,
    report: `${folder ?? base}.report.json`,
  };
}

/** The path that a run's results stand at or beside, and that only one run at a time may write to. */
export function placeOf(places: Places): string {
  return places.output ?? archiveBase(places);
}

/** The archive's path without its suffix. */
export function archiveBase({ archivePlace }: Pick<Places, 'archivePlace'>): string {
  return path.join(archivePlace.folder, archivePlace.name.base);
}

/** Where a run writes down which of its results are about to take their names. */
export function recordOf(places: Places, store: Pick<Store, 'publishing'>): string {
  const place = digestOf(new TextEncoder().encode(placeOf(places)));
  return path.join(store.publishing, `${hexOf(place)}.json`);
}
