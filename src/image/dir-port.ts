import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { exists, openRegularFile, openSized, unlessGone } from '../files/index.ts';
import { type Digest, digestOf, hexOf, isDigest, shortDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { checkedChunks } from '../store/index.ts';
import { checkOffset, type ManifestBytes, missingManifest, type ReadPort } from './read-port.ts';

/** A folder that `skopeo copy … dir:` wrote: one image, with its blobs beside it. */
export interface Dir extends ReadPort {
  /** The digest of the folder's image. */
  readonly top: Digest;
}

/**
 * Opens a folder as skopeo's transport `dir:` has it (containers/image, directory/directory_transport.go): `manifest.json`,
 * the manifests of an index as `<hex>.manifest.json`, and blobs as `<hex>`.
 * @param within real folders that each of its files must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `list` where there is none, `local` for what is not a regular file, or lies elsewhere
 */
export async function openDir(folder: string, within?: readonly string[]): Promise<Dir> {
  const at = (name: string): string => path.join(folder, name);
  const blobFile = ({ digest }: { readonly digest: Digest }): string => at(hexOf(digest));
  const present = async (file: string): Promise<FileHandle> => {
    const handle = await unlessGone(openRegularFile(file, within));
    if (handle !== undefined) return handle;
    throw new OciSaveError({
      code: 'not-found',
      message: `${file} is missing`,
      hint: 'Copy the folder again: it is not whole.',
    });
  };
  async function* from(file: string, start: number): AsyncGenerator<Uint8Array> {
    yield* (await present(file)).createReadStream({ start, highWaterMark: 1024 * 1024 });
  }
  const whole = async (file: string): Promise<Uint8Array | undefined> => {
    const opened = await unlessGone(openSized(file, within));
    if (opened === undefined) return undefined;
    await opened.handle.close();
    if (opened.size > MAX_MANIFEST_BYTES) throw tooLarge(file);
    return Buffer.concat(await Array.fromAsync(from(file, 0)));
  };
  const bytes = await whole(at('manifest.json'));
  if (bytes === undefined) {
    throw new OciSaveError({
      code: 'list',
      message: `${folder} is no folder of skopeo: it has no manifest.json`,
      hint: 'Name a folder that skopeo copy wrote to dir:, or the OCI layout in a folder: oci:folder.',
    });
  }
  const top: ManifestBytes = { bytes, digest: digestOf(bytes), manifest: parseManifest(bytes) };
  return {
    name: folder,
    top: top.digest,
    async has(blob) {
      if (!(await exists(blobFile(blob)))) return false;
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of from(blobFile(blob), 0)) {
        hash.update(chunk);
        size += chunk.length;
      }
      return size === blob.size && `sha256:${hash.digest('hex')}` === blob.digest;
    },
    async manifest(reference) {
      if (reference === top.digest) return top;
      if (!isDigest(reference)) throw missingManifest(folder, reference);
      const child = await whole(at(`${hexOf(reference)}.manifest.json`));
      if (child === undefined) throw missingManifest(folder, reference);
      if (digestOf(child) === reference)
        return { bytes: child, digest: reference, manifest: parseManifest(child) };
      const message = `${folder}: manifest ${shortDigest(reference)} is damaged`;
      throw new OciSaveError({ code: 'digest', message });
    },
    async open(blob, offset) {
      checkOffset(blob, offset);
      const body = from(blobFile(blob), offset);
      return { offset, body: offset > 0 ? body : checkedChunks(body, blobFile(blob), blob) };
    },
    list: async () => [{ mediaType: top.manifest.mediaType, digest: top.digest, size: bytes.length }],
    tags: async () => [],
  };
}

function tooLarge(file: string): OciSaveError {
  const message = `${file} is too large: ${MAX_MANIFEST_BYTES} bytes are the limit`;
  return new OciSaveError({ code: 'unsupported', message });
}
