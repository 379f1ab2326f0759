import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OUTPUTS } from '../../src/action/outputs.ts';
import { digestOfLock, parseLock } from '../../src/lock/index.ts';
import { runReportSchema } from '../../src/report/index.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { startCacheServer } from '../support/cache-server/index.ts';
import { one } from '../support/fixtures/index.ts';
import { largestBlobOf } from '../support/image.ts';
import { type PushRegistry, startPushRegistry } from '../support/push-registry.ts';
import { type ReleaseService, startReleaseService, WRITER } from '../support/release-service/index.ts';
import { isThere, namesIn } from '../support/whole-bundle.ts';
import { startWorkspace, type StepEnd, type Workspace } from './step.ts';

const app = one({ layerBytes: 3000 });
let registry: BadRegistry;
let target: PushRegistry;
let service: ReleaseService;
let workspace: Workspace;
beforeAll(async () => {
  registry = await startBadRegistry();
});
afterAll(() => registry.close());
beforeEach(async () => {
  registry.misbehave({});
  registry.put('app', app, '1');
  registry.put('other', one({ seed: 'other', layerBytes: 100 }), '1');
  target = await startPushRegistry();
  service = await startReleaseService();
  workspace = await startWorkspace();
});
afterEach(async () => {
  expect(service.violations).toEqual([]);
  await target.close();
  await service.close();
  await workspace.close();
});

const inputs = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  images: `${registry.host}/app:1`,
  platforms: 'linux/amd64',
  'insecure-registries': `${registry.host},${target.host}`,
  ...more,
});
const releasing = (): Record<string, string> => ({
  GITHUB_API_URL: service.url,
  GITHUB_REPOSITORY: 'org/site',
  GITHUB_TOKEN: WRITER,
});
const failedIn = ({ outputs }: StepEnd): unknown => JSON.parse(outputs['failed'] ?? '');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Every output is there; a step that reads a list gets JSON. */
function expectAll({ outputs }: StepEnd): void {
  expect(Object.keys(outputs)).toEqual(Object.keys(OUTPUTS));
  for (const name of ['failed', 'images', 'assets'])
    expect(JSON.parse(outputs[name] ?? '')).toBeInstanceOf(Array);
}

describe('found K9: a step that does not start', () => {
  it.each([
    ['wrong input', { archive: 'zip' }, 'usage', /^archive: 'zip' is not one of /],
    ['an unknown input', { plattform: 'all' }, 'usage', /^there is no input 'plattform'/],
    ['a list that is not there', { images: '', 'image-list': 'none.txt' }, 'list', /^none\.txt: /],
  ])('has the outcome refused, and every output: %s', async (_, more, failureClass, message) => {
    const step = await workspace.step(inputs(more));
    expectAll(step);
    expect(step.exitCode).toBe(1);
    expect(step.outputs).toMatchObject({ outcome: 'refused', path: '', report: '', 'cache-hit': 'false' });
    expect(failedIn(step)).toEqual([
      { ref: '', class: failureClass, message: expect.stringMatching(message) },
    ]);
  });

  it('names every fault of its lists with its line', async () => {
    await workspace.write('a.txt', `${registry.host}/app:1\nFoo/BAR:1\na b\n`);
    const step = await workspace.step(inputs({ images: '', 'image-list': 'a.txt' }));
    expectAll(step);
    expect(step.outputs['outcome']).toBe('refused');
    expect(failedIn(step)).toMatchObject([
      { class: 'list', message: expect.stringMatching(/^a\.txt:2: 'Foo\/BAR:1'/) },
      { class: 'list', message: expect.stringMatching(/^a\.txt:3: /) },
    ]);
  });

  it('is refused, too, where somebody’s files are at its output', async () => {
    await mkdir(workspace.file('oci-bundle'));
    await workspace.write('oci-bundle/notes.txt', 'mine');
    const step = await workspace.step(inputs());
    expectAll(step);
    expect(step.outputs['outcome']).toBe('refused');
    expect(failedIn(step)).toMatchObject([{ ref: '', class: 'machine' }]);
  });
});

