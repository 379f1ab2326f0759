import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { unlessGone } from '../files/index.ts';
import { tryLink } from './link.ts';
import { isHex } from './places.ts';

/** The folder, in a run's own, of blobs that a prune has taken out of reach and not removed yet. */
const ASIDE = 'pruned';

/** Blobs out of everybody's reach, in the folder of the run that prunes. What is there may still be put back. */
export interface Aside {
  /** Takes a blob out of reach; false where it is not there. */
  take(hex: string): Promise<boolean>;
  /** The names that a blob out of reach has: more than one where a bundle links it. */
  links(hex: string): Promise<number>;
  putBack(hex: string): Promise<void>;
  /** Removes all that is here. */
  remove(): Promise<void>;
}

export async function openAside(runFolder: string, blobs: string): Promise<Aside> {
  const folder = path.join(runFolder, ASIDE);
  await mkdir(folder, { recursive: true });
  const at = (hex: string): string => path.join(folder, hex);
  return {
    take: async (hex) => (await unlessGone(rename(path.join(blobs, hex), at(hex)).then(() => true))) ?? false,
    links: async (hex) => (await lstat(at(hex))).nlink,
    putBack: (hex) => putBack(at(hex), blobs),
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Puts back what a run that was killed had taken and not removed: nobody knows whether somebody needs it. */
export async function putBackAll(runFolder: string, blobs: string): Promise<void> {
  const folder = path.join(runFolder, ASIDE);
  for (const name of (await unlessGone(readdir(folder))) ?? []) {
    if (isHex(name)) await unlessGone(putBack(path.join(folder, name), blobs));
  }
}

/** Whoever brought the blob meanwhile keeps what he brought, where the file system can tell. */
async function putBack(file: string, blobs: string): Promise<void> {
  const name = path.join(blobs, path.basename(file));
  if (await tryLink(file, name)) await rm(file, { force: true });
  else await rename(file, name);
}
