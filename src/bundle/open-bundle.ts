import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { exists, isFile, isFolder, readBounded, readRange } from '../files/index.ts';
import { type Lock, parseLock, taggedDigest, taggedMediaType } from '../lock/index.ts';
import {
  type Content,
  type LocalPort,
  missingManifest,
  openRange,
  readContent,
  REF_NAME,
} from '../image/index.ts';
import { type Digest, digestOf, hexOf, isDigest, shortDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { checkedBytes, hashFile } from '../store/index.ts';
import { lockBeside } from './output/beside-output.ts';
import { LOCK_FILE, REGISTRY_FOLDER, type View } from './tree.ts';

/** The lock in a bundle, or beside one that is a single view; undefined where `folder` is not a bundle. */
export async function lockFileIn(folder: string): Promise<string | undefined> {
  for (const file of [path.join(folder, LOCK_FILE), lockBeside(path.resolve(folder))]) {
    if (await isFile(file)) return file;
  }
  return undefined;
}

/**
 * Opens the bundle in `folder`, whichever views it has, and reads its manifests.
 * @throws OciSaveError `usage` where there is none, `digest` where a manifest is missing or damaged
 */
export async function openBundle(folder: string): Promise<Content> {
  const lockFile = await lockFileIn(folder);
  const lock = lockFile === undefined ? undefined : await readLock(lockFile);
  if (lock === undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: `${folder} is not a bundle: there is no lock in it or beside it`,
      hint: 'Name the folder that oci-save save wrote.',
    });
  }
  return readContent(lock, await bundlePort(folder, lock));
}

/** The blobs of a bundle by digest, and its images by their stored names, as their sources have them. */
async function bundlePort(folder: string, lock: Lock): Promise<LocalPort> {
  const places = await blobPlaces(folder);
  const pathOf = (digest: Digest): string =>
    places.get(hexOf(digest)) ?? path.join(folder, 'blobs', 'sha256', hexOf(digest));
  const named = new Map(
    lock.images.flatMap((image) => {
      const tagged = { digest: taggedDigest(image), mediaType: taggedMediaType(image) };
      return image.names.map((name) => [name, tagged] as const);
    }),
  );
  const range: LocalPort['range'] = (blob, start, end) =>
    start === 0 && end === blob.size
      ? checkedBytes(pathOf(blob.digest), blob)
      : readRange(pathOf(blob.digest), start, end);
  return {
    name: folder,
    async has({ digest, size }) {
      if (!(await isFile(pathOf(digest)))) return false;
      const actual = await hashFile(pathOf(digest));
      return actual.digest === digest && actual.size === size;
    },
    range,
    open: openRange({ range }),
    async manifest(reference) {
      const digest = isDigest(reference) ? reference : named.get(reference)?.digest;
      const bytes = digest && (await readBounded(pathOf(digest), MAX_MANIFEST_BYTES));
      if (digest === undefined || bytes === undefined) throw missingManifest(folder, reference);
      if (digestOf(bytes) === digest) return { bytes, digest, manifest: parseManifest(bytes) };
      throw new OciSaveError({
        code: 'digest',
        message: `${folder}: blob ${shortDigest(digest)} is damaged`,
        hint: 'Copy the bundle again, or save it again.',
      });
    },
    list: async () =>
      [...named].map(([name, { digest, mediaType }]) => ({
        digest,
        mediaType,
        size: lock.blobs[digest] ?? 0,
        annotations: { [REF_NAME]: name },
      })),
    tags: async () => [...named.keys()].toSorted(),
  };
}

/** The flat layout has all blobs; where there is only the zot view, each repository has its own. */
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

/** A lock of tens of thousands of images stays below. */
export const MAX_LOCK_BYTES = 256 * 1024 * 1024;

/**
 * The lock in a file; undefined where there is no such file.
 * @throws OciSaveError `usage` where it is not a lock, `unsupported` where it is too large for one
 */
export async function readLock(file: string): Promise<Lock | undefined> {
  const bytes = await readBounded(file, MAX_LOCK_BYTES);
  return bytes === undefined ? undefined : parseLock(bytes, file);
}

/** The views of a bundle on disk: what it was planned with. Both, or the one at its top. */
export async function viewsIn(folder: string): Promise<View[]> {
  if (!(await exists(path.join(folder, 'index.json')))) return ['zot'];
  return (await exists(path.join(folder, REGISTRY_FOLDER))) ? ['oci', 'zot'] : ['oci'];
}
