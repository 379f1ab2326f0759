import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Emit } from '../events.ts';
import { formatBytes, formatCount } from '../report/index.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { BlobSize, Store } from '../store/index.ts';
import {
  boundedContents,
  type Catalogue,
  EMPTY,
  encodeCatalogue,
  MAX_CATALOGUE_BYTES,
  MAX_CONTENT_BYTES,
} from './catalogue.ts';
import type { CacheContext } from './context.ts';
import { CATALOGUE_FOLDER, catalogueKey } from './keys.ts';
import { bytesOf, divideIntoPacks, type Pack, packsToKeep, within } from './packing.ts';
import type { RemoteCache } from './port.ts';
import { readCatalogue } from './read-catalogue.ts';
import type { CacheReport } from './report.ts';
import { restorePacks } from './restore.ts';
import { createSaver, type SavedPacks, type Saver } from './saver.ts';

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

/** What of a run may be kept. */
export interface Keepable {
  /** Large content, what belongs together side by side. */
  readonly blobs: readonly BlobSize[];
  /** Manifests and configs. */
  readonly contents: readonly Digest[];
  /** Tags that were asked for, by repository. */
  readonly tags: readonly { readonly repository: string; readonly tag: string }[];
  readonly withheld: CacheReport['withheld'];
  /** False where images failed: what they have in the cache stays there. */
  readonly whole: boolean;
}

/** What a run is going to do yet. */
export interface Outlook {
  /** Blobs that are still to come. */
  readonly missing: ReadonlySet<Digest>;
  /** Bytes of the disk that it will take. */
  readonly bytes: number;
}

/** The cache of one run. Nothing of it fails the run, but for the run's own signal. */
export interface CacheSession {
  /** What came from the cache into the store. */
  readonly restored: ReadonlySet<Digest>;
  /** Brings manifests and configs, and what tags were. Before any image is resolved. */
  restoreCatalogue(): Promise<void>;
  /** Brings what of these blobs is in the cache. */
  restoreBlobs(missing: readonly BlobSize[]): Promise<void>;
  /** Says what may be kept, and which of it is still to come: saving begins. */
  keep(keepable: Keepable, outlook: Outlook): void;
  landed(digest: Digest): void;
  /** No further blob will land. */
  copied(): void;
  /** Waits until everything is saved, the catalogue last. Undefined where no cache was wanted. */
  finish(): Promise<CacheReport | undefined>;
  close(): Promise<void>;
}

/**
 * Of the 10 GB that a repository has. What is beyond them makes GitHub throw out the oldest entries of all, others'
 * too.
 */
export const MAX_CACHE_BYTES = 8_000_000_000;

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

