import { finishAppearance, lockOutput, openOutputFolder, type OutputFolder } from '../bundle/index.ts';
import { foreignBeside, isOursBeside, refuseForeignOutput } from './foreign.ts';
import { type Places, placeOf } from './places.ts';

/** The output that a run may write to, until it gives it free. */
export interface OpenOutput {
  /** Undefined where no folder is wanted. */
  readonly folder: OutputFolder | undefined;
  release(): Promise<void>;
}

/** Where a run writes nothing. */
export const NO_OUTPUT: OpenOutput = { folder: undefined, release: async () => {} };

/**
 * Opens what a run writes to: a folder, or an archive alone. What others wrote at any of the run's places ends it before
 * its first request; a dry run ends so, too, and writes nothing.
 * @throws OciSaveError `machine`
 */
export async function openOutput(places: Places, { dryRun }: { dryRun: boolean }): Promise<OpenOutput> {
  if (dryRun || (places.output === undefined && places.archive === undefined)) {
    await refuseForeignOutput(places);
    return NO_OUTPUT;
  }
  if (places.output === undefined) return openArchiveAlone(places);
  const folder = await openOutputFolder(places.output, {
    foreign: () => foreignBeside(places),
    isOurs: isOursBeside(places),
  });
  return { folder, release: () => folder.release() };
}

/** The right to write an archive without a folder, for this run alone. */
async function openArchiveAlone(places: Places): Promise<OpenOutput> {
  const place = placeOf(places);
  await refuseForeignOutput(places);
  const lock = await lockOutput(place);
  try {
    if (await finishAppearance(place, isOursBeside(places))) await refuseForeignOutput(places);
    return { folder: undefined, release: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
