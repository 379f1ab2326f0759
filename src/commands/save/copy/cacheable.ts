import { type Keepable, MAX_CONTENT_BYTES } from '../../../cache/index.ts';
import type { Digest } from '../../../oci/digest.ts';
import {
  repositoryOf,
  type Resolution,
  type ResolvedImage,
  type WantedImage,
} from '../../../resolve/index.ts';
import type { Run } from '../run.ts';

/**
 * The part of a run's images that another run may find in the cache. Where `withholdPrivate` says that untrusted runs read
 * it, that excludes everything that a repository gave for credentials, even a layer that a public image shares.
 */
export async function keepableOf({ resolved, failed }: Resolution, run: Run): Promise<Keepable> {
  const withhold = run.io.remoteCache?.withholdPrivate ?? true;
  const [open, closed]: [ResolvedImage[], ResolvedImage[]] = [[], []];
  for (const image of resolved) {
    const repository = repositoryOf(image.wanted);
    if (repository === undefined) continue;
    const withheld = withhold && (await run.session.isPrivate(repository));
    (withheld ? closed : open).push(image);
  }
  const hidden = new Map(closed.flatMap(({ sizes }) => [...sizes]));
  const shown = open.map((image) => contentOf(image, hidden));
  return {
    blobs: shown.flatMap(({ blobs }) => blobs),
    contents: [...new Set(shown.flatMap(({ contents }) => contents))],
    tags: open.flatMap(({ wanted }) => tagOf(wanted)),
    withheld: {
      images: closed.length,
      blobs: hidden.size,
      bytes: [...hidden.values()].reduce((sum, size) => sum + size, 0),
    },
    whole: failed.length === 0,
  };
}

function contentOf(
  { digest: top, leaves, sizes }: ResolvedImage,
  hidden: ReadonlyMap<Digest, number>,
): Pick<Keepable, 'blobs'> & { readonly contents: Digest[] } {
  const layers = new Set(leaves.flatMap((leaf) => leaf.layers));
  const all = [...sizes].flatMap(([digest, size]) => (hidden.has(digest) ? [] : [{ digest, size }]));
  const small = all.filter(({ digest, size }) => !layers.has(digest) && size <= MAX_CONTENT_BYTES);
  const contents = new Set(small.map(({ digest }) => digest));
  return {
    blobs: all.filter(({ digest }) => !contents.has(digest)),
    // With `index: narrow` the lock does not name what was served.
    contents: [...contents, ...(hidden.has(top) ? [] : [top])],
  };
}

function tagOf(wanted: WantedImage): Keepable['tags'] {
  const reference = repositoryOf(wanted);
  if (reference === undefined || reference.digest !== undefined) return [];
  const { domain, path, tag = 'latest' } = reference;
  return [{ repository: `${domain}/${path}`, tag }];
}
