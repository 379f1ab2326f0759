import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { SaveResult } from '../../../src/commands/save/run.ts';
import { save } from '../../../src/commands/save/save.ts';
import { encodeLock } from '../../../src/lock/index.ts';
import { asInput, parseOptions } from '../../../src/options/index.ts';
import { renderJobSummary, renderSummary } from '../../../src/view/index.ts';
import { type BadRegistry, type Fault, startBadRegistry } from '../../support/bad-registry.ts';
import { ARM64, one, writeOciLayout } from '../../support/fixtures/index.ts';
import { largestBlobOf } from '../../support/image.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const USER = { username: 'puller', password: 'correct horse battery staple' };
const SCREEN = { width: 200, color: false };
const image = one({ layerBytes: 100 });
const other = one({ seed: 'other', layerBytes: 100 });

let registry: BadRegistry;
let temp: TempFolder;
let runs = 0;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'one:1': image, 'other:1': other, 'denied:1': image } });
  temp = await tempFolder('field');
  // A run without an output has its results where it runs.
  vi.spyOn(process, 'cwd').mockReturnValue(temp.path);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await registry.close();
  await temp.close();
});

/** Saves the lines of a list (`@/` is the registry) in a folder of its own, or in that of an earlier run. */
async function run(
  lines: readonly string[],
  given: Readonly<Record<string, unknown>> = {},
  folder = `run${(runs += 1)}`,
): Promise<SaveResult & { readonly folder: string; readonly said: readonly string[] }> {
  const place = path.join(temp.path, folder);
  const list = path.join(temp.path, `${folder}.txt`);
  await writeFile(list, lines.map((line) => line.replace('@/', `${registry.host}/`)).join('\n'));
  const options = parseOptions({
    imageList: list,
    platforms: 'linux/amd64',
    output: path.join(place, 'bundle'),
    cacheDir: path.join(place, 'store'),
    copier: 'direct',
    retries: 0,
    insecureRegistries: [registry.host],
    ...given,
  });
  const said: string[] = [];
  const result = await save(options, {
    env: {},
    credentials: { find: async () => USER },
    emit: (event) => {
      if (event.type === 'log' && event.level === 'error') said.push(event.message);
    },
  });
  return { ...result, folder, said };
}

const refusing = (path: RegExp, status: number): Fault => ({ path, failure: { kind: 'status', status } });

it('case A3: an unchanged list costs one HEAD an image, with credentials, and no GET', async () => {
  registry.misbehave({ auth: { scheme: 'bearer', users: [USER], anonymous: true } });
  const { folder } = await run(['@/one:1', '@/other:1']);
  registry.clear();
  const { report } = await run(['@/one:1', '@/other:1'], {}, folder);
  expect(report.outcome).toBe('done');
  const asked = registry.requests({ kind: 'manifest' }).filter(({ status }) => status !== 401);
  // Who asks for its token without a login is counted with all others of its address.
  for (const { authorization } of registry.requests({ kind: 'token' })) expect(authorization).toBe(true);
  expect(asked.map(({ method, authorization }) => [method, authorization])).toEqual([
    ['HEAD', true],
    ['HEAD', true],
  ]);
  expect(registry.requests({ kind: 'blob' })).toEqual([]);
});

