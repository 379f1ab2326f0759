import type { Digest } from '../oci/digest.ts';
import { isIndexType, OCI_INDEX } from '../oci/media-type.ts';

/** What a lock says of the digests of an image. */
interface Roots {
  readonly digest: Digest;
  readonly root: Digest;
  readonly converted?: Readonly<Record<string, Digest>> | undefined;
  readonly index?: 'keep' | 'narrow' | undefined;
}

/**
 * The digest that the stored names of an image stand for: the one that its source served, unless its index was narrowed
 * or its manifests were converted.
 */
export function taggedDigest({ digest, root, converted, index }: Roots): Digest {
  if (index === 'narrow') return root;
  return converted !== undefined && Object.hasOwn(converted, digest) ? (converted[digest] ?? digest) : digest;
}

/** The media type of what the stored names of an image stand for. */
export function taggedMediaType(
  image: Roots & { readonly mediaType: string; readonly rootMediaType: string },
): string {
  const tagged = taggedDigest(image);
  if (tagged === image.root) return image.rootMediaType;
  // Without the root's help only an index has another digest, and a converted one is OCI's.
  return tagged !== image.digest && isIndexType(image.mediaType) ? OCI_INDEX : image.mediaType;
}

/** Whether the index under an image's names lists manifests that were not taken. */
export function isSparse(image: Roots): boolean {
  return image.root !== taggedDigest(image);
}

/** Whether two images that have the same name have the same content under it. */
export function areSame(a: Roots, b: Roots): boolean {
  return a.root === b.root && taggedDigest(a) === taggedDigest(b);
}
