import { buffer } from 'node:stream/consumers';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import { formatBytes } from '../text/bytes.ts';
import {
  boundedContents,
  type Catalogue,
  decodeCatalogue,
  EMPTY,
  encodeCatalogue,
  MAX_CATALOGUE_BYTES,
  MAX_CONTENT_BYTES,
} from './catalogue.ts';
import type { Keepable } from './keepable.ts';
import { CATALOGUE_FOLDER, catalogueKey, cataloguePrefix, contentOfKey } from './keys.ts';
import type { Pack } from './packing.ts';
import type { CacheContext } from './port.ts';

export interface FoundCatalogue {
  readonly catalogue: Catalogue;
  /** The hash of its bytes; undefined where there is none. */
  readonly content: Digest | undefined;
}

const NOTHING: FoundCatalogue = { catalogue: EMPTY, content: undefined };

/** The newest catalogue of a scope, where its bytes match its key. Puts its content into the store. */
export async function readCatalogue(context: CacheContext, scope: string): Promise<FoundCatalogue> {
  const { cache, signal, trouble } = context;
  let wanted: Digest | undefined;
  let bytes: Uint8Array | undefined;
  const outcome = await cache.read({
    key: cataloguePrefix(scope),
    match: 'newest',
    folder: CATALOGUE_FOLDER,
    maxBytes: MAX_CATALOGUE_BYTES,
    accepts(key) {
      wanted = contentOfKey(key, scope);
      return wanted !== undefined;
    },
    async take({ name, body }) {
      if (`sha256:${name}` !== wanted) return 'refused';
      const read = await buffer(body);
      if (digestOf(read) !== wanted) return 'refused';
      bytes = read;
      return 'enough';
    },
    signal,
  });
  if (bytes !== undefined) return readBytes(bytes, wanted, context);
  if (outcome.kind === 'hit')
    trouble('the catalogue in the cache is damaged or not ours: nothing of it is used');
  else if (outcome.kind !== 'miss') trouble(`the catalogue in the cache cannot be read: ${outcome.reason}`);
  return NOTHING;
}

async function readBytes(
  bytes: Uint8Array,
  content: Digest | undefined,
  { store, trouble }: CacheContext,
): Promise<FoundCatalogue> {
  try {
    const catalogue = decodeCatalogue(bytes);
    for (const small of catalogue.contents.values()) await store.put(small, undefined);
    await store.served.import(catalogue.served);
    return { catalogue, content };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    trouble(error.message);
    return NOTHING;
  }
}

/** The catalogue after a run: what it may keep, and, where images failed, the earlier content, too. */
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

/** Saves a catalogue, unless it is the one that was found. Returns whether the cache has it then. */
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