describe('found K9: a step that fails', () => {
  it('has the outcome failed, what failed, and the report', async () => {
    const step = await workspace.step(inputs({ images: `${registry.host}/app:1\n${registry.host}/none:1` }));
    expectAll(step);
    expect(step.outputs).toMatchObject({
      outcome: 'failed',
      path: '',
      report: workspace.file('oci-bundle.report.json'),
    });
    expect(failedIn(step)).toMatchObject([{ ref: `${registry.host}/none:1`, class: 'not-found' }]);
  });

  it('names a release that failed among what failed, beside what was saved', async () => {
    service.misbehave({ method: 'POST', path: /assets/, times: 99, fault: { kind: 'status', status: 422 } });
    const step = await workspace.step(inputs({ release: 'v1' }), { env: releasing() });
    expectAll(step);
    expect(step.outputs).toMatchObject({ outcome: 'failed', path: workspace.file('oci-bundle'), count: '1' });
    expect(failedIn(step)).toMatchObject([
      { ref: '', message: expect.stringContaining('cannot be uploaded') },
    ]);
  });

  it('has it before anything is fetched, where its token may not write the release', async () => {
    service.set({ tokens: { [WRITER]: 'read' } });
    const step = await workspace.step(inputs({ release: 'v1' }), { env: releasing() });
    expectAll(step);
    expect(step.outputs).toMatchObject({ outcome: 'failed', path: '', report: '' });
    expect(failedIn(step)).toMatchObject([{ ref: '', class: 'denied' }]);
  });
});

describe('found K9: a step that is cancelled', () => {
  it('while it copies: no outputs of an earlier bundle, and what is whole in which store', async () => {
    registry.misbehave({
      faults: [{ path: new RegExp(largestBlobOf(app)), failure: { kind: 'stall', at: 0.5 } }],
    });
    const images = `${registry.host}/app:1\n${registry.host}/other:1`;
    const step = await workspace.step(inputs({ images }), { cancelAt: /::group::Copying[^]*other:1/ });
    expectAll(step);
    expect(step.exitCode).toBe(1);
    expect(step.outputs).toMatchObject({
      outcome: 'cancelled',
      path: '',
      lock: '',
      failed: '[]',
      images: '[]',
    });
    const store = path.join(path.dirname(workspace.file('.')), '_oci-save');
    expect(step.verdict.split('\n')).toEqual([
      'stopped; what was fetched stays in the store, and no incomplete bundle is left',
      `1 of 2 images whole in the store ${store}`,
      'Hint: Run it again: it goes on from there.',
    ]);
    expect(await namesIn(workspace.file('.'))).toEqual([]);
  });

  it('before it copies: that no image was copied', async () => {
    registry.misbehave({ faults: [{ path: /manifests/, failure: { kind: 'stall', at: 0.5 } }] });
    const step = await workspace.step(inputs(), { cancelAt: /Resolving 1 image/ });
    expect(step.outputs['outcome']).toBe('cancelled');
    expect(step.verdict).toContain('\nno image was copied yet\n');
  });

  it('while it pushes: the bundle that is whole, in words and in the outputs', async () => {
    const images = `${registry.host}/app:1\n${registry.host}/other:1`;
    const more = { images, archive: 'tar', push: `${target.host}/stopped` };
    const step = await workspace.step(inputs(more), { cancelAt: /::group::Pushing 2 images/ });
    expectAll(step);
    const [bundle, archive] = [workspace.file('oci-bundle'), workspace.file('oci-bundle.tar')];
    expect(step.outputs).toMatchObject({
      outcome: 'cancelled',
      path: bundle,
      archive,
      lock: `${bundle}/oci-save.lock.json`,
      sha256: sha256(await readFile(archive)),
      failed: '[]',
    });
    expect(step.verdict).toContain(
      `\n2 of 2 images whole in the store ${path.dirname(path.dirname(bundle))}/_oci-save\n` +
        `written, and whole: the bundle ${bundle}, the archive ${archive}, the lock ${bundle}/oci-save.lock.json\n` +
        '0 of 2 names pushed\n',
    );
  });

  it('while it releases: how many files the release has', async () => {
    service.misbehave({ method: 'POST', path: /assets/, times: 99, fault: { kind: 'silent' } });
    const step = await workspace.step(inputs({ release: 'v1' }), {
      cancelAt: /::group::Releasing/,
      env: releasing(),
    });
    expect(step.outputs).toMatchObject({ outcome: 'cancelled', path: workspace.file('oci-bundle') });
    expect(step.verdict).toMatch(/\n0 of \d files in release v1\n/);
  });

  it('in a dry run, which has made nothing: only that it was', async () => {
    registry.misbehave({ faults: [{ path: /manifests/, failure: { kind: 'stall', at: 0.5 } }] });
    const step = await workspace.step(inputs({ 'dry-run': 'true' }), { cancelAt: /Resolving 1 image/ });
    expect(step.outputs['outcome']).toBe('cancelled');
    expect(step.verdict).not.toContain('\nno image');
  });
});