export interface SessionParts {
  readonly store: Store;
  readonly scope: string;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** Opens the cache for one run; without a use it is one that has nothing and takes nothing. */
export function openCacheSession(use: CacheUse | undefined, parts: SessionParts): CacheSession {
  if (use === undefined) return NOBODY;
  const { cache, mode } = use;
  const { store, scope, emit, signal } = parts;
  const { unavailable } = cache;
  const reads = unavailable === undefined && cache.readable && mode !== 'write';
  const writes = unavailable === undefined && cache.writable && mode !== 'read';
  const troubles: string[] = [];
  const context: CacheContext = {
    cache,
    store,
    emit,
    signal,
    trouble(message) {
      troubles.push(message);
      emit({ type: 'log', level: 'warning', message });
    },
  };
  const restored = new Set<Digest>();
  let content: Digest | undefined;
  let found: Catalogue = EMPTY;
  let spoilt: ReadonlySet<string> = new Set();
  let kept: readonly Pack[] = [];
  let keepable: Keepable | undefined;
  let saver: Saver | undefined;

  const nextCatalogue = async (keep: Keepable, { saved, known }: SavedPacks): Promise<Catalogue> => {
    const contents = new Map<Digest, Uint8Array>(keep.whole ? [] : found.contents);
    for (const digest of keep.contents) {
      const bytes = await store.read(digest, MAX_CONTENT_BYTES);
      if (bytes) contents.set(digest, bytes);
    }
    const records = keep.tags.flatMap(({ repository, tag }) => {
      const record = store.served.record(repository, tag);
      return record === undefined ? [] : [record];
    });
    return {
      contents: boundedContents(contents),
      packs: [...kept, ...saved, ...known],
      served: new Map([...(keep.whole ? [] : found.served), ...records]),
    };
  };

  const saveCatalogue = async (catalogue: Catalogue): Promise<boolean> => {
    const bytes = encodeCatalogue(catalogue);
    const digest = digestOf(bytes);
    if (digest === content) return true;
    if (bytes.length > MAX_CATALOGUE_BYTES) {
      context.trouble(`the catalogue is too large for the cache, with ${formatBytes(bytes.length)}`);
      return false;
    }
    const file = path.join(store.runFolder, 'catalogue.json');
    await writeFile(file, bytes);
    const outcome = await cache.save({
      key: catalogueKey(scope, digest),
      folder: CATALOGUE_FOLDER,
      files: [{ name: hexOf(digest), size: bytes.length, file }],
      leaveFree: 0,
    });
    if (outcome.kind === 'saved' || outcome.kind === 'exists') return true;
    if (signal?.aborted !== true) {
      context.trouble(
        `the catalogue is not saved to the cache, so that the next run has to fetch: ${outcome.reason}`,
      );
    }
    return false;
  };

  const result = (saved: SavedPacks, used: Catalogue, hasCatalogue: boolean): CacheReport => {
    const bytes = (packs: readonly Pack[]): number => packs.reduce((sum, pack) => sum + bytesOf(pack), 0);
    return {
      mode,
      ...(unavailable === undefined ? {} : { unavailable }),
      restored: { blobs: restored.size, bytes: restoredBytes },
      saved: {
        packs: saved.saved.length,
        blobs: saved.saved.reduce((sum, { blobs }) => sum + blobs.size, 0),
        bytes: bytes(saved.saved),
      },
      withheld: keepable?.withheld ?? { images: 0, blobs: 0, bytes: 0 },
      entries: used.packs.length + (hasCatalogue ? 1 : 0),
      bytes: bytes(used.packs),
      troubles: [...troubles],
    };
  };
  let restoredBytes = 0;
  const NOTHING_SAVED: SavedPacks = { saved: [], known: [], stopped: undefined };

  return {
    restored,
    async restoreCatalogue() {
      if (unavailable !== undefined) {
        const level = use.asked ? 'warning' : 'info';
        emit({ type: 'log', level, message: `The Actions cache is not used: ${unavailable}` });
      }
      if (!reads) return;
      ({ catalogue: found, content } = await readCatalogue(context, scope));
      signal?.throwIfAborted();
      for (const [digest, bytes] of found.contents) {
        if (!store.isNew(digest)) continue;
        restored.add(digest);
        restoredBytes += bytes.length;
      }
    },
    async restoreBlobs(missing) {
      if (!reads) return;
      const outcome = await restorePacks(found.packs, missing, context);
      const sizes = new Map(missing.map(({ digest, size }) => [digest, size]));
      for (const digest of outcome.restored) {
        restored.add(digest);
        restoredBytes += sizes.get(digest) ?? 0;
      }
      found = { ...found, packs: found.packs.filter(({ hex }) => !outcome.lost.has(hex)) };
      spoilt = outcome.spoilt;
    },
    keep(given, { missing, bytes: leaveFree }) {
      keepable = given;
      if (!writes) return;
      const live = new Set(given.blobs.map(({ digest }) => digest));
      kept = given.whole ? packsToKeep(found.packs, live) : found.packs;
      const known = new Set(kept.flatMap(({ blobs }) => [...blobs.keys()]));
      const unseen = divideIntoPacks(given.blobs.filter(({ digest }) => !known.has(digest)));
      const sound = unseen.flatMap((pack) => aside(pack, spoilt));
      const { fitting, left } = within(
        sound,
        kept.reduce((sum, pack) => sum + bytesOf(pack), 0),
        MAX_CACHE_BYTES,
      );
      if (left.length > 0) {
        const bytes = left.reduce((sum, pack) => sum + bytesOf(pack), 0);
        context.trouble(
          `${formatBytes(bytes)} are not saved to the cache: this list would take more than ` +
            `${formatBytes(MAX_CACHE_BYTES)} of it, and a repository has 10 GB for everything`,
        );
      }
      if (given.withheld.blobs > 0) {
        const { images, bytes } = given.withheld;
        const message =
          `${formatCount(images, 'image')}, ${formatBytes(bytes)}, are not saved to the cache: they were fetched with ` +
          'credentials, and anybody may read the cache of a public repository; cache: actions saves them';
        emit({ type: 'log', level: 'info', message });
      }
      saver = createSaver({ packs: fitting, missing, leaveFree }, context);
    },
    landed: (digest) => saver?.landed(digest),
    copied: () => saver?.flush(),
    async finish() {
      if (saver === undefined || keepable === undefined)
        return result(NOTHING_SAVED, found, content !== undefined);
      emit({ type: 'stage', stage: 'cache' });
      const saved = await untilAborted(saver.finish(), signal);
      const next = await nextCatalogue(keepable, saved);
      const fruitless = saved.stopped !== undefined || next.contents.size === 0;
      const written = fruitless ? content !== undefined : await untilAborted(saveCatalogue(next), signal);
      return result(saved, fruitless ? found : next, written);
    },
    close: () => cache.close(),
  };
}

/** A pack that cannot be saved under its key, in two; the halves of one blob are that blob, which nobody can save. */
function aside(pack: Pack, spoilt: ReadonlySet<string>): Pack[] {
  if (!spoilt.has(pack.hex)) return [pack];
  const blobs = [...pack.blobs].map(([digest, size]) => ({ digest, size }));
  const middle = Math.ceil(blobs.length / 2);
  return blobs.length < 2
    ? []
    : [blobs.slice(0, middle), blobs.slice(middle)].flatMap((half) => divideIntoPacks(half, Infinity));
}

/** Uploads cannot be called back; a run that is to end does not wait for them. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(signal.reason instanceof Error ? signal.reason : new Error('interrupted'));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
