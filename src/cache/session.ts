import type { Emit } from '../events.ts';
import type { Digest, BlobSize } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import type { Catalogue } from './catalogue.ts';
import { beforeDeadline } from './deadline.ts';
import type { CacheReport, Keepable, Outlook } from './keepable.ts';
import type { CatalogueScope } from './keys.ts';
import { bytesOf, MAX_CACHE_BYTES, type Pack, type PackPlan, planPacks, sumOf } from './packing.ts';
import type { CacheContext, RemoteCache } from './port.ts';
import { nextCatalogue, NOTHING_FOUND, readCatalogue, writeCatalogue } from './stored-catalogue.ts';
import { restorePacks } from './restore.ts';
import { createSaver, type SavedPacks, type Saver } from './saver.ts';

/** How a front end uses the cache. */
export interface CacheUse {
  readonly cache: RemoteCache;
  readonly mode: 'read-write' | 'read' | 'write';
  /** Whether anybody may read what is saved, so that nothing is saved that was fetched with credentials. */
  readonly withholdPrivate: boolean;
  /** The repository whose cache it is, for the keys. */
  readonly repository: string;
  /** Whether the user asked for it explicitly: then it is a warning that there is none. */
  readonly asked: boolean;
  /** Milliseconds that saving may still take when the run has nothing else to do. */
  readonly patienceMilliseconds?: number;
}

const PATIENCE_MILLISECONDS = 4 * 60_000;

/** The cache of one run. It never fails the run, except by the run's own signal. */
export interface CacheSession {
  /** What came from the cache into the store. */
  readonly restored: ReadonlySet<Digest>;
  /** Restores manifests, configs and the digests of tags. Before any image is resolved. */
  restoreCatalogue(): Promise<void>;
  /** Restores those of these blobs that the cache has. */
  restoreBlobs(missing: readonly BlobSize[]): Promise<void>;
  /** Starts to save what may be kept and is in the store; the rest follows when it has landed. */
  keep(keepable: Keepable, outlook: Outlook): void;
  landed(digest: Digest): void;
  /** No further blob will land. */
  copied(): void;
  /** What it did so far. Undefined where no cache was wanted. */
  report(): CacheReport | undefined;
  /**
   * Waits until everything is saved, the catalogue last, or the time for it is up, or the run is interrupted. It never
   * fails: whatever goes wrong costs the next run some time.
   */
  finish(): Promise<CacheReport | undefined>;
  close(): Promise<void>;
}

