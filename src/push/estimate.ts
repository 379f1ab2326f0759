import { OciSaveError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Repository } from '../registry/index.ts';
import type { PushContext } from './context.ts';
import type { PushName } from './plan.ts';
import type { Traffic } from './report-target.ts';

/** Counts in `traffic` what would be sent of names, by asking for each blob in each repository (HEAD alone). */
export async function estimate(
  names: readonly PushName[],
  context: PushContext,
  traffic: Traffic,
): Promise<void> {
  const wanted = new Map(
    names.flatMap(({ to, variants: [{ blobs }] }) =>
      blobs.map((digest) => [`${to.path}@${digest}`, { to, digest }] as const),
    ),
  );
  const there = new Set<Digest>();
  const absent = new Map<Digest, number>();
  await Promise.all(
    [...wanted.values()].map(async ({ to, digest }) => {
      if (await hasBlob(to, digest, context)) {
        there.add(digest);
        traffic.thereBlobs += 1;
      } else {
        absent.set(digest, (absent.get(digest) ?? 0) + 1);
      }
    }),
  );
  for (const [digest, count] of absent) {
    const sent = there.has(digest) ? 0 : 1;
    traffic.sentBlobs += sent;
    traffic.sentBytes += sent * (context.content.lock.blobs[digest] ?? 0);
    traffic.mountedBlobs += count - sent;
  }
}

/** Registries refuse a repository that does not exist yet in many ways: each means that the blob is not there. */
async function hasBlob(to: Repository, digest: Digest, { client, signal }: PushContext): Promise<boolean> {
  try {
    return await client.headBlob(to, digest, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OciSaveError && error.code !== 'network') return false;
    throw error;
  }
}
