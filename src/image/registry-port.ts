import type { RegistryClient, Repository } from '../registry/index.ts';
import type { BlobRange, ReadPort, WantedBlob } from './read-port.ts';
import { OciSaveError } from '../errors.ts';

/** One repository of a registry. */
export function registryPort(client: RegistryClient, repository: Repository): ReadPort {
  return {
    name: `${repository.domain}/${repository.path}`,
    head: (reference, signal) => client.headManifest(repository, reference, signal),
    manifest: (reference, signal) => client.getManifest(repository, reference, signal),
    async open(blob, offset, signal) {
      const options = { offset, signal };
      try {
        return await client.getBlob(repository, blob, options);
      } catch (error) {
        return elsewhere(blob, error, (url) => client.getUrl(repository, url, blob, options));
      }
    },
  };
}

/** Registries may leave foreign layers out; their publisher then serves them, at one of several addresses. */
async function elsewhere(
  { urls = [] }: WantedBlob,
  refusal: unknown,
  get: (url: string) => Promise<BlobRange>,
): Promise<BlobRange> {
  if (!(refusal instanceof OciSaveError) || refusal.code === 'network') throw refusal;
  let passing: OciSaveError | undefined;
  for (const url of urls) {
    try {
      return await get(url);
    } catch (error) {
      if (!(error instanceof OciSaveError)) throw error;
      if (error.code === 'network') passing ??= error;
    }
  }
  // The caller asks again for what may go away.
  throw passing ?? refusal;
}
