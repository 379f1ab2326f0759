import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createActionsCache } from '../../src/cache/actions/index.ts';
import { handOver, takeBack } from '../../src/cache/actions/handover.ts';
import type { NewEntry, ReadRequest, RemoteCache, Taken } from '../../src/cache/port.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import {
  type CacheRule,
  type CacheServer,
  entriesOf,
  type Protocol,
  startCacheServer,
  TOKEN,
} from '../support/cache-server/index.ts';
import { seededBytes } from '../support/fixtures/index.ts';
import { outputOf } from '../support/program.ts';
import { startStub } from '../support/registry-stub.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { toolPath } from '../support/tools.ts';

const FOLDER = '.oci-save/packs/x';
const contents = ['a', 'b', 'c'].map((seed) => seededBytes(`cache ${seed}`, 300_000));
const nameOf = (bytes: Uint8Array): string => hexOf(digestOf(bytes));

let server: CacheServer;
let temp: TempFolder;
let workspace: string;
beforeAll(async () => {
  server = await startCacheServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  temp = await tempFolder('actions-cache');
  workspace = path.join(temp.path, 'workspace');
  await mkdir(workspace);
  await mkdir(path.join(temp.path, 'runner'));
  vi.spyOn(process, 'cwd').mockReturnValue(workspace);
  server.misbehave([]);
  server.clear();
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  server.entries.evict(() => true);
  await temp.close();
});

interface Opened {
  readonly cache: RemoteCache;
  readonly secrets: string[];
  readonly words: string[];
  readonly warnings: string[];
}

/** The cache of a job; what @actions/cache reads of the environment is set as on a runner. */
function open(
  protocol: Protocol = 'v2',
  more: Readonly<Record<string, string>> = {},
  graceMilliseconds = 60_000,
): Opened {
  const env = {
    ...server.env(protocol),
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: path.join(temp.path, 'runner'),
    ...more,
  };
  const others = ['ACTIONS_CACHE_SERVICE_V2', 'ACTIONS_RESULTS_URL', 'ACTIONS_CACHE_URL', 'ZSTD_CLEVEL'];
  for (const name of others) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const [secrets, words, warnings]: [string[], string[], string[]] = [[], [], []];
  const cache = createActionsCache({
    env,
    workspace,
    onSecret: (secret) => secrets.push(secret),
    onWords: (said) => words.push(said),
    onWarning: (message) => warnings.push(message),
    stallMilliseconds: 300,
    graceMilliseconds,
  });
  return { cache, secrets, words, warnings };
}

/** An entry of files that lie beside the workspace. */
async function entryOf(key: string, files: readonly Uint8Array[] = contents): Promise<NewEntry> {
  const listed = files.map(async (bytes) => {
    const name = nameOf(bytes);
    const file = path.join(temp.path, name);
    await writeFile(file, bytes);
    return { name, size: bytes.length, file };
  });
  return { key, folder: FOLDER, files: await Promise.all(listed), leaveFree: 0 };
}

/** What is read of an entry, by name. */
async function read(cache: RemoteCache, given: Partial<ReadRequest> = {}) {
  const files = new Map<string, Buffer>();
  let bytes = 0;
  const outcome = await cache.read({
    key: 'k1',
    match: 'exact',
    folder: FOLDER,
    maxBytes: 1_000_000,
    async take({ name, body }): Promise<Taken> {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      files.set(name, Buffer.concat(chunks));
      return 'taken';
    },
    onBytes: (delta) => (bytes += delta),
    ...given,
  });
  return { outcome, files, bytes };
}

const all = new Map(contents.map((bytes) => [nameOf(bytes), Buffer.from(bytes)]));

