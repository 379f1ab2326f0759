import { OciSaveError } from '../../errors.ts';
import type { Emit, SaveEvent, Stage } from '../../events.ts';
import { releaseTag } from '../../github-release/index.ts';
import type { SaveOptions } from '../../options/index.ts';
import { storeFolder } from '../../runtime/index.ts';
import { formatCount } from '../../text/bytes.ts';
import type { Results } from './places.ts';
import type { SaveIo } from './run.ts';

/** A run that was stopped, with what it had made by then. */
export class StoppedSaveError extends OciSaveError {
  /** What has its name: it is whole, and stays. */
  readonly results: Results;

  constructor(stop: OciSaveError, lines: readonly string[], results: Results) {
    super({
      code: 'interrupted',
      message: [stop.message, ...lines].join('\n'),
      hint: stop.hintParts ?? 'Run it again: it goes on from there.',
      cause: stop.cause,
    });
    this.results = results;
  }
}

/** Sees what a run does, to tell what is whole, and what is left where, if the run is stopped. */
export interface Witness {
  readonly emit: Emit;
  /** The folder, the archive and the lock have their names. */
  readonly onPublished: (results: Results) => void;
  /** An error that ends the run, in the words of what was seen; one that is not the user's stop stays as it is. */
  readonly told: (error: unknown) => unknown;
}

/** A stage that counts: how many there are, and which are done. */
interface Tally {
  total: number;
  readonly done: Set<string>;
}

export function createWitness(options: SaveOptions, { emit, env, signal }: SaveIo): Witness {
  const tallies = new Map<Stage, Tally>();
  let results: Results = {};
  const see = (event: SaveEvent): void => {
    if (event.type === 'stage') {
      const { total, done } = tallies.get(event.stage) ?? { total: 0, done: new Set<string>() };
      // Damaged blobs are fetched again in a stage of their own.
      tallies.set(event.stage, { total: Math.max(total, event.total ?? 0), done });
    }
    if (event.type === 'step' && event.outcome !== 'failed')
      tallies.get(event.stage)?.done.add(event.subject);
  };
  const lines = (): string[] => [
    copied(tallies.get('copy'), () => storeFolder(options.cacheDir, env)),
    ...published(results),
    ...counted(tallies.get('push'), 'name', () => 'pushed'),
    ...counted(tallies.get('release'), 'file', () => `in release ${releaseTag(options.release, env) ?? ''}`),
  ];
  return {
    emit(event) {
      see(event);
      emit(event);
    },
    onPublished: (made) => {
      results = made;
    },
    told(error) {
      const isStop =
        error instanceof OciSaveError && error.code === 'interrupted' && signal?.aborted === true;
      return isStop && !options.dryRun ? new StoppedSaveError(error, lines(), results) : error;
    },
  };
}

function copied(tally: Tally | undefined, store: () => string): string {
  if (tally === undefined) return 'no image was copied yet';
  return `${ofTotal(tally, 'image')} whole in the store ${store()}`;
}

function published({ bundle, archive, lock }: Results): string[] {
  const made = [
    ...(bundle === undefined ? [] : [`the bundle ${bundle.path}`]),
    ...(archive === undefined ? [] : [`the archive ${archive.path}`]),
    ...(lock === undefined ? [] : [`the lock ${lock.path}`]),
  ];
  return made.length === 0 ? [] : [`written, and whole: ${made.join(', ')}`];
}

function counted(tally: Tally | undefined, what: string, where: () => string): string[] {
  return tally === undefined ? [] : [`${ofTotal(tally, what)} ${where()}`];
}

const ofTotal = ({ total, done }: Tally, what: string): string =>
  `${done.size} of ${formatCount(total, what)}`;
