import { existsSync } from 'node:fs';
import {
  appendFile,
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Digest, digestOf, hexOf } from '../../../src/oci/digest.ts';
import { listStore, openStore, pruneStore, type Store, verifyStore } from '../../../src/store/index.ts';
import { until } from '../../support/deadline.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const KIB = 1024;
const HOUR = 60 * 60_000;

let temp: TempFolder;
beforeEach(async () => {
  temp = await tempFolder('prune');
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await temp.close();
});

const blobNamed = (name: string): Uint8Array => Buffer.alloc(KIB, name);
const digestNamed = (name: string): Digest => digestOf(blobNamed(name));
const at = (...names: readonly string[]): string => path.join(temp.path, ...names);
const place = (name: string): string => at('blobs/sha256', hexOf(digestNamed(name)));
const isHere = (name: string): boolean => existsSync(place(name));

/** One run, an hour after the last one, that uses these blobs and fetches those that are missing. */
async function runWith(...names: readonly string[]): Promise<void> {
  const store = await startRun(...names);
  await store.close();
}

async function startRun(...names: readonly string[]): Promise<Store> {
  vi.advanceTimersByTime(HOUR);
  const store = await openStore(temp.path);
  for (const name of names) await store.put(blobNamed(name), undefined);
  return store;
}

const all = ['a', 'b', 'c', 'd'];
const left = (): string[] => all.filter(isHere);

describe('a store over its limit', () => {
  it('loses the least recently used blobs, by use and not by arrival', async () => {
    await runWith('a');
    await runWith('b');
    await runWith('c');
    await runWith('a');
    const store = await startRun('d');
    expect(await store.prune(4 * KIB)).toBeUndefined();
    expect(await store.prune(3 * KIB)).toEqual({
      removed: { blobs: 1, bytes: KIB },
      kept: { blobs: 3, bytes: 3 * KIB },
      linked: { blobs: 0, bytes: 0 },
    });
    expect(left()).toEqual(['a', 'c', 'd']);
    await store.prune(2 * KIB);
    expect(left()).toEqual(['a', 'd']);
  });

  it('keeps the blobs that the run itself used, however low the limit', async () => {
    await runWith('a');
    const store = await startRun('b', 'c');
    expect(await store.prune(0)).toMatchObject({ removed: { blobs: 1 }, kept: { bytes: 2 * KIB } });
    expect(left()).toEqual(['b', 'c']);
  });

  it('keeps the blobs that another run at work has leased, until that run ends', async () => {
    await runWith('a', 'b');
    const other = await startRun();
    expect(await other.has({ digest: digestNamed('a'), size: KIB })).toBe(true);
    const store = await startRun('c');
    await store.prune(0);
    expect(left()).toEqual(['a', 'c']);
    await other.close();
    await store.prune(0);
    expect(left()).toEqual(['c']);
  });

  it('keeps blobs that a bundle links, and does not count them', async () => {
    await runWith('a', 'b', 'c');
    await link(place('a'), at('of a bundle'));
    const store = await startRun();
    expect(await store.prune(2 * KIB)).toEqual({
      removed: { blobs: 0, bytes: 0 },
      kept: { blobs: 2, bytes: 2 * KIB },
      linked: { blobs: 1, bytes: KIB },
    });
    await pruneStore(temp.path, { rule: { kind: 'all' } });
    expect(left()).toEqual(['a']);
    await rm(at('of a bundle'));
    await pruneStore(temp.path, { rule: { kind: 'all' } });
    expect(left()).toEqual([]);
  });

  it('forgets its records of the removed blobs, and no others', async () => {
    await runWith('a');
    const store = await startRun('b');
    const { served } = store;
    for (const name of ['a', 'b']) await served.set(served.keyOf('r.example/x', name), digestNamed(name));
    await store.prune(KIB);
    await store.close();
    const [journal, tags] = [
      await readFile(at('journal.jsonl'), 'utf8'),
      await readFile(at('served.jsonl'), 'utf8'),
    ];
    for (const text of [journal, tags]) {
      expect(text).not.toContain(hexOf(digestNamed('a')));
      expect(text).toContain(hexOf(digestNamed('b')));
    }
  });

  it('is pruned even where its records are lost', async () => {
    await runWith('a', 'b', 'c');
    for (const name of ['journal.jsonl', 'served.jsonl', 'used.jsonl']) await rm(at(name), { force: true });
    await rm(at('uses'), { recursive: true });
    const store = await startRun('d');
    await store.prune(KIB);
    expect(left()).toEqual(['d']);
  });
});

