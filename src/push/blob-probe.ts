import { messageOf, OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { type BlobContent, refusalOf, type Repository } from '../registry/index.ts';
import type { PushContext } from './context.ts';

/**
 * Whether a repository has a blob. A registry that ended during a write may keep an empty link, and responds with 500
 * for that blob until it is sent again (docker-registry 2.8.2, measured).
 */
export async function isThere(
  repository: Repository,
  digest: Digest,
  { client, emit, signal }: PushContext,
): Promise<boolean> {
  try {
    return await client.headBlob(repository, digest, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (refusalOf(error)?.status !== 500) throw error;
    emit({ type: 'log', level: 'warning', message: `${messageOf(error)}; it is sent again` });
    return false;
  }
}

/**
 * Whether a repository gives a blob that it says to have. Where it does not let us read, its word is taken, and that is
 * said once.
 */
export function createBlobProbe({ client, emit, signal }: PushContext) {
  const warned = new Set<string>();
  const warn = (what: string, message: string): void => {
    emit({ type: 'log', level: warned.has(what) ? 'debug' : 'warning', message });
    warned.add(what);
  };
  let reads = true;
  return async (repository: Repository, blob: BlobContent): Promise<boolean> => {
    if (!reads) return true;
    const { domain, path } = repository;
    try {
      if (await client.givesBlob(repository, blob, signal)) return true;
    } catch (error) {
      signal?.throwIfAborted();
      // Where nothing answers, as a storage that this machine may not reach, it would not for the next one either.
      reads = refusalOf(error) !== undefined;
      warn(
        'untold',
        `whether ${domain} gives the blobs that it says to have is not known: ${messageOf(error)}`,
      );
      return true;
    }
    const name = shortDigest(blob.digest);
    warn(
      'lost',
      `${domain}/${path} says that it has blob ${name}, and does not give it, as after a garbage collection beside its cache; it is sent`,
    );
    return false;
  };
}

/** The error for a registry that took a blob, and goes on saying that it has it without giving it. */
export function notGiven({ domain, path }: Repository, digest: Digest): OciSaveError {
  return new OciSaveError({
    code: 'digest',
    message: `${domain}/${path} took blob ${shortDigest(digest)}, says that it has it, and does not give it`,
    hint: 'Ask who runs the registry: its cache and its files differ. Restart it after a garbage collection, and push again.',
  });
}
