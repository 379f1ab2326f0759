import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Happened, warningAnnotations } from '../../../src/action/annotations.ts';
import type { SaveResult } from '../../../src/commands/save/run.ts';
import { save } from '../../../src/commands/save/save.ts';
import { encodeLock } from '../../../src/lock/index.ts';
import { asInput, parseOptions } from '../../../src/options/index.ts';
import { runReportSchema } from '../../../src/report/index.ts';
import { byText } from '../../../src/text/by-text.ts';
import { renderBundlePage, renderJobSummary, renderSummary } from '../../../src/view/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { AMD64, ARM64, ARM_V7, buildIndex, chart, idx, one } from '../../support/fixtures/index.ts';
import { runMain } from '../../support/main.ts';
import { type PushRegistry, startPushRegistry } from '../../support/push-registry.ts';
import { type ReleaseService, startReleaseService, WRITER } from '../../support/release-service/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { pushBundleTo } from '../push-to.ts';

const small = { layerBytes: 100 };
const amd64 = one({ ...small, seed: 'amd64' });
const sparse = buildIndex([
  { image: one({ ...small, seed: 'sparse' }), platform: AMD64 },
  { image: one({ ...small, seed: 'sparse-arm', platform: ARM_V7 }), platform: ARM_V7 },
]);

let source: BadRegistry;
let target: PushRegistry;
let service: ReleaseService;
let temp: TempFolder;
beforeAll(async () => {
  source = await startBadRegistry({
    images: { 'both:1': idx(small), 'index:1': sparse, 'single:1': amd64, 'chart:1': chart() },
  });
  target = await startPushRegistry();
  service = await startReleaseService();
  temp = await tempFolder('missing');
  // A run without an output has its report where it runs.
  vi.spyOn(process, 'cwd').mockReturnValue(temp.path);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await source.close();
  await target.close();
  await service.close();
  await temp.close();
});

interface Ran extends SaveResult {
  /** The warnings of the log, in the order of their images. */
  readonly warnings: readonly Happened[];
}

/** Saves the lines of a list for linux/amd64 and linux/arm64; the output is `name` below the folder of these tests. */
async function run(
  name: string,
  lines: readonly string[],
  given: Readonly<Record<string, unknown>> = {},
): Promise<Ran> {
  const list = path.join(temp.path, `${name}.txt`);
  await writeFile(list, lines.map((line) => line.replace('@/', `${source.host}/`)).join('\n'));
  const options = parseOptions({
    imageList: list,
    platforms: 'linux/amd64,linux/arm64',
    onMissingPlatform: 'warn',
    output: path.join(temp.path, name),
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    retries: 0,
    insecureRegistries: [source.host, target.host],
    ...given,
  });
  const warnings: Happened[] = [];
  const env = { GITHUB_API_URL: service.url, GITHUB_REPOSITORY: 'org/site', GH_TOKEN: WRITER };
  const result = await save(options, {
    env,
    emit: (event) => {
      if (event.type === 'log' && event.level === 'warning') warnings.push(event);
    },
  });
  // Images are resolved at once, in any order.
  return { ...result, warnings: warnings.toSorted((a, b) => byText(a.image ?? '', b.image ?? '')) };
}

