import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { Digest } from '../../oci/digest.ts';
import type { OpenFile } from './tree-files.ts';

/** Whether the bytes of an open blob have its digest. */
export type SoundnessCheck = (blob: { readonly digest: Digest; readonly file: OpenFile }) => Promise<boolean>;

/** Disks gain nothing from more. */
const HASHED_AT_ONCE = 2;
/** Of as many blobs as no bundle has. */
const MAX_KNOWN = 1_000_000;

/**
 * Hashes each blob once for as long as its file is the same (inode, size, times of writing and of change). A part of a blob
 * says nothing of the whole, so a client that asks for parts alone would never notice a wrong one.
 */
export function checkSoundness(): SoundnessCheck {
  const known = new Map<string, Promise<boolean>>();
  const inTurn = pLimit(HASHED_AT_ONCE);
  return async ({ digest, file }) => {
    const key = `${digest} ${file.stamp}`;
    const earlier = known.get(key);
    if (earlier !== undefined) return earlier;
    if (known.size >= MAX_KNOWN) known.clear();
    const check = inTurn(() => hasDigest(file, digest));
    known.set(key, check);
    try {
      return await check;
    } catch (thrown) {
      // A file that could not be read may be readable the next time, unchanged.
      known.delete(key);
      throw thrown;
    }
  };
}

async function hasDigest(file: OpenFile, digest: Digest): Promise<boolean> {
  const hash = createHash('sha256');
  for await (const chunk of file.read(0, file.size - 1)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}` === digest;
}
