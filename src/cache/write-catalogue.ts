import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '../text/bytes.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import {
  boundedContents,
  type Catalogue,
  encodeCatalogue,
  MAX_CATALOGUE_BYTES,
  MAX_CONTENT_BYTES,
} from './catalogue.ts';
import type { CacheContext } from './context.ts';
import type { Keepable } from './keepable.ts';
import { CATALOGUE_FOLDER, catalogueKey } from './keys.ts';
import type { Pack } from './packing.ts';
import type { FoundCatalogue } from './read-catalogue.ts';

/** The catalogue after a run: what it may keep, and, where images failed, what was there before. */
export async function nextCatalogue(
  keepable: Keepable,
  packs: readonly Pack[],
  { contents: before, served: servedBefore }: Catalogue,
  store: Store,
): Promise<Catalogue> {
  const contents = new Map(keepable.whole ? [] : before);
  for (const digest of keepable.contents) {
    const bytes = await store.read(digest, MAX_CONTENT_BYTES);
    if (bytes) contents.set(digest, bytes);
  }
  const keys = keepable.tags.map(({ repository, tag }) => store.served.keyOf(repository, tag));
  return {
    contents: boundedContents(contents),
    packs,
    served: new Map([...(keepable.whole ? [] : servedBefore), ...store.served.entries(keys)]),
  };
}

/** Saves a catalogue, unless it is the one that was found. Whether the cache has it then; trouble is told. */
export async function writeCatalogue(
  catalogue: Catalogue,
  found: FoundCatalogue,
  scope: string,
  { cache, store, signal, trouble }: CacheContext,
): Promise<boolean> {
  const bytes = encodeCatalogue(catalogue);
  const digest: Digest = digestOf(bytes);
  if (digest === found.content) return true;
  if (bytes.length > MAX_CATALOGUE_BYTES) {
    trouble(`the catalogue is too large for the cache, with ${formatBytes(bytes.length)}`);
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
  signal?.throwIfAborted();
  if (outcome.kind === 'saved' || outcome.kind === 'exists') return true;
  trouble(`the catalogue is not saved to the cache, so that the next run has to fetch: ${outcome.reason}`);
  return false;
}