export interface SessionParts {
  readonly store: Store;
  readonly scope: CatalogueScope;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** The session of a run without a cache. */
const NO_CACHE: CacheSession = {
  restored: new Set(),
  restoreCatalogue: async () => {},
  restoreBlobs: async () => {},
  keep: () => {},
  landed: () => {},
  copied: () => {},
  report: () => undefined,
  finish: async () => undefined,
  close: async () => {},
};

const NO_PACKS: SavedPacks = { saved: [], known: [], stopped: undefined, isRefused: false };

/** Opens the cache for one run; without a `use` it restores and saves nothing. */
export function openCacheSession(
  use: CacheUse | undefined,
  { store, scope, emit, signal }: SessionParts,
): CacheSession {
  if (use === undefined) return NO_CACHE;
  const { cache, mode, patienceMilliseconds: patience = PATIENCE_MILLISECONDS } = use;
  const { unavailable } = cache;
  const reads = unavailable === undefined && cache.readable && mode !== 'write';
  const writes = unavailable === undefined && cache.writable && mode !== 'read';
  const troubles: string[] = [];
  const trouble = (message: string): void => {
    troubles.push(message);
    emit({ type: 'log', level: 'warning', message });
  };
  const context: CacheContext = { cache, store, emit, signal, trouble };
  const restored = new Map<Digest, number>();
  let found = NOTHING_FOUND;
  let spoilt: ReadonlyMap<string, number> = new Map();
  let saving: { readonly keepable: Keepable; readonly plan: PackPlan; readonly saver: Saver } | undefined;
  let withheld: CacheReport['withheld'] = { images: 0, blobs: 0, bytes: 0 };

  const restoredNow = (): Map<Digest, number> =>
    new Map([
      ...[...found.catalogue.contents].flatMap(([digest, { length }]) =>
        store.isNew(digest) ? [[digest, length] as const] : [],
      ),
      ...restored,
    ]);

  const reportOf = (packs: SavedPacks, used: Catalogue, hasCatalogue: boolean): CacheReport => {
    const came = restoredNow();
    return {
      mode,
      ...(unavailable === undefined ? {} : { unavailable }),
      restored: { blobs: came.size, bytes: bytesOf({ blobs: came }) },
      saved: amountOf(packs.saved),
      withheld,
      entries: used.packs.length + (hasCatalogue ? 1 : 0),
      bytes: sumOf(used.packs),
      troubles: [...troubles],
    };
  };
  const report = (packs: SavedPacks): CacheReport =>
    reportOf(packs, found.catalogue, found.content !== undefined);

  return {
    get restored() {
      return new Set(restoredNow().keys());
    },
    async restoreCatalogue() {
      if (unavailable !== undefined) {
        const level = use.asked ? 'warning' : 'info';
        emit({ type: 'log', level, message: `The Actions cache is not used: ${unavailable}` });
      }
      if (!reads) return;
      found = await readCatalogue(context, scope);
      signal?.throwIfAborted();
    },
    async restoreBlobs(missing) {
      if (!reads) return;
      const { catalogue, content } = found;
      const restoration = await restorePacks(catalogue.packs, missing, context);
      for (const { digest, size } of missing) {
        if (restoration.restored.has(digest)) restored.set(digest, size);
      }
      const packs = catalogue.packs.filter(({ hex }) => !restoration.lost.has(hex));
      found = { catalogue: { ...catalogue, packs }, content };
      ({ spoilt } = restoration);
    },
    keep(given, outlook) {
      ({ withheld } = given);
      if (!writes) return;
      // What another list has in the cache is not this one's to keep.
      const keepable = { ...given, whole: given.whole || found.content === undefined };
      const plan = planPacks(keepable, found.catalogue.packs, spoilt);
      if (plan.excessBytes > 0) trouble(excessWords(plan.excessBytes));
      if (withheld.images > 0) emit({ type: 'log', level: 'info', message: withheldWords(withheld) });
      saving = { keepable, plan, saver: createSaver(plan.fresh, outlook, context) };
    },
    landed: (digest) => saving?.saver.landed(digest),
    copied: () => saving?.saver.flush(),
    report() {
      if (saving === undefined) return report(NO_PACKS);
      const packs = saving.saver.soFar();
      const done = new Set([...packs.saved, ...packs.known].map(({ hex }) => hex));
      const left = saving.plan.fresh.filter(({ hex }) => !done.has(hex));
      return { ...report(packs), saving: amountOf(left) };
    },
    async finish() {
      if (saving === undefined) return report(NO_PACKS);
      const { keepable, plan, saver } = saving;
      emit({ type: 'stage', stage: 'cache' });
      const isWhole = await beforeDeadline(patience, saver.finish(), signal);
      if (isWhole === undefined) saver.leave();
      const packs = saver.soFar();
      if (signal?.aborted) {
        trouble(INTERRUPTED);
        return report(packs);
      }
      if (isWhole === undefined) trouble('the cache takes too long: what is not in it by now is not saved');
      const all = [...plan.kept, ...packs.saved, ...packs.known];
      const next = await nextCatalogue(keepable, all, found.catalogue, store);
      if (packs.isRefused || next.contents.size === 0) return report(packs);
      const writing = writeCatalogue(next, found, scope, context);
      const written = await beforeDeadline(Math.min(patience, LAST_MILLISECONDS), writing, signal);
      if (written === undefined || signal?.aborted) trouble(signal?.aborted ? INTERRUPTED : LATE);
      return reportOf(packs, next, written === true);
    },
    close: () => cache.close(),
  };
}

function amountOf(packs: readonly Pack[]): CacheReport['saved'] {
  const blobs = packs.reduce((sum, pack) => sum + pack.blobs.size, 0);
  return { packs: packs.length, blobs, bytes: sumOf(packs) };
}

const INTERRUPTED = 'interrupted while the cache was saved';
const LATE = 'the catalogue is not saved to the cache in time, so that the next run has to fetch';

/** For the catalogue alone, which is small. */
const LAST_MILLISECONDS = 60_000;

function excessWords(bytes: number): string {
  return (
    `${formatBytes(bytes)} are not saved to the cache: this list would take more than ` +
    `${formatBytes(MAX_CACHE_BYTES)} of it, and a repository has 10 GB for everything`
  );
}

function withheldWords({ images, bytes }: CacheReport['withheld']): string {
  return (
    `${formatCount(images, 'image')}, ${formatBytes(bytes)}, not saved to the cache: fetched with credentials, and ` +
    'anybody may read the cache of a public repository; cache: actions saves them'
  );
}