describe('the prune command of a store', () => {
  it('says what it would remove, and removes nothing, in a dry run', async () => {
    await runWith('a', 'b');
    const before = await readdir(temp.path, { recursive: true });
    const pruned = await pruneStore(temp.path, { rule: { kind: 'size', maxBytes: KIB }, dryRun: true });
    expect(pruned).toMatchObject({ removed: { blobs: 1, bytes: KIB }, kept: { blobs: 1, bytes: KIB } });
    expect(await readdir(temp.path, { recursive: true })).toEqual(before);
  });

  it('removes blobs that no run has used for a time', async () => {
    await runWith('a', 'b');
    await runWith('b');
    await pruneStore(temp.path, { rule: { kind: 'unused-since', time: Date.now() } });
    expect(left()).toEqual(['b']);
  });

  it('does not make a store where there is none', async () => {
    const folder = at('nowhere');
    await pruneStore(folder, { rule: { kind: 'all' } });
    expect(await listStore(folder)).toEqual({ blobs: [], runs: 0 });
    expect(await verifyStore(folder)).toEqual({ blobs: 0, bytes: 0, damaged: [] });
    expect(existsSync(folder)).toBe(false);
  });

  it('takes over the lock of a prune that died, on this host or long ago, without waiting', async () => {
    await runWith('a', 'b');
    const lock = at('prune.lock');
    await writeFile(lock, JSON.stringify({ host: hostname(), pid: 2 ** 22 }));
    const store = await startRun('b');
    await store.prune(KIB);
    expect(left()).toEqual(['b']);
    await writeFile(lock, JSON.stringify({ host: 'another', pid: 1 }));
    const longAgo = new Date(Date.now() - HOUR);
    await utimes(lock, longAgo, longAgo);
    expect(await store.has({ digest: digestNamed('c'), size: KIB })).toBe(false);
    await store.close();
    await pruneStore(temp.path, { rule: { kind: 'all' } });
    expect([left(), existsSync(lock)]).toEqual([[], false]);
  });
});

describe('the time of a blob’s last use', () => {
  const usesOf = async (): Promise<Record<string, number>> => {
    const { blobs } = await listStore(temp.path);
    const names = new Map(all.map((name) => [hexOf(digestNamed(name)), name]));
    return Object.fromEntries(
      blobs.map(({ digest, lastUsed }) => [names.get(hexOf(digest)) ?? digest, lastUsed]),
    );
  };

  it('is the start of the last run that looked at it, a killed run included', async () => {
    await runWith('a', 'b');
    const first = Date.now();
    // It never ends.
    await startRun('b', 'c');
    expect(await usesOf()).toEqual({ a: first, b: first + HOUR, c: first + HOUR });
  });

  it('outlives many runs, whose lists are folded into one, and is forgotten with the blob', async () => {
    await runWith('a', 'b');
    const first = Date.now();
    await rm(place('b'));
    for (let run = 0; run < 40; run += 1) await runWith('c');
    const living = await startRun('d');
    expect((await readdir(at('uses'))).length).toBeLessThan(32);
    expect(await usesOf()).toEqual({ a: first, c: first + 40 * HOUR, d: first + 41 * HOUR });
    expect(await readFile(at('used.jsonl'), 'utf8')).not.toContain(hexOf(digestNamed('b')));
    await living.close();
  });

  it('is read from torn and foreign lists as far as they are readable', async () => {
    await runWith('a', 'b');
    const [list = ''] = await readdir(at('uses'));
    const text = await readFile(at('uses', list), 'utf8');
    const time = Date.now();
    await writeFile(at('uses', list), text.slice(0, -20));
    await writeFile(at('uses/foreign'), 'no time\n../../etc/passwd\n');
    expect(await usesOf()).toEqual({ a: time, b: 0 });
    await truncate(at('uses', list), 5);
    expect(await usesOf()).toEqual({ a: 0, b: 0 });
  });
});

