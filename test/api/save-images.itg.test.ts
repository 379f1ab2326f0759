import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FailedSaveError,
  lockImages,
  openStore,
  parseLock,
  planTree,
  readManifests,
  type SaveEvent,
  saveImages,
  type SaveImagesOptions,
} from '../../src/api.ts';
import { d2, idx, one, shared1, shared2 } from '../support/fixtures/index.ts';
import { failureOf } from '../support/failure.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { filesOf, isThere, namesIn } from '../support/whole-bundle.ts';

const IMAGES = { 'library/busybox:1': one(), 'acme/legacy:1': d2(), 'acme/web:2': idx() };
const SHARING = { 'acme/a:1': shared1(), 'acme/b:1': shared2() };

let registry: DockerRegistry;
let work: Workplace;
beforeAll(async () => {
  registry = await startDockerRegistry();
  work = await workplace();
  for (const [name, image] of Object.entries({ ...IMAGES, ...SHARING })) {
    const [repository = '', tag] = name.split(':');
    await pushImage(registry.target, repository, image, tag);
  }
});
afterAll(async () => {
  await work.close();
  await registry.close();
});

/** As Docker Hub's, so that `library/` is there to be stripped. */
const entries = (names: readonly string[]): string[] =>
  names.map((name) => `${registry.host}/${name} => docker.io/${name}`);

/** A home and a store of one's own, and the registry by plain HTTP. */
const options = (more: SaveImagesOptions = {}): SaveImagesOptions => ({
  env: { ...work.env, PATH: process.env['PATH'] },
  insecureRegistries: [registry.host],
  ...more,
});

