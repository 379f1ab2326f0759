import { OciSaveError } from '../errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import { type ReadPort } from './read-port.ts';
import { storePort } from './store-port.ts';

/**
 * A repository of which nothing is asked: what the store has of it, by digest, and by the digest that a tag had when it
 * was last read.
 * @param name the repository with its registry
 */
export function offlinePort(
  name: string,
  store: Pick<Store, 'has' | 'open' | 'read' | 'served'>,
): ReadPort & { readonly digestOf: (reference: string) => Digest | undefined } {
  const stored = storePort(store);
  const digestOf = (reference: string): Digest | undefined =>
    isDigest(reference) ? reference : store.served.get(store.served.keyOf(name, reference));
  return {
    name,
    digestOf,
    has: (blob) => stored.has(blob),
    open: (blob, offset) => stored.open(blob, offset),
    async manifest(reference) {
      const digest = digestOf(reference);
      if (digest === undefined) throw notHere('the store does not know its tag');
      try {
        return await stored.manifest(digest);
      } catch (error) {
        if (error instanceof OciSaveError && error.code === 'not-found')
          throw notHere('the store does not have its manifest');
        throw error;
      }
    },
    list: async () => [],
    tags: async () => [],
  };
}

function notHere(message: string): OciSaveError {
  return new OciSaveError({ code: 'not-found', message });
}
