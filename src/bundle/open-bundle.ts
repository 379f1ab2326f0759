import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError, systemCodeOf } from '../errors.ts';
import { type Lock, parseLock } from '../lock/index.ts';
import { type Digest, digestOf, hexOf, shortDigest } from '../oci/digest.ts';
import { type BlobPool, hashFile } from '../store/index.ts';
import { lockBeside } from './output-folder.ts';
import { LOCK_FILE } from './tree.ts';

/** A bundle on disk: its lock, and its blobs by digest. */
export interface Bundle {
  readonly folder: string;
  readonly lock: Lock;
  readonly pool: BlobPool;
}

/** A lock of tens of thousands of images stays below. */
const MAX_LOCK_BYTES = 256 * 1024 * 1024;

/** The lock in a bundle, or beside one that is a single view; undefined where `folder` is no bundle. */
export async function lockFileIn(folder: string): Promise<string | undefined> {
  for (const file of [path.join(folder, LOCK_FILE), lockBeside(path.resolve(folder))]) {
    if (await isFile(file)) return file;
  }
  return undefined;
}

/** Opens the bundle in `folder`, whichever views it has. Throws `usage` where there is none. */
export async function openBundle(folder: string): Promise<Bundle> {
  const lockFile = await lockFileIn(folder);
  if (lockFile === undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: `${folder} is no bundle: no lock stands in it or beside it`,
      hint: 'Name the folder that oci-save save wrote.',
    });
  }
  const lock = parseLock(await readBounded(lockFile, MAX_LOCK_BYTES), lockFile);
  return { folder, lock, pool: await openPool(folder) };
}

async function openPool(folder: string): Promise<BlobPool> {
  const places = await blobPlaces(folder);
  const pathOf = (digest: Digest): string =>
    places.get(hexOf(digest)) ?? path.join(folder, 'blobs', 'sha256', hexOf(digest));
  return {
    pathOf,
    async has({ digest, size }) {
      if (!(await isFile(pathOf(digest)))) return false;
      const actual = await hashFile(pathOf(digest));
      return actual.digest === digest && actual.size === size;
    },
    async read(digest, maxBytes) {
      if (!(await isFile(pathOf(digest)))) return undefined;
      const bytes = await readBounded(pathOf(digest), maxBytes);
      if (digestOf(bytes) === digest) return bytes;
      throw new OciSaveError({
        code: 'digest',
        message: `${folder}: blob ${shortDigest(digest)} is damaged`,
        hint: 'Copy the bundle again, or save it again.',
      });
    },
  };
}

/** The flat layout's blobs are all there are; where only the zot view stands, each repository has its own. */
async function blobPlaces(folder: string): Promise<ReadonlyMap<string, string>> {
  const flat = path.join(folder, 'blobs', 'sha256');
  if (await isFolder(flat)) return new Map();
  const names = await readdir(folder, { recursive: true });
  return new Map(
    names
      .map((name) => /(?:^|[/\\])blobs[/\\]sha256[/\\]([0-9a-f]{64})$/.exec(name))
      .flatMap((match) => (match?.[1] === undefined ? [] : [[match[1], path.join(folder, match.input)]])),
  );
}

async function readBounded(file: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size <= maxBytes) return await handle.readFile();
    throw new OciSaveError({
      code: 'unsupported',
      message: `${file} has ${size} bytes; ${maxBytes} is the limit`,
    });
  } finally {
    await handle.close();
  }
}

const isFile = (file: string): Promise<boolean> => is(file, 'isFile');
const isFolder = (file: string): Promise<boolean> => is(file, 'isDirectory');

async function is(file: string, what: 'isFile' | 'isDirectory'): Promise<boolean> {
  try {
    return (await stat(file))[what]();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
