import path from 'node:path';
import { archiveBaseOf, foreignArchiveFiles } from '../archive/index.ts';
import {
  APPEARING_FILE_KIND,
  appearingFile,
  type Foreign,
  foreignAt,
  HOLDER_FILE_KIND,
  holderFile,
  lookAtOutput,
  refuseForeign,
} from '../bundle/index.ts';
import { LOCK_FILE_KIND } from '../lock/index.ts';
import { REPORT_FILE_KIND } from '../report/index.ts';
import { type Places, placeOf } from './places.ts';

/** What others wrote where a run writes its archive, with all that stands beside it. */
export async function foreignAtArchive({ archive, archivePlace, archiveLock }: Places): Promise<Foreign[]> {
  if (archive === undefined) return [];
  const { folder, name } = archivePlace;
  return [...(await foreignArchiveFiles(folder, name)), ...(await foreignAt(archiveLock, LOCK_FILE_KIND))];
}

/** What others wrote where a run writes its report. */
export function foreignAtReport({ report }: Places): Promise<Foreign[]> {
  return foreignAt(report, REPORT_FILE_KIND);
}

/** What others wrote where a run writes something beside its bundle. */
export async function foreignBeside(places: Places): Promise<Foreign[]> {
  return [...(await foreignAtArchive(places)), ...(await foreignAtReport(places))];
}

/**
 * The verdict that a run would begin with, without its writing anything.
 * @throws OciSaveError `machine` where others wrote something at its output
 */
export async function refuseForeignOutput(places: Places): Promise<void> {
  const { output } = places;
  const looked = output === undefined ? undefined : await lookAtOutput(output);
  const own = output === undefined ? await foreignAtNames(placeOf(places)) : [];
  refuseForeign([...(looked?.foreign ?? own), ...(await foreignBeside(places))]);
}

/** What others wrote at the names that a run without a folder takes while it is at work. */
async function foreignAtNames(place: string): Promise<Foreign[]> {
  return [
    ...(await foreignAt(holderFile(place), HOLDER_FILE_KIND)),
    ...(await foreignAt(appearingFile(place), APPEARING_FILE_KIND)),
  ];
}

/**
 * Tells whether a file beside the output may be replaced or removed for a run that was killed: it has one of the names of an
 * archive in a folder that this run writes to, and neither it nor what is to take its name is somebody else's.
 */
export function isOursBeside({ output, archivePlace }: Places): (file: string) => Promise<boolean> {
  const folders = new Set([archivePlace.folder, ...(output === undefined ? [] : [path.dirname(output)])]);
  const known = new Map<string, Promise<readonly Foreign[]>>();
  return async (file) => {
    const folder = path.dirname(file);
    const base = archiveBaseOf(path.basename(file));
    if (base === undefined || !folders.has(folder)) return false;
    const beside = path.join(folder, base);
    const looking = known.get(beside) ?? foreignOfArchive(folder, base);
    known.set(beside, looking);
    const foreign = await looking;
    return !foreign.some(({ place }) => place === file || place.startsWith(`${file}.`));
  };
}

async function foreignOfArchive(folder: string, base: string): Promise<Foreign[]> {
  return [
    ...(await foreignArchiveFiles(folder, { base, suffix: 'tar' })),
    ...(await foreignAt(path.join(folder, `${base}.lock.json`), LOCK_FILE_KIND)),
  ];
}