describe.each(['v1', 'v2'] as const)('the cache of Actions by the protocol %s', (protocol) => {
  it('gives what was saved, and leaves nothing in the workspace', async () => {
    const { cache, secrets, words } = open(protocol);
    expect(secrets).toEqual([TOKEN]);
    expect([cache.unavailable, cache.readable, cache.writable]).toEqual([undefined, true, true]);
    expect(await read(cache)).toMatchObject({ outcome: { kind: 'miss' } });
    expect(await cache.save(await entryOf('k1'))).toEqual({ kind: 'saved' });
    expect(await readdir(workspace)).toEqual([]);
    expect(words).toHaveLength(1);
    const [entry] = server.entries.all();
    if (entry === undefined) throw new Error('nothing was saved');
    const names = (await entriesOf(entry.bytes)).map(({ header }) => header.name);
    expect(names.toSorted()).toEqual(
      [`${FOLDER}/`, ...[...all.keys()].map((name) => `${FOLDER}/${name}`)].toSorted(),
    );
    const { outcome, files, bytes } = await read(cache);
    expect(outcome).toEqual({ kind: 'hit', key: 'k1', refused: 0 });
    expect(files).toEqual(all);
    expect(bytes).toBe(entry.bytes.length);
    // The address is a secret, too.
    expect(secrets).toEqual([TOKEN, `sig=signature-of-${entry.id}`]);
    await cache.close();
  });

  it('does not pack what is there already', async () => {
    const { cache } = open(protocol);
    await cache.save(await entryOf('k1'));
    server.clear();
    expect(await cache.save(await entryOf('k1'))).toEqual({ kind: 'exists' });
    expect(server.calls().map(({ call }) => call)).toEqual(['lookup']);
    await cache.close();
  });

  it('finds the newest key that begins so, and another folder’s never', async () => {
    const { cache } = open(protocol);
    for (const key of ['k1-old', 'k1-new']) await cache.save(await entryOf(key));
    expect((await read(cache)).outcome).toEqual({ kind: 'miss' });
    const newest = await read(cache, { match: 'newest' });
    expect(newest.outcome).toMatchObject({ kind: 'hit', key: 'k1-new' });
    expect((await read(cache, { match: 'newest', folder: '.oci-save/packs/y' })).outcome).toEqual({
      kind: 'miss',
    });
    await cache.close();
  });

  it('finds and saves a key beside a longer one that begins so, whatever the compression of each', async () => {
    const { cache } = open(protocol);
    expect(await cache.save(await entryOf('k1-longer'))).toEqual({ kind: 'saved' });
    const bin = path.join(temp.path, 'bin');
    await mkdir(bin);
    for (const name of ['tar', 'gzip']) await symlink(toolPath(name), path.join(bin, name));
    vi.stubEnv('PATH', bin);
    expect(await cache.save(await entryOf('k1'))).toEqual({ kind: 'saved' });
    expect(server.entries.all()[1]?.bytes.readUInt16BE(0)).toBe(0x1f8b);
    const { outcome, files } = await read(cache);
    expect(outcome).toEqual({ kind: 'hit', key: 'k1', refused: 0 });
    expect(files).toEqual(all);
    expect((await read(cache, { match: 'newest' })).outcome).toMatchObject({ kind: 'hit', key: 'k1-longer' });
    await cache.close();
  });

  it('reads nothing of an entry whose key is not accepted', async () => {
    const { cache } = open(protocol);
    await cache.save(await entryOf('k1'));
    server.clear();
    const asked: string[] = [];
    const accepts = (key: string): boolean => asked.push(key) === 0;
    expect((await read(cache, { accepts })).outcome).toEqual({ kind: 'hit', key: 'k1', refused: 0 });
    expect([asked, server.calls('download')]).toEqual([['k1'], []]);
    await cache.close();
  });
});