describe('a killed run', () => {
  /** Lets the run look as if its process, or its host, were no more. */
  const dieAs = async (store: Store, rename_: (name: string) => string): Promise<void> => {
    const [name, runs] = [path.basename(store.runFolder), path.dirname(store.runFolder)];
    await rename(store.runFolder, path.join(runs, rename_(name)));
    await rename(at('uses', name), at('uses', rename_(name)));
  };
  const DEAD_PID = (name: string): string => name.replace(/-\d+-([0-9a-f]{8})$/, '-4194304-$1');
  const OTHER_HOST = (name: string): string => `elsewhere-${name}`;

  it('holds no leases any more', async () => {
    await dieAs(await startRun('a'), DEAD_PID);
    await pruneStore(temp.path, { rule: { kind: 'all' } });
    expect(left()).toEqual([]);
    expect(await readdir(at('runs'))).toEqual([]);
  });

  it('on another host holds its leases until it has given no sign for hours', async () => {
    await dieAs(await startRun('a'), OTHER_HOST);
    const [name = ''] = await readdir(at('runs'));
    const prune = (): Promise<unknown> => pruneStore(temp.path, { rule: { kind: 'all' } });
    const now = (): Date => new Date();
    await utimes(at('runs', name), now(), now());
    vi.advanceTimersByTime(5 * HOUR);
    await prune();
    expect([left(), await readdir(at('runs'))]).toEqual([['a'], [name]]);
    vi.advanceTimersByTime(2 * HOUR);
    await prune();
    expect([left(), await readdir(at('runs'))]).toEqual([[], []]);
  });

  it('during its prune has its quarantined blobs put back, except where another run has brought them', async () => {
    await runWith('a', 'b');
    const dead = await startRun();
    const quarantine = path.join(dead.runFolder, 'pruned');
    await mkdir(quarantine);
    await rename(place('a'), path.join(quarantine, path.basename(place('a'))));
    await cp(place('b'), path.join(quarantine, path.basename(place('b'))));
    await writeFile(path.join(quarantine, 'no blob'), '');
    const runs = path.dirname(dead.runFolder);
    await rename(dead.runFolder, path.join(runs, DEAD_PID(path.basename(dead.runFolder))));
    const store = await startRun();
    expect([left(), await readdir(runs)]).toEqual([['a', 'b'], [path.basename(store.runFolder)]]);
    for (const name of ['a', 'b']) expect(await readFile(place(name))).toEqual(blobNamed(name));
    await store.close();
  });

  it('is not one that shows every few minutes that it lives', async () => {
    const store = await startRun();
    const mtime = async (): Promise<number> => (await stat(store.runFolder)).mtimeMs;
    await utimes(store.runFolder, new Date(), new Date());
    const before = await mtime();
    vi.advanceTimersByTime(HOUR);
    const sign = until('a sign', async () => ((await mtime()) > before ? true : undefined));
    expect(await sign).toBe(true);
    await store.close();
  });
});

describe('the verify command of a store', () => {
  it('finds every damaged blob, drops it, says whether a bundle has it too, and leaves the rest', async () => {
    await runWith(...all);
    await appendFile(place('a'), 'x');
    await writeFile(place('b'), Buffer.alloc(KIB, 'B'));
    await link(place('b'), at('of a bundle'));
    await rm(place('c'));
    await mkdir(place('c'));
    await writeFile(at('blobs/sha256/notes.txt'), 'no blob');
    const calls: string[] = [];
    const check = await verifyStore(temp.path, {
      onStart: (blobs) => calls.push(`${blobs}`),
      onBlob: (digest, damaged) => calls.push(`${digest} ${damaged === undefined}`),
    });
    expect(check.blobs).toBe(4);
    expect(
      Object.fromEntries(check.damaged.map(({ digest, why, linked }) => [digest, [why, linked]])),
    ).toEqual({
      [digestNamed('a')]: [expect.stringMatching(/^its 1025 bytes hash to sha256:\w{12}$/), false],
      [digestNamed('b')]: [expect.stringMatching(/^its 1024 bytes hash to sha256:\w{12}$/), true],
      [digestNamed('c')]: ['it is not a regular file', false],
    });
    expect(calls.toSorted()).toEqual(
      ['4', ...all.map((name) => `${digestNamed(name)} ${name === 'd'}`)].toSorted(),
    );
    expect(left()).toEqual(['d']);
    expect(existsSync(at('blobs/sha256/notes.txt'))).toBe(true);
    expect(await verifyStore(temp.path)).toMatchObject({ blobs: 1, bytes: KIB, damaged: [] });
  });

  it('ends when its signal is aborted', async () => {
    await runWith(...all);
    const reason = new Error('enough');
    await expect(verifyStore(temp.path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(left()).toEqual(all);
  });
});
