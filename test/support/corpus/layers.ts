import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Layer, layerOf } from '../fixtures/layer.ts';
import type { LayerEntry } from '../fixtures/tar.ts';
import { outputOf } from '../program.ts';
import { toolPath } from '../tools.ts';
import type { Package } from './packages.ts';
import { UNREAD } from './recipe.ts';

/** The files of unpacked packages as one layer: sorted, owner root, time 0, so that it has one digest. */
export async function layerOfPackages(folder: string, packages: readonly Package[]): Promise<Layer> {
  const root = await mkdtemp(join(folder, 'root-'));
  for (const { file } of packages) await outputOf(toolPath('dpkg-deb'), ['-x', file, root]);
  const layer = layerOf(await entriesOf(root, ''), 'gzip', 1);
  await rm(root, { recursive: true, force: true });
  return layer;
}

async function entriesOf(root: string, folder: string): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  for (const name of (await readdir(join(root, folder))).sort()) {
    const path = `${folder}${name}`;
    const stat = await lstat(join(root, path));
    if (UNREAD.test(`${path}/`)) continue;
    if (stat.isSymbolicLink()) {
      entries.push({ path, symlink: await readlink(join(root, path)) });
    } else if (stat.isDirectory()) {
      entries.push({ path: `${path}/`, mode: stat.mode & 0o7777, folder: true });
      entries.push(...(await entriesOf(root, `${path}/`)));
    } else if (stat.isFile()) {
      entries.push({ path, mode: stat.mode & 0o7777, bytes: await readFile(join(root, path)) });
    }
  }
  return entries;
}
