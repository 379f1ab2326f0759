import { messageOf } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { refusalOf, type Repository } from '../registry/index.ts';
import type { PushContext } from './context.ts';

/**
 * Whether a repository has a blob. A registry that ended in the midst of a write may keep an empty link, and answers 500
 * for that blob until it is sent anew (docker-registry 2.8.2, measured).
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
    emit({ type: 'log', level: 'warning', message: `${messageOf(error)}; it is sent anew` });
    return false;
  }
}
