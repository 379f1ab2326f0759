import type { OutputFolder } from '../../bundle/index.ts';
import {
  type CacheSession,
  type CacheUse,
  type CatalogueScope,
  openCacheSession,
  scopeOf,
} from '../../cache/index.ts';
import type { Boundary } from '../../files/index.ts';
import type { ListLogin, NamedList } from '../../list/index.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Lock } from '../../lock/index.ts';
import type { SaveOptions } from '../../options/index.ts';
import type { GivenLogin } from '../../registry/index.ts';
import type { RunReport } from '../../report/index.ts';
import type { WantedImage } from '../../resolve/index.ts';
import { checkPlaces } from './check-places.ts';
import { NO_OUTPUT, type OpenOutput, openOutput } from './output.ts';
import type { Places, Results } from './places.ts';
import { openRelease, type ReleaseAccess, type ReleaseIo } from './publish/release-access.ts';
import { openSession, type Session, type SessionIo, storeFolder } from '../../runtime/index.ts';

/** Sockets that are useful at a round trip of 80 ms; more are not faster (measured). */
export const CONNECTIONS = 32;

export interface SaveResult {
  /** It has the failed images, and what else went wrong; its `outcome` says whether the run has failed. */
  readonly report: RunReport;
  readonly lock: Lock;
}

/** What the front end gives to a save. */
export interface SaveIo extends SessionIo, ReleaseIo {
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** Lists that the front end has read itself; they come after those of the options. */
  readonly lists?: readonly NamedList[] | undefined;
  /** Where the checkout may be untrusted: no link in it leads a list, and no list a source, out. */
  readonly boundary?: Boundary | undefined;
  /** Another machine's cache around the store. */
  readonly remoteCache?: CacheUse | undefined;
  /** Called with the result when all is done but the saving of that cache, which no result waits for. */
  readonly onResult?: ((result: SaveResult) => Promise<void>) | undefined;
  /** A dry run for the lock alone: push targets are not asked. */
  readonly lockOnly?: boolean;
  /** Called when the report is written. */
  readonly onReport?: ((report: RunReport) => void) | undefined;
}

/** One run, with all that it holds open. */
export interface Run {
  readonly options: SaveOptions;
  readonly io: SaveIo;
  /** Called when folder, archive and lock have their names; targets and the release follow. */
  readonly onPublished: (results: Results) => void;
  readonly places: Places;
  readonly wanted: readonly WantedImage[];
  readonly session: Session;
  readonly cache: CacheSession;
  /** Undefined where the options name no folder. */
  readonly output: OutputFolder | undefined;
  readonly checkLocks: OpenOutput['checkLocks'];
  /** Undefined where the options name no release. */
  readonly release: ReleaseAccess | undefined;
}

/** Whether push targets and a release are all that a run writes to: then what they have need not be copied. */
export function publishesAlone({ options, places, release }: Run): boolean {
  const publishes = options.push.length > 0 || release !== undefined;
  return publishes && places.output === undefined && places.archive === undefined && !options.dryRun;
}

/**
 * Opens the session, inspects and opens the run's output, checks that the release can be reached, works, and closes
 * everything in any case.
 */
export async function withRun<T>(
  given: Pick<Run, 'options' | 'io' | 'onPublished' | 'places'> & {
    /** What its lists name. */
    readonly logins: readonly ListLogin[];
  },
  work: (run: Omit<Run, 'wanted'>) => Promise<T>,
): Promise<T> {
  const { logins, ...rest } = given;
  const { options, io, places } = rest;
  if (io.lockOnly !== true) await checkPlaces(places, storeFolder(options.cacheDir, io.env));
  const session = await openSession({ ...options, listLogins: logins.map(asGiven) }, io);
  try {
    const output = io.lockOnly === true ? NO_OUTPUT : await openOutput(places, session.store, options);
    try {
      const release = await openRelease(options, places, { ...io, trust: session.trust.of });
      const cache = openCacheSession(io.remoteCache, {
        store: session.store,
        scope: cacheScope(options, io),
        emit: io.emit,
        signal: io.signal,
      });
      try {
        return await work({
          ...rest,
          session,
          cache,
          output: output.folder,
          checkLocks: () => output.checkLocks(),
          release,
        });
      } finally {
        await cache.close();
      }
    } finally {
      await output.release();
    }
  } finally {
    await session.close();
  }
}

function asGiven({ registry, username, password, origin }: ListLogin): GivenLogin {
  const { file: source, line } = origin;
  return { registry, username, password, place: `line ${line}`, source, option: 'imageList' };
}

/** The list that a catalogue is about: parallel jobs that save other lists, or other platforms, do not replace it. */
function cacheScope(options: SaveOptions, { remoteCache, lists = [] }: SaveIo): CatalogueScope {
  const { images, imageList, platforms, output, archiveName, format } = options;
  const chosen =
    platforms === undefined || platforms === 'all' ? [String(platforms)] : platforms.map(formatPlatform);
  return {
    repository: scopeOf([remoteCache?.repository ?? '']),
    list: scopeOf(
      [
        imageList.toSorted(),
        images,
        lists.map(({ file }) => file),
        chosen.toSorted(),
        [output, archiveName, format],
      ].map((part) => JSON.stringify(part)),
    ),
  };
}
