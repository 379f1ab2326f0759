import { describe, expect, it } from 'vitest';
import { omittedPaths, OUTPUTS, outputsOf, outputsOfError } from '../../src/action/outputs.ts';
import { OciSaveError } from '../../src/errors.ts';
import { encodeLock, type Lock } from '../../src/lock/index.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { failureOf, type ReportedImage, type RunReport } from '../../src/report/index.ts';
import { actionMetadata } from '../support/runner.ts';
import { digest, sampleImage, sampleReport } from '../view/sample-report.ts';

const lock: Lock = { version: 1, images: [], files: [], blobs: {} };
const report = 'oci-bundle.report.json';

describe('outputs', () => {
  it('are those of action.yml, each of them always set', async () => {
    const { outputs } = await actionMetadata();
    expect(Object.keys(outputs)).toEqual(Object.keys(OUTPUTS));
    expect(Object.keys(outputsOf(sampleReport(), lock, report))).toEqual(Object.keys(OUTPUTS));
  });

  it('tell a run', () => {
    const images: unknown = expect.stringMatching(
      /^\[\{"ref":"docker\.io\/library\/nginx:latest","digest":"sha256:/,
    );
    expect(outputsOf(sampleReport(), lock, report)).toEqual({
      outcome: 'saved',
      images,
      sha256: hexOf(digest('tar')),
      files: ['oci-bundle.tar', 'oci-bundle.sha256', 'oci-bundle.lock.json', report].join('\n'),
      'release-id': '',
      assets: '[]',
      path: 'oci bundle',
      archive: 'oci-bundle.tar',
      digest: digestOf(encodeLock(lock)),
      count: '4',
      size: '90000900',
      'fetched-bytes': '31000900',
      'cached-bytes': '59000000',
      'cache-hit': 'false',
      lock: 'oci bundle/oci-save.lock.json',
      report,
      'release-url': '',
      failed:
        '[{"ref":"docker.io/library/nope:1","class":"not-found","message":"docker.io/library/nope:1 is not in the registry: 404 manifest unknown"}]',
      'skopeo-version': '1.9.3',
    });
  });

  it('name nothing that was not made', () => {
    const {
      bundle: _,
      archive: __,
      lock: ___,
      skopeoVersion: ____,
      ...failed
    } = sampleReport({ outcome: 'failed' });
    expect(outputsOf(failed, lock, report)).toMatchObject({
      path: '',
      archive: '',
      digest: '',
      lock: '',
      report,
      'skopeo-version': '',
    });
    expect(outputsOf({ ...failed, outcome: 'done', dryRun: true }, lock, report)).toMatchObject({
      digest: digestOf(encodeLock(lock)),
      report: '',
    });
  });

  it.each([
    ['nothing was fetched', { fetchedBytes: 0, storedBytes: 100 }, {}, 'true'],
    ['something was', { fetchedBytes: 1, storedBytes: 99 }, {}, 'false'],
    ['a dry run would fetch', { fetchedBytes: 0, storedBytes: 99 }, { dryRun: true }, 'false'],
    ['a dry run would not', { fetchedBytes: 0, storedBytes: 100 }, { dryRun: true }, 'true'],
    ['there is no image', { images: 0, bytes: 0, fetchedBytes: 0, storedBytes: 0 }, {}, 'false'],
  ])('say whether the store had all: %s', (_, totals, parts, hit) => {
    const base = { images: 1, blobs: 3, bytes: 100 };
    const run = sampleReport({ ...parts, totals: { ...base, ...totals } });
    expect(outputsOf(run, lock, report)['cache-hit']).toBe(hit);
  });

  it('have nothing of a run that did not start but how it ended and why', () => {
    const error = new OciSaveError({ code: 'usage', message: 'no image is given', cause: new Error('why') });
    const outputs = outputsOfError(error);
    expect(Object.keys(outputs)).toEqual(Object.keys(OUTPUTS));
    expect(outputs).toMatchObject({ outcome: 'refused', count: '', digest: '', images: '[]', assets: '[]' });
    expect(outputs.failed).toBe('[{"ref":"","class":"usage","message":"no image is given: why"}]');
  });

  it('found K9: have the results of a run that was written down and ended with a fault of ours', () => {
    const seen = { report: sampleReport(), file: report };
    const outputs = outputsOfError(new TypeError('x is undefined'), seen);
    expect(outputs).toMatchObject({ outcome: 'failed', path: 'oci bundle', report, count: '4' });
    expect(JSON.parse(outputs.failed)).toMatchObject([
      { ref: 'docker.io/library/nope:1' },
      { ref: '', class: 'local', message: 'x is undefined' },
    ]);
  });

  it('found K9: name the cause once where the report has it already', () => {
    const error = { class: 'local', message: 'no space left' } as const;
    const seen = { report: sampleReport({ outcome: 'failed', failed: [], error }), file: report };
    expect(JSON.parse(outputsOfError(new TypeError('x'), seen).failed)).toEqual([{ ref: '', ...error }]);
  });
});

describe('found K10: what failed, as an output', () => {
  const MAX = 64_000;
  const failures = (count: number, message: (at: number) => string): ReturnType<typeof failureOf>[] =>
    Array.from({ length: count }, (_, at) =>
      failureOf(
        new OciSaveError({ code: at % 2 === 0 ? 'denied' : 'network', message: message(at) }),
        `quay.io/team/image-${at}:1`,
        [],
      ),
    );
  const listOf = (
    failed: ReturnType<typeof failureOf>[],
  ): { ref: string; class: string; message?: string }[] => {
    const text = outputsOf(sampleReport({ failed }), lock, report).failed;
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX);
    return JSON.parse(text) as { ref: string; class: string; message?: string }[];
  };

  it('names 300 images of two causes, each cause once and before its images', () => {
    const list = listOf(failures(300, (at) => `quay.io/team/image-${at}:1: ${'long '.repeat(50)}`));
    expect(list).toHaveLength(300);
    expect(new Set(list.map(({ ref }) => ref)).size).toBe(300);
    expect(list.filter(({ message }) => message !== undefined).map(({ ref }) => ref)).toEqual([
      'quay.io/team/image-0:1',
      'quay.io/team/image-1:1',
    ]);
    expect(list.findIndex(({ class: one }) => one === 'network')).toBe(150);
  });

  it('found I: tells causes apart as the summary does', () => {
    const list = listOf(
      failures(
        2000,
        (at) =>
          `quay.io/team/image-${at}, blob sha256:${String(at).padStart(12, '0')}: ${'long '.repeat(50)}`,
      ),
    );
    expect(list.filter(({ message }) => message?.includes('long')).map(({ class: one }) => one)).toEqual([
      'denied',
      'network',
    ]);
  });

  it('names every cause, and says how many images there was no room for', () => {
    const list = listOf(failures(5000, () => 'long '.repeat(300)));
    expect(list.filter(({ message }) => message?.startsWith('long')).map(({ class: one }) => one)).toEqual([
      'denied',
      'network',
    ]);
    const rest = 5000 - (list.length - 1);
    expect(list.at(-1)).toEqual({ ref: '', class: expect.any(String), message: `and ${rest} more` });
    expect(rest).toBeGreaterThan(0);
  });

  it('is JSON of that size where every image has a cause of its own, in any script', () => {
    const list = listOf(failures(2000, (at) => `${at} \u{1F600}\u001B${'ж'.repeat(290)}`));
    expect(list.length).toBeGreaterThan(50);
    expect(list.at(-1)?.message).toBe(`and ${2000 - (list.length - 1)} more`);
  });

  it('has all messages where there is room', () => {
    expect(listOf(failures(100, () => 'short')).every(({ message }) => message === 'short')).toBe(true);
  });

  it('is bounded, too, where the faults are those of a list', () => {
    const details = Array.from({ length: 3000 }, (_, line) => ({
      message: 'bad '.repeat(20),
      file: 'a.txt',
      line,
    }));
    const text = outputsOfError(new OciSaveError({ code: 'list', message: 'bad', details })).failed;
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX);
    expect(JSON.parse(text)).toContainEqual({
      ref: '',
      class: 'list',
      message: expect.stringMatching(/^and \d+ more$/),
    });
  });
});