describe('saveImages', () => {
  it('makes the tree that the command makes, and the same lock', async () => {
    const names = Object.keys(IMAGES);
    const events: SaveEvent[] = [];
    const given = options({ onEvent: (event) => events.push(event) });
    const { report, lock } = await saveImages(entries(names), work.file('by-api'), 'all', given);
    const tree = ['-o', 'by-command', '-p', 'all', '--layout', 'zot', '--naming', 'strip-library'];
    const run = ['--cache-dir', 'another-store', '--insecure-registries', registry.host];
    await work.succeed('save', ...entries(names), ...tree, ...run);
    expect(await outputOf('diff', ['-r', work.file('by-api'), work.file('by-command')])).toBe('');
    expect([...(await filesOf(work.file('by-api'))).keys()]).toContain('busybox/index.json');
    const lockFile = await readFile(work.file('by-api.lock.json'));
    expect(lockFile).toEqual(await readFile(work.file('by-command.lock.json')));
    expect(parseLock(lockFile, 'it')).toEqual(lock);
    expect(JSON.parse(await readFile(work.file('by-api.report.json'), 'utf8'))).toEqual(report);
    expect(report.images.map(({ copier }) => copier)).toContain('both');
    expect(events.flatMap((event) => (event.type === 'stage' ? [event.stage] : []))).toEqual([
      'resolve',
      'copy',
      'bundle',
    ]);
  });

  it('runs twice at once into two folders over one store', async () => {
    const given = options({ cacheDir: work.file('shared-store') });
    const [first, second] = await Promise.all([
      saveImages(entries(Object.keys(SHARING)), work.file('at-once-1'), 'all', given),
      saveImages(entries(['acme/b:1', 'acme/web:2']), work.file('at-once-2'), 'all', given),
    ]);
    await saveImages(entries(Object.keys(SHARING)), work.file('alone'), 'all', options());
    expect(await outputOf('diff', ['-r', work.file('at-once-1'), work.file('alone')])).toBe('');
    expect(first.lock.images).toHaveLength(2);
    const web = second.lock.images.find(({ ref }) => ref.endsWith('/acme/web:2'));
    expect(web?.digest).toBe(IMAGES['acme/web:2'].top);
    expect(await namesIn(work.file('shared-store/runs'))).toEqual([]);
  });

  it('refuses two runs on one folder, and the first one is whole', async () => {
    const runs = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        saveImages(entries(['acme/a:1']), work.file('contested'), 'all', options()),
      ),
    );
    const refused = runs.flatMap((run) => (run.status === 'rejected' ? [run.reason] : []));
    expect(refused).toHaveLength(7);
    for (const error of refused) expect(error).toMatchObject({ code: 'machine' });
    expect([...(await filesOf(work.file('contested'))).keys()]).toContain('acme/a/index.json');
  });

  it('rejects where an image failed, with the report and what is whole', async () => {
    const names = ['acme/web:2', 'acme/absent:1'];
    const attempt = saveImages(entries(names), work.file('failed'), 'all', options());
    const error = await failureOf(attempt);
    if (!(error instanceof FailedSaveError)) throw error;
    expect(error.code).toBe('not-found');
    expect(error.message).toMatch(/^1 of 2 images could not be saved\n.*\/acme\/absent:1: /);
    expect(error.report).toMatchObject({ outcome: 'failed', failed: [{ class: 'not-found' }] });
    expect(error.lock.images.map(({ digest }) => digest)).toEqual([IMAGES['acme/web:2'].top]);
    expect(await isThere(work.file('failed'))).toBe(false);
    const warned = options({ onError: 'warn' });
    const { report } = await saveImages(entries(names), work.file('warned'), 'all', warned);
    expect(report).toMatchObject({ outcome: 'warned', failed: [{ class: 'not-found' }] });
  });

  it('rejects with what kept the folder from being written, and the report of whole images', async () => {
    const dir = work.file('unwritten');
    const archived = options({
      archive: 'tar',
      onEvent: (event) =>
        event.type === 'plan' && mkdirSync(work.file('unwritten.tar/in-the-way'), { recursive: true }),
    });
    const error = await failureOf(saveImages(entries(['acme/web:2']), dir, 'all', archived));
    if (!(error instanceof FailedSaveError)) throw error;
    expect(error).toMatchObject({ code: 'local', hint: expect.stringContaining('--archive-name') });
    expect(error.message).toMatch(
      /^others wrote at the output since this run began; it is left as it is: [^\n]*unwritten\.tar is a folder$/,
    );
    expect(error.report).toMatchObject({ failed: [], error: { class: 'local' } });
    // Folder and archive appear together, or neither does.
    expect([error.report.bundle, error.report.archive]).toEqual([undefined, undefined]);
    expect(await isThere(dir)).toBe(false);
  });

  it('ends with `interrupted` when its signal is aborted, before and in the midst, and leaves nothing', async () => {
    const before = options({ signal: AbortSignal.abort('no need') });
    const error = await failureOf(saveImages(entries(['acme/a:1']), work.file('aborted'), 'all', before));
    expect(error).toMatchObject({ code: 'interrupted', cause: 'no need' });
    const controller = new AbortController();
    const midst = options({
      signal: controller.signal,
      cacheDir: work.file('aborted-store'),
      onEvent: (event) => event.type === 'plan' && controller.abort(),
    });
    const later = await failureOf(saveImages(entries(['acme/a:1']), work.file('aborted'), 'all', midst));
    expect(later).toMatchObject({ code: 'interrupted' });
    expect(await isThere(work.file('aborted'))).toBe(false);
    expect(await namesIn(work.file('aborted-store/runs'))).toEqual([]);
  });

  it.each(['resolve', 'copy', 'bundle'])('ends when onEvent throws at %s', async (stage) => {
    const cause = new RangeError('a mistake of the caller');
    const given = options({
      onEvent: (event) => {
        if (event.type === 'stage' && event.stage === stage) throw cause;
      },
    });
    const error = await failureOf(saveImages(entries(['acme/a:1']), work.file('thrown'), 'all', given));
    expect(error).toMatchObject({ code: 'local', cause });
    expect(await isThere(work.file('thrown'))).toBe(false);
  });

  it('takes lists beside its images, and no folder’s name as a word', async () => {
    const [a = '', b = ''] = entries(Object.keys(SHARING));
    const list = work.file('more.txt');
    await writeFile(list, `${b}\n`);
    const { lock, report } = await saveImages([a], work.file('none'), 'all', options({ imageList: list }));
    expect(lock.images).toHaveLength(2);
    expect(report.bundle?.path).toBe(work.file('none'));
  });
});

describe('the stages', () => {
  it('lockImages gives the lock that saveImages makes, and copies no layer', async () => {
    const store = work.file('lock-store');
    const given = options({ cacheDir: store });
    const { lock } = await lockImages(entries(['acme/a:1']), 'all', given);
    const saved = await saveImages(entries(['acme/a:1']), work.file('locked'), 'all', options());
    expect(lock).toEqual(saved.lock);
    const [layer = ''] = lock.images[0]?.leaves[0]?.layers ?? [];
    expect(await isThere(path.join(store, 'blobs/sha256', layer.slice('sha256:'.length)))).toBe(false);
  });

  it('planTree names every file of the folder from lock and manifests alone', async () => {
    const { lock } = await saveImages(entries(['acme/web:2']), work.file('planned'), 'all', options());
    const store = await openStore(path.join(work.env['XDG_CACHE_HOME'] ?? '', 'oci-save'));
    try {
      const tree = planTree(lock, await readManifests(lock, store), ['zot'], () => '');
      const files = await filesOf(work.file('planned'));
      expect(tree.map((file) => file.path).toSorted()).toEqual([...files.keys()].toSorted());
    } finally {
      await store.close();
    }
  });
});
