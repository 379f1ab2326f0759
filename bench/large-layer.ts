import { mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { digestOf, hexOf } from '../src/oci/digest.ts';
import { workplace } from '../test/support/oci-save.ts';
import { pushImage } from '../test/support/push.ts';
import { accountIn } from '../test/support/resource-use.ts';
import { startDockerRegistry } from '../test/support/servers/index.ts';
import { imageOfZeros, MANIFEST } from '../test/support/sparse-bundle.ts';
import { tempFolder } from '../test/support/temp.ts';
import { markdown } from './table.ts';

/**
 * What it takes to save an image with one layer of 6 GiB, to a bundle and an archive in parts, by both copiers: `node
 * bench/large-layer.ts [MIB]`. The registry has the layer as a file of zeros without blocks; all that is written is ours.
 */
const MIB = 1024 * 1024;
const BYTES = Number(process.argv[2] ?? 6144) * MIB;

await using registry = await startDockerRegistry();
const { layer, config, manifest } = imageOfZeros(BYTES);
await placeLayer();
await pushLargeImage();
const rows: string[][] = [];
for (const copier of ['direct', 'skopeo']) {
  await using temp = await tempFolder('account');
  const { env, use } = await accountIn(temp.path);
  await using work = await workplace(env);
  let most = 0;
  const sampled = setInterval(() => {
    void usedBy(work.folder).then((bytes) => {
      most = Math.max(most, bytes);
    });
  }, 200);
  const began = performance.now();
  const args = ['save', `${registry.host}/large:1`, '--insecure-registries', registry.host];
  await work.succeed(...args, '--copier', copier, '--archive', 'tar', '--split-size', '2000MiB');
  const seconds = (performance.now() - began) / 1000;
  clearInterval(sampled);
  const { memory } = await use();
  most = Math.max(most, await usedBy(work.folder));
  rows.push([copier, seconds.toFixed(0), String(Math.round(memory / MIB)), (most / BYTES).toFixed(2)]);
}
console.log(markdown(['copier', 'seconds', 'memory MiB', 'disk, in layers'], rows));

/** Puts the layer into the registry's storage, in the repository. */
async function placeLayer(): Promise<void> {
  const root = path.join(registry.root, 'docker', 'registry', 'v2');
  const hex = hexOf(layer);
  const blob = path.join(root, 'blobs', 'sha256', hex.slice(0, 2), hex);
  const link = path.join(root, 'repositories', 'large', '_layers', 'sha256', hex);
  for (const folder of [blob, link]) await mkdir(folder, { recursive: true });
  await writeFile(path.join(link, 'link'), layer);
  const handle = await open(path.join(blob, 'data'), 'wx');
  await handle.truncate(BYTES);
  await handle.close();
}

async function pushLargeImage(): Promise<void> {
  const top = digestOf(manifest);
  const blobs = new Map([[digestOf(config), config]]);
  const manifests = new Map([[top, { mediaType: MANIFEST, bytes: manifest }]]);
  await pushImage(registry.target, 'large', { top, blobs, manifests }, '1');
}

/** What the files of a folder take on the disk, those with several names once, in bytes. */
async function usedBy(folder: string): Promise<number> {
  const sizes = new Map<number, number>();
  for (const entry of await readdir(folder, { recursive: true }).catch(() => [])) {
    const stats = await stat(path.join(folder, entry)).catch(() => undefined);
    if (stats?.isFile() === true) sizes.set(stats.ino, stats.blocks * 512);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
