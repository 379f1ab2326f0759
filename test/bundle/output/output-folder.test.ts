import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOutputFolder } from '../../../src/bundle/index.ts';
import { encodeLock } from '../../../src/lock/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const LOCK = 'oci-save.lock.json';
let temp: TempFolder;
let output: string;
beforeEach(async () => {
  temp = await tempFolder('output');
  output = path.join(temp.path, 'bundle');
});
afterEach(() => temp.close());

async function publishBundle(content: string): Promise<void> {
  const folder = await openOutputFolder(output);
  await writeFile(
    path.join(folder.staging, LOCK),
    encodeLock({ version: 1, images: [], files: [], blobs: {} }),
  );
  await writeFile(path.join(folder.staging, 'report.html'), content);
  await folder.publish();
  await folder.release();
}

describe('an output folder', () => {
  it('appears when it is published, and leaves nothing beside it', async () => {
    const folder = await openOutputFolder(output);
    expect(await readdir(temp.path)).not.toContain('bundle');
    await folder.publish();
    await folder.release();
    expect(await readdir(temp.path)).toEqual(['bundle']);
  });

  it('replaces an earlier bundle whole', async () => {
    await publishBundle('old');
    await publishBundle('new');
    expect(await readFile(path.join(output, 'report.html'), 'utf8')).toBe('new');
    expect(await readdir(temp.path)).toEqual(['bundle']);
  });

  it('keeps the earlier bundle where nothing is published', async () => {
    await publishBundle('old');
    await (await openOutputFolder(output)).release();
    expect(await readFile(path.join(output, 'report.html'), 'utf8')).toBe('old');
  });

  it.each([
    ['a file', () => writeFile(output, 'mine'), /is a file/],
    ['a link', () => symlink(temp.path, output), /is a link/],
    ['a link to nowhere', () => symlink('/nowhere', output), /is a link/],
    [
      'somebody else’s folder',
      async () => {
        await mkdir(output);
        await writeFile(path.join(output, 'thesis.txt'), 'mine');
      },
      /holds something else/,
    ],
    [
      'a folder with a lock that is none',
      async () => {
        await mkdir(output);
        await writeFile(path.join(output, LOCK), '{}');
      },
      /holds something else/,
    ],
  ])('refuses %s, and leaves it as it is', async (_, prepare, why) => {
    await prepare();
    const before = await readdir(temp.path);
    await expect(openOutputFolder(output)).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringMatching(why),
    });
    expect(await readdir(temp.path)).toEqual(before);
  });

  it('accepts an empty folder that the user made', async () => {
    await mkdir(output);
    await publishBundle('new');
    expect(await readdir(output)).toContain('report.html');
  });

  it('lets one run at a time write, and takes over the lock of a killed run', async () => {
    const first = await openOutputFolder(output);
    await expect(openOutputFolder(output)).rejects.toThrow(/another run writes to/);
    await first.release();
    await writeFile(
      path.join(temp.path, '.bundle.lock'),
      JSON.stringify({ host: (await import('node:os')).hostname(), pid: 999999999 }),
    );
    await publishBundle('new');
  });

  it('puts the old bundle back where a run was killed between its renames', async () => {
    await publishBundle('old');
    const { rename } = await import('node:fs/promises');
    await rename(output, path.join(temp.path, '.bundle.old'));
    await (await openOutputFolder(output)).release();
    expect(await readFile(path.join(output, 'report.html'), 'utf8')).toBe('old');
  });

  it('removes the old bundle where a run was killed after the new one appeared', async () => {
    await publishBundle('new');
    await mkdir(path.join(temp.path, '.bundle.old'));
    await (await openOutputFolder(output)).release();
    expect(await readdir(temp.path)).toEqual(['bundle']);
  });
});
