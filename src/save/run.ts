import { openOutputFolder, type OutputFolder } from '../bundle/index.ts';
import { type CacheSession, type CacheUse, openCacheSession } from '../cache/index.ts';
import type { Emit } from '../events.ts';
import type { NamedList } from '../list/index.ts';
import type { SaveOptions } from '../options.ts';
import type { CredentialStore } from '../registry/index.ts';
import type { WantedImage } from '../resolve/index.ts';
import { cacheScope } from './cache-scope.ts';
import type { Places } from './places.ts';
import { foreignBeside, refuseForeignOutput } from './foreign.ts';
import { openRelease, type ReleaseAccess } from './release-access.ts';
import { type Environment, openSession, type Session, type SetUpSkopeo } from './session.ts';

/** What a run is given by the face that starts it. */
export interface SaveIo {
  readonly env: Environment;
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** Lists that the face has read itself; they come after those of the options. */
  readonly lists?: readonly NamedList[] | undefined;
  /** Asked before the auth files, which answer for the repositories that it does not know. */
  readonly credentials?: CredentialStore | undefined;
  /** Told every secret that a run reads, before it is used. */
  readonly onSecret?: ((secret: string) => void) | undefined;
  /** Brings skopeo, the first time that something needs it; without it skopeo is only looked for. */
  readonly setUpSkopeo?: SetUpSkopeo | undefined;
  /** Another machine's cache around the store. */
  readonly remoteCache?: CacheUse | undefined;
  /** May write releases; where it is left out, GH_TOKEN or GITHUB_TOKEN of the environment may. */
  readonly releaseToken?: string | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** A lock copies nothing, but reads the configs of images without an index: only they tell a platform. */
  readonly lockOnly?: boolean;
}

/** One run, with all that it holds open. */
export interface Run {
  readonly options: SaveOptions;
  readonly io: SaveIo;
  readonly places: Places;
  readonly wanted: readonly WantedImage[];
  readonly session: Session;
  readonly cache: CacheSession;
  /** Undefined where no folder is wanted. */
  readonly output: OutputFolder | undefined;
  /** Undefined where no release is wanted. */
  readonly release: ReleaseAccess | undefined;
}

/** Whether a run makes nothing but what push targets and a release get: then what they have need not be copied. */
export function publishesAlone({ options, places, release }: Run): boolean {
  const publishes = options.push.length > 0 || release !== undefined;
  return publishes && places.output === undefined && places.archive === undefined && !options.dryRun;
}

/**
 * Looks at what stands at the run's output, opens that, asks whether the release can be reached, opens the session, works,
 * and closes all whatever happens.
 */
export async function withRun<T>(
  given: Omit<Run, 'session' | 'cache' | 'output' | 'release'>,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const { options, io, places } = given;
  const output = await openOutput(given);
  try {
    const release = await openRelease(options, places, io);
    const session = await openSession(options, io);
    try {
      const cache = openCacheSession(io.remoteCache, {
        store: session.store,
        scope: cacheScope(options, io.remoteCache?.repository),
        emit: io.emit,
        signal: io.signal,
      });
      try {
        return await work({ ...given, session, cache, output, release });
      } finally {
        await cache.close();
      }
    } finally {
      await session.close();
    }
  } finally {
    await output?.release();
  }
}

/**
 * Opens the output where a folder is wanted. What others wrote at any of the run's places ends it before its first request;
 * a dry run ends so, too, and writes nothing.
 */
async function openOutput({
  options,
  io,
  places,
}: Pick<Run, 'options' | 'io' | 'places'>): Promise<OutputFolder | undefined> {
  if (io.lockOnly === true) return undefined;
  if (places.output === undefined || options.dryRun) {
    await refuseForeignOutput(places);
    return undefined;
  }
  const output = await openOutputFolder(places.output, () => foreignBeside(places));
  if (output.state.length > 0) io.emit({ type: 'log', level: 'info', message: stateWords(output.state) });
  return output;
}

function stateWords(state: readonly string[]): string {
  const named = state.slice(0, 5).join(', ');
  const more = state.length > 5 ? ` and ${state.length - 5} more` : '';
  return `a server ran on the earlier bundle; what it keeps there goes with it: ${named}${more}`;
}
