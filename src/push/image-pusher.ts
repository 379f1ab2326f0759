import pRetry from 'p-retry';
import { OciSaveError } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { lacksRoom, refusalOf, type Repository } from '../registry/index.ts';
import type { BlobSender } from './blob-sender.ts';
import { manifestBytes, type PushContext } from './context.ts';
import type { PushName, Variant } from './plan.ts';

/** Registries over several machines may need a moment until a tag is everywhere. */
const [READ_RETRIES, FIRST_PAUSE_MILLISECONDS] = [3, 250];

/** Pushes images into one target. */
export interface ImagePusher {
  /**
   * Pushes all that an image names, then its tag, and reads that back. Resolves with the variant that the tag names now.
   * @throws OciSaveError `digest` where the tag was put and has other bytes when it is read; else no tag was put
   */
  push(name: PushName, variants: readonly [Variant, ...Variant[]]): Promise<Variant>;
}

/** A tag is put when everything below it is there, and at no other time. */
export function createImagePusher(context: PushContext, blobs: BlobSender): ImagePusher {
  const { content, emit, signal } = context;
  const trees = new Map<string, Promise<void>>();

  /** Everything below a manifest. Leaves at once; indexes in their order, each after its children. */
  const pushTree = async (repository: Repository, variant: Variant): Promise<void> => {
    await allSettled(variant.blobs.map((digest) => blobs.send(repository, digest)));
    signal?.throwIfAborted();
    const below = variant.manifests.filter((digest) => digest !== variant.digest);
    const isIndex = (digest: Digest): boolean => content.manifests.get(digest)?.manifest.kind === 'index';
    const leaves = below.filter((digest) => !isIndex(digest));
    await allSettled(leaves.map((digest) => putManifest(context, repository, digest)));
    for (const digest of below.filter(isIndex)) await putManifest(context, repository, digest);
  };

  const pushVariant = async ({ to }: PushName, variant: Variant): Promise<Variant> => {
    const key = `${to.path}@${variant.digest}`;
    const tree = trees.get(key) ?? pushTree(to, variant);
    trees.set(key, tree);
    await tree;
    await putManifest(context, to, variant.digest, to.tag);
    return variant;
  };

  const pushFirst = async (
    name: PushName,
    [variant, standIn]: readonly [Variant, ...Variant[]],
  ): Promise<Variant> => {
    try {
      return await pushVariant(name, variant);
    } catch (error) {
      if (standIn === undefined || !mayBeSparse(error)) throw error;
      const message = `${name.to.domain} refuses the index ${shortDigest(variant.digest)} without all of its children`;
      emit({ type: 'log', level: 'info', message, image: name.to.text });
      return pushVariant(name, standIn);
    }
  };

  return {
    async push(name, variants) {
      const pushed = await pushFirst(name, variants);
      await readBack(name, pushed, context);
      return pushed;
    },
  };
}

/** Puts the exact bytes of a manifest, with their own media type, by its digest or under a tag. */
export async function putManifest(
  context: PushContext,
  repository: Repository,
  digest: Digest,
  reference: string = digest,
): Promise<void> {
  const { client, content, signal } = context;
  const mediaType = content.manifests.get(digest)?.manifest.mediaType ?? '';
  const bytes = await manifestBytes(context, digest);
  await client.putManifest(repository, reference, { bytes, digest, mediaType }, signal);
}

/** Waits for all, then fails with the first error: nothing is still running after a failure. */
export async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Whether a manifest was refused because of its content, not of the login or the request. */
function mayBeSparse(error: unknown): boolean {
  if (lacksRoom(error)) return false;
  const status = refusalOf(error)?.status ?? 0;
  return status >= 400 && status < 500 && ![401, 403, 405, 408, 413, 429].includes(status);
}

/** Reads a tag that was pushed, and hashes it. Throws `digest` where it is not what was pushed. */
async function readBack({ to }: PushName, pushed: Variant, context: PushContext): Promise<void> {
  const { signal } = context;
  const check = async (): Promise<void> => {
    const found = await digestUnder(to, context);
    if (found === pushed.digest) return;
    throw new OciSaveError({
      code: 'digest',
      message:
        found === undefined
          ? `${to.text} was pushed, and is not there`
          : `${to.text} was pushed as ${shortDigest(pushed.digest)}, and what is read has ${shortDigest(found)}`,
      hint: 'Somebody else may push to the same name. Else ask who runs the registry.',
    });
  };
  await pRetry(check, {
    retries: READ_RETRIES,
    minTimeout: FIRST_PAUSE_MILLISECONDS,
    shouldRetry: ({ error }) => error instanceof OciSaveError && error.code === 'digest',
    ...(signal ? { signal } : {}),
  });
}

async function digestUnder(to: PushName['to'], { client, signal }: PushContext): Promise<Digest | undefined> {
  try {
    return (await client.getManifest(to, to.tag, signal)).digest;
  } catch (error) {
    if (error instanceof OciSaveError && error.code === 'not-found') return undefined;
    throw error;
  }
}
