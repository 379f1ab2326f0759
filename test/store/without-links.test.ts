import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { openStore, pruneStore, type Store } from '../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

// The worker has modules of other files' tests: they are loaded anew, with this one in place of Node's.
const link = vi.hoisted(() => {
  vi.resetModules();
  // What FAT and some mounts of networks and virtual machines answer.
  return vi.fn(() => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' })));
});
vi.mock('node:fs/promises', async (original) => ({ ...(await original<object>()), link }));
afterAll(() => {
  vi.doUnmock('node:fs/promises');
  vi.resetModules();
});

const bytes = Buffer.alloc(300_000, 'a blob');
const blob = { digest: digestOf(bytes), size: bytes.length };
let temp: TempFolder;
beforeEach(async () => (temp = await tempFolder('nolink')));
afterEach(() => temp.close());

const open = (): Promise<Store> => openStore(temp.path);
const names = (): Promise<string[]> => readdir(path.join(temp.path, 'blobs/sha256'));

describe('a store on a file system without links', () => {
  it('takes one blob from several runs at once, whole, and leaves no temporary file', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(open));
    await Promise.all(
      stores.map(async (store, at) => {
        if (at % 2 === 0) return store.put(bytes, undefined);
        const file = path.join(store.runFolder, 'landed');
        await writeFile(file, bytes);
        return store.adopt(file, blob, undefined);
      }),
    );
    for (const store of stores) {
      expect(await store.has(blob)).toBe(true);
      expect(await readFile(store.pathOf(blob.digest))).toEqual(bytes);
    }
    expect(await names()).toHaveLength(1);
    expect(link).toHaveBeenCalled();
  });

  it('keeps the blobs that a run at work has leased, and lets a prune remove the rest', async () => {
    const other = await open();
    await other.put(new Uint8Array(9), undefined);
    await other.close();
    const store = await open();
    await store.put(bytes, undefined);
    const prune = (): Promise<unknown> => pruneStore(temp.path, { rule: { kind: 'all' } });
    expect(await prune()).toMatchObject({ removed: { blobs: 1, bytes: 9 }, kept: { blobs: 1 } });
    await store.close();
    await prune();
    expect(await names()).toEqual([]);
  });
});