describe('found K9: a cancelled step that is not waited for', () => {
  const FORCED = '::error::ended without waiting any longer; the next run removes what is left\n';

  it.each([
    ['at the second signal', 'SIGTERM'],
    ['when the time for an orderly end is over', 'time'],
  ] as const)('has the outcome cancelled, and every output, before it ends: %s', async (_, force) => {
    registry.misbehave({
      faults: [{ path: new RegExp(largestBlobOf(app)), failure: { kind: 'stall', at: 0.5 } }],
    });
    const { forced } = await workspace.step(inputs(), { cancelAt: /::group::Copying/, force });
    expect(forced?.signal).toBe(force === 'time' ? 'SIGINT' : force);
    expect(forced?.raw.endsWith(FORCED)).toBe(true);
    expect(Object.keys(forced?.outputs ?? {})).toEqual(Object.keys(OUTPUTS));
    expect(forced?.outputs).toMatchObject({ outcome: 'cancelled', failed: '[]', path: '', report: '' });
  });

  it('keeps the outputs of its result where only the cache was waited for', async () => {
    await using cache = await startCacheServer();
    cache.misbehave([{ on: 'upload', fault: { holdAfter: 0 } }]);
    const { forced } = await workspace.step(inputs({ cache: 'actions' }), {
      env: { ...cache.env('v2'), GITHUB_REPOSITORY: 'org/site' },
      cancelAt: /^Saving to the cache/m,
      force: 'SIGTERM',
    });
    cache.release();
    expect(forced?.raw.endsWith(FORCED)).toBe(true);
    expect(forced?.outputs).toMatchObject({
      outcome: 'saved',
      path: workspace.file('oci-bundle'),
      count: '1',
    });
  });
});

describe('found K11: a step without a folder', () => {
  const mirror = (more: Readonly<Record<string, string>> = {}): Record<string, string> =>
    inputs({ output: 'none', push: `${target.host}/mirror`, ...more });

  it('that pushes has the lock as a file, and has fetched what it says', async () => {
    const step = await workspace.step(mirror());
    expectAll(step);
    const file = workspace.file('oci-bundle.run.lock.json');
    expect(step.outputs).toMatchObject({ outcome: 'saved', path: '', lock: file, 'cache-hit': 'false' });
    const lock = parseLock(await readFile(file), file);
    expect(lock.images.map(({ digest }) => digest)).toEqual([app.top]);
    expect(step.outputs['digest']).toBe(digestOfLock(lock));
    expect(step.outputs['files']?.split('\n')).toEqual([file, workspace.file('oci-bundle.report.json')]);
  });

  it('that finds all at its target is unchanged; no lock is read for that', async () => {
    await workspace.step(mirror());
    const step = await workspace.step(mirror());
    expectAll(step);
    expect(step.outputs).toMatchObject({
      outcome: 'unchanged',
      lock: '',
      failed: '[]',
      count: '1',
      'cache-hit': 'true',
    });
    expect(JSON.parse(step.outputs['images'] ?? '')).toMatchObject([{ digest: app.top }]);
  });

  it('that releases has it, too, and again when the release is unchanged', async () => {
    const more = { output: 'none', release: 'v1' };
    const first = await workspace.step(inputs(more), { env: releasing() });
    const file = workspace.file('oci-bundle-v1.run.lock.json');
    expect(first.outputs).toMatchObject({ outcome: 'saved', lock: file });
    const bytes = await readFile(file, 'utf8');
    await writeFile(file, bytes.replace(/\n$/, ''));
    const second = await workspace.step(inputs(more), { env: releasing() });
    expect(second.outputs).toMatchObject({
      outcome: 'unchanged',
      lock: file,
      digest: first.outputs['digest'],
    });
    expect(await readFile(file, 'utf8')).toBe(bytes);
  });

  it('that fails at its target has it: what was to be there', async () => {
    target.misbehave({ readOnly: true });
    const step = await workspace.step(mirror({ push: `${target.host}/closed` }));
    expect(step.outputs).toMatchObject({
      outcome: 'failed',
      lock: workspace.file('oci-bundle.run.lock.json'),
    });
  });

  it('leaves the lock of an archive alone, and one that somebody keeps', async () => {
    await workspace.step(inputs({ output: 'none', archive: 'tar', images: `${registry.host}/other:1` }));
    const kept = await readFile(workspace.file('oci-bundle.lock.json'));
    await workspace.write('mine.lock.json', kept.toString('utf8'));
    for (const name of ['', 'mine']) {
      const step = await workspace.step(mirror({ 'archive-name': name, push: `${target.host}/x${name}` }));
      const base = name || 'oci-bundle';
      expect(step.outputs['lock']).toBe(workspace.file(`${base}.run.lock.json`));
      expect(await readFile(workspace.file(`${base}.lock.json`))).toEqual(kept);
    }
  });

  it('never writes over somebody’s file: it is refused before it asks anybody', async () => {
    await workspace.write('oci-bundle.run.lock.json', '{"mine": true}\n');
    registry.clear();
    const step = await workspace.step(mirror());
    expect(step.outputs['outcome']).toBe('refused');
    expect(step.verdict).toContain('oci-bundle.run.lock.json');
    expect(registry.requests()).toEqual([]);
    expect(await readFile(workspace.file('oci-bundle.run.lock.json'), 'utf8')).toBe('{"mine": true}\n');
  });

  it('writes no lock in a dry run', async () => {
    const step = await workspace.step(mirror({ 'dry-run': 'true', push: `${target.host}/dry` }));
    expect(step.outputs).toMatchObject({ outcome: 'saved', lock: '', report: '', files: '' });
    expect(await namesIn(workspace.file('.'))).toEqual([]);
  });
});

