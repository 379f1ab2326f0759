import { describe, expect, it } from 'vitest';
import { FailedSaveError } from '../../src/api.ts';
import { lockOf } from '../../src/resolve/index.ts';
import { imagesVerdict, judge, pushVerdict, type RunReport } from '../../src/report/index.ts';
import { samplePush, sampleReport } from '../view/sample-report.ts';

const fault = { class: 'local' as const, message: 'the disk is full' };
const failedRelease: NonNullable<RunReport['release']> = {
  repository: 'org/site on api.github.com',
  tag: 'v1',
  draft: true,
  assets: [],
  removed: [],
  failure: { class: 'denied', message: 'may not write releases', hint: 'Give the job the right.' },
};

describe('the verdict on a run', () => {
  it('names the failed release, where a push target that lacks images only warned', () => {
    const verdict = judge(
      sampleReport({
        outcome: 'failed',
        failed: [],
        push: [samplePush({ outcome: 'warned' })],
        release: failedRelease,
      }),
    );
    expect(verdict).toMatchObject({ cause: 'release', targets: [], release: { tag: 'v1' } });
  });

  it('has both the error of the bundle and the failure of the release, and names the error first', () => {
    const report = sampleReport({ outcome: 'failed', failed: [], error: fault, release: failedRelease });
    expect(judge(report)).toMatchObject({
      cause: 'result',
      fault: { message: 'the disk is full' },
      release: { failure: { message: 'may not write releases' } },
      unfinished: true,
    });
  });

  it('says of a dry run that images could not be resolved, on the API as well', () => {
    const report = sampleReport({ outcome: 'failed', dryRun: true });
    expect(imagesVerdict(judge(report))).toBe('1 of 5 images could not be resolved');
    expect(judge(report).unwritten).toBeUndefined();
    const error = new FailedSaveError({ report, lock: lockOf([]) });
    expect(error.message).toContain('1 of 5 images could not be resolved');
  });

  it('names the push targets that decided the outcome, and no other', () => {
    const push = [
      samplePush({ target: 'one.example', outcome: 'failed' }),
      samplePush({ target: 'two.example', outcome: 'warned' }),
      samplePush({ target: 'three.example', outcome: 'done' }),
    ];
    const verdict = judge(sampleReport({ outcome: 'failed', failed: [], push }));
    expect(verdict.cause).toBe('push');
    expect(pushVerdict(verdict)).toBe('not all images could be pushed to one.example');
  });
});
