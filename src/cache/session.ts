import type { Emit } from '../events.ts';
import { formatBytes, formatCount } from '../text/bytes.ts';
import type { Digest } from '../oci/digest.ts';
import type { BlobSize, Store } from '../store/index.ts';
import { type Catalogue, EMPTY } from './catalogue.ts';
import type { CacheContext } from './context.ts';
import type { Keepable, Outlook } from './keepable.ts';
import { MAX_CACHE_BYTES, type PackPlan, planPacks, sumOf } from './pack-plan.ts';
import type { RemoteCache } from './port.ts';
import { type FoundCatalogue, readCatalogue } from './read-catalogue.ts';
import type { CacheReport } from './report.ts';
import { restorePacks } from './restore.ts';
import { createSaver, type SavedPacks, type Saver } from './saver.ts';
import { untilAborted } from './until-aborted.ts';
import { nextCatalogue, writeCatalogue } from './write-catalogue.ts';

/** How a face wants the cache to be used. */
export interface CacheUse {
  readonly cache: RemoteCache;
  readonly mode: 'read-write' | 'read' | 'write';
  /** Whether strangers may read what is saved, so that nothing is that was fetched with credentials. */
  readonly withholdPrivate: boolean;
  /** The repository whose cache it is, for the keys. */
  readonly repository: string;
  /** Whether the user asked for it by name: then it is worth a warning that it is not there. */
  readonly asked: boolean;
}

/** The cache of one run. Nothing of it fails the run, but for the run's own signal. */
export interface CacheSession {
  /** What came from the cache into the store. */
  readonly restored: ReadonlySet<Digest>;
  /** Brings manifests and configs, and what tags were. Before any image is resolved. */
  restoreCatalogue(): Promise<void>;
  /** Brings what of these blobs is in the cache. */
  restoreBlobs(missing: readonly BlobSize[]): Promise<void>;
  /** Says what may be kept, and what of it is still to come: saving begins. */
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

const NOBODY: CacheSession = {
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

/** Opens the cache for one run; without a use it is one that has nothing and takes nothing. */
export function openCacheSession(use: CacheUse | undefined, parts: SessionParts): CacheSession {
  return use === undefined ? NOBODY : openSession(use, parts);
}

function openSession(use: CacheUse, { store, scope, emit, signal }: SessionParts): CacheSession {
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
  let spoilt: ReadonlySet<string> = new Set();
  let saving: { readonly keepable: Keepable; readonly plan: PackPlan; readonly saver: Saver } | undefined;
  let withheld: CacheReport['withheld'] = { images: 0, blobs: 0, bytes: 0 };

  const report = (packs: SavedPacks, used: Catalogue, hasCatalogue: boolean): CacheReport => ({
    mode,
    ...(unavailable === undefined ? {} : { unavailable }),
    restored: { blobs: restored.size, bytes: [...restored.values()].reduce((sum, size) => sum + size, 0) },
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
      ({ spoilt } = restoration);
    },
    keep(keepable, { missing, bytes: leaveFree }) {
      ({ withheld } = keepable);
      if (!writes) return;
      const plan = planPacks(keepable, found.catalogue.packs, spoilt);
      tellLimits(plan, trouble);
      if (withheld.images > 0) emit({ type: 'log', level: 'info', message: withheldWords(withheld) });
      saving = { keepable, plan, saver: createSaver({ packs: plan.fresh, missing, leaveFree }, context) };
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

function tellLimits({ excessBytes, blockedBytes }: PackPlan, trouble: (message: string) => void): void {
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
    'anybody may read the cache of a public repository; `cache: actions` saves them'
  );
}
