import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import path from 'node:path';
import { LOCK_FILE } from '../../bundle/index.ts';
import { OciSaveError } from '../../errors.ts';
import { exists, isFolder, removeEmpty, unlessGone } from '../../files/index.ts';
import { digestOf, hexOf, poolHexIn } from '../../oci/digest.ts';
import { diskError, hashFile, tryLink } from '../../store/index.ts';
import { judgeBundle } from '../verify/judge.ts';
import { observeFolder } from '../verify/observe-folder.ts';
import { createObserver } from '../verify/observed.ts';
import { holdSite } from './hold-site.ts';
import { readArchive } from './read-archive.ts';
import { otherLayout } from './served-site.ts';
import type { UnpackIo, UnpackReport } from './unpack-report.ts';

const RELEASE = /^[0-9a-f]{12}$/;

/**
 * Unpacks an archive into `SITE/releases/`, where each bundle is a folder of its own and shares its blobs with the others,
 * and points `SITE/current` at it. `kit/update.sh` has the same form, and the way back.
 * @throws OciSaveError `usage` or `machine` where nothing was changed, `local` where the disk fails meanwhile
 */
export async function swapSite(
  { archive, site: given }: { readonly archive: readonly string[]; readonly site: string },
  io: UnpackIo,
): Promise<UnpackReport> {
  const site = path.resolve(given);
  await currentOf(site);
  const made = await mkdir(path.join(site, 'releases'), { recursive: true });
  try {
    return await swapHeld(archive, site, io);
  } finally {
    // What was refused leaves no trace.
    if (made !== undefined) await removeEmpty(foldersUpTo(made, path.join(site, 'releases')));
  }
}

async function swapHeld(archive: readonly string[], site: string, io: UnpackIo): Promise<UnpackReport> {
  const held = await holdSite(site);
  const staging = path.join(site, 'releases', '.new');
  try {
    // Another update may have ended just before it was held.
    const before = await currentOf(site);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o755 });
    const known = await knownBlobs(path.join(site, 'releases'));
    const isWanted = async (name: string, _kind: string, size: number): Promise<boolean> => {
      const hex = poolHexIn(name);
      const there = hex === undefined ? undefined : known.get(hex);
      return (
        hex === undefined ||
        there === undefined ||
        !(await isLinked(there, path.join(staging, name), hex, size))
      );
    };
    const { written, report } = await readArchive({ archive, folder: staging, site, isWanted }, io);
    if (report.outcome === 'damaged') return report;
    const lock = written.observed.kept.get(LOCK_FILE);
    if (lock === undefined) throw otherLayout(report.archive);
    const release = hexOf(digestOf(lock)).slice(0, 12);
    await keep(staging, path.join(site, 'releases', release), io);
    if (release !== before) await pointAt(site, release);
    return { ...report, swapped: { release, ...(before === undefined ? {} : { before }) } };
  } catch (error) {
    throw diskError(error, site) ?? error;
  } finally {
    await rm(staging, { recursive: true, force: true });
    await held.release();
  }
}

/** A folder and those above it, up to one of them. */
function* foldersUpTo(last: string, folder: string): Generator<string> {
  for (let next = folder; next !== last; next = path.dirname(next)) yield next;
  yield last;
}

/** The release to which `current` leads; undefined at a site that is new. */
async function currentOf(site: string): Promise<string | undefined> {
  const releases = path.join(site, 'releases');
  if ((await unlessGone(lstat(releases)))?.isDirectory() === false) {
    throw new OciSaveError({
      code: 'usage',
      message: `${releases} is a link, or a file`,
      hint: 'Name the folder that it leads to, or another one.',
    });
  }
  const current = path.join(site, 'current');
  if (await exists(current)) {
    const target = await readlink(current).catch(() => '');
    const release = target.replace(/^releases\//, '');
    if (target.startsWith('releases/') && RELEASE.test(release)) return release;
    throw new OciSaveError({
      code: 'usage',
      message: `${current} is no link to a release`,
      hint: 'Another program made it: name another folder.',
    });
  }
  if (!(await exists(site)) || (await exists(releases))) return undefined;
  const names = (await isFolder(site)) ? await readdir(site) : [site];
  if (names.every((name) => name === 'lost+found')) return undefined;
  throw new OciSaveError({
    code: 'usage',
    message: names.includes(LOCK_FILE)
      ? `${site} is itself a bundle`
      : `${site} is not empty, and has no releases`,
    hint: 'Name a new folder: a registry serves current/registry in it then.',
  });
}

/** A file of each blob that a release has. */
async function knownBlobs(releases: string): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>();
  for (const release of (await readdir(releases)).filter((name) => RELEASE.test(name))) {
    const pool = path.join(releases, release, 'blobs/sha256');
    // A link to a link would be one: what it leads to may change.
    for (const entry of (await unlessGone(readdir(pool, { withFileTypes: true }))) ?? [])
      if (entry.isFile()) known.set(entry.name, path.join(pool, entry.name));
  }
  return known;
}

/** Whether an older release's file of a blob is whole, and has a name in the new one now. */
async function isLinked(there: string, place: string, hex: string, size: number): Promise<boolean> {
  if (await exists(place)) return true;
  if ((await stat(there)).size !== size || hexOf((await hashFile(there)).digest) !== hex) return false;
  await mkdir(path.dirname(place), { recursive: true, mode: 0o755 });
  return tryLink(there, place);
}

/** A release that is there already stays as it is, where it is whole. */
async function keep(staging: string, place: string, { emit, signal }: UnpackIo): Promise<void> {
  if (!(await exists(place))) {
    await chmod(staging, 0o755);
    return rename(staging, place);
  }
  const observer = createObserver((delta) => emit({ type: 'bytes', stage: 'verify', delta }));
  const { damaged } = judgeBundle(await observeFolder(place, observer, signal), {});
  if (damaged.length === 0) return;
  throw new OciSaveError({
    code: 'machine',
    message: `${place} is there, and is damaged: ${damaged[0]?.path}: ${damaged[0]?.reason}`,
    hint: 'Remove that folder where current does not lead to it, and run this again.',
  });
}

/** `current` is the old release or the new one at any moment. */
async function pointAt(site: string, release: string): Promise<void> {
  const next = path.join(site, `.current.${process.pid}`);
  await rm(next, { force: true });
  await symlink(`releases/${release}`, next);
  await rename(next, path.join(site, 'current'));
  await appendFile(path.join(site, 'releases', '.history'), `${release}\n`);
}
