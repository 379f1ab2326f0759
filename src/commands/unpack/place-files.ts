import { chmod, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type BundleTree,
  LOCK_FILE,
  REGISTRY_FOLDER,
  REGISTRY_SUMS_FILE,
  SUMS_FILE,
  type TreeFile,
} from '../../bundle/index.ts';
import { readStart } from '../../files/index.ts';
import { tryLink } from '../../store/index.ts';
import { flush } from './to-disk.ts';

/** Where a bundle is brought, and from where. */
export interface Placing {
  readonly site: string;
  /** Where new blobs are, by their paths in the bundle, and where files are written until they are whole. */
  readonly staging: string;
  /** Whether a blob's file is there already, by its path in the bundle. */
  readonly isThere: (name: string) => boolean;
  /** Files that go where the bundle has them no more. */
  readonly superseded: readonly string[];
}

/** What came. */
export interface Placed {
  readonly blobs: number;
  readonly bytes: number;
  /** Further names that became copies, where hard links are not known. */
  readonly copies: number;
}

/**
 * Brings a bundle's files into one that is served: at any moment each name is what it was or what it will be, and what an
 * index.json promises is there before it.
 */
export async function placeFiles(tree: BundleTree, placing: Placing): Promise<Placed> {
  const { site, staging, isThere, superseded } = placing;
  const wanted = new Set(tree.map((file) => file.path));
  const at = (name: string): string => path.join(site, ...name.split('/'));
  let [blobs, bytes, copies] = [0, 0, 0];
  for (const file of tree) {
    if (file.kind !== 'blob' || isThere(file.path)) continue;
    await mkdir(path.dirname(at(file.path)), { recursive: true, mode: 0o755 });
    const from = path.join(staging, ...file.path.split('/'));
    await flush([from], []);
    await chmod(from, 0o644);
    await rename(from, at(file.path));
    blobs += 1;
    bytes += file.size;
  }
  for (const file of tree) {
    if (file.kind !== 'link' || isThere(file.path)) continue;
    await mkdir(path.dirname(at(file.path)), { recursive: true, mode: 0o755 });
    if (await tryLink(at(file.to), at(file.path))) continue;
    const put = path.join(staging, 'put');
    await copyFile(at(file.to), put);
    await rename(put, at(file.path));
    copies += 1;
  }
  for (const file of inOrder(tree)) {
    // The sums know them, and are the last.
    if (file.path === REGISTRY_SUMS_FILE)
      for (const name of superseded) if (!wanted.has(name)) await rm(at(name), { force: true });
    await put(file.bytes, file.isExecutable === true, at(file.path), staging);
  }
  return { blobs, bytes, copies };
}

type BytesFile = Extract<TreeFile, { readonly kind: 'bytes' }>;

/** Repositories first, each oci-layout before its index.json; the lock before what follows from it; the sums last. */
function inOrder(tree: BundleTree): BytesFile[] {
  const rank = ({ path: name }: BytesFile): number => {
    if (name.startsWith(`${REGISTRY_FOLDER}/`)) return name.endsWith('/index.json') ? 1 : 0;
    if (name === LOCK_FILE) return 2;
    if (name === SUMS_FILE) return 5;
    return name === REGISTRY_SUMS_FILE ? 4 : 3;
  };
  return tree
    .flatMap((file) => (file.kind === 'bytes' && !file.path.endsWith('/_restore_complete') ? [file] : []))
    .toSorted((a, b) => rank(a) - rank(b));
}

async function put(bytes: Uint8Array, isExecutable: boolean, place: string, staging: string): Promise<void> {
  const there = await readStart(place, bytes.length);
  if (there?.size === bytes.length && there.bytes.equals(bytes)) return;
  await mkdir(path.dirname(place), { recursive: true, mode: 0o755 });
  const unfinished = path.join(staging, 'put');
  await rm(unfinished, { force: true });
  await writeFile(unfinished, bytes);
  await chmod(unfinished, isExecutable ? 0o755 : 0o644);
  await flush([unfinished], []);
  await rename(unfinished, place);
}