describe('reading an entry', () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = open();
    await opened.cache.save(await entryOf('k1'));
    return () => opened.cache.close();
  });
  const readWith = async (rules: readonly CacheRule[], given: Partial<ReadRequest> = {}) => {
    server.misbehave(rules);
    return read(opened.cache, given);
  };

  it.each<[string, CacheRule, string, RegExp]>([
    [
      'that the service does not find',
      { on: 'lookup', fault: { status: 400 } },
      'failed',
      /the cache service.*400/,
    ],
    ['that may not be read', { on: 'lookup', fault: { deny: 'read' } }, 'denied', /403/],
    [
      'whose address is refused',
      { on: 'download', fault: { status: 403 } },
      'denied',
      /an entry of the cache.*403/,
    ],
  ])('%s is trouble, and not an error', async (_, rule, kind, reason) => {
    const { outcome } = await readWith([rule]);
    expect(outcome).toEqual({ kind, reason: expect.stringMatching(reason) });
  });

  it('that is larger than it may be is not read to its end', async () => {
    const { outcome, files } = await readWith([], { maxBytes: 50 - 4 * 1024 * 1024 });
    expect(outcome).toMatchObject({
      kind: 'damaged',
      reason: expect.stringMatching(/50 bytes that it may have/),
    });
    expect(files.size).toBe(0);
  });

  it('that ends too early says what came, and why no more', async () => {
    const { outcome, files } = await readWith([
      { on: 'download', times: 1, fault: { cutAfter: 700_000 } },
      { on: 'download', fault: { status: 403 } },
    ]);
    expect([1, 2]).toContain(files.size);
    expect(outcome).toEqual({
      kind: 'broken',
      key: 'k1',
      refused: 0,
      reason: expect.stringMatching(/403/),
    });
  });

  it('that ends too early says how much of it was refused', async () => {
    const many = Array.from({ length: 10 }, (_, at) => seededBytes(`many ${at}`, 100_000));
    await opened.cache.save(await entryOf('many', many));
    const cut = (): CacheRule[] => [
      { on: 'download', times: 1, fault: { cutAfter: 900_000 } },
      { on: 'download', fault: { status: 403 } },
    ];
    const moods: Taken[] = ['refused', 'skipped', 'taken'];
    let asked = 0;
    const take = async (): Promise<Taken> => moods[asked++] ?? 'skipped';
    const { outcome } = await readWith(cut(), { key: 'many', take });
    expect(outcome).toMatchObject({ kind: 'broken', key: 'many', refused: 1 });
    const none = await readWith(cut(), { key: 'many', take: async () => 'refused' });
    expect(none.outcome).toMatchObject({ kind: 'denied' });
  });

  it('counts what was refused of it, and stops where there is enough', async () => {
    const moods: Taken[] = ['refused', 'taken', 'enough'];
    const asked: string[] = [];
    const take = async ({ name, body }: Parameters<ReadRequest['take']>[0]): Promise<Taken> => {
      const mood = moods[asked.push(name) - 1] ?? 'skipped';
      if (mood !== 'refused') for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0);
      return mood;
    };
    expect((await read(opened.cache, { take })).outcome).toEqual({ kind: 'hit', key: 'k1', refused: 1 });
    expect(asked).toHaveLength(3);
  });

  it('ends with the run, by the run’s own reason', async () => {
    const reason = new Error('stopped');
    await expect(read(opened.cache, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const stop = new AbortController();
    const take = async (): Promise<Taken> => {
      stop.abort(reason);
      return 'taken';
    };
    const held: CacheRule = { on: 'download', fault: { holdAfter: 700_000 } };
    await expect(readWith([held], { take, signal: stop.signal })).rejects.toBe(reason);
  });
});

