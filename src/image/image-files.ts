import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { OciSaveError } from '../errors.ts';
import { exists, openRegularFile, unlessGone } from '../files/index.ts';
import { type BlobSize, type Digest, digestOf, shortDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import type { ManifestBytes } from './read-port.ts';

/** The files that hold images, in a folder or in an archive, by their paths with slashes. */
export interface ImageFiles {
  /** How messages name them. */
  readonly name: string;
  has(file: string): Promise<boolean>;
  /** @throws OciSaveError `not-found` where it is missing, `unsupported` where it is larger */
  whole(file: string, maxBytes: number): Promise<Uint8Array>;
  /** The bytes from `start` on. Throws as `whole` where it is missing. */
  from(file: string, start: number): AsyncIterable<Uint8Array>;
}

/**
 * The files of a folder. What is not a regular file, or lies elsewhere, throws OciSaveError `local` when it is read.
 * @param what is copied again where one is missing, in words
 * @param within real folders that each file must lie in, links followed; anywhere, where they are left out
 */
export function filesIn(folder: string, what: string, within?: readonly string[]): ImageFiles {
  const at = (file: string): string => path.join(folder, ...file.split('/'));
  const open = async (file: string): Promise<FileHandle> => {
    const handle = await unlessGone(openRegularFile(at(file), within));
    if (handle !== undefined) return handle;
    throw new OciSaveError({
      code: 'not-found',
      message: `${at(file)} is missing`,
      hint: `Copy the ${what} again: it is not whole.`,
    });
  };
  return {
    name: folder,
    has: (file) => exists(at(file)),
    async whole(file, maxBytes) {
      const handle = await open(file);
      // One byte more than allowed tells a large file from an allowed one.
      const bytes = await buffer(handle.createReadStream({ end: maxBytes }));
      if (bytes.length <= maxBytes) return bytes;
      const message = `${at(file)} is too large: ${maxBytes} bytes are the limit`;
      throw new OciSaveError({ code: 'unsupported', message });
    },
    async *from(file, start) {
      const handle = await open(file);
      yield* handle.createReadStream({ start, highWaterMark: 1024 * 1024 });
    },
  };
}

/** Whether a file is there and is a blob: all of its bytes are hashed. */
export async function holdsBlob(files: ImageFiles, file: string, blob: BlobSize): Promise<boolean> {
  if (!(await files.has(file))) return false;
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of files.from(file, 0)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return size === blob.size && `sha256:${hash.digest('hex')}` === blob.digest;
}

/**
 * The manifest in a file.
 * @throws OciSaveError `not-found` where it is missing, `digest` where its bytes are not those of the digest, `unsupported`
 *   where it is too large
 */
export async function manifestAt(files: ImageFiles, file: string, digest: Digest): Promise<ManifestBytes> {
  const bytes = await files.whole(file, MAX_MANIFEST_BYTES);
  if (digestOf(bytes) === digest) return { bytes, digest, manifest: parseManifest(bytes) };
  const message = `${files.name}: manifest ${shortDigest(digest)} is damaged`;
  throw new OciSaveError({ code: 'digest', message });
}
