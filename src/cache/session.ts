import { OciSaveError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { Digest, BlobSize } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import { type Catalogue, EMPTY } from './catalogue.ts';
import type { CacheReport, Keepable, Outlook } from './keepable.ts';
import { bytesOf, MAX_CACHE_BYTES, type PackPlan, planPacks, sumOf } from './packing.ts';
import type { CacheContext, RemoteCache } from './port.ts';
import { type FoundCatalogue, nextCatalogue, readCatalogue, writeCatalogue } from './stored-catalogue.ts';
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
}

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
  /** Waits until everything is saved, the catalogue last. Undefined where no cache was wanted. */
  finish(): Promise<CacheReport | undefined>;
  close(): Promise<void>;
}

export interface SessionParts {
  readonly store: Store;
  readonly scope: string;
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
  finish: async () => undefined,
  close: async () => {},
};

const NO_PACKS: SavedPacks = { saved: [], known: [], stopped: undefined };

/** Opens the cache for one run; without a `use` it restores and saves nothing. */
export function openCacheSession(
  use: CacheUse | undefined,
  { store, scope, emit, signal }: SessionParts,
): CacheSession {
  if (use === undefined) return NO_CACHE;
  const { cache, mode } = use;
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
  let found: FoundCatalogue = { catalogue: EMPTY, content: undefined };
  let blocked: ReadonlySet<string> = new Set();
  let saving: { readonly keepable: Keepable; readonly plan: PackPlan; readonly saver: Saver } | undefined;
  let withheld: CacheReport['withheld'] = { images: 0, blobs: 0, bytes: 0 };

  const report = (packs: SavedPacks, used: Catalogue, hasCatalogue: boolean): CacheReport => ({
    mode,
    ...(unavailable === undefined ? {} : { unavailable }),
    restored: { blobs: restored.size, bytes: bytesOf({ blobs: restored }) },
    saved: {
      packs: packs.saved.length,
      blobs: packs.saved.reduce((sum, { blobs }) => sum + blobs.size, 0),
      bytes: sumOf(packs.saved),
    },
    withheld,
    entries: used.packs.length + (hasCatalogue ? 1 : 0),
    bytes: sumOf(used.packs),
    troubles: [...troubles],
  });

  return {
    get restored() {
      return new Set(restored.keys());
    },
    async restoreCatalogue() {
      if (unavailable !== undefined) {
        const level = use.asked ? 'warning' : 'info';
        emit({ type: 'log', level, message: `The Actions cache is not used: ${unavailable}` });
      }
      if (!reads) return;
      found = await readCatalogue(context, scope);
      signal?.throwIfAborted();
      for (const [digest, { length }] of found.catalogue.contents) {
        if (store.isNew(digest)) restored.set(digest, length);
      }
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
      ({ blocked } = restoration);
    },
    keep(keepable, outlook) {
      ({ withheld } = keepable);
      if (!writes) return;
      const plan = planPacks(keepable, found.catalogue.packs, blocked);
      reportLimits(plan, trouble);
      if (withheld.images > 0) emit({ type: 'log', level: 'info', message: withheldWords(withheld) });
      saving = { keepable, plan, saver: createSaver(plan.fresh, outlook, context) };
    },
    landed: (digest) => saving?.saver.landed(digest),
    copied: () => saving?.saver.flush(),
    async finish() {
      const { catalogue, content } = found;
      if (saving === undefined) return report(NO_PACKS, catalogue, content !== undefined);
      const { keepable, plan, saver } = saving;
      emit({ type: 'stage', stage: 'cache' });
      const packs = await untilAborted(saver.finish(), signal);
      const all = [...plan.kept, ...packs.saved, ...packs.known];
      const next = await nextCatalogue(keepable, all, catalogue, store);
      if (packs.stopped !== undefined || next.contents.size === 0) {
        return report(packs, catalogue, content !== undefined);
      }
      const written = await untilAborted(writeCatalogue(next, found, scope, context), signal);
      return report(packs, next, written);
    },
    close: () => cache.close(),
  };
}

function reportLimits({ excessBytes, blockedBytes }: PackPlan, trouble: (message: string) => void): void {
  if (excessBytes > 0) {
    trouble(
      `${formatBytes(excessBytes)} are not saved to the cache: this list would take more than ` +
        `${formatBytes(MAX_CACHE_BYTES)} of it, and a repository has 10 GB for everything`,
    );
  }
  if (blockedBytes > 0) {
    trouble(
      `${formatBytes(blockedBytes)} are not saved to the cache: a wrong entry has their key; ` +
        'delete it, or wait until it is thrown out after 7 days without use',
    );
  }
}

function withheldWords({ images, bytes }: CacheReport['withheld']): string {
  return (
    `${formatCount(images, 'image')}, ${formatBytes(bytes)}, not saved to the cache: fetched with credentials, and ` +
    'anybody may read the cache of a public repository; cache: actions saves them'
  );
}

/** The same work, or the signal's reason when it aborts: uploads cannot be aborted, and a run that ends does not wait for them. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      const reason: unknown = signal.reason;
      reject(
        reason instanceof Error ? reason : new OciSaveError({ code: 'interrupted', message: 'interrupted' }),
      );
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
