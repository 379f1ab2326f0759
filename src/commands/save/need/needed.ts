import type { LockedImage } from '../../../lock/index.ts';
import type { SaveOptions } from '../../../options/index.ts';
import { findPushed, type RightDigest } from '../../../push/index.ts';
import type { ResolvedImage } from '../../../resolve/index.ts';
import { type Run, publishesAlone } from '../run.ts';

/**
 * The images of which blobs are needed: where a run only pushes, those that some target has not. With a cache around
 * the store all are, since the cache keeps what its list names.
 */
export async function neededImages(
  images: readonly ResolvedImage[],
  run: Run,
): Promise<readonly ResolvedImage[]> {
  const { options, session, release, io } = run;
  if (!publishesAlone(run) || release !== undefined || io.remoteCache !== undefined) return images;
  const names = images.flatMap(({ image }) =>
    image.names.map((name) => ({ name, right: rightDigests(image, options.index) })),
  );
  const found = await findPushed(names, options.push, session.client, io.signal);
  // Another digest that is left alone, or fails the push, needs no blob.
  const moves = options.pushPolicy === 'always';
  const lacking = new Set(
    found.filter(({ there, differs }) => !there && (moves || !differs)).map(({ name }) => name),
  );
  return images.filter(({ image }) => image.names.some((name) => lacking.has(name)));
}

/** What a target may have under an image's name, as pushing sees it. */
export function rightDigests(
  { digest, root, leaves }: LockedImage,
  index: SaveOptions['index'],
): [RightDigest, ...RightDigest[]] {
  const narrowed = { digest: root, below: [] };
  if (root === digest || index === 'narrow') return [narrowed];
  const original = { digest, below: [...new Set(leaves.map((leaf) => leaf.digest))] };
  return index === 'keep' ? [original] : [original, narrowed];
}
