import { OciSaveError } from '../errors.ts';
import { MAX_BYTES } from '../oci/descriptor.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import type { TreeNode } from './node.ts';

/**
 * Bytes of every blob that manifests name, themselves included.
 * @throws OciSaveError `digest` where they say two sizes of one blob, `unsupported` where all together are more than any
 *   disk holds
 */
export function sizesOf(nodes: readonly TreeNode[], made: ReadonlyMap<Digest, number>): Map<Digest, number> {
  const sizes = new Map<Digest, number>(made);
  const add = (digest: Digest, size: number): void => {
    const known = sizes.get(digest) ?? size;
    if (known !== size) {
      const message = `it says that blob ${shortDigest(digest)} has ${size} bytes, and that it has ${known}`;
      throw new OciSaveError({ code: 'digest', message });
    }
    sizes.set(digest, size);
  };
  // Manifests first: their sizes are no claims.
  for (const { digest, bytes } of nodes) add(digest, bytes.length);
  for (const { manifest } of nodes) {
    if (manifest.kind === 'index') continue;
    for (const { digest, size } of [manifest.config, ...manifest.layers]) add(digest, size);
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (total > MAX_BYTES) {
    throw new OciSaveError({
      code: 'unsupported',
      message: 'its blobs together are more than any disk holds',
    });
  }
  return sizes;
}
