import { mkdir, realpath, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRegular, openRegularFile, unlessGone } from '../../src/files/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let temp: TempFolder;
let inside: string;
beforeAll(async () => {
  temp = await tempFolder('open-regular');
  inside = path.join(await realpath(temp.path), 'inside');
  await mkdir(path.join(inside, 'folder'), { recursive: true });
  await mkdir(path.join(temp.path, 'outside'));
  await writeFile(path.join(inside, 'folder/file'), 'inside');
  await writeFile(path.join(temp.path, 'outside/file'), 'outside');
});
afterAll(() => temp.close());

async function contentOf(file: string): Promise<string> {
  const opened = await openRegular(file, [inside]);
  if (!('handle' in opened)) return opened.reason;
  try {
    return await opened.handle.readFile('utf8');
  } finally {
    await opened.handle.close();
  }
}

describe('openRegular with the folders that a file must lie in', () => {
  it('checks the file that it opened, even if its folder is replaced meanwhile', async () => {
    const [turning, parked, linked] = ['turning', 'parked', 'linked'].map((name) =>
      path.join(inside, name),
    ) as [string, string, string];
    await mkdir(turning);
    await writeFile(path.join(turning, 'file'), 'inside');
    await symlink('../outside', linked);
    const state = { done: false };
    // A folder that was looked at gives way to a link, and comes back.
    const turn = async (): Promise<void> => {
      while (!state.done) {
        await rename(turning, parked);
        await rename(linked, turning);
        await rename(turning, linked);
        await rename(parked, turning);
      }
    };
    const turned = turn();
    const seen = new Set<string>();
    for (let at = 0; at < 2000 || !seen.has('inside'); at += 1) {
      seen.add((await unlessGone(contentOf(path.join(turning, 'file')))) ?? 'gone');
    }
    state.done = true;
    await turned;
    expect([...seen]).not.toContain('outside');
    expect([...seen]).toContain('inside');
  });

  it('refuses a folder with an error that names it', async () => {
    const folder = path.join(inside, 'folder');
    await expect(openRegularFile(folder)).rejects.toMatchObject({
      code: 'local',
      message: `${folder}: it is a folder, not a file`,
    });
    const outside = path.join(temp.path, 'outside/file');
    await expect(openRegularFile(outside, [inside])).rejects.toMatchObject({ code: 'local' });
  });
});
