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
  /** The first byte that comes: the one asked for, or 0 from a place that cannot resume. */
  readonly offset: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface WantedBlob extends BlobSize {
  /** Where a foreign layer may be had, apart from the source (image-spec, descriptor.md, `urls`). */
  readonly urls?: readonly string[] | undefined;
}

/**
 * One place that images are read from, a repository of a registry or an OCI layout, by the few questions that each place
 * can answer. References are tags or digests.
 */
export interface ReadPort {
  /** How messages name it. */
  readonly name: string;
  /** What a reference names now, at the lowest price; undefined where only the manifest itself shows it. */
  head(reference: string, signal?: AbortSignal): Promise<ManifestClaim | undefined>;
  manifest(reference: string, signal?: AbortSignal): Promise<ManifestBytes>;
  /** The bytes of a blob from an offset on. */
  open(blob: WantedBlob, offset: number, signal?: AbortSignal): Promise<BlobRange>;
}
