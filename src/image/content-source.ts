import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { BlobSize } from '../store/index.ts';

/** A manifest as it was served: exact bytes, their own hash, and what they say. */
export interface ManifestBytes {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly manifest: Manifest;
}

/** What headers claim of a manifest. Registries get them wrong: the three must agree with bytes that we have. */
export interface ManifestClaim {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
}

export interface BlobRange {
  /** The first byte that comes: the one asked for, or 0 from a source that cannot resume. */
  readonly offset: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface WantedBlob extends BlobSize {
  /** Where a foreign layer may be had, apart from the source (image-spec, descriptor.md, `urls`). */
  readonly urls?: readonly string[] | undefined;
}

/**
 * One repository's content, wherever it lies: the few questions that a registry and a layout both answer.
 * References are tags or digests.
 */
export interface ContentSource {
  /** How messages name it. */
  readonly name: string;
  /** What a reference names now, at the lowest price; undefined where only the manifest itself tells. */
  head(reference: string, signal?: AbortSignal): Promise<ManifestClaim | undefined>;
  manifest(reference: string, signal?: AbortSignal): Promise<ManifestBytes>;
  blob(blob: WantedBlob, offset: number, signal?: AbortSignal): Promise<BlobRange>;
}
