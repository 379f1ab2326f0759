import { isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import type { Store } from '../store/index.ts';
import { type LocalPort, missingManifest, openRange } from './read-port.ts';

/** The store: blobs by digest, without names. What is wrong in it is dropped when it is read, and is missing from then on. */
export function storePort(store: Pick<Store, 'has' | 'open' | 'read'>): LocalPort {
  const name = 'the store';
  const range: LocalPort['range'] = (blob, start, end) => store.open(blob, start, end);
  return {
    name,
    has: (blob) => store.has(blob),
    range,
    open: openRange({ range }),
    async manifest(reference) {
      const bytes = isDigest(reference) ? await store.read(reference, MAX_MANIFEST_BYTES) : undefined;
      if (bytes === undefined || !isDigest(reference)) throw missingManifest(name, reference);
      return { bytes, digest: reference, manifest: parseManifest(bytes) };
    },
    list: async () => [],
    tags: async () => [],
  };
}
