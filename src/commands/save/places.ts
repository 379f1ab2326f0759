import path from 'node:path';
import { type ArchivePlace, checkArchiveName, partSizeOf, wholeName } from '../../archive/index.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import type { SaveOptions } from '../../options/index.ts';
import { assetNameOf, releaseTag } from '../../github-release/index.ts';
import type { Environment } from '../../http/index.ts';
import type { RunReport } from '../../report/index.ts';
import type { Store } from '../../store/index.ts';

/** The paths of a run's results, all absolute. */
export interface Places {
  /** The bundle's folder, if the options name one. */
  readonly output: string | undefined;
  /** The place of the archive, even if it is not written. */
  readonly archivePlace: ArchivePlace;
  /** The archive's file; undefined where it is not written to disk. */
  readonly archive: string | undefined;
  /** Bytes of its parts, on disk as in a release; 0 where it is never split. */
  readonly partSize: number;
  /** The lock beside an archive. */
  readonly archiveLock: string;
  readonly report: string;
}

/** What a run has made, as its report has it. */
export type Results = Pick<RunReport, 'bundle' | 'archive' | 'lock' | 'push'>;

const NONE = 'none';

/**
 * The largest part in a release, with a margin: GitHub accepts less than 2 GiB (2048 MiB), and a round figure shows a
 * reader that nothing was cut off.
 */
export const RELEASE_PART_BYTES = 2000 * 1024 * 1024;

/**
 * Reads the tag of a release from the environment where it is `auto`.
 * @throws OciSaveError `usage` where there is no tag, or the archive's name would not be valid
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

/** The path of a run's results, or beside which they are; only one run at a time may write there. */
export function placeOf(places: Places): string {
  return places.output ?? archiveBase(places);
}

/** The archive's path without its suffix. */
export function archiveBase({ archivePlace }: Pick<Places, 'archivePlace'>): string {
  return path.join(archivePlace.folder, archivePlace.name.base);
}

/** The file that lists the results of a run that are about to get their names. */
export function recordOf(places: Places, store: Pick<Store, 'publishing'>): string {
  const place = digestOf(new TextEncoder().encode(placeOf(places)));
  return path.join(store.publishing, `${hexOf(place)}.json`);
}
