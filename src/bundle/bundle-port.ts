import { OciSaveError } from '../errors.ts';
import { type LocalPort, missingManifest, openRange, REF_NAME } from '../image/index.ts';
import { type Lock, taggedDigest, taggedMediaType } from '../lock/index.ts';
import { type BlobSize, type Digest, digestOf, isDigest, shortDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';

/** The blobs of a bundle, in its folder or in its archive. */
export interface BundleBlobs {
  /** How messages name the bundle. */
  readonly name: string;
  /** Whether a blob is there, with the right bytes. */
  has(blob: BlobSize): Promise<boolean>;
  /**
   * All bytes of a small blob; undefined where it is not there.
   * @throws OciSaveError `unsupported` where it is larger than that
   */
  whole(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>;
  /** All bytes of a blob, hashed as they are read. Throws DamagedBlobError where they are wrong. */
  checked(blob: BlobSize): AsyncIterable<Uint8Array>;
  /** The bytes from `start` up to `end`, exclusive. */
  part(blob: BlobSize, start: number, end: number): AsyncIterable<Uint8Array>;
}

/** The blobs of a bundle by digest, and its images by their stored names, as their sources have them. */
export function bundlePort(lock: Lock, blobs: BundleBlobs): LocalPort {
  const { name } = blobs;
  const named = new Map(
    lock.images.flatMap((image) => {
      const tagged = { digest: taggedDigest(image), mediaType: taggedMediaType(image) };
      return image.names.map((stored) => [stored, tagged] as const);
    }),
  );
  const range: LocalPort['range'] = (blob, start, end) =>
    start === 0 && end === blob.size ? blobs.checked(blob) : blobs.part(blob, start, end);
  return {
    name,
    has: (blob) => blobs.has(blob),
    range,
    open: openRange({ range }),
    async manifest(reference) {
      const digest = isDigest(reference) ? reference : named.get(reference)?.digest;
      const bytes = digest && (await blobs.whole(digest, MAX_MANIFEST_BYTES));
      if (digest === undefined || bytes === undefined) throw missingManifest(name, reference);
      if (digestOf(bytes) === digest) return { bytes, digest, manifest: parseManifest(bytes) };
      throw new OciSaveError({
        code: 'digest',
        message: `${name}: blob ${shortDigest(digest)} is damaged`,
        hint: 'Copy the bundle again, or save it again.',
      });
    },
    list: async () =>
      [...named].map(([stored, { digest, mediaType }]) => ({
        digest,
        mediaType,
        size: lock.blobs[digest] ?? 0,
        annotations: { [REF_NAME]: stored },
      })),
    tags: async () => [...named.keys()].toSorted(),
  };
}