describe('a step that finds its bundle as it would save it', () => {
  it('is unchanged, and tells where it is', async () => {
    const first = await workspace.step(inputs());
    const second = await workspace.step(inputs());
    expect([first.outputs['outcome'], second.outputs['outcome']]).toEqual(['saved', 'unchanged']);
    const same = ['path', 'digest', 'lock', 'files', 'images'];
    expect(same.map((name) => second.outputs[name])).toEqual(same.map((name) => first.outputs[name]));
  });
});

describe('found K9: a step that sends nothing and publishes the whole draft of an earlier one', () => {
  it('has the outcome saved, and says that it published it; the next one is unchanged', async () => {
    service.misbehave({
      method: 'PATCH',
      path: /releases/,
      times: 99,
      fault: { kind: 'status', status: 403 },
    });
    const first = await workspace.step(inputs({ release: 'v1' }), { env: releasing() });
    expect([first.outputs['outcome'], service.releases.map(({ draft }) => draft)]).toEqual([
      'failed',
      [true],
    ]);
    service.misbehave();
    service.clear();
    const second = await workspace.step(inputs({ release: 'v1' }), { env: releasing() });
    expect([second.outputs['outcome'], service.releases.map(({ draft }) => draft)]).toEqual([
      'saved',
      [false],
    ]);
    expect(service.calls('POST').filter(({ host }) => host === 'uploads')).toEqual([]);
    expect(second.raw).toContain('v1 of org/site, published: 5 files, ');
    const third = await workspace.step(inputs({ release: 'v1' }), { env: releasing() });
    expect(third.raw).not.toContain('published:');
    expect(third.outputs['outcome']).toBe('unchanged');
    const assets = (service.releases[0]?.assets ?? []).map(({ name, sha256: hex }) =>
      expect.objectContaining({ name, digest: `sha256:${hex}`, status: 'there' }),
    );
    expect(JSON.parse(third.outputs['assets'] ?? '')).toEqual(expect.arrayContaining(assets));
  });
});

