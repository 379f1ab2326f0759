import { createHash } from 'node:crypto';
import path from 'node:path';
import { type BundleBlobs, bundlePort, LOCK_FILE, lockBeside, readLock } from '../bundle/index.ts';
import { OciSaveError } from '../errors.ts';
import { type Content, type LocalPort, readContent } from '../image/index.ts';
import { type Lock, MAX_LOCK_BYTES, parseLock } from '../lock/index.ts';
import { blobHexIn, type BlobSize, type Digest, hexOf } from '../oci/digest.ts';
import { checkedChunks } from '../store/index.ts';
import { wholeName } from './archive-name.ts';
import type { ByteSource } from './byte-source.ts';
import type { OpenArchive } from './open-archive.ts';
import { readTar, TarFault } from './read-tar.ts';

/**
 * The bundle in an archive, read where it lies: its headers first, a blob when it is wanted. Nothing is unpacked.
 * @throws OciSaveError `usage` where there is no lock in it or beside it, `digest` where it is cut off, or a manifest is
 *   damaged
 */
export async function openArchiveContent(archive: OpenArchive): Promise<Content> {
  const { lock, port } = await openUnread(archive);
  return readContent(lock, port);
}

/**
 * The same without its manifests. Throws as `openArchiveContent`.
 * @param within real folders that a lock beside it must lie in, links followed; anywhere, where they are left out
 */
export async function openArchivePort(archive: OpenArchive, within?: readonly string[]): Promise<LocalPort> {
  return (await openUnread(archive, within)).port;
}

async function openUnread(
  archive: OpenArchive,
  within?: readonly string[],
): Promise<{ readonly lock: Lock; readonly port: LocalPort }> {
  const name = wholeName(archive.name);
  const { lock: inside, places } = await indexOf(archive.unchecked, name);
  const beside = path.join(archive.folder, archive.name.base);
  const lock = inside ?? (await readLock(lockBeside(beside), within));
  if (lock === undefined) {
    throw new OciSaveError({
      code: 'usage',
      message: `${name} is not a bundle's archive: there is no lock in it or beside it`,
      hint: 'Name the archive that oci-save save wrote.',
    });
  }
  return { lock, port: bundlePort(lock, blobsIn(archive.unchecked, name, places)) };
}

/** Where the blobs of an archive are. */
type Places = ReadonlyMap<string, { readonly start: number; readonly size: number }>;

async function indexOf(
  source: ByteSource,
  name: string,
): Promise<{ lock: Lock | undefined; places: Places }> {
  const places = new Map<string, { readonly start: number; readonly size: number }>();
  let lock: Lock | undefined;
  try {
    for await (const { path: place, kind, size, start, body } of readTar(source)) {
      const hex = blobHexIn(place);
      if (kind === 'file' && hex !== undefined && !places.has(hex)) places.set(hex, { start, size });
      if (kind !== 'file' || place !== LOCK_FILE || lock !== undefined) continue;
      if (size > MAX_LOCK_BYTES) throw tooLarge(`${name}: its lock`, MAX_LOCK_BYTES);
      lock = parseLock(Buffer.concat(await Array.fromAsync(body)), `${LOCK_FILE} in ${name}`);
    }
  } catch (error) {
    if (!(error instanceof TarFault)) throw error;
    const hint = 'Copy or download it again; oci-save verify says what is wrong with it.';
    throw new OciSaveError({ code: 'digest', message: `${name}: ${error.message}`, hint, cause: error });
  }
  return { lock, places };
}

function blobsIn(source: ByteSource, name: string, places: Places): BundleBlobs {
  async function* part({ digest }: BlobSize, start: number, end: number): AsyncGenerator<Uint8Array> {
    const place = places.get(hexOf(digest));
    if (place !== undefined) yield* source.read(place.start + start, place.start + Math.min(end, place.size));
  }
  const checked = (blob: BlobSize): AsyncIterable<Uint8Array> =>
    checkedChunks(part(blob, 0, blob.size + 1), `${name}, blob ${hexOf(blob.digest)}`, blob);
  const whole = async (digest: Digest, maxBytes: number): Promise<Uint8Array | undefined> => {
    const size = places.get(hexOf(digest))?.size;
    if (size === undefined) return undefined;
    if (size > maxBytes) throw tooLarge(`${name}: blob ${hexOf(digest)}`, maxBytes);
    return Buffer.concat(await Array.fromAsync(part({ digest, size }, 0, size)));
  };
  return {
    name,
    part,
    checked,
    whole,
    async has(blob) {
      if (places.get(hexOf(blob.digest))?.size !== blob.size) return false;
      const hash = createHash('sha256');
      for await (const chunk of part(blob, 0, blob.size)) hash.update(chunk);
      return `sha256:${hash.digest('hex')}` === blob.digest;
    },
  };
}

function tooLarge(what: string, maxBytes: number): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: `${what} is too large: ${maxBytes} bytes are the limit`,
  });
}
