import { foreignArchiveFiles } from '../../archive/index.ts';
import {
  type Foreign,
  foreignAt,
  HOLDER_FILE_KIND,
  holderFile,
  lookAtOutput,
  refuseForeign,
} from '../../bundle/index.ts';
import { LOCK_FILE_KIND } from '../../lock/index.ts';
import { REPORT_FILE_KIND } from '../../report/index.ts';
import { archiveBase, type Places } from './places.ts';

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
  return [
    ...(await foreignAtArchive(places)),
    ...(places.archive === undefined ? [] : await foreignHolder(archiveBase(places))),
    ...(await foreignAtReport(places)),
  ];
}

/**
 * The verdict that a run would begin with, without its writing anything.
 * @throws OciSaveError `machine` where others wrote something at its output
 */
export async function refuseForeignOutput(places: Places): Promise<void> {
  const { output } = places;
  const looked = output === undefined ? undefined : await lookAtOutput(output);
  refuseForeign([...(looked?.foreign ?? []), ...(await foreignBeside(places))]);
}

/** What others wrote at the name of the file that holds the right to write at a place. */
export function foreignHolder(place: string): Promise<Foreign[]> {
  return foreignAt(holderFile(place), HOLDER_FILE_KIND);
}
