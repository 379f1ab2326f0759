import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A sha256 digest, `sha256:` and 64 lower-case hex digits: the only algorithm that every reader here takes. */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** The form of every digest, and the names of algorithms (image-spec, descriptor.md, Digests). */
const ANY_DIGEST = /^((?=.{1,32}:)[a-z0-9]+(?:[+._-][a-z0-9]+)*):[A-Za-z0-9=_-]{1,512}$/;

/** The algorithm of a digest that is not sha256; undefined for anything else. */
export function otherAlgorithm(text: string): string | undefined {
  const algorithm = ANY_DIGEST.exec(text.slice(0, 600))?.[1];
  return algorithm === 'sha256' ? undefined : algorithm;
}

const LONGER_SHA = /^sha(?:384:[0-9a-f]{96}|512:[0-9a-f]{128})$/;

/** Whether a text is a digest of a longer SHA-2, which some tools pin images by. */
export function isLongerDigest(text: string): boolean {
  return LONGER_SHA.test(text);
}

export const digestSchema = z
  .custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
    error: ({ input }) => {
      const algorithm = typeof input === 'string' ? otherAlgorithm(input) : undefined;
      return algorithm === undefined
        ? 'is not a valid sha256 digest'
        : `is a ${algorithm} digest, and only sha256 is supported`;
    },
    abort: true,
  })
  .meta({ type: 'string', pattern: DIGEST.source });

/** The digest of bytes in memory. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The 64 hex digits: a blob's file name. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** `sha256:` and twelve digits: enough for people, in messages and tables. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

/** The tag of an image without a tag, for readers that need one. */
export function digestTag(digest: Digest): string {
  return `digest-${hexOf(digest).slice(0, 12)}`;
}

export interface BlobSize {
  readonly digest: Digest;
  readonly size: number;
}

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
