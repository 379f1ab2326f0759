import { finishAppearance, lockOutput, openOutputFolder, type OutputFolder } from '../bundle/index.ts';
import { foreignBeside, isOursBeside, refuseForeignOutput } from './foreign.ts';
import { placeOf } from './places.ts';
import type { Run } from './run.ts';

/** The output that a run may write to, until it gives it free. */
export interface OpenOutput {
  /** Undefined where no folder is wanted. */
  readonly folder: OutputFolder | undefined;
  release(): Promise<void>;
}

const NOTHING: OpenOutput = { folder: undefined, release: async () => {} };

/**
 * Opens what a run writes to: a folder, or an archive alone. What others wrote at any of the run's places ends it before
 * its first request; a dry run ends so, too, and writes nothing.
 * @throws OciSaveError `machine`
 */
export async function openOutput(given: Pick<Run, 'options' | 'io' | 'places'>): Promise<OpenOutput> {
  const { options, io, places } = given;
  if (io.lockOnly === true) return NOTHING;
  if (options.dryRun || (places.output === undefined && places.archive === undefined)) {
    await refuseForeignOutput(places);
    return NOTHING;
  }
  if (places.output === undefined) return openArchiveAlone(given);
  const folder = await openOutputFolder(places.output, {
    foreign: () => foreignBeside(places),
    isOurs: isOursBeside(places),
  });
  if (folder.state.length > 0) io.emit({ type: 'log', level: 'info', message: stateWords(folder.state) });
  return { folder, release: () => folder.release() };
}

/** The right to write an archive without a folder, for this run alone. */
async function openArchiveAlone({ places }: Pick<Run, 'places'>): Promise<OpenOutput> {
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

function stateWords(state: readonly string[]): string {
  const named = state.slice(0, 5).join(', ');
  const more = state.length > 5 ? ` and ${state.length - 5} more` : '';
  return `a server ran on the earlier bundle; what it keeps there goes with it: ${named}${more}`;
}
