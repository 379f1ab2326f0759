import { OciSaveError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { PushContext } from './context.ts';
import type { PushName } from './plan.ts';
import type { Traffic } from './result.ts';

/** What would be sent of names, by asking for each blob in each repository (HEAD alone). Counts it; returns the names. */
export async function estimate(
  names: readonly PushName[],
  context: PushContext,
  traffic: Traffic,
): Promise<readonly PushName[]> {
  const { client, content, signal } = context;
  const wanted = new Map(
    names.flatMap(({ to, variants: [variant] }) =>
      variant.blobs.map((digest) => [`${to.path}@${digest}`, { to, digest }] as const),
    ),
  );
  const there = new Map<Digest, number>();
  const absent = new Map<Digest, number>();
  await Promise.all(
    [...wanted.values()].map(async ({ to, digest }) => {
      const counts = (await has(client.headBlob(to, digest, signal), signal)) ? there : absent;
      counts.set(digest, (counts.get(digest) ?? 0) + 1);
    }),
  );
  for (const count of there.values()) traffic.thereBlobs += count;
  for (const [digest, count] of absent) {
    const sent = there.has(digest) ? 0 : 1;
    traffic.sentBlobs += sent;
    traffic.sentBytes += sent * (content.lock.blobs[digest] ?? 0);
    traffic.mountedBlobs += count - sent;
  }
  return names;
}

/** A repository that does not exist yet is answered in many ways. */
async function has(asking: Promise<boolean>, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return await asking;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OciSaveError && error.code !== 'network') return false;
    throw error;
  }
}
