import type { RegistryClient, Repository } from '../registry/index.ts';
import type { ContentSource } from './content-source.ts';
import { OciSaveError } from '../errors.ts';

/** One repository of a registry as a source of images. */
export function registrySource(client: RegistryClient, repository: Repository): ContentSource {
  return {
    name: `${repository.domain}/${repository.path}`,
    head: (reference, signal) => client.headManifest(repository, reference, signal),
    manifest: (reference, signal) => client.getManifest(repository, reference, signal),
    async blob(blob, offset, signal) {
      try {
        return await client.getBlob(repository, blob, { offset, ...(signal ? { signal } : {}) });
      } catch (error) {
        const [url] = blob.urls ?? [];
        // Registries may leave foreign layers out; their publisher then serves them.
        if (url === undefined || !(error instanceof OciSaveError) || error.code === 'network') throw error;
        return client.getUrl(url, blob, { offset, ...(signal ? { signal } : {}) });
      }
    },
  };
}
