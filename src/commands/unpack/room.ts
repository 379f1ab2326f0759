import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readTar, TarFault } from '../../archive/index.ts';
import { OciSaveError } from '../../errors.ts';
import { freeBytes, tryLink } from '../../store/index.ts';
import { formatBytes } from '../../text/bytes.ts';
import { hint, option } from '../../text/hint.ts';
import { type Piece, rangesOf } from '../verify/pieces.ts';
import { deviceIn } from './entry-names.ts';

/** What unpacking takes. */
export interface Room {
  /** Bytes of the files that are written. */
  readonly files: number;
  /** Bytes that their further names take where a file system knows no hard links. */
  readonly names: number;
  /** The first name that Windows takes for a device. */
  readonly device?: string | undefined;
}

/** Whether a file or a further name of a bundle, by its path, is to be written. */
export type IsWanted = (name: string, kind: 'file' | 'link', size: number) => boolean | Promise<boolean>;

/**
 * What unpacking an archive takes, by its headers. Undefined for a stream, and where the archive is cut off: what is wrong
 * with it is told when all of it was read.
 * @param isWanted asked of each file, in their order
 */
export async function roomOf(
  pieces: readonly Piece[],
  isWanted: IsWanted = () => true,
): Promise<Room | undefined> {
  const archive = rangesOf(pieces);
  if (archive === undefined) return undefined;
  const sizes = new Map<string, number>();
  let [files, names] = [0, 0];
  let device: string | undefined;
  try {
    for await (const { path: name, kind, size, to } of readTar(archive)) {
      if (device === undefined && deviceIn(name) !== undefined) device = name;
      if (kind === 'link') names += sizes.get(to) ?? 0;
      if (kind !== 'file') continue;
      sizes.set(name, size);
      if (await isWanted(name, kind, size)) files += size;
    }
  } catch (error) {
    if (error instanceof TarFault) return undefined;
    throw error;
  }
  return { files, names, device };
}

/** Whether a file system knows hard links: FAT, exFAT and some of a network do not. */
export async function knowsLinks(folder: string): Promise<boolean> {
  const probe = await mkdtemp(path.join(folder, '.probe-'));
  try {
    const file = path.join(probe, 'file');
    await writeFile(file, '');
    return await tryLink(file, path.join(probe, 'name'));
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

/** Throws `machine` where a disk has less room than an archive takes there. */
export async function checkRoom(folder: string, room: Room, linked: boolean): Promise<void> {
  const needed = room.files + (linked ? 0 : room.names);
  const free = await freeBytes(folder);
  if (needed <= free) return;
  throw new OciSaveError({
    code: 'machine',
    message:
      `${folder} has ${formatBytes(free)} free, and the bundle takes ${formatBytes(needed)}` +
      (linked
        ? ''
        : `, of which ${formatBytes(room.names)} are further names: hard links are not known there`),
    hint: linked
      ? 'Free space, or unpack it elsewhere.'
      : hint`Unpack it where hard links are known (ext4, XFS, NTFS), or name a folder for links with ${option('state')}.`,
  });
}

/** Throws `machine` where Windows takes a name of an archive for a device: no file can be written there. */
export function checkDevices({ device }: Room, platform: NodeJS.Platform): void {
  if (device === undefined || platform !== 'win32') return;
  throw new OciSaveError({
    code: 'machine',
    message: `Windows takes '${deviceIn(device)}' in ${device} for a device: it cannot be unpacked there`,
    hint: 'Serve the archive as it is with oci-save serve, or unpack it on Linux or macOS, WSL included.',
  });
}
