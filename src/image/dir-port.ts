import path from 'node:path';
import { OciSaveError, unlessMissing } from '../errors.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { checkedChunks } from '../store/index.ts';
import { filesIn, holdsBlob, manifestAt } from './image-files.ts';
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
  const files = filesIn(folder, 'folder', within);
  const bytes = await unlessMissing(files.whole('manifest.json', MAX_MANIFEST_BYTES));
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
    has: (blob) => holdsBlob(files, hexOf(blob.digest), blob),
    async manifest(reference) {
      if (reference === top.digest) return top;
      if (!isDigest(reference)) throw missingManifest(folder, reference);
      const child = await unlessMissing(manifestAt(files, `${hexOf(reference)}.manifest.json`, reference));
      if (child === undefined) throw missingManifest(folder, reference);
      return child;
    },
    async open(blob, offset) {
      checkOffset(blob, offset);
      const name = hexOf(blob.digest);
      const body = files.from(name, offset);
      return { offset, body: offset > 0 ? body : checkedChunks(body, path.join(folder, name), blob) };
    },
    list: async () => [{ mediaType: top.manifest.mediaType, digest: top.digest, size: bytes.length }],
    tags: async () => [],
  };
}