it('case A7: of five images three fail, each in its class, and under warn two are saved', async () => {
  registry.misbehave({ faults: [refusing(/\/denied\//, 401)] });
  const list = ['@/one:1', '@/gone:1', '@/denied:1', '127.0.0.1:9/closed:1', '@/other:1'];
  const { report } = await run(list, { onError: 'warn', insecureRegistries: [registry.host, '127.0.0.1:9'] });
  expect(report.outcome).toBe('warned');
  expect(report.images.map(({ ref }) => ref)).toEqual([`${registry.host}/one:1`, `${registry.host}/other:1`]);
  expect(report.failed.map((failure) => [failure.class, failure.origins[0]?.line])).toEqual([
    ['not-found', 2],
    ['denied', 3],
    ['network', 4],
  ]);
});

it('case A8: a dry run names a tag that is not there, and fetches no blob for an index', async () => {
  registry.misbehave({});
  registry.clear();
  const { report } = await run(['@/gone:1'], { dryRun: true });
  expect(report).toMatchObject({ outcome: 'failed', failed: [{ ref: `${registry.host}/gone:1` }] });
  expect(registry.requests({ kind: 'blob' })).toEqual([]);
});

it.each([
  ['the bundle', {}, 'bundle/oci-save.lock.json'],
  ['an archive', { output: 'none', archive: 'tar' }, '.lock.json'],
])('case B13, found J B13: of a tag that is gone, the digest is told that %s has', async (_, given, file) => {
  registry.misbehave({});
  const { folder } = await run(['@/one:1', '@/other:1'], given);
  registry.misbehave({ faults: [refusing(/\/manifests\/1$/, 404)] });
  const { report } = await run(['@/one:1', '@/other:1', '@/never:1'], given, folder);
  expect(report.failed.map(({ class: code, hint }) => [code, hint])).toEqual([
    [
      'not-found',
      expect.stringMatching(new RegExp(`${file} has it as ${image.top}: write .*/one:1@${image.top}`)),
    ],
    ['not-found', expect.stringContaining(`/other:1@${other.top}`)],
    ['not-found', expect.not.stringContaining('has it as')],
  ]);
  // What it says works, also without the registry.
  registry.misbehave({ faults: [refusing(/./, 503)] });
  const again = await run([`@/one:1@${image.top}`], given, folder);
  expect(again.report).toMatchObject({ outcome: 'done', failed: [] });
});

it('found J B13: of an image that is there without a wanted platform the remedy is told, and no earlier digest', async () => {
  registry.misbehave({});
  const { folder } = await run(['@/one:1'], { platforms: 'linux/amd64' });
  const { report } = await run(['@/one:1'], { platforms: 'linux/amd64,linux/arm64' }, folder);
  expect(report.failed).toMatchObject([
    { class: 'not-found', message: expect.stringContaining('it has no linux/arm64') },
  ]);
  const hint = report.failed[0]?.hint;
  expect(hint).toContain('--on-missing-platform warn');
  expect(hint).not.toContain('has it as');
});

it('found J B13: a digest that a local source has is told for no image of a registry', async () => {
  registry.misbehave({});
  const ref = `${registry.host}/gone:1`;
  const layout = path.join(temp.path, 'layout');
  await writeOciLayout(layout, [{ image, name: ref }]);
  const { folder, report: local } = await run([`oci:${layout}`]);
  expect(local.images.map((saved) => [saved.ref, saved.digest])).toEqual([[ref, image.top]]);
  const { report } = await run(['@/gone:1'], {}, folder);
  expect(report.failed).toMatchObject([
    { ref, class: 'not-found', hint: expect.not.stringContaining('has it as') },
  ]);
});

it('case C9: a tag that moved to another architecture is an error that names both, and the earlier bundle stays', async () => {
  registry.misbehave({});
  registry.put('moved', one({ seed: 'amd64', layerBytes: 100 }), '1');
  const { folder, lock } = await run(['@/moved:1']);
  registry.put('moved', one({ seed: 'arm64', platform: ARM64, layerBytes: 100 }), '1');
  const { report } = await run(['@/moved:1'], {}, folder);
  expect(report.failed.map(({ message }) => message)).toEqual(['it has no linux/amd64; it has linux/arm64']);
  const kept = await readFile(path.join(temp.path, folder, 'bundle', 'oci-save.lock.json'), 'utf8');
  expect(JSON.parse(kept)).toEqual(JSON.parse(new TextDecoder().decode(encodeLock(lock))));
});

it('N10: the pulls that a registry still gives are in the report and in both summaries', async () => {
  registry.misbehave({
    headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
  });
  const { report } = await run(['@/one:1']);
  expect(report.quotas).toEqual([{ host: registry.host, remaining: 76, limit: 100, seconds: 21_600 }]);
  const words = `${registry.host}: 76 of 100 pulls left, counted over 6 h 00 min`;
  expect(renderSummary(report, SCREEN)).toContain(`Quota    ${words}`);
  expect(
    renderJobSummary(report, { reportFile: 'report.json', folder: temp.path, spelling: asInput }),
  ).toContain(`### Pull quotas\n\n- ${words}`);
  registry.misbehave({});
  expect((await run(['@/one:1'])).report.quotas).toBeUndefined();
});

it('case A1: a used-up quota is told once while it is found, and once at the end with all its images', async () => {
  const headers = { 'retry-after': '21600' };
  const failure = { kind: 'status', status: 429, headers } as const;
  registry.misbehave({ faults: [{ method: 'GET', path: /\/manifests\//, failure }] });
  registry.clear();
  const { report, said } = await run(['@/one:1', '@/other:1', '@/denied:1']);
  expect(said).toHaveLength(1);
  expect(registry.requests({ method: 'GET', kind: 'manifest' })).toHaveLength(1);
  const text = renderSummary(report, SCREEN);
  expect(text.match(/a quota is used up/g)).toHaveLength(1);
  for (const name of ['one:1', 'other:1', 'denied:1']) expect(text).toContain(name);
});

it.each(['fail', 'warn'])(
  'case I4: of three images one lacks a blob, and on-error is %s',
  async (onError) => {
    const broken = one({ seed: `broken ${onError}`, layerBytes: 100 });
    registry.put('broken', broken, '1');
    registry.misbehave({ faults: [refusing(new RegExp(largestBlobOf(broken)), 404)] });
    const archiveName = `i4-${onError}`;
    const { report, lock } = await run(['@/one:1', '@/broken:1', '@/other:1'], {
      onError,
      archive: 'tar',
      archiveName,
    });
    expect(report.failed.map(({ ref }) => ref)).toEqual([`${registry.host}/broken:1`]);
    expect(report.archive === undefined).toBe(onError === 'fail');
    const kept = Object.keys(lock.blobs);
    for (const digest of broken.blobs.keys()) expect(kept).not.toContain(digest);
    expect(report.images).toHaveLength(2);
  },
);