describe('saving an entry', () => {
  it('is tried by a job that may write and not read', async () => {
    const { cache } = open();
    server.misbehave([{ on: 'lookup', fault: { deny: 'read' } }]);
    expect(await cache.save(await entryOf('k1'))).toEqual({ kind: 'saved' });
    server.misbehave([{ on: 'lookup', fault: { status: 400 } }]);
    expect(await cache.save(await entryOf('k2'))).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('400'),
    });
    await cache.close();
  });

  it('case I2: that is refused says why, and leaves nothing in the workspace', async () => {
    const { cache, words } = open();
    server.misbehave([{ on: 'reserve', fault: { deny: 'write' } }]);
    expect(await cache.save(await entryOf('k1'))).toMatchObject({
      kind: 'denied',
      reason: expect.stringContaining('cache write denied'),
    });
    expect(words.join()).toContain('cache write denied');
    expect(await readdir(workspace)).toEqual([]);
    await cache.close();
  });

  it.each(['v1', 'v2'] as const)(
    'found K3: is given up where the service takes it by %s and says nothing',
    async (protocol) => {
      const { cache } = open(protocol, {}, 100);
      server.misbehave([{ on: 'upload', fault: { holdAfter: 0 } }]);
      expect(await cache.save(await entryOf(`silent-${protocol}`))).toEqual({
        kind: 'limited',
        reason: 'the service took no more for 1 s',
      });
      expect(await readdir(workspace)).toEqual([]);
      server.release();
      // @actions/cache goes on by itself: its entry must not come in the midst of another test.
      while (server.entries.all().length === 0) await immediate();
      await cache.close();
    },
  );

  it('is not begun outside of the workspace, nor on a disk that has no room for it', async () => {
    const { cache } = open();
    const entry = await entryOf('k1');
    expect(await cache.save({ ...entry, leaveFree: 2 ** 60 })).toEqual({
      kind: 'failed',
      reason: expect.stringMatching(/^saving it takes .* of the disk for a while, and .* are free$/),
    });
    // A file system without room, where the library would put the archive.
    const full = open('v2', { RUNNER_TEMP: '/proc' });
    expect(await full.cache.save({ ...entry, leaveFree: 100 * 1024 * 1024 })).toEqual({
      kind: 'failed',
      reason: 'saving it takes 358 MiB of the disk for a while, and 0 B are free',
    });
    await full.cache.close();
    expect(await readdir(workspace)).toEqual([]);
    vi.spyOn(process, 'cwd').mockReturnValue(temp.path);
    expect(await cache.save(entry)).toEqual({
      kind: 'failed',
      reason: 'the step does not run in the workspace',
    });
    expect(server.entries.all()).toEqual([]);
    await cache.close();
  });

  it('fails where a file of it is gone, or where a link stands in its place', async () => {
    const { cache } = open();
    const entry = await entryOf('k1');
    const gone = { name: 'a'.repeat(64), size: 1, file: path.join(temp.path, 'gone') };
    expect(await cache.save({ ...entry, files: [...entry.files, gone] })).toEqual({
      kind: 'failed',
      reason: expect.stringMatching(/^ENOENT: /),
    });
    expect(await readdir(workspace)).toEqual([]);
    await symlink(temp.path, path.join(workspace, '.oci-save'));
    expect(await cache.save(entry)).toEqual({
      kind: 'failed',
      reason: `${workspace}/.oci-save is not a folder, and the cache needs one there`,
    });
    expect(server.entries.all()).toEqual([]);
    await cache.close();
    expect(await readdir(temp.path)).toContain('workspace');
  });

  it('is done where the runner names no folder for temporary files', async () => {
    const { cache } = open('v2', { RUNNER_TEMP: '' });
    vi.stubEnv('RUNNER_TEMP', path.join(temp.path, 'runner'));
    expect(await cache.save(await entryOf('k1'))).toEqual({ kind: 'saved' });
    await cache.close();
  });

  it.each([
    [undefined, '1'],
    ['7', '7'],
  ])('compresses with little effort, unless the job says how much (%s)', async (given, used) => {
    const { cache } = open();
    vi.stubEnv('ZSTD_CLEVEL', given);
    await cache.save(await entryOf('k1'));
    expect(process.env['ZSTD_CLEVEL']).toBe(used);
    await cache.close();
  });

  it('whose files cannot be removed afterwards is a failure of the cache alone', async () => {
    const { cache, warnings } = open();
    const folder = '.oci-save/catalogue';
    const place = path.join(workspace, folder);
    await mkdir(place, { recursive: true });
    // A mount point cannot be removed.
    await outputOf(toolPath('mount'), ['-t', 'tmpfs', '-o', 'size=4M', 'in-the-way', place]);
    try {
      const reason = `EBUSY: resource busy or locked, rmdir '${place}'`;
      expect(await cache.save({ ...(await entryOf('k1')), folder })).toEqual({ kind: 'failed', reason });
      await cache.close();
      expect(warnings).toEqual([`files for the cache are left in the workspace: ${reason}`]);
    } finally {
      await outputOf(toolPath('umount'), [place]);
    }
  });

  it('sends nothing more when the cache is closed', async () => {
    await using stub = await startStub((_, response) => void response.writeHead(204).end());
    const { cache } = open('v1', { ACTIONS_CACHE_URL: `${stub.url}/` });
    expect((await read(cache)).outcome).toEqual({ kind: 'miss' });
    const before = stub.connections();
    const { length } = stub.requests;
    await cache.close();
    expect((await read(cache)).outcome.kind).toBe('failed');
    expect([stub.connections(), stub.requests.length]).toEqual([before, length]);
  });

  it('leaves nothing when the cache is closed, whatever a call before left', async () => {
    const { cache, warnings } = open();
    for (const folder of ['packs/a/b', 'catalogue'])
      await mkdir(path.join(workspace, '.oci-save', folder), { recursive: true });
    await writeFile(path.join(workspace, '.oci-save/catalogue/x'), 'x');
    await cache.close();
    expect([await readdir(workspace), warnings]).toEqual([[], []]);
  });

  it('says the workspace’s real path to @actions/cache', async () => {
    const link = path.join(temp.path, 'link');
    await symlink(workspace, link);
    const { cache } = open('v2', { GITHUB_WORKSPACE: link });
    expect(await cache.save(await entryOf('k1'))).toEqual({ kind: 'saved' });
    expect(process.env['GITHUB_WORKSPACE']).toBe(workspace);
    await cache.close();
  });
});

