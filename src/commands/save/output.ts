import path from 'node:path';
import { foreignArchiveFiles } from '../../archive/index.ts';
import {
  finishPublishing,
  type ForeignItem,
  foreignAt,
  HOLDER_FILE_KIND,
  holderFile,
  lockOutput,
  inspectOutput,
  openOutputFolder,
  type OutputFolder,
  type OutputLock,
  refuseForeign,
} from '../../bundle/index.ts';
import { LOCK_FILE_KIND } from '../../lock/index.ts';
import { REPORT_FILE_KIND } from '../../report/index.ts';
import type { Store } from '../../store/index.ts';
import { foreignAtLockAlone } from './publish/lock-alone.ts';
import { archiveBase, type Places, placeOf, recordOf } from './places.ts';

/** The output that a run may write to, until it releases it. */
export interface OpenOutput {
  /** Undefined where the options name no folder. */
  readonly folder: OutputFolder | undefined;
  /** @throws OciSaveError `machine` where another run has taken over what this one writes to */
  checkLocks(): Promise<void>;
  release(): Promise<void>;
}

/** For a run that writes nothing. */
export const NO_OUTPUT: OpenOutput = {
  folder: undefined,
  checkLocks: async () => {},
  release: async () => {},
};

/**
 * Opens what a run writes to: a folder, an archive, or both. What others wrote at any of the run's places ends it before
 * its first request, also a dry run, which writes nothing.
 * @throws OciSaveError `machine`
 */
export async function openOutput(
  places: Places,
  store: Store,
  { dryRun }: { readonly dryRun: boolean },
): Promise<OpenOutput> {
  if (dryRun || (places.output === undefined && places.archive === undefined)) {
    await refuseForeignOutput(places);
    return NO_OUTPUT;
  }
  if (places.output === undefined) return openArchiveAlone(places, store);
  // Two outputs may have archives of the same name: only one run at a time may write these files, too.
  const archive = await lockArchive(places);
  try {
    const folder = await openOutputFolder(places.output, {
      record: recordOf(places, store),
      foreign: () => foreignBeside(places),
    });
    return {
      folder,
      async checkLocks() {
        await folder.checkLock();
        await archive?.check();
      },
      async release() {
        await folder.release();
        await archive?.release();
      },
    };
  } catch (error) {
    await archive?.release();
    throw error;
  }
}

/** Undefined where the archive has the output's name, whose lock it shares, or where no archive is written. */
async function lockArchive(places: Places): Promise<OutputLock | undefined> {
  const base = archiveBase(places);
  const isApart = places.archive !== undefined && base !== places.output;
  if (!isApart || (await foreignHolder(base)).length > 0) return undefined;
  return lockOutput(path.resolve(base));
}

/** The right to write an archive without a folder, for this run alone. */
async function openArchiveAlone(places: Places, store: Store): Promise<OpenOutput> {
  const [place, record] = [placeOf(places), recordOf(places, store)];
  await refuseForeignOutput(places);
  const lock = await lockOutput(place);
  try {
    if (await finishPublishing(record, place)) await refuseForeignOutput(places);
    return { folder: undefined, checkLocks: () => lock.check(), release: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** What others wrote where a run writes its archive and the files beside it. */
export async function foreignAtArchive({
  archive,
  archivePlace,
  archiveLock,
}: Places): Promise<ForeignItem[]> {
  if (archive === undefined) return [];
  const { folder, name } = archivePlace;
  return [...(await foreignArchiveFiles(folder, name)), ...(await foreignAt(archiveLock, LOCK_FILE_KIND))];
}

/** What others wrote where a run writes its report. */
export function foreignAtReport({ report }: Places): Promise<ForeignItem[]> {
  return foreignAt(report, REPORT_FILE_KIND);
}

/** What others wrote where a run writes something beside its bundle. */
async function foreignBeside(places: Places): Promise<ForeignItem[]> {
  return [
    ...(await foreignAtArchive(places)),
    ...(places.archive === undefined ? [] : await foreignHolder(archiveBase(places))),
    ...(await foreignAtLockAlone(places)),
    ...(await foreignAtReport(places)),
  ];
}

/**
 * The check that a run starts with, without writing anything.
 * @throws OciSaveError `machine` where others wrote something at its output
 */
async function refuseForeignOutput(places: Places): Promise<void> {
  const { output } = places;
  const looked = output === undefined ? undefined : await inspectOutput(output);
  refuseForeign([...(looked?.foreign ?? []), ...(await foreignBeside(places))]);
}

/** What others wrote at the name of the file that holds the right to write at a place. */
function foreignHolder(place: string): Promise<ForeignItem[]> {
  return foreignAt(holderFile(place), HOLDER_FILE_KIND);
}
