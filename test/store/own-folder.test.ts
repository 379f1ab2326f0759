import { chmod, lstat, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeFolder } from '../../src/runtime/store-folder.ts';
import { listStore, openStore, pruneStore, verifyStore } from '../../src/store/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
beforeEach(async () => {
  temp = await tempFolder('own');
});
afterEach(() => temp.close());

const modeOf = async (folder: string): Promise<number> => (await stat(folder)).mode & 0o777;
const open = async (folder: string): Promise<void> => (await openStore(folder)).close();

describe('the folder of a store', () => {
  it('is made for its user alone (0700), with the missing folders above it', async () => {
    const folder = path.join(temp.path, 'cache', 'oci-save');
    await open(folder);
    expect([await modeOf(folder), await modeOf(path.dirname(folder))]).toEqual([0o700, 0o700]);
  });

  it('loses the right of others to read it', async () => {
    const folder = path.join(temp.path, 'oci-save');
    await mkdir(folder);
    await chmod(folder, 0o755);
    await open(folder);
    expect(await modeOf(folder)).toBe(0o700);
  });

  it.each([
    ['the group', 0o770],
    ['everybody', 0o1777],
  ])('that %s may write to is refused before anything is read or made', async (_, mode) => {
    const folder = path.join(temp.path, 'store');
    await mkdir(folder);
    await chmod(folder, mode);
    const works = [open, listStore, verifyStore, (at: string) => pruneStore(at, { rule: { kind: 'all' } })];
    for (const work of works) {
      await expect(work(folder)).rejects.toMatchObject({
        code: 'machine',
        message: expect.stringContaining(`may write to ${folder}`),
        hint: expect.stringMatching(/chmod -R go-w .+ --cache-dir/),
      });
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('is refused below a folder of ours that others may write to', async () => {
    const ours = path.join(temp.path, 'oci-save');
    await mkdir(ours);
    await chmod(ours, 0o777);
    await expect(open(path.join(ours, 'store'))).rejects.toThrow(`may write to ${ours}`);
  });

  it('may lie behind a link that its user owns', async () => {
    await mkdir(path.join(temp.path, 'volume'));
    await symlink(path.join(temp.path, 'volume'), path.join(temp.path, 'cache'));
    await open(path.join(temp.path, 'cache', 'oci-save'));
    expect((await lstat(path.join(temp.path, 'volume/oci-save'))).isDirectory()).toBe(true);
  });

  it('is refused where a file is in its place', async () => {
    await writeFile(path.join(temp.path, 'store'), '');
    await expect(open(path.join(temp.path, 'store'))).rejects.toMatchObject({ code: 'machine' });
  });
});

describe('without --cache-dir', () => {
  it('the store is in the user’s cache folder, from the environment or else from the password file', () => {
    expect(storeFolder('', { XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/x/oci-save');
    expect(storeFolder('', { XDG_CACHE_HOME: '', HOME: '/h' })).toBe('/h/.cache/oci-save');
    const inHome = path.join(userInfo().homedir, '.cache/oci-save');
    expect([storeFolder('', {}), storeFolder('', { HOME: '' })]).toEqual([inHome, inHome]);
  });
});
