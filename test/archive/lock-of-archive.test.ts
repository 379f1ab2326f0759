import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeTar, lockOfArchive } from '../../src/archive/index.ts';
import { encodeLock, type Lock } from '../../src/lock/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const lockOf = (name: string): Lock => ({
  version: 1,
  images: [],
  files: [{ path: name, digest: `sha256:${'a'.repeat(64)}`, size: 1 }],
  blobs: {},
});

let temp: TempFolder;
beforeAll(async () => {
  temp = await tempFolder('lock-of-archive');
});
afterAll(() => temp.close());

async function tarIn(folder: string, name: string, lock?: Lock): Promise<string> {
  await mkdir(path.join(temp.path, folder), { recursive: true });
  const file = path.join(temp.path, folder, name);
  const tar = computeTar([
    { kind: 'bytes', path: 'oci-layout', bytes: Buffer.from('{}') },
    { kind: 'folder', path: 'kit' },
    { kind: 'bytes', path: 'kit/oci-save.lock.json', bytes: Buffer.from('another file') },
    ...(lock === undefined
      ? []
      : [{ kind: 'bytes' as const, path: 'oci-save.lock.json', bytes: encodeLock(lock) }]),
  ]);
  await using handle = await open(file, 'w');
  for await (const chunk of tar.read()) await handle.write(chunk);
  return file;
}

describe('the lock of an archive', () => {
  it('is in it', async () => {
    const file = await tarIn('inside', 'b.tar', lockOf('inside'));
    expect(await lockOfArchive(file)).toEqual(lockOf('inside'));
  });

  it('is read beside it, where it is there: parts may be missing', async () => {
    const file = await tarIn('beside', 'b.tar', lockOf('inside'));
    await writeFile(path.join(temp.path, 'beside/b.lock.json'), encodeLock(lockOf('beside')));
    expect(await lockOfArchive(file)).toEqual(lockOf('beside'));
    for (const part of ['b.tar.002', 'b.parts.json'])
      expect(await lockOfArchive(path.join(temp.path, 'beside', part))).toEqual(lockOf('beside'));
  });

  it('may be missing', async () => {
    expect(await lockOfArchive(await tarIn('none', 'b.tar'))).toBeUndefined();
  });

  it('is not found in what is no whole archive, nor without its parts', async () => {
    await mkdir(path.join(temp.path, 'bad'), { recursive: true });
    const file = path.join(temp.path, 'bad/b.tar');
    await writeFile(file, 'x'.repeat(2000));
    await expect(lockOfArchive(file)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/b\.tar cannot be read as an archive: a header is damaged$/),
      hint: expect.stringMatching(/^oci-save verify /),
    });
    await expect(lockOfArchive(`${file}.001`)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/is missing, or is not a list of parts/),
    });
  });
});
