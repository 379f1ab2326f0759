import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refuseFiles, refuseNothing } from '../../src/cli/forgotten-flag.ts';
import { failureOf } from '../support/failure.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
let before: string;
beforeAll(async () => {
  temp = await tempFolder('forgotten');
  before = process.cwd();
  process.chdir(temp.path);
  await mkdir('lists');
  await mkdir('folder.txt');
  await mkdir('quay.io');
  for (const name of [
    'images.txt',
    'lists/images.yaml',
    'bundle.lock.json',
    'busybox',
    'quay.io/app.txt',
    'LIST',
    'a:1',
  ])
    await writeFile(name, '');
});
afterAll(async () => {
  process.chdir(before);
  await temp.close();
});

describe('found F2: an argument of save', () => {
  it.each([
    'images.txt',
    './images.txt',
    'lists/images.yaml',
    'bundle.lock.json',
    'LIST',
    'lists/../images.txt',
  ])('%s that is a file is refused, with the flag that is missing', async (name) => {
    expect(await failureOf(refuseFiles(['quay.io/acme/app:1', name]))).toMatchObject({
      code: 'usage',
      message: `'${name}': a file of that name is here, and no image is named by it`,
      hint: 'A list is given by --image-list, in short -f.',
    });
  });

  it('in another folder is refused by its path', async () => {
    expect((await failureOf(refuseFiles([path.join(temp.path, 'images.txt')]))).code).toBe('usage');
  });

  it.each([
    'busybox',
    'other.txt',
    'images.txt:1',
    `images.txt@sha256:${'a'.repeat(64)}`,
    'folder.txt',
    'quay.io/app.txt',
    'a:1',
    'oci:folder.txt => site.example/x:1',
    'x\0y',
    `${'long/'.repeat(2000)}images.txt`,
    `/${'x'.repeat(5000)}`,
  ])('%# that is a reference, or no file, is none', async (name) => {
    await refuseFiles([name]);
    expect(name).not.toBe('');
  });
});

describe('L20: a command line without an image', () => {
  it('is refused, and says where what is piped in is read', () => {
    expect(() => refuseNothing({ images: [], imageList: [] })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'no image is given',
        hint: 'Give images, or lists with --image-list; - there is standard input.',
      }),
    );
    refuseNothing({ images: [], imageList: ['-'] });
    refuseNothing({ images: ['a:1'], imageList: [] });
  });
});
