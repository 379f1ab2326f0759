import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  archiveNamed,
  type ArchiveName,
  type ByteSource,
  fileSegment,
  joinSegments,
  parsePartsList,
  partName,
  partsListName,
  readSidecar,
  sumsName,
  wholeName,
} from '../../archive/index.ts';
import { bundleInside, lockFileIn, sumsIn } from '../../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { exists, readChunks, unlessGone } from '../../files/index.ts';
import type { Digest } from '../../oci/digest.ts';
import { hint, option } from '../../text/hint.ts';
import type { PartFault } from './observed.ts';

/** One file of an archive: the whole, or a part, with what is said of it elsewhere. */
export interface Piece {
  readonly file: string;
  /** In bytes; undefined where nothing says it. */
  readonly size: number | undefined;
  readonly digest: Digest | undefined;
  /** Undefined where it is missing. */
  readonly actual: number | undefined;
}

/**
 * The files of the archive that some paths name: one `N.tar`, or any of its parts or their list, from which the others
 * follow. Parts may lie in several folders, of which one path each is enough. A file of any other name is an archive of its
 * own.
 * @throws OciSaveError `usage` where they belong to several archives, or there is no such file
 */
export async function findPieces(paths: readonly string[]): Promise<readonly Piece[]> {
  const archives = new Map(paths.map((one) => [identityOf(one), one]));
  const [first, ...others] = archives.values();
  if (first === undefined || others.length > 0) {
    throw new OciSaveError({
      code: 'usage',
      message: `these are files of ${archives.size} archives`,
      hint: hint`Name one archive: its parts follow from one of them. A folder to unpack to is named with ${option('output')}.`,
    });
  }
  const archive = archiveNamed(first);
  if (archive?.isPart !== true) return [await wholeOf(first, archive?.name)];
  const { name } = archive;
  const folders = [...new Set(paths.map((one) => path.dirname(path.resolve(one))))];
  const list = await firstOf(folders, async (folder) =>
    parsePartsList(await readSidecar(path.join(folder, partsListName(name)))),
  );
  if (list !== undefined) {
    return Promise.all(
      list.parts.map(async ({ name: part, size, digest }) => ({
        ...(await placeOf(path.basename(part), folders, size)),
        size,
        digest,
      })),
    );
  }
  const sums = new Map<string, Digest>();
  const prefix = `${wholeName(name)}.`;
  const numbers: number[] = [];
  for (const folder of folders) {
    for (const [part, digest] of sumsIn(await readSidecar(path.join(folder, sumsName(name)))))
      sums.set(part, digest);
    for (const one of (await unlessGone(readdir(folder))) ?? []) {
      if (one.startsWith(prefix) && /^\d{3}$/.test(one.slice(prefix.length)))
        numbers.push(Number(one.slice(prefix.length)));
    }
  }
  if (numbers.length === 0) throw missing(first);
  return Promise.all(
    Array.from({ length: Math.max(...numbers) }, async (_, at) => {
      const part = partName(name, at + 1);
      const place = await placeOf(part, folders, undefined);
      return { ...place, size: undefined, digest: sums.get(part) };
    }),
  );
}

/** Parts of one name belong together, wherever they lie; a whole archive is one file. */
function identityOf(file: string): string {
  const archive = archiveNamed(file);
  if (archive === undefined) return file;
  const { folder, name, isPart } = archive;
  return JSON.stringify(isPart ? [name] : [name, folder]);
}

/** Where a part lies: in the first folder that has it in its right size, else in one that has it at all. */
async function placeOf(
  part: string,
  folders: readonly string[],
  size: number | undefined,
): Promise<Pick<Piece, 'file' | 'actual'>> {
  const places = await Promise.all(
    folders.map(async (folder) => {
      const file = path.join(folder, part);
      return { file, actual: await sizeOf(file) };
    }),
  );
  const there = places.filter(({ actual }) => actual !== undefined);
  const nowhere = { file: path.join(folders[0] ?? '', part), actual: undefined };
  return there.find(({ actual }) => size === undefined || actual === size) ?? there[0] ?? nowhere;
}