describe('found K13: the outputs of a step that saved', () => {
  it('have the images with their digests, the sha256 of the archive, and all that travels', async () => {
    const step = await workspace.step(inputs({ archive: 'tar' }));
    expectAll(step);
    expect(step.outputs).toMatchObject({
      outcome: 'saved',
      sha256: sha256(await readFile(workspace.file('oci-bundle.tar'))),
    });
    expect(JSON.parse(step.outputs['images'] ?? '')).toEqual([
      { ref: `${registry.host}/app:1`, digest: app.top, platforms: ['linux/amd64'] },
    ]);
    const names = ['tar', 'sha256', 'lock.json', 'report.json'];
    expect(step.outputs['files']?.split('\n')).toEqual(
      names.map((name) => workspace.file(`oci-bundle.${name}`)),
    );
    for (const file of step.outputs['files']?.split('\n') ?? [])
      expect([file, await isThere(file)]).toEqual([file, true]);
  });

  it('have the sha256 of all parts together, and every file beside them', async () => {
    const step = await workspace.step(
      inputs({ archive: 'tar', 'split-size': '20KiB', 'archive-name': 'out.v1' }),
    );
    const parts = step.outputs['archive']?.split('\n') ?? [];
    expect(parts.length).toBeGreaterThan(1);
    expect(step.outputs['sha256']).toBe(
      sha256(Buffer.concat(await Promise.all(parts.map((part) => readFile(part))))),
    );
    const files = step.outputs['files']?.split('\n') ?? [];
    expect(files.slice(parts.length).map((file) => path.basename(file))).toEqual([
      'out.v1.parts.json',
      'out.v1.join.sh',
      'out.v1.join.ps1',
      'out.v1.sha256',
      'out.v1.lock.json',
      'oci-bundle.report.json',
    ]);
    for (const file of files) expect([file, await isThere(file)]).toEqual([file, true]);
  });

  it('have the folder where there is no archive, and a lock beside it', async () => {
    const both = await workspace.step(inputs());
    const files = (name: string): string[] => [workspace.file(name), workspace.file(`${name}.report.json`)];
    expect(both.outputs['files']?.split('\n')).toEqual(files('oci-bundle'));
    const view = await workspace.step(inputs({ layout: 'zot', output: 'view' }));
    expect(view.outputs['files']?.split('\n')).toEqual(
      files('view').toSpliced(1, 0, workspace.file('view.lock.json')),
    );
    expect(view.outputs['sha256']).toBe('');
  });

  it('have the number of the release and of its files, and where these are downloaded', async () => {
    const step = await workspace.step(inputs({ release: 'v1' }), { env: releasing() });
    expectAll(step);
    const [release] = service.releases;
    expect(step.outputs['release-id']).toBe(String(release?.id));
    const assets: unknown = JSON.parse(step.outputs['assets'] ?? '');
    expect(assets).toEqual(
      expect.arrayContaining(
        (release?.assets ?? []).map(({ id, name, size }) =>
          expect.objectContaining({ id, name, size, status: 'sent' }),
        ),
      ),
    );
    const tar = release?.assets.find(({ name }) => name.endsWith('.tar'));
    expect(step.outputs['sha256']).toBe(tar?.sha256);
    expect(assets).toContainEqual({
      name: 'oci-bundle-v1.tar',
      size: tar?.size,
      digest: `sha256:${tar?.sha256}`,
      status: 'sent',
      id: tar?.id,
      url: `${service.url}/org/site/releases/download/v1/oci-bundle-v1.tar`,
    });
  });

  it('have them, too, when the release was there already, and when it was in parts', async () => {
    const more = { release: 'v1', 'split-size': '20KiB', output: 'none' };
    const [first, second] = [
      await workspace.step(inputs(more), { env: releasing() }),
      await workspace.step(inputs(more), { env: releasing() }),
    ];
    expect([first.outputs['outcome'], second.outputs['outcome']]).toEqual(['saved', 'unchanged']);
    const parts = (service.releases[0]?.assets ?? [])
      .filter(({ name }) => /\.tar\.\d+$/.test(name))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const bytes = Buffer.concat(parts.flatMap((part) => (part.bytes === undefined ? [] : [part.bytes])));
    for (const { outputs } of [first, second]) {
      expect(outputs).toMatchObject({ 'release-id': String(service.releases[0]?.id), sha256: sha256(bytes) });
      expect(JSON.parse(outputs['assets'] ?? '')).toHaveLength(service.releases[0]?.assets.length ?? 0);
    }
  });

  it('do not say of an archive that is not the release’s that it is', async () => {
    await workspace.step(inputs({ release: 'v1' }), { env: releasing() });
    const more = { release: 'v1', images: `${registry.host}/other:1`, 'release-policy': 'keep' };
    const step = await workspace.step(inputs(more), { env: releasing() });
    expect(step.outputs['outcome']).toBe('saved');
    expect(step.outputs['sha256']).toBe('');
  });

  it('have what a report says that later versions read as before', async () => {
    const step = await workspace.step(inputs({ release: 'v1' }), { env: releasing() });
    const report: unknown = JSON.parse(await readFile(step.outputs['report'] ?? '', 'utf8'));
    expect(runReportSchema.parse(report).release).toMatchObject({ tag: 'v1', id: service.releases[0]?.id });
  });
});
