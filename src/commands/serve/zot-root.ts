import { chmod, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { planTree } from '../../bundle/index.ts';
import { OciSaveError, systemCodeOf } from '../../errors.ts';
import { exists, isFolder, isInside, unlessGone } from '../../files/index.ts';
import type { Content } from '../../image/index.ts';
import { hint, option } from '../../text/hint.ts';

/** A folder of this run alone: the root that zot gets, and its configuration beside that. */
export interface ZotState {
  readonly folder: string;
  readonly root: string;
  close(): Promise<void>;
}

/** What a zot root is made of. */
export type ZotSource =
  /** A folder of repositories with their blobs. */
  | { readonly kind: 'repositories'; readonly root: string }
  /** A bundle whose repositories have no blobs: a medium knows no links. */
  | { readonly kind: 'pool'; readonly bundle: string; readonly content: Content };

/**
 * Makes the root that zot serves of links, so that nothing is written into the bundle, which may be on media that cannot be
 * written to: a link for each folder at the top, or each repository with a link to the bundle's pool.
 * @throws OciSaveError `usage` where the bundle has a link that leads out of it, `machine` where links cannot be made
 */
export async function makeZotState(source: ZotSource, bundle: string): Promise<ZotState> {
  await refuseLinksOut(source.kind === 'pool' ? source.bundle : source.root, bundle);
  const folder = await mkdtemp(path.join(tmpdir(), 'oci-save-serve-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const root = path.join(folder, 'root');
  try {
    await mkdir(root);
    if (source.kind === 'pool') await linkPool(root, path.resolve(source.bundle, 'blobs'), source.content);
    else await linkRepositories(root, source.root);
    await addAliases(root);
    // Spares zot its scan at start.
    await writeFile(path.join(root, '_restore_complete'), '1');
    return { folder, root, close };
  } catch (error) {
    await close();
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    throw new OciSaveError({
      code: 'machine',
      message: `the folder for zot cannot be made in ${tmpdir()} (${code})`,
      hint: hint`Set TMPDIR to a folder where links can be made, or serve it without zot: ${option('builtIn')}.`,
      cause: error,
    });
  }
}

async function linkRepositories(root: string, source: string): Promise<void> {
  // By the path that was given: where a link in it moves to another bundle, as a swap lets it, zot follows.
  const from = path.resolve(source);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isDirectory() && !entry.name.startsWith('_'))
      await symlink(path.join(from, entry.name), path.join(root, entry.name));
  }
}

/** The mirrors of dockerd have no path: it asks for `docker.io/library/one` as `library/one`. */
async function addAliases(root: string): Promise<void> {
  for (const name of (await unlessGone(readdir(path.join(root, 'docker.io')))) ?? []) {
    const alias = path.join(root, name);
    if (!(await exists(alias)) && (await isFolder(path.join(root, 'docker.io', name))))
      await symlink(`docker.io/${name}`, alias);
  }
}

/** Writes the repositories of a bundle below a folder, each with a link to the bundle's pool in place of its own blobs. */
export async function linkPool(
  root: string,
  pool: string,
  { lock, manifests }: Pick<Content, 'lock' | 'manifests'>,
): Promise<void> {
  for (const file of planTree(lock, manifests, ['zot'], () => '')) {
    if (file.kind !== 'bytes') continue;
    const place = path.join(root, ...file.path.split('/'));
    await makeFolders(root, path.posix.dirname(file.path).split('/'));
    await writeFile(place, file.bytes);
    await chmod(place, 0o644);
    if (path.basename(place) === 'index.json') await symlink(pool, path.join(path.dirname(place), 'blobs'));
  }
}

/** Their modes are set apart from the umask: a zot that runs as another user must be able to read. */
async function makeFolders(root: string, names: readonly string[]): Promise<void> {
  let folder = root;
  for (const name of names) {
    folder = path.join(folder, name);
    if ((await mkdir(folder, { recursive: true })) !== undefined) await chmod(folder, 0o755);
  }
}

/** zot follows every link: of a stranger's bundle it would serve files of this machine. */
async function refuseLinksOut(folder: string, bundle: string): Promise<void> {
  const inside = [await realpath(folder), await realpath(bundle)];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const place = path.join(entry.parentPath, entry.name);
    const target = await unlessGone(realpath(place));
    if (target !== undefined && isInside(target, inside)) continue;
    throw new OciSaveError({
      code: 'usage',
      message: `${place} is a link that leads out of the bundle: zot would serve what is there`,
      hint: hint`Remove it, or serve the bundle without zot: ${option('builtIn')}.`,
    });
  }
}
