import { type Digest, hexOf } from './digest.ts';

/** A path of a blob in an OCI layout, taken apart. */
interface BlobPath {
  /** The folder of the layout, with a slash at its end; empty for the layout at the top. */
  readonly layout: string;
  /** The digits of the blob's digest. */
  readonly hex: string;
}

/** Where an OCI layout has a blob (image-spec, image-layout.md, Blobs), with slashes. */
export function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** The layout and the digits of a path of a blob, with slashes; undefined for any other path. */
export function parseBlobPath(path: string): BlobPath | undefined {
  const [, layout, hex] = /^((?:.*\/)?)blobs\/sha256\/([0-9a-f]{64})$/s.exec(path) ?? [];
  return layout === undefined || hex === undefined ? undefined : { layout, hex };
}

/** The digits of a path of a blob, whichever layout has it; undefined for any other path. */
export function blobHexIn(path: string): string | undefined {
  return parseBlobPath(path)?.hex;
}

/** The digits of a path of a blob in the layout at the top; undefined for any other path. */
export function poolHexIn(path: string): string | undefined {
  const { layout, hex } = parseBlobPath(path) ?? {};
  return layout === '' ? hex : undefined;
}

/** The digest of a path of a blob, whichever layout has it; undefined for any other path. */
export function blobDigestIn(path: string): Digest | undefined {
  const hex = blobHexIn(path);
  return hex === undefined ? undefined : `sha256:${hex}`;
}