async function firstOf<T>(
  folders: readonly string[],
  look: (folder: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const folder of folders) {
    const found = await look(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function wholeOf(file: string, name: ArchiveName | undefined): Promise<Piece> {
  const actual = await sizeOf(file);
  if (actual === undefined) {
    const part = name === undefined ? undefined : partName(name, 1);
    const isCut = part !== undefined && (await exists(path.join(path.dirname(file), part)));
    throw missing(file, isCut ? `It was cut into parts: name ${part}.` : undefined);
  }
  const beside = path.join(path.dirname(path.resolve(file)), name === undefined ? '' : sumsName(name));
  const sums = name === undefined ? undefined : sumsIn(await readSidecar(beside));
  return { file, size: undefined, digest: sums?.get(path.basename(file)), actual };
}

/** Undefined where there is no such file. */
async function sizeOf(file: string): Promise<number | undefined> {
  const stats = await unlessGone(stat(file));
  if (stats === undefined || stats.isFile()) return stats?.size;
  if (stats.isDirectory()) throw await folderNamed(file);
  throw new OciSaveError({
    code: 'usage',
    message: `${file} is not a regular file`,
    hint: 'An archive that comes through a pipe is read from standard input: name -.',
  });
}

/** A folder in place of an archive. */
async function folderNamed(folder: string): Promise<OciSaveError> {
  if ((await lockFileIn(folder)) !== undefined) {
    return new OciSaveError({
      code: 'usage',
      message: `${folder} is a bundle, and unpacked already`,
      hint: 'It is used where it lies. A site that has a bundle already gets it by the kit that is in it: sh kit/update.sh SITE.',
    });
  }
  const inside = await bundleInside(folder);
  return new OciSaveError({
    code: 'usage',
    message: `${folder} is a folder`,
    hint: inside === undefined ? 'Name an archive, or one of its parts.' : `Name ${inside}.`,
  });
}

function missing(file: string, hint?: string): OciSaveError {
  return new OciSaveError({ code: 'usage', message: `${file} is missing`, hint });
}

/** Any range of an archive's bytes; undefined where one of its files is missing, or has another size than it should. */
export function rangesOf(pieces: readonly Piece[]): ByteSource | undefined {
  const present = pieces.flatMap(({ file, size, actual }) =>
    actual === undefined || (size !== undefined && size !== actual)
      ? []
      : [fileSegment(file, actual, undefined)],
  );
  return present.length === pieces.length && present.length > 0 ? joinSegments(present) : undefined;
}

/**
 * The bytes of all pieces, one after the other, up to the first that is missing. Each is hashed on the way, and what is
 * wrong with it is added to `faults`.
 */
export async function* joinPieces(
  pieces: readonly Piece[],
  faults: PartFault[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let whole = true;
  for (const { file, size, digest, actual } of pieces) {
    const name = path.basename(file);
    if (actual === undefined) {
      faults.push({ name, reason: 'it is missing' });
      whole = false;
      continue;
    }
    const hash = createHash('sha256');
    let read = 0;
    try {
      for await (const chunk of readChunks(file)) {
        signal?.throwIfAborted();
        if (digest !== undefined) hash.update(chunk);
        read += chunk.length;
        if (whole) yield chunk;
      }
    } catch (error) {
      signal?.throwIfAborted();
      // A worn medium: the other parts are hashed all the same.
      const code = systemCodeOf(error);
      if (code === undefined) throw error;
      faults.push({ name, reason: `it cannot be read (${code})` });
      whole = false;
      continue;
    }
    if (size !== undefined && read !== size) {
      faults.push({ name, reason: `it has ${read} bytes instead of ${size}` });
      // What follows would not stand where it belongs.
      whole = false;
    } else if (digest !== undefined && `sha256:${hash.digest('hex')}` !== digest) {
      faults.push({ name, reason: 'its bytes are not those that were written' });
    }
  }
}
