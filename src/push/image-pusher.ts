import { messageOf } from '../errors.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { blobsOf } from '../oci/manifest.ts';
import { isTemporary, lacksRoom, refusalOf, type Repository } from '../registry/index.ts';
import type { BlobSender } from './blob-sender.ts';
import { manifestOf, type PushContext, putManifest, waitFor } from './context.ts';
import { readTag } from './find-pushed.ts';
import type { Destination, PushName, Variant } from './plan.ts';
import type { ManifestReader } from './read-back.ts';
import type { PutWhole } from './referrers/referrer-pusher.ts';

/**
 * Milliseconds before each time that the manifests below an index are put again. A registry may collect what no tag names
 * before the index comes (quay/quay#7033), or see late what was put (estesp/manifest-tool#191).
 */
const PAUSES_BEFORE_CHILDREN = [250, 2000];

/** Pushes images into one target. */
export interface ImagePusher {
  /**
   * Pushes all that an image names, then its tag. Resolves with the variant that the tag names now.
   * @throws OciSaveError where no tag was put
   */
  push(name: PushName, variants: readonly [Variant, ...Variant[]]): Promise<Variant>;
  /** Pushes one manifest with all below it, by its digest or under a tag. */
  readonly whole: PutWhole;
}

export interface ImagePusherOptions {
  readonly blobs: BlobSender;
  readonly reader: ManifestReader;
}

/** A tag is put when everything below it is there, and at no other time. */
export function createImagePusher(context: PushContext, { blobs, reader }: ImagePusherOptions): ImagePusher {
  const { client, content, emit, signal, pause = waitFor } = context;
  /** What was put below a manifest, by repository. */
  const trees = new Map<string, Promise<void>>();

  /** All manifests below one. Leaves at once; indexes in their order, each after its children. */
  const putBelow = async (
    repository: Repository,
    { digest: top, manifests }: Pick<Variant, 'digest' | 'manifests'>,
  ): Promise<void> => {
    const below = manifests.filter((digest) => digest !== top);
    const isIndex = (digest: Digest): boolean => manifestOf(content, digest).manifest.kind === 'index';
    const leaves = below.filter((digest) => !isIndex(digest));
    await allSettled(leaves.map((digest) => putChild(repository, digest)));
    for (const digest of below.filter(isIndex)) await putChild(repository, digest);
  };

  const putChild = async (repository: Repository, digest: Digest): Promise<void> => {
    await put(repository, digest);
    await reader.child(repository, digest);
  };

  /** Puts a manifest. Where the registry does not know its blobs, though it said to have them, these are sent, and then it. */
  const put = async (repository: Repository, digest: Digest, tag?: string): Promise<void> => {
    try {
      await putManifest(context, repository, digest, tag);
    } catch (error) {
      signal?.throwIfAborted();
      const { manifest } = manifestOf(content, digest);
      if (manifest.kind !== 'manifest' || !namesUnknown(error)) throw error;
      const resent = await Promise.all(
        blobsOf(manifest).map((blob) => blobs.resend(repository, blob.digest)),
      );
      if (!resent.includes(true)) throw error;
      await putManifest(context, repository, digest, tag);
    }
  };

  /** A tag that cannot be changed may have been put since it was asked for: the same digest is success. */
  const putTag = async (to: Destination, { digest }: Variant): Promise<void> => {
    try {
      await put(to, digest, to.tag);
    } catch (error) {
      signal?.throwIfAborted();
      if (isTemporary(error)) throw error;
      if ((await readTag(to, client, { signal })).found !== digest) throw error;
    }
  };

  const pushVariant = async ({ to, sparse }: PushName, variant: Variant): Promise<Variant> => {
    await allSettled(variant.blobs.map((digest) => blobs.send(to, digest)));
    signal?.throwIfAborted();
    const key = `${to.path}@${variant.digest}`;
    let below = trees.get(key) ?? putBelow(to, variant);
    trees.set(key, below);
    const pauses = sparse && !variant.narrowed ? [] : [...PAUSES_BEFORE_CHILDREN];
    for (;;) {
      try {
        await below;
        await putTag(to, variant);
        return variant;
      } catch (error) {
        signal?.throwIfAborted();
        const milliseconds = pauses.shift();
        if (milliseconds === undefined || !lacksChild(error, variant)) throw error;
        emit({ type: 'log', level: 'debug', message: `${messageOf(error)}; all below it is put again` });
        await pause(milliseconds, signal);
        below = putBelow(to, variant);
        trees.set(key, below);
      }
    }
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
    push: pushFirst,
    async whole(repository, digest, { manifests, blobs: digests }, tag) {
      await allSettled(digests.map((blob) => blobs.send(repository, blob)));
      signal?.throwIfAborted();
      await putBelow(repository, { digest, manifests });
      await (tag === undefined ? putChild(repository, digest) : put(repository, digest, tag));
    },
  };
}

/** Waits for all, then fails with the first error: nothing is still running after a failure. */
export async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

const UNKNOWN = new Set(['MANIFEST_BLOB_UNKNOWN', 'MANIFEST_UNKNOWN', 'BLOB_UNKNOWN']);

/** Whether a manifest was refused because of something that it names. */
function namesUnknown(error: unknown): boolean {
  return refusalOf(error)?.codes.some((code) => UNKNOWN.has(code)) === true;
}

function lacksChild(error: unknown, { manifests }: Variant): boolean {
  return manifests.length > 1 && namesUnknown(error);
}

/** Whether a manifest was refused because of its content, not of the login or the request. */
function mayBeSparse(error: unknown): boolean {
  if (lacksRoom(error)) return false;
  const status = refusalOf(error)?.status ?? 0;
  return status >= 400 && status < 500 && ![401, 403, 405, 408, 413, 429].includes(status);
}
