import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockState, takeFileLock } from '../../src/store/file-lock.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const MINUTE = 60_000;
let temp: TempFolder;
let file: string;
beforeEach(async () => {
  temp = await tempFolder('lock');
  file = path.join(temp.path, 'a.lock');
});
afterEach(() => temp.close());

const heldBy = (holder: object): Promise<void> => writeFile(file, JSON.stringify(holder));

describe('a lock file', () => {
  it('is held by one process, which others see, until it is released', async () => {
    const lock = await takeFileLock(file);
    expect(await takeFileLock(file)).toEqual({ holder: expect.objectContaining({ pid: process.pid }) });
    expect(await lockState(file, MINUTE)).toBe('held');
    if ('release' in lock) await lock.release();
    expect(await lockState(file, MINUTE)).toBe('free');
    expect(await readdir(temp.path)).toEqual([]);
  });

  it.each<[string, object, boolean]>([
    ['a process that ended on this host', { host: hostname(), pid: 2 ** 22 }, false],
    ['a process that lives on this host', { host: hostname(), pid: process.ppid }, true],
    ['a process of another host', { host: 'another', pid: 2 ** 22 }, true],
    ['a container of this host’s name', { host: hostname(), namespace: '1', pid: 2 ** 22 }, true],
  ])('of %s counts as it should', async (_, holder, held) => {
    await heldBy(holder);
    expect(await lockState(file, MINUTE)).toBe(held ? 'held' : 'left');
    expect('release' in (await takeFileLock(file))).toBe(!held);
    expect(await readdir(temp.path)).toEqual(['a.lock']);
  });

  it('is taken over once it is older than any holder keeps it', async () => {
    await heldBy({ host: 'another', pid: 1 });
    const longAgo = new Date(Date.now() - 2 * MINUTE);
    await utimes(file, longAgo, longAgo);
    expect(await lockState(file, MINUTE)).toBe('left');
    expect('release' in (await takeFileLock(file))).toBe(false);
    expect('release' in (await takeFileLock(file, MINUTE))).toBe(true);
  });

  it('found B9: is not taken over while its process is seen to live, however old it is', async () => {
    const lock = await takeFileLock(file);
    const longAgo = new Date(Date.now() - 2 * MINUTE);
    await utimes(file, longAgo, longAgo);
    expect(await takeFileLock(file, MINUTE)).toEqual({
      holder: expect.objectContaining({ pid: process.pid }),
    });
    expect('release' in lock && (await lock.isHeld())).toBe(true);
  });

  it('of an ended process whose number another one has now counts as left', async () => {
    await takeFileLock(file);
    const holder: unknown = JSON.parse(await readFile(file, 'utf8'));
    await heldBy({ ...Object(holder), start: '1' });
    expect(await lockState(file, MINUTE)).toBe('left');
    expect('release' in (await takeFileLock(file))).toBe(true);
  });

  it('found B9: of a container with this one’s name and number is neither held nor released by this one', async () => {
    const lost = await takeFileLock(file);
    const own: unknown = JSON.parse(await readFile(file, 'utf8'));
    const other = { ...Object(own), namespace: '1' };
    await heldBy(other);
    if (!('release' in lost)) expect.fail();
    expect(await lost.isHeld()).toBe(false);
    await lost.release();
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(other);
  });

  it('without a holder is waited for while it may be being made, and is then taken over', async () => {
    await writeFile(file, '');
    expect(await lockState(file, MINUTE)).toBe('held');
    expect('release' in (await takeFileLock(file))).toBe(true);
  });

  it('that was taken over is not released by its former holder', async () => {
    const lost = await takeFileLock(file);
    await heldBy({ host: 'another', pid: 1 });
    if ('release' in lost) await lost.release();
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ host: 'another', pid: 1 });
  });
});