describe('found K10, K13: lists as outputs', () => {
  const MAX = 64_000;
  const image = (at: number): ReportedImage => sampleImage({ ref: `quay.io/team/image-${at}:1` });
  const imagesOf = (count: number): string =>
    outputsOf(sampleReport({ images: Array.from({ length: count }, (_, at) => image(at)) }), lock, report)
      .images;

  it('are empty where they would be longer than a step can read: no part is taken for all', () => {
    expect(JSON.parse(imagesOf(400))).toHaveLength(400);
    expect(imagesOf(1000)).toBe('');
  });

  it('are empty for files of a release as well', () => {
    const assets = Array.from({ length: 999 }, (_, at) => ({
      name: `site.tar.${at}`,
      size: 1,
      digest: digest(String(at)),
      status: 'sent' as const,
    }));
    const release = { repository: 'org/site', tag: 'v1', assets, removed: [] };
    expect(outputsOf(sampleReport({ release }), lock, report).assets).toBe('');
    const few = { ...release, assets: assets.slice(0, 2) };
    expect(JSON.parse(outputsOf(sampleReport({ release: few }), lock, report).assets)).toEqual(few.assets);
  });

  const splitInto = (count: number): RunReport =>
    sampleReport({
      archive: {
        path: '/runner/_work/site/site/oci-bundle.tar',
        size: count,
        digest: digest('tar'),
        parts: Array.from({ length: count }, (_, at) => ({
          path: `/runner/_work/site/site/oci-bundle.tar.${String(at + 1).padStart(3, '0')}`,
          size: 1,
          digest: digest(String(at)),
        })),
      },
    });

  it('are empty for the paths of very many parts, which is said with the file that names these', () => {
    const [few, many] = [splitInto(900), splitInto(2000)];
    const told = outputsOf(few, lock, report);
    expect(told.archive.split('\n')).toHaveLength(900);
    expect(told.files.split('\n')).toHaveLength(906);
    expect(omittedPaths(few, told)).toBeUndefined();
    const outputs = outputsOf(many, lock, report);
    expect(outputs).toMatchObject({ archive: '', files: '', sha256: hexOf(digest('tar')) });
    expect(omittedPaths(many, outputs)).toBe(
      'archive and files cannot be set as outputs: the paths of 2000 parts are more than 64 KB; ' +
        '/runner/_work/site/site/oci-bundle.parts.json names the parts, and a larger split-size makes fewer',
    );
  });

  it('are complete up to the last byte that a step can read', () => {
    // A line has 43 bytes with its end, from the thousandth on 44.
    const [most, more] = [splitInto(1477), splitInto(1478)];
    expect(Buffer.byteLength(outputsOf(most, lock, report).archive)).toBeLessThanOrEqual(MAX);
    expect(outputsOf(more, lock, report).archive).toBe('');
    expect(omittedPaths(most, outputsOf(most, lock, report))).toMatch(/^files cannot be set as an output: /);
  });
});
