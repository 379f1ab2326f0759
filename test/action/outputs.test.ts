import { describe, expect, it } from 'vitest';
import { OUTPUTS, outputsOf } from '../../src/action/outputs.ts';
import { encodeLock, type Lock } from '../../src/lock/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { failureOf } from '../../src/report/index.ts';
import { actionMetadata } from '../support/runner.ts';
import { digest, sampleReport } from '../view/sample-report.ts';

const lock: Lock = { version: 1, images: [], files: [], blobs: {} };
const report = 'oci-bundle.report.json';

describe('outputs', () => {
  it('are those of action.yml, each of them always set', async () => {
    const { outputs } = await actionMetadata();
    expect(Object.keys(outputs)).toEqual(Object.keys(OUTPUTS));
    expect(Object.keys(outputsOf(sampleReport(), lock, report))).toEqual(Object.keys(OUTPUTS));
  });

  it('tell a run', () => {
    expect(outputsOf(sampleReport(), lock, report)).toEqual({
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

  it('stay far below the limit of a job’s outputs, with thousands of failures', () => {
    const failed = Array.from({ length: 2000 }, (_, at) =>
      failureOf(new Error('long '.repeat(300)), `quay.io/a/b:${at}`, []),
    );
    const text = outputsOf(sampleReport({ failed }), lock, report).failed;
    expect(text.length).toBeLessThan(300_000);
    expect(JSON.parse(text)).toHaveLength(2000);
    expect(digest('x')).toMatch(/^sha256:/);
  });
});
