import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findRegistryRoot } from '../../src/serve/index.ts';
import { createIndexReader } from '../../src/serve/tree/layout-index.ts';
import { filesAt } from '../../src/serve/tree/folder-files.ts';
import { tempFolder } from '../support/temp.ts';
import { Repository } from './tree.ts';

describe('the registry root', () => {
  it("is a bundle's folder registry", async () => {
    await using folder = await tempFolder('root');
    await new Repository(join(folder.path, 'registry'), 'docker.io/library/x').write();
    await writeFile(join(folder.path, 'index.json'), '{}');
    await writeFile(join(folder.path, 'oci-layout'), '{}');
    await mkdir(join(folder.path, 'blobs'));
    expect(await findRegistryRoot(folder.path)).toBe(join(folder.path, 'registry'));
  });

  it('is the folder itself where that is a zot root', async () => {
    await using folder = await tempFolder('root');
    await new Repository(folder.path, 'docker.io/library/x').write();
    await mkdir(join(folder.path, 'registry'));
    expect(await findRegistryRoot(folder.path)).toBe(folder.path);
    await new Repository(folder.path, 'registry').write();
    expect(await findRegistryRoot(folder.path)).toBe(folder.path);
  });

  it("is the folder that carries zot's marker, though it has repositories below registry", async () => {
    await using folder = await tempFolder('root');
    await new Repository(folder.path, 'registry/x').write();
    await writeFile(join(folder.path, '_restore_complete'), '1');
    expect(await findRegistryRoot(folder.path)).toBe(folder.path);
  });

  it('is not found in a flat layout, an empty folder, a file or nothing', async () => {
    await using folder = await tempFolder('root');
    await expect(findRegistryRoot(folder.path)).rejects.toMatchObject({ code: 'usage' });
    await new Repository(folder.path, '.').write();
    await expect(findRegistryRoot(folder.path)).rejects.toThrow(/no repository was found/);
    const file = join(folder.path, 'index.json');
    await expect(findRegistryRoot(file)).rejects.toMatchObject({
      code: 'usage',
      message: `${file} is a file`,
    });
    await rm(file);
    await expect(findRegistryRoot(file)).rejects.toMatchObject({
      code: 'usage',
      message: `${file} does not exist`,
    });
  });

  it('V17: is found again for each request: where a link in its path moves, another release is served', async () => {
    await using folder = await tempFolder('root');
    for (const release of ['one', 'two'])
      await new Repository(join(folder.path, release), `of-${release}`).write();
    const current = join(folder.path, 'current');
    await symlink('one', current);
    const files = await filesAt(current);
    const readIndex = createIndexReader(files);
    const served = async (): Promise<unknown[]> => {
      const indexes = await Promise.all(['of-one', 'of-two'].map(readIndex));
      return [await Array.fromAsync(files.repositories()), indexes.map((index) => index !== undefined)];
    };
    expect(await served()).toEqual([['of-one'], [true, false]]);
    await symlink('two', join(folder.path, 'next'));
    await rename(join(folder.path, 'next'), current);
    expect(await served()).toEqual([['of-two'], [false, true]]);
    await rm(current);
    expect(await served()).toEqual([[], [false, false]]);
    await symlink('one', current);
    expect(await served()).toEqual([['of-one'], [true, false]]);
  });
});
