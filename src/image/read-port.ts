import { OciSaveError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, shortDigest, type BlobSize } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { Origin } from '../store/index.ts';

/** A manifest as it was served: exact bytes, their own hash, and what they say. */
export interface ManifestBytes {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly manifest: Manifest;
  /** The digest that its source says it has, where that is another one. */
  readonly claimed?: Digest | undefined;
}

/** What headers claim of a manifest. Registries get them wrong: the three must agree with bytes that we have. */
export interface ManifestClaim {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
}

export interface BlobRange {
  /** The first byte that comes: the one asked for, or 0 from a place that cannot resume. */
  readonly offset: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface WantedBlob extends BlobSize {
  /** Where a foreign layer may be had, apart from the source (image-spec, descriptor.md, `urls`). */
  readonly urls?: readonly string[] | undefined;
}

/** The annotation of an OCI layout that names an image. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

/**
 * One place that images are read from, by the few questions that each place can answer: a repository of a registry, an OCI
 * layout, the store, a bundle. A reference is one of `tags`, or a digest.
 */
export interface ReadPort {
  /** How messages name it. */
  readonly name: string;
  /** Where its content comes from, for the store; without it that is this machine. */
  origin?(): Promise<Origin>;
  /** Whether a blob is there. On this machine its bytes are hashed; elsewhere it is what a server says. */
  has(blob: BlobSize, signal?: AbortSignal): Promise<boolean>;
  /** The bytes of a blob from an offset on. Throws `digest` for an offset beyond its end. */
  open(blob: WantedBlob, offset: number, signal?: AbortSignal): Promise<BlobRange>;
  /**
   * Told that what `open` gave of a blob was wrong, or broke off each time. True where the next `open` asks somebody else.
   */
  passOver?(blob: BlobSize, error: OciSaveError): boolean;
  /** Throws `not-found` where it is missing, and `digest` where its bytes are wrong. */
  manifest(reference: string, signal?: AbortSignal): Promise<ManifestBytes>;
  /** What a reference names now, where that can be told without the manifest. */
  head?(reference: string, signal?: AbortSignal): Promise<ManifestClaim | undefined>;
  /**
   * What is listed as referring to a manifest; undefined where the place has no such list. A place without this question has
   * no referrers that could be looked for.
   */
  referrers?(digest: Digest, signal?: AbortSignal): Promise<readonly Descriptor[] | undefined>;
  /** The manifest of a tag; undefined where the tag is not there, and for no other reason. */
  tagged?(tag: string, signal?: AbortSignal): Promise<ManifestBytes | undefined>;
  /** What has a name there, as the index.json of a layout lists it. */
  list(signal?: AbortSignal): Promise<readonly Descriptor[]>;
  /** The names, sorted. */
  tags(signal?: AbortSignal): Promise<readonly string[]>;
}

/**
 * A place on this machine. A whole blob is hashed while it is read, and a wrong one never leaves whole. Before a part of a
 * blob is read, the store hashes it; of a bundle, the caller asks `has`, which does.
 */
export interface LocalPort extends ReadPort {
  /** The bytes from `start` up to `end`, which is not among them. Throws DamagedBlobError where they are wrong. */
  range(blob: BlobSize, start: number, end: number): AsyncIterable<Uint8Array>;
}

/** Throws `digest` where a blob has no byte at an offset, and does not end there. */
export function checkOffset({ digest, size }: BlobSize, offset: number): void {
  if (offset <= size) return;
  const message = `blob ${shortDigest(digest)} has ${size} bytes, and is asked for from byte ${offset} on`;
  throw new OciSaveError({ code: 'digest', message });
}

/** `open` of a local port, by its ranges. */
export function openRange({ range }: Pick<LocalPort, 'range'>): ReadPort['open'] {
  return async (blob, offset) => {
    checkOffset(blob, offset);
    return { offset, body: range(blob, offset, blob.size) };
  };
}

/** The error for a manifest that a place does not have. */
export function missingManifest(name: string, reference: string): OciSaveError {
  return new OciSaveError({ code: 'not-found', message: `${name}: there is no manifest ${reference}` });
}