const LIST = ['@/both:1', '@/index:1', '@/single:1', '@/chart:1'];
const SAID = 'it has no linux/arm64; it is saved for linux/amd64';
const missingIn = ({ report }: Ran): unknown[] =>
  report.images.map(({ ref, platforms, missingPlatforms }) => [
    ref.replace(/.*\//, ''),
    platforms,
    missingPlatforms,
  ]);
const TAKEN = [
  ['both:1', ['linux/amd64', 'linux/arm64'], undefined],
  ['index:1', ['linux/amd64'], ['linux/arm64']],
  ['single:1', ['linux/amd64'], ['linux/arm64']],
  ['chart:1', [], undefined],
];

describe('found D6: a list of which some images lack one of two platforms', () => {
  it('is saved under warn with what there is, and each such image is said everywhere', async () => {
    const ran = await run('mixed', LIST);
    const { report, lock, warnings } = ran;
    expect(report).toMatchObject({ outcome: 'done', failed: [], warnings: [] });
    expect(missingIn(ran)).toEqual(TAKEN);
    // Read from the lock, whose images are sorted.
    const locked = Object.fromEntries(lock.images.map((image) => [image.ref, image]));
    expect(locked[`${source.host}/index:1`]).toMatchObject({
      digest: sparse.top,
      platforms: ['linux/amd64'],
      leaves: [{ platform: 'linux/amd64' }],
    });
    expect(locked[`${source.host}/single:1`]).toMatchObject({ digest: amd64.top, root: amd64.top });

    const lines = [
      [`${source.host}/index:1`, 2],
      [`${source.host}/single:1`, 3],
    ] as const;
    const list = path.join(temp.path, 'mixed.txt');
    expect(warnings).toMatchObject(
      lines.map(([image, line]) => ({ image, origins: [{ file: list, line }], message: SAID })),
    );
    const terminal = renderSummary(report, { color: false });
    const job = renderJobSummary(report, { reportFile: 'r', folder: temp.path, spelling: asInput });
    const note = `${lines.map(([ref, line]) => `${list}:${line}: ${ref}`).join(', ')}: ${SAID}`;
    expect(terminal.replaceAll(/\s+/g, ' ')).toContain(note);
    expect(job).toContain(note);
    expect(terminal.match(/cached, no linux\/arm64\b|fetched, no linux\/arm64\b/g)).toHaveLength(2);
    const page = renderBundlePage(lock);
    expect(page.match(/linux\/arm64 <span class="soft">\(other images here have it\)<\/span>/g)).toHaveLength(
      2,
    );

    const annotations = warningAnnotations(report, warnings, () => 'images.txt');
    const [first, second] = lines.map(([ref, line]) => `${list}:${line}: ${ref}`);
    expect(annotations).toEqual([
      { file: 'images.txt', line: 2, message: `${first}: ${SAID}\nThe same for 1 image:\n${second}` },
    ]);
  });

  it('fails under fail as ever, and the hint names the way', async () => {
    const { report } = await run('failing', LIST, { onMissingPlatform: 'fail', onError: 'warn' });
    const [index] = report.failed;
    expect(report.failed.map(({ ref }) => ref.replace(/.*\//, ''))).toEqual(['index:1', 'single:1']);
    expect(index?.message).toBe('it has no linux/arm64; it has linux/amd64, linux/arm/v7');
    expect(index?.hint).toContain('Or save those that it has: --on-missing-platform warn.');
  });

  it('fails only the image that has none of them', async () => {
    const only = one({ ...small, seed: 'arm', platform: ARM_V7 });
    source.put('none', only, '1');
    source.put('noneindex', buildIndex([{ image: only, platform: ARM_V7 }]), '1');
    const { report } = await run('none', ['@/none:1', '@/noneindex:1', '@/single:1'], { onError: 'warn' });
    expect(report.images.map(({ ref }) => ref.replace(/.*\//, ''))).toEqual(['single:1']);
    for (const { message, hint } of report.failed) {
      expect(message).toBe('it has no linux/amd64, linux/arm64; it has linux/arm/v7');
      expect(hint).not.toContain('on-missing-platform');
    }
    expect(report.failed).toHaveLength(2);
  });

  it('goes by an entry’s own platforms in the same way', async () => {
    const ran = await run('entry', ['--platform=linux/arm/v7,linux/s390x @/index:1', '@/single:1'], {
      platforms: 'linux/amd64',
    });
    expect(missingIn(ran)).toEqual([
      ['index:1', ['linux/arm/v7'], ['linux/s390x']],
      ['single:1', ['linux/amd64'], undefined],
    ]);
  });

  it('has the same lock in a dry run, and from the platforms that are there alone', async () => {
    const [real, dry, exact] = [
      await run('real', ['@/index:1', '@/single:1']),
      await run('dry', ['@/index:1', '@/single:1'], { dryRun: true }),
      await run('exact', ['@/index:1', '@/single:1'], {
        platforms: 'linux/amd64',
        onMissingPlatform: 'fail',
      }),
    ];
    expect(missingIn(dry)).toEqual(TAKEN.slice(1, 3));
    for (const { lock } of [dry, exact]) expect(encodeLock(lock)).toEqual(encodeLock(real.lock));
    expect(exact.report.images.every(({ missingPlatforms }) => missingPlatforms === undefined)).toBe(true);
  });

  it('is locked and saved so by the command, too', async () => {
    const { lock } = await run('command', LIST);
    const common = ['-f', path.join(temp.path, 'command.txt'), '-p', 'linux/amd64,linux/arm64']
      .concat(['--on-missing-platform', 'warn', '--insecure-registries', source.host])
      .concat(['--cache-dir', path.join(temp.path, 'store')]);
    const [locked, saved] = [
      await runMain(['lock', ...common]),
      await runMain(['save', '--json', '--copier', 'direct', '-o', path.join(temp.path, 'cli'), ...common]),
    ];
    expect(locked).toBe(new TextDecoder().decode(encodeLock(lock)));
    expect(missingIn({ lock, report: runReportSchema.parse(JSON.parse(saved)), warnings: [] })).toEqual(
      TAKEN,
    );
  });

  it('gets the platform in the run after it appeared at the source', async () => {
    source.put('later', buildIndex([{ image: amd64, platform: AMD64 }]), '1');
    source.put('latersingle', amd64, '1');
    const lines = ['@/later:1', '@/latersingle:1'];
    const push = { push: `${target.host}/later`, output: 'none' };
    expect((await run('later', lines, push)).report.images.map(({ platforms }) => platforms)).toEqual([
      ['linux/amd64'],
      ['linux/amd64'],
    ]);
    const whole = buildIndex([
      { image: amd64, platform: AMD64 },
      { image: one({ ...small, seed: 'appeared', platform: ARM64 }), platform: ARM64 },
    ]);
    source.put('later', whole, '1');
    source.put('latersingle', whole, '1');
    const { report, warnings } = await run('later', lines, push);
    expect(warnings).toEqual([]);
    for (const image of report.images) {
      expect(image).toMatchObject({ digest: whole.top, platforms: ['linux/amd64', 'linux/arm64'] });
    }
    expect(report.push?.[0]).toMatchObject({ outcome: 'done', totals: { pushed: 2 } });
  });
});

describe('a nightly run of such a list', () => {
  const refs = ['@/index:1', '@/single:1'];

  it('says it again where the release has everything, by headers alone', async () => {
    const night = { output: 'none', release: 'nightly', archiveName: 'night' };
    expect((await run('night', refs, night)).report.release?.failure).toBeUndefined();
    source.clear();
    const again = await run('night', refs, night);
    expect(again.report).toMatchObject({ unchanged: true, outcome: 'done' });
    expect(source.requests({ kind: 'manifest' }).map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
    expect(missingIn(again)).toEqual(TAKEN.slice(1, 3));
    expect(renderSummary(again.report, { color: false }).replaceAll(/\s+/g, ' ')).toContain(SAID);
    expect(warningAnnotations(again.report, again.warnings, () => 'images.txt')).toHaveLength(1);
  });

  it('fails where missing platforms are to fail from now on, although the release has everything', async () => {
    const night = { output: 'none', release: 'nightly', archiveName: 'night', onMissingPlatform: 'fail' };
    const { report } = await run('night', refs, night);
    expect([report.outcome, report.failed.length]).toEqual(['failed', 2]);
  });

  it.each(['@/index:1', '@/single:1'])('says it of %s again where a push target has it', async (ref) => {
    const push = { output: 'none', push: `${target.host}/night` };
    await run('pushed', [ref], push);
    const again = await run('pushed', [ref], push);
    expect(again.report.push?.[0]?.totals).toMatchObject({ unchanged: 1, pushed: 0 });
    expect(again.warnings).toMatchObject([{ message: SAID, origins: [{ line: 1 }] }]);
    const failing = await run('pushed', [ref], { ...push, onMissingPlatform: 'fail' });
    expect(failing.report.outcome).toBe('failed');
  });
});

describe('an image of one platform that a push target has', () => {
  it('is not taken for another platform that is wanted now', async () => {
    const push = { output: 'none', push: `${target.host}/moved` };
    await run('moved', ['@/single:1'], { ...push, platforms: 'linux/amd64' });
    const same = await run('moved', ['@/single:1'], { ...push, platforms: 'linux/amd64' });
    expect(same.report).toMatchObject({ unchanged: true, outcome: 'done' });
    const other = await run('moved', ['@/single:1'], { ...push, platforms: 'linux/arm64' });
    expect(other.report).toMatchObject({
      outcome: 'failed',
      failed: [{ message: expect.stringContaining('it has no linux/arm64; it has linux/amd64') }],
    });
  });
});

describe('a bundle of such a list', () => {
  it('is left as it is by the next run, and pushed as any other', async () => {
    const first = await run('bundle', LIST);
    const again = await run('bundle', LIST);
    expect(encodeLock(again.lock)).toEqual(encodeLock(first.lock));
    expect(again.report.totals.fetchedBytes).toBe(0);
    const report = await pushBundleTo(path.join(temp.path, 'bundle'), target.host, { prefix: '/bundle' });
    expect(report.outcome).toBe('done');
    expect(target.contents.broken(true)).toEqual([]);
  });
});
