import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone } from '../../files/index.ts';
import { tryLink } from '../disk.ts';
import { isHex } from '../places.ts';

/** In a run's folder: the blobs that a prune has taken out of reach and not removed yet. */
const FOLDER = 'pruned';

/** Blobs that no run can reach, in the folder of the run that prunes. They may still be put back. */
export type Quarantine = Awaited<ReturnType<typeof openQuarantine>>;

export async function openQuarantine(runFolder: string, blobs: string) {
  const folder = path.join(runFolder, FOLDER);
  await mkdir(folder, { recursive: true });
  const at = (hex: string): string => path.join(folder, hex);
  return {
    /** Takes a blob out of reach; false where it is not there. */
    take: async (hex: string): Promise<boolean> =>
      (await unlessGone(rename(path.join(blobs, hex), at(hex)).then(() => true))) ?? false,
    /** How many names a blob out of reach has: more than one where a bundle links it. */
    links: async (hex: string): Promise<number> => (await lstat(at(hex))).nlink,
    putBack: (hex: string): Promise<void> => putBack(at(hex), blobs),
    /** Removes all that is here. */
    remove: (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Puts back what a killed run had taken and not removed: nobody knows whether another run needs it. */
export async function putBackAll(runFolder: string, blobs: string): Promise<void> {
  const folder = path.join(runFolder, FOLDER);
  for (const name of (await unlessGone(readdir(folder))) ?? []) {
    if (isHex(name)) await unlessGone(putBack(path.join(folder, name), blobs));
  }
}

/** Where another run has brought the blob meanwhile, its file stays, as far as the file system can tell. */
async function putBack(file: string, blobs: string): Promise<void> {
  const name = path.join(blobs, path.basename(file));
  if (await tryLink(file, name)) await rm(file, { force: true });
  else await rename(file, name);
}
