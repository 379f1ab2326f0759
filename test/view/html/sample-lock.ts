import type { Lock, LockedImage } from '../../../src/lock/index.ts';
import { digest } from '../sample-report.ts';

export function leafOf(ref: string): LockedImage['leaves'][number] {
  return {
    digest: digest(`${ref} leaf`),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platform: 'linux/amd64',
    config: digest(`${ref} config`),
    layers: [digest('base'), digest(`${ref} layer`)],
  };
}

export function image(ref: string, parts: Partial<LockedImage> = {}): LockedImage {
  return {
    ref,
    names: [ref],
    source: 'docker',
    digest: digest(`${ref} index`),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    root: digest(`${ref} index`),
    rootMediaType: 'application/vnd.oci.image.index.v1+json',
    platforms: ['linux/amd64'],
    leaves: [leafOf(ref)],
    referrers: [],
    ...parts,
  };
}

export function lockOf(images: readonly LockedImage[], files: Lock['files'] = []): Lock {
  const named = images.flatMap(({ digest: own, leaves }) => [
    own,
    ...leaves.flatMap((leaf) => [leaf.digest, leaf.config, ...leaf.layers]),
  ]);
  const blobs = Object.fromEntries(
    named.map((blob) => [blob, blob === digest('base') ? 10 * 1024 * 1024 : 1024]),
  );
  return { version: 1, images: [...images], files, blobs };
}

/** The page's words, as a reader sees them. */
export function wordsOf(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<script>.*<\/script>/s, '')
    .replaceAll(/<\/?i\b[^>]*>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}
