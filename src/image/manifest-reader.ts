import { parseManifest, type Manifest, MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import type { Digest } from '../oci/digest.ts';
import type { Store } from '../store/index.ts';
import type { ReadPort, ManifestBytes } from './read-port.ts';

/**
 * The manifests of one run. Each is fetched once and parsed once, whoever asks for it; its bytes are kept in the store, and
 * not in memory.
 */
export interface ManifestReader {
  /** A manifest of the store; undefined where the store does not have it. */
  stored(digest: Digest): Promise<ManifestBytes | undefined>;
  /** A manifest by its digest: from the store, else from a source. */
  read(digest: Digest, source: ReadPort, signal?: AbortSignal): Promise<ManifestBytes>;
  /** What a source serves under a reference now. */
  fetch(reference: string, source: ReadPort, signal?: AbortSignal): Promise<ManifestBytes>;
}

export function createManifestReader(store: Pick<Store, 'read' | 'put'>): ManifestReader {
  const parsed = new Map<Digest, Manifest>();
  const reading = new Map<Digest, Promise<ManifestBytes>>();

  const reader: ManifestReader = {
    async stored(digest) {
      const bytes = await store.read(digest, MAX_MANIFEST_BYTES);
      if (bytes === undefined) return undefined;
      const manifest = parsed.get(digest) ?? parseManifest(bytes);
      parsed.set(digest, manifest);
      return { digest, bytes, manifest };
    },
    async read(digest, source, signal) {
      const readOne = async (): Promise<ManifestBytes> =>
        (await reader.stored(digest)) ?? reader.fetch(digest, source, signal);
      // Another image may be reading it now; where its source fails, this one's may not.
      const own = reading.get(digest)?.catch(readOne) ?? readOne();
      reading.set(digest, own);
      try {
        return await own;
      } finally {
        if (reading.get(digest) === own) reading.delete(digest);
      }
    },
    async fetch(reference, source, signal) {
      const served = await source.manifest(reference, signal);
      parsed.set(served.digest, served.manifest);
      await store.put(served.bytes, await source.origin?.());
      return served;
    },
  };
  return reader;
}
