import { type Digest, digestOf } from '../../src/oci/digest.ts';

export interface StoredManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** An image as a registry holds it: exact bytes by digest. Manifests stand children first. */
export interface Image {
  readonly manifests: ReadonlyMap<Digest, StoredManifest>;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  readonly top: Digest;
}

/** A descriptor as fixtures write it: key order is part of the bytes. */
export interface WrittenDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly [field: string]: unknown;
}

export function descriptorOf(
  mediaType: string,
  bytes: Uint8Array,
  fields: Readonly<Record<string, unknown>> = {},
): WrittenDescriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...fields };
}

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function bytesByDigest(all: Iterable<Uint8Array>): Map<Digest, Uint8Array> {
  return new Map([...all].map((bytes) => [digestOf(bytes), bytes]));
}

/** An image whose top is `manifest`, over its children's content and its own blobs. */
export function imageOf(
  manifest: StoredManifest,
  blobs: Iterable<Uint8Array>,
  children: readonly Image[] = [],
): Image {
  const top = digestOf(manifest.bytes);
  return {
    manifests: new Map([...children.flatMap((child) => [...child.manifests]), [top, manifest]]),
    blobs: new Map([...children.flatMap((child) => [...child.blobs]), ...bytesByDigest(blobs)]),
    top,
  };
}

export function topOf(image: Image): StoredManifest {
  const manifest = image.manifests.get(image.top);
  if (!manifest) throw new Error(`an image without its own manifest ${image.top}`);
  return manifest;
}

/** The descriptor by which an index or a referrer names an image. */
export function descriptorOfImage(
  image: Image,
  fields: Readonly<Record<string, unknown>> = {},
): WrittenDescriptor {
  const { mediaType, bytes } = topOf(image);
  return descriptorOf(mediaType, bytes, fields);
}

/** Unique bytes of an image: manifests and blobs. */
export function sizeOf(image: Image): number {
  const all = [...[...image.manifests.values()].map(({ bytes }) => bytes), ...image.blobs.values()];
  return all.reduce((sum, bytes) => sum + bytes.length, 0);
}

/** The digest of an image's largest blob: a layer, in every fixture. */
export function largestBlobOf({ top, blobs }: Image): Digest {
  const [largest] = [...blobs].toSorted(([, a], [, b]) => b.length - a.length);
  return largest?.[0] ?? top;
}
