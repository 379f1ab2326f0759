import { messageOf, OciSaveError } from '../errors.ts';
import type { ByteCount, Outcome } from '../events.ts';
import type { Digest } from '../oci/digest.ts';
import type { ResolvedImage } from '../resolve/index.ts';
import type { CopyContext } from './context.ts';
import type { MissingBlobs } from './missing-blobs.ts';

/** Reports each image when its last blob has landed. */
export interface ImageProgress {
  landed(digest: Digest): void;
  /** Reports the images that were not reported yet: they failed, each with the error of the first blob that is lost. */
  finish(failures: ReadonlyMap<Digest, unknown>): void;
}

interface Pending {
  readonly ref: string;
  readonly origins: ResolvedImage['wanted']['origins'];
  left: number;
  readonly outcome: Outcome;
  readonly fetched: ByteCount;
  readonly stored: ByteCount;
  readonly awaited: readonly Digest[];
}

export function trackImages(
  images: readonly ResolvedImage[],
  { blobs, restored }: MissingBlobs,
  { emit, store }: Pick<CopyContext, 'emit' | 'store'>,
): ImageProgress {
  const absent = new Set(blobs.map(({ digest }) => digest));
  const waiting = new Map<Digest, Pending[]>();
  const pending = new Set<Pending>();
  const report = ({ ref, outcome, fetched, stored }: Pending): void =>
    emit({ type: 'step', stage: 'copy', subject: ref, outcome, fetched, stored });

  for (const { ref, wanted, leaves, sizes } of images) {
    const count = (digests: readonly Digest[]): ByteCount => ({
      blobs: digests.length,
      bytes: digests.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0),
    });
    const content = [...new Set(leaves.flatMap(({ config, layers }) => [config, ...layers]))];
    const awaited = content.filter((digest) => absent.has(digest));
    const fetched = content.filter(
      (digest) => absent.has(digest) || (store.isNew(digest) && !restored.has(digest)),
    );
    const some: Outcome = fetched.length === content.length ? 'fetched' : 'partly stored';
    const image: Pending = {
      ref,
      origins: wanted.origins,
      left: awaited.length,
      outcome: fetched.length === 0 ? 'stored' : some,
      fetched: count(fetched),
      awaited,
      stored: count(content.filter((digest) => !fetched.includes(digest))),
    };
    if (image.left === 0) {
      report(image);
      continue;
    }
    pending.add(image);
    for (const digest of awaited) {
      const others = waiting.get(digest);
      if (others) others.push(image);
      else waiting.set(digest, [image]);
    }
  }
  return {
    landed(digest) {
      for (const image of waiting.get(digest) ?? []) {
        image.left -= 1;
        if (image.left > 0) continue;
        pending.delete(image);
        report(image);
      }
    },
    finish(failures) {
      const told = new Set<unknown>();
      for (const { ref, origins, awaited } of pending) {
        const [error] = awaited.flatMap((digest) => failures.get(digest) ?? []);
        // A used-up quota is one cause of all: it is told once, and the end of the run lists the images.
        const isTold = error instanceof OciSaveError && error.code === 'quota' && told.has(error);
        if (!isTold) emit({ type: 'log', level: 'error', message: messageOf(error), image: ref, origins });
        told.add(error);
        emit({ type: 'step', stage: 'copy', subject: ref, outcome: 'failed', origins });
      }
    },
  };
}
