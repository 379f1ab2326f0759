import pLimit from 'p-limit';
import type { RegistryClient, Repository } from '../registry/index.ts';
import { type BlobRange, checkOffset, type ReadPort, REF_NAME, type WantedBlob } from './read-port.ts';
import { OciSaveError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/** Tags of which a list asks at once. */
const TAGS_AT_ONCE = 16;

export interface RegistryPortOptions {
  /** Whether credentials are sent to a repository. */
  readonly isPrivate?: (repository: Repository) => Promise<boolean>;
  /** How its content is called where it matters who gave it. */
  readonly name?: string;
  /** Where it has mirrors: as `passOver` of the port. */
  readonly passOver?: (repository: Repository, digest: Digest, error: OciSaveError) => boolean;
}

/** One repository of a registry. */
export function registryPort(
  client: RegistryClient,
  repository: Repository,
  options: RegistryPortOptions = {},
): ReadPort {
  const {
    isPrivate = async () => false,
    name = `${repository.domain}/${repository.path}`,
    passOver = () => false,
  } = options;
  const port: Required<ReadPort> = {
    name,
    origin: async () => ({ repository: name, isPrivate: await isPrivate(repository) }),
    has: ({ digest }, signal) => client.headBlob(repository, digest, signal),
    head: (reference, signal) => client.headManifest(repository, reference, signal),
    manifest: (reference, signal) => client.getManifest(repository, reference, signal),
    referrers: (digest, signal) => client.listReferrers(repository, digest, signal),
    tagged: (tag, signal) => client.findTagged(repository, tag, signal),
    async open(blob, offset, signal) {
      checkOffset(blob, offset);
      const options = { offset, signal };
      try {
        return await client.getBlob(repository, blob, options);
      } catch (error) {
        return elsewhere(blob, error, (url) => client.getUrl(repository, url, blob, options));
      }
    },
    passOver: ({ digest }, error) => passOver(repository, digest, error),
    tags: (signal) => client.listTags(repository, signal),
    async list(signal) {
      const limit = pLimit(TAGS_AT_ONCE);
      const entry = async (tag: string): Promise<Descriptor[]> => {
        try {
          const claim = await port.head(tag, signal);
          const { digest, mediaType, size } = claim ?? (await client.getManifest(repository, tag, signal));
          return [{ digest, mediaType, size, annotations: { [REF_NAME]: tag } }];
        } catch (error) {
          // Registries list tags that were deleted.
          if (error instanceof OciSaveError && error.code === 'not-found') return [];
          throw error;
        }
      };
      const tags = await port.tags(signal);
      return (await Promise.all(tags.map((tag) => limit(entry, tag)))).flat();
    },
  };
  return port;
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
