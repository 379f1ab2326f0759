import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { lockSchema } from '../../src/lock/index.ts';
import { parseManifest } from '../../src/oci/manifest.ts';

const indexSchema = z.object({ manifests: z.array(z.object({ digest: z.string() })) });

/** Every file below a folder, by its relative path, with the sha256 of its bytes. */
export async function filesOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((found) => !found.isDirectory())) {
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file);
    files.set(path.relative(folder, file), createHash('sha256').update(bytes).digest('hex'));
  }
  return files;
}

/** The names in a folder, sorted; none where it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await isThere(folder)) ? (await readdir(folder)).toSorted() : [];
}

export async function isThere(place: string): Promise<boolean> {
  try {
    await lstat(place);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks a bundle of both views from its bytes alone: each blob hashes to its name, the sums are right, and all
 * that the lock and each index name is there, down to the last layer. Returns the stored names.
 * @throws Error naming the first file that is wrong or missing
 */
export async function checkBundle(bundle: string): Promise<string[]> {
  const files = await filesOf(bundle);
  for (const [file, sum] of files) {
    const hex = /(?:^|\/)blobs\/sha256\/([^/]+)$/.exec(file)?.[1];
    if (hex !== undefined && hex !== sum) throw new Error(`${file} hashes to ${sum}`);
  }
  for (const line of (await readFile(path.join(bundle, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n')) {
    const [sum = '', file = ''] = line.split('  ');
    if (files.get(file) !== sum) throw new Error(`${file} is ${files.get(file) ?? 'missing'}, not ${sum}`);
  }
  const lock = lockSchema.parse(JSON.parse(await readFile(path.join(bundle, 'oci-save.lock.json'), 'utf8')));
  const blobs = new Set([...files].flatMap(([file, sum]) => (file.startsWith('blobs/') ? [sum] : [])));
  for (const digest of Object.keys(lock.blobs)) {
    if (!blobs.has(digest.slice('sha256:'.length))) throw new Error(`${digest} is in the lock alone`);
  }
  if (blobs.size !== Object.keys(lock.blobs).length) throw new Error('a blob that no image of the lock has');
  for (const file of files.keys()) {
    if (path.basename(file) === 'index.json') await checkLayout(path.join(bundle, path.dirname(file)));
  }
  return lock.images.flatMap(({ names }) => names);
}

/** What a layout's entries name is there; children of an index may be absent, since images may be sparse. */
async function checkLayout(layout: string): Promise<void> {
  const text = await readFile(path.join(layout, 'index.json'), 'utf8');
  const blobOf = (digest: string): string =>
    path.join(layout, 'blobs', 'sha256', digest.slice('sha256:'.length));
  const check = async (digest: string): Promise<void> => {
    const manifest = parseManifest(await readFile(blobOf(digest)));
    if (manifest.kind === 'manifest') {
      for (const blob of [manifest.config, ...manifest.layers]) {
        if ((await lstat(blobOf(blob.digest))).size !== blob.size)
          throw new Error(`${blob.digest}: its size`);
      }
      return;
    }
    for (const child of manifest.manifests)
      if (await isThere(blobOf(child.digest))) await check(child.digest);
  };
  for (const { digest } of indexSchema.parse(JSON.parse(text)).manifests) await check(digest);
}
