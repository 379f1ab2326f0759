import { foreignArchiveFiles } from '../archive/index.ts';
import { type Foreign, foreignAt, lookAtOutput, refuseForeign } from '../bundle/index.ts';
import { LOCK_MANNER } from '../lock/index.ts';
import { REPORT_MANNER } from '../report/index.ts';
import type { Places } from './places.ts';

/** What others wrote where a run writes its archive, with all that stands beside it. */
export async function foreignAtArchive({ archive, archivePlace, archiveLock }: Places): Promise<Foreign[]> {
  if (archive === undefined) return [];
  const { folder, name } = archivePlace;
  return [...(await foreignArchiveFiles(folder, name)), ...(await foreignAt(archiveLock, LOCK_MANNER))];
}

/** What others wrote where a run writes its report. */
export function foreignAtReport({ report }: Places): Promise<Foreign[]> {
  return foreignAt(report, REPORT_MANNER);
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
  refuseForeign([...(looked?.foreign ?? []), ...(await foreignBeside(places))]);
}
