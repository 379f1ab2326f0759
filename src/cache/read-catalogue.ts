import { buffer } from 'node:stream/consumers';
import { OciSaveError } from '../errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { type Catalogue, decodeCatalogue, EMPTY, MAX_CATALOGUE_BYTES } from './catalogue.ts';
import type { CacheContext } from './context.ts';
import { CATALOGUE_FOLDER, cataloguePrefix, contentOfKey } from './keys.ts';

export interface FoundCatalogue {
  readonly catalogue: Catalogue;
  /** The hash of its bytes; undefined where there is none. */
  readonly content: Digest | undefined;
}

const NOTHING: FoundCatalogue = { catalogue: EMPTY, content: undefined };

/** The newest catalogue of a scope, if it is what its key says. Puts its content into the store. */
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
    for (const small of catalogue.contents.values()) await store.put(small);
    await store.served.import(catalogue.served);
    return { catalogue, content };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    trouble(error.message);
    return NOTHING;
  }
}
