import { buffer } from 'node:stream/consumers';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import { formatBytes } from '../text/bytes.ts';
import {
  boundedContents,
  type Catalogue,
  decodeCatalogue,
  EMPTY,
  encodeCatalogue,
  isReadable,
  MAX_CATALOGUE_BYTES,
  MAX_CONTENT_BYTES,
} from './catalogue.ts';
import type { Keepable } from './keepable.ts';
import {
  CATALOGUE_FOLDER,
  catalogueKey,
  cataloguePrefix,
  type CatalogueScope,
  contentOfKey,
  deletion,
} from './keys.ts';
import type { Pack } from './packing.ts';
import type { CacheContext } from './port.ts';

export interface FoundCatalogue {
  readonly catalogue: Catalogue;
  /** The hash of its bytes; undefined where the list has none of its own. */
  readonly content: Digest | undefined;
}

export const NOTHING_FOUND: FoundCatalogue = { catalogue: EMPTY, content: undefined };

/**
 * The newest catalogue of a list, else the newest of its repository: another list, output or platform set may have the
 * same content. Offers its content to the store.
 */
export async function readCatalogue(context: CacheContext, scope: CatalogueScope): Promise<FoundCatalogue> {
  const own = await readNewest(context, cataloguePrefix(scope));
  if (own !== 'none') return own;
  const other = await readNewest(context, cataloguePrefix({ repository: scope.repository }));
  if (other === 'none') return NOTHING_FOUND;
  const message = 'this list has no catalogue in the cache: the newest one of the repository is used';
  context.emit({ type: 'log', level: 'info', message });
  return { catalogue: other.catalogue, content: undefined };
}

/** The newest catalogue whose key begins so, where its bytes match its key. */
async function readNewest(context: CacheContext, prefix: string): Promise<FoundCatalogue | 'none'> {
  const { cache, signal, trouble } = context;
  let wanted: Digest | undefined;
  let entry = prefix;
  let bytes: Uint8Array | undefined;
  const outcome = await cache.read({
    key: prefix,
    match: 'newest',
    folder: CATALOGUE_FOLDER,
    maxBytes: MAX_CATALOGUE_BYTES,
    accepts(key) {
      entry = key;
      wanted = key.startsWith(prefix) ? contentOfKey(key) : undefined;
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
  const damaged = (why: string): FoundCatalogue => {
    trouble(`the catalogue in the cache is not used: ${why}; ${deletion(entry)}`);
    return NOTHING_FOUND;
  };
  if (bytes !== undefined) return readBytes(bytes, wanted, context, damaged);
  if (outcome.kind === 'miss') return 'none';
  if (outcome.kind === 'hit') return damaged('its bytes are not those that its key names');
  if (outcome.kind === 'damaged') return damaged(outcome.reason);
  trouble(`the catalogue in the cache cannot be read: ${outcome.reason}`);
  return NOTHING_FOUND;
}

async function readBytes(
  bytes: Uint8Array,
  content: Digest | undefined,
  { store }: CacheContext,
  damaged: (why: string) => FoundCatalogue,
): Promise<FoundCatalogue> {
  try {
    const catalogue = decodeCatalogue(bytes);
    store.offer(catalogue.contents);
    await store.served.import(catalogue.served);
    return { catalogue, content };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return damaged(error.message);
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
  scope: CatalogueScope,
  { cache, store, signal, trouble }: CacheContext,
): Promise<boolean> {
  const bytes = encodeCatalogue(catalogue);
  const digest: Digest = digestOf(bytes);
  if (digest === found.content) return true;
  if (!isReadable(bytes)) {
    trouble(`the catalogue is too large for the cache, with ${formatBytes(bytes.length)}`);
    return false;
  }
  const file = path.join(store.runFolder, 'catalogue.json');
  try {
    await writeFile(file, bytes);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    trouble(`the catalogue is not saved to the cache, so that the next run has to fetch: ${code}`);
    return false;
  }
  const outcome = await cache.save({
    key: catalogueKey(scope, digest),
    folder: CATALOGUE_FOLDER,
    files: [{ name: hexOf(digest), size: bytes.length, file }],
    leaveFree: 0,
  });
  if (signal?.aborted) return false;
  if (outcome.kind === 'saved' || outcome.kind === 'exists') return true;
  trouble(`the catalogue is not saved to the cache, so that the next run has to fetch: ${outcome.reason}`);
  return false;
}