describe('handing files over', () => {
  const inside = (...parts: readonly string[]): string => path.join(workspace, ...parts);

  it('copies them, into folders that may be there, and takes back no others', async () => {
    const entry = await entryOf('k1');
    await mkdir(inside('.oci-save'));
    await writeFile(inside('.oci-save', 'mine'), 'x');
    await handOver(entry, workspace);
    const [first] = entry.files;
    expect(await readFile(inside(FOLDER, first?.name ?? ''))).toEqual(Buffer.from(contents[0] ?? ''));
    await takeBack(FOLDER, workspace);
    expect(await readdir(inside('.oci-save'))).toEqual(['mine']);
    await handOver(entry, workspace);
    await mkdir(inside('.oci-save/packs/other'));
    await takeBack(FOLDER, workspace);
    expect(await readdir(inside('.oci-save/packs'))).toEqual(['other']);
    await takeBack(FOLDER, workspace);
    await takeBack('.oci-save/packs/other', workspace);
    expect(await readdir(inside('.oci-save'))).toEqual(['mine']);
  });

  it('does not go through a link, nor over a file', async () => {
    const entry = await entryOf('k1');
    await writeFile(inside('.oci-save'), '');
    await expect(handOver(entry, workspace)).rejects.toMatchObject({ code: 'local' });
    await takeBack(FOLDER, workspace);
    expect(await readdir(workspace)).toEqual(['.oci-save']);
    await mkdir(path.join(temp.path, 'other', 'x'), { recursive: true });
    await mkdir(inside('.oci-save2'));
    await symlink(path.join(temp.path, 'other'), inside('.oci-save2', 'packs'));
    await takeBack('.oci-save2/packs/x', workspace);
    expect(await readdir(path.join(temp.path, 'other'))).toEqual(['x']);
  });

  it('does not hide what the disk refuses', async () => {
    const entry = await entryOf('k1');
    await expect(handOver(entry, path.join(temp.path, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a job without a cache service', () => {
  it('is told so by each call', async () => {
    const cache = createActionsCache({
      env: {},
      workspace,
      onSecret: () => expect.fail('there is no secret'),
      onWords: () => {},
      onWarning: () => {},
    });
    const trouble = { kind: 'unavailable', reason: 'this runner names no cache service' };
    expect([cache.unavailable, cache.readable, cache.writable]).toEqual([trouble.reason, false, false]);
    expect(await cache.save(await entryOf('k1'))).toEqual(trouble);
    expect((await read(cache)).outcome).toEqual(trouble);
    await cache.close();
  });
});
