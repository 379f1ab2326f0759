import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BundleTree } from '../../src/bundle/index.ts';
import { writeTree } from '../../src/bundle/write-tree.ts';
import { OciSaveError } from '../../src/errors.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { filesOf } from '../support/whole-bundle.ts';

let temp: TempFolder;
let store: Store;
let folder: string;
beforeEach(async () => {
  temp = await tempFolder('tree');
  store = await openStore(path.join(temp.path, 'store'));
  folder = path.join(temp.path, 'tree');
  await mkdir(folder);
});
afterEach(async () => {
  await store.close();
  await temp.close();
});

const bytesAt = (name: string): BundleTree[number] => ({
  kind: 'bytes',
  path: name,
  bytes: Buffer.from(name),
});
const many = Array.from({ length: 100 }, (_, at) => bytesAt(`files/${at}`));

describe('writing a bundle’s tree', () => {
  it('stops once one of its files failed', async () => {
    await expect(writeTree([bytesAt('twice'), bytesAt('twice'), ...many], folder, store)).rejects.toThrow(
      /EEXIST/,
    );
    const written = await filesOf(folder);
    expect(written.size).toBeLessThan(many.length);
    await new Promise(setImmediate);
    expect(await filesOf(folder)).toEqual(written);
  });

  it('does not start where the run was stopped', async () => {
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    await expect(writeTree(many, folder, store, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await filesOf(folder)).toEqual(new Map());
  });
});
