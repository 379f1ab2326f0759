import { type Digest, shortDigest } from '../oci/digest.ts';
import { refusalOf, type Repository } from '../registry/index.ts';
import { allSettled } from './all-settled.ts';
import type { BlobSender } from './blob-sender.ts';
import { manifestBytes } from './content.ts';
import type { PushContext } from './context.ts';
import type { PushName, Variant } from './plan.ts';

/** Pushes images into one target. */
export interface ImagePusher {
  /**
   * All that an image names, then its tag. Resolves with the variant that stands under the tag now.
   * @throws OciSaveError; no tag was put then
   */
  push(name: PushName, variants: readonly [Variant, ...Variant[]]): Promise<Variant>;
}

/** A tag is put when everything below it is there, and at no other time. */
export function createImagePusher(context: PushContext, blobs: BlobSender): ImagePusher {
  const { content, signal } = context;
  const trees = new Map<string, Promise<void>>();
  const put = (repository: Repository, reference: string, digest: Digest): Promise<void> =>
    putManifest(context, repository, reference, digest);

  /** Everything below a manifest. Leaves at once; indexes in their order, each after its children. */
  const bringTree = async (repository: Repository, variant: Variant): Promise<void> => {
    await allSettled(variant.blobs.map((digest) => blobs.bring(repository, digest)));
    signal?.throwIfAborted();
    const below = variant.manifests.filter((digest) => digest !== variant.digest);
    const isIndex = (digest: Digest): boolean => content.manifests.get(digest)?.manifest.kind === 'index';
    const leaves = below.filter((digest) => !isIndex(digest));
    await allSettled(leaves.map((digest) => put(repository, digest, digest)));
    for (const digest of below.filter(isIndex)) await put(repository, digest, digest);
  };

  const tree = (repository: Repository, variant: Variant): Promise<void> => {
    const key = `${repository.path}@${variant.digest}`;
    const known = trees.get(key) ?? bringTree(repository, variant);
    trees.set(key, known);
    return known;
  };

  const pushVariant = async ({ to }: PushName, variant: Variant): Promise<Variant> => {
    await tree(to, variant);
    await put(to, to.tag, variant.digest);
    return variant;
  };

  return {
    async push(name, [variant, ...others]) {
      const [standIn] = others;
      try {
        return await pushVariant(name, variant);
      } catch (error) {
        if (standIn === undefined || !mayBeSparse(error)) throw error;
        const message = `${name.to.domain} refuses the index ${shortDigest(variant.digest)} without all of its children`;
        context.emit({ type: 'log', level: 'info', message, image: name.to.text });
        return pushVariant(name, standIn);
      }
    },
  };
}

/** Puts the exact bytes of a manifest, under the type that they have. */
export async function putManifest(
  { client, content, signal }: PushContext,
  repository: Repository,
  reference: string,
  digest: Digest,
): Promise<void> {
  const mediaType = content.manifests.get(digest)?.manifest.mediaType ?? '';
  const bytes = await manifestBytes(content, digest);
  await client.putManifest(repository, reference, { bytes, digest, mediaType }, signal);
}

/** Whether a manifest was refused for what it is, not for who put it or how it was sent. */
function mayBeSparse(error: unknown): boolean {
  const status = refusalOf(error)?.status ?? 0;
  return status >= 400 && status < 500 && ![401, 403, 405, 408, 413, 429].includes(status);
}
