import { copyFile, link, mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdsSameBundle } from '../../src/bundle/write-bundle.ts';
import type { BundleTree } from '../../src/bundle/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { smallDisk } from '../support/small-disk.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const blob = new TextEncoder().encode('a blob');
const digest = digestOf(blob);
const lockBytes = new TextEncoder().encode('the lock');
const tree: BundleTree = [
  { kind: 'bytes', path: 'oci-layout', bytes: new TextEncoder().encode('{}') },
  { kind: 'blob', path: 'blobs/a', digest, size: blob.length },
  { kind: 'bytes', path: 'lock', bytes: lockBytes },
  { kind: 'link', path: 'registry/a', to: 'blobs/a', size: blob.length },
];

let temp: TempFolder;
const stored = (): string => path.join(temp.path, 'stored');
beforeEach(async () => {
  temp = await tempFolder('same');
  await writeFile(stored(), blob);
});
afterEach(() => temp.close());

async function write(folder: string, place: (from: string, to: string) => Promise<void>): Promise<void> {
  await mkdir(path.join(folder, 'blobs'), { recursive: true });
  await mkdir(path.join(folder, 'registry'));
  await place(stored(), path.join(folder, 'blobs/a'));
  await link(path.join(folder, 'blobs/a'), path.join(folder, 'registry/a'));
  await writeFile(path.join(folder, 'oci-layout'), '{}');
  await writeFile(path.join(folder, 'lock'), lockBytes);
}
const holds = (folder: string): Promise<boolean> =>
  holdsSameBundle({
    folder,
    tree,
    lockFile: path.join(folder, 'lock'),
    lockBytes,
    pool: { pathOf: stored },
  });

describe('a bundle over the store’s own files', () => {
  it.each<[string, boolean, (folder: string) => Promise<unknown>]>([
    ['nothing was changed', true, async () => {}],
    ['a file of another is there, too', true, (folder) => writeFile(path.join(folder, 'cache.db'), '')],
    ['the lock is another', false, (folder) => writeFile(path.join(folder, 'lock'), 'A lock, .')],
    [
      'a file has other bytes of the same number',
      false,
      (folder) => writeFile(path.join(folder, 'oci-layout'), '[]'),
    ],
    ['a link is gone', false, (folder) => rm(path.join(folder, 'registry/a'))],
    [
      'a link is a copy',
      false,
      async (folder) => {
        await rm(path.join(folder, 'registry/a'));
        await copyFile(stored(), path.join(folder, 'registry/a'));
      },
    ],
    [
      'a folder stands for a blob',
      false,
      async (folder) => {
        await rm(path.join(folder, 'blobs/a'));
        await mkdir(path.join(folder, 'blobs/a'));
      },
    ],
    [
      'the store has the blob anew',
      false,
      async () => {
        await rm(stored());
        await writeFile(stored(), blob);
      },
    ],
    ['the store has it no more', false, () => rm(stored())],
  ])('where %s: the same is %s', async (_, same, change) => {
    const folder = path.join(temp.path, 'bundle');
    await write(folder, link);
    await change(folder);
    expect(await holds(folder)).toBe(same);
  });
});

describe('a bundle of copies on another volume', () => {
  it('is the same until a blob is younger than the lock, or has another size', async () => {
    await using disk = await smallDisk(1024 * 1024);
    const folder = path.join(disk.path, 'bundle');
    await write(folder, copyFile);
    expect((await stat(path.join(folder, 'blobs/a'))).dev).not.toBe((await stat(stored())).dev);
    expect(await holds(folder)).toBe(true);
    const later = new Date(Date.now() + 60_000);
    await utimes(path.join(folder, 'blobs/a'), later, later);
    expect(await holds(folder)).toBe(false);
    await writeFile(path.join(folder, 'blobs/a'), 'cut');
    await utimes(path.join(folder, 'blobs/a'), 0, 0);
    expect(await holds(folder)).toBe(false);
  });
});
