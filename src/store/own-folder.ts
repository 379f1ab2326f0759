import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { OciSaveError } from '../errors.ts';
import { unlessGone } from '../files/index.ts';
import { placesIn } from './places.ts';
import { hint, option } from '../text/hint.ts';

/** The names of the folders that this tool makes: in a user's cache folder, and beside a workspace. */
const OWN_NAMES = new Set(['oci-save', '_oci-save']);

const OTHERS_MAY_WRITE = 0o022;
const OTHERS_MAY_ANYTHING = 0o077;

/**
 * Makes a store's folder where it is missing, for its user alone (0700), and checks it with `refuseOthers`. Folders above
 * it are made in the same way; where others may read a store, that right is taken away without a message.
 * @throws as `refuseOthers`; the error of the system
 */
export async function makeOwnFolder(folder: string): Promise<void> {
  await refuseOthers(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Another user may have been quicker.
  await refuseOthers(folder);
  const { uid, mode } = await stat(folder);
  if (uid === process.getuid?.() && (mode & OTHERS_MAY_ANYTHING) !== 0) await chmod(folder, 0o700);
}

/**
 * For use before anything of a store is read; one that does not exist yet is accepted. root accepts other owners: a job
 * in a container works as root in the folders of the runner's user. Windows has no such owners and modes.
 * @throws OciSaveError `machine` where another user owns the store, a folder of ours above it, or a link that leads there
 *   or what it leads to, or where others may write to one of these folders. Of what is in the store the owners alone
 *   count: nobody else comes there, unless another user put it there while the store was open to all
 */
export async function refuseOthers(folder: string): Promise<void> {
  const user = process.getuid?.();
  if (user === undefined) return;
  const absolute = path.resolve(folder);
  const inside = placesInside(absolute);
  for (const place of [...placesOnTheWay(absolute), ...inside]) {
    const stats = await unlessGone(lstat(place));
    if (stats === undefined) continue;
    const isOurs = place === absolute || OWN_NAMES.has(path.basename(place));
    if (!stats.isSymbolicLink()) {
      if (isOurs) refuseWriters(place, stats, user);
      else if (inside.has(place)) refuseOwner(place, stats, user);
      continue;
    }
    // The owner of a link may let it lead elsewhere tomorrow; those of the system are root's.
    if (stats.uid !== 0) refuseOwner(place, stats, user);
    const target = await unlessGone(stat(place));
    if (target === undefined) continue;
    if (isOurs) refuseWriters(place, target, user);
    else if (target.uid !== 0) refuseOwner(place, target, user);
  }
}

function refuseWriters(folder: string, stats: Stats, user: number): void {
  refuseOwner(folder, stats, user);
  if ((stats.mode & OTHERS_MAY_WRITE) === 0) return;
  throw new OciSaveError({
    code: 'machine',
    message: `the store is not used: others than its user may write to ${folder}`,
    hint: hint`Look at what lies there. Then take that right away (chmod -R go-w ${folder}), or remove the folder: it is created again. Or name another one with ${option('cacheDir')}.`,
  });
}

function refuseOwner(place: string, { uid }: Stats, user: number): void {
  if (user === 0 || uid === user) return;
  throw new OciSaveError({
    code: 'machine',
    message: `the store is not used: ${place} belongs to another user (${uid}), who may change what lies there`,
    hint: hint`Name a folder of your own with ${option('cacheDir')}.`,
  });
}

/** The files and folders of a store, each after the folder that it is in. */
function placesInside(folder: string): ReadonlySet<string> {
  const { blobs, ...others } = placesIn(folder);
  return new Set([path.dirname(blobs), blobs, ...Object.values(others)]);
}

/** A path and all that is above it, from the root on. */
function placesOnTheWay(absolute: string): string[] {
  const above = path.dirname(absolute);
  return above === absolute ? [] : [...placesOnTheWay(above), absolute];
}
