import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { exists, isFile, isFolder, readBounded, readRange } from '../files/index.ts';
import { type Lock, MAX_LOCK_BYTES, parseLock } from '../lock/index.ts';
import { type Content, type LocalPort, readContent } from '../image/index.ts';
import { blobHexIn, type Digest, hexOf } from '../oci/digest.ts';
import { checkedBytes, hashFile } from '../store/index.ts';
import { type BundleBlobs, bundlePort } from './bundle-port.ts';
import { lockFileIn } from './lock-file.ts';
import { REGISTRY_FOLDER, type View } from './tree.ts';
import { bundleInside } from './what-is-there.ts';

/**
 * Opens the bundle in `folder`, whichever views it has, and reads its manifests.
 * @throws OciSaveError `usage` where there is none, `digest` where a manifest is missing or damaged
 */
export async function openBundle(folder: string): Promise<Content> {
  const { lock, port } = await openUnread(folder);
  return readContent(lock, port);
}

/**
 * The same without its manifests.
 * @param within real folders that each of its files must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `usage` where there is none, `local` where a file lies elsewhere, now or when it is read
 */
export async function openBundlePort(folder: string, within?: readonly string[]): Promise<LocalPort> {
  return (await openUnread(folder, within)).port;
}

async function openUnread(
  folder: string,
  within?: readonly string[],
): Promise<{ readonly lock: Lock; readonly port: LocalPort }> {
  const lockFile = await lockFileIn(folder);
  const lock = lockFile === undefined ? undefined : await readLock(lockFile, within);
  if (lock === undefined) {
    const inside = await bundleInside(folder);
    throw new OciSaveError({
      code: 'usage',
      message: `${folder} is not a bundle: there is no lock in it or beside it`,
      hint: inside === undefined ? 'Name the folder that oci-save save wrote.' : `Name ${inside}.`,
    });
  }
  return { lock, port: bundlePort(lock, await blobsIn(folder, within)) };
}

/** The blobs of a bundle's folder. */
async function blobsIn(folder: string, within: readonly string[] | undefined): Promise<BundleBlobs> {
  const places = await blobPlaces(folder);
  const pathOf = (digest: Digest): string =>
    places.get(hexOf(digest)) ?? path.join(folder, 'blobs', 'sha256', hexOf(digest));
  return {
    name: folder,
    async has({ digest, size }) {
      if (!(await isFile(pathOf(digest)))) return false;
      const actual = await hashFile(pathOf(digest), { within });
      return actual.digest === digest && actual.size === size;
    },
    whole: (digest, maxBytes) => readBounded(pathOf(digest), maxBytes, within),
    checked: (blob) => checkedBytes(pathOf(blob.digest), blob, within),
    part: ({ digest }, start, end) => readRange(pathOf(digest), start, end, within),
  };
}

/** The flat layout has all blobs; where there is only the zot view, each repository has its own. */
async function blobPlaces(folder: string): Promise<ReadonlyMap<string, string>> {
  const flat = path.join(folder, 'blobs', 'sha256');
  if (await isFolder(flat)) return new Map();
  const names = await readdir(folder, { recursive: true });
  return new Map(
    names
      .map((name) => [blobHexIn(name.replaceAll(path.sep, '/')), path.join(folder, name)] as const)
      .flatMap(([hex, file]) => (hex === undefined ? [] : [[hex, file] as const])),
  );
}

/**
 * The lock in a file; undefined where there is no such file.
 * @param within real folders that it must lie in, links followed; anywhere, where they are left out
 * @throws OciSaveError `usage` where it is not a lock, `unsupported` where it is too large for one, `local` where it lies
 *   elsewhere
 */
export async function readLock(file: string, within?: readonly string[]): Promise<Lock | undefined> {
  const bytes = await readBounded(file, MAX_LOCK_BYTES, within);
  return bytes === undefined ? undefined : parseLock(bytes, file);
}

/** The views of a bundle on disk: what it was planned with. Both, or the one at its top. */
export async function viewsIn(folder: string): Promise<View[]> {
  if (!(await exists(path.join(folder, 'index.json')))) return ['zot'];
  return (await exists(path.join(folder, REGISTRY_FOLDER))) ? ['oci', 'zot'] : ['oci'];
}
