import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parsePushTargets, type PushTarget } from '../../src/options/index.ts';
import type { NameResult } from '../../src/push/decide.ts';
import { createFullProjects } from '../../src/push/full-projects.ts';
import { destinationOf } from '../../src/push/plan.ts';
import {
  dockerRefused,
  missingRepositories,
  refusedRepositories,
  sparseRefused,
  tooDeep,
} from '../../src/push/preflight/refusals.ts';
import { noTraffic, type ReportedName, reportTarget } from '../../src/push/report-target.ts';

const targetOf = (text: string): PushTarget => parsePushTargets([text])[0] ?? expect.fail('no target');
const target = targetOf('r.example/m');
const digest = digestOf(new TextEncoder().encode('x'));
const nameOf = (stored: string, to = target): ReportedName => ({
  ref: stored,
  stored,
  to: destinationOf(to, stored),
  digest,
});
/** The error of a response with this status. */
const refused = (status: number, message = 'no', hint?: string): OciSaveError =>
  new OciSaveError({ code: 'denied', message, hint, cause: { status, codes: [], words: '', host: 'r' } });
const paths = (count: number): string[] => Array.from({ length: count }, (_, at) => `m/p${at}`);

describe('what a target refuses', () => {
  it('lists 20 repositories that do not exist, and counts the rest', () => {
    const cause = new Error('404');
    const error = missingRepositories(
      target,
      paths(20),
      new OciSaveError({ code: 'not-found', message: '', cause }),
    );
    expect(error.message).toBe(
      `r.example has no such repositories, and does not make them by itself: ${paths(20).join(', ')}`,
    );
    expect(error.cause).toBe(cause);
    expect(error.hint).toMatch(/^Make them there \(--json lists them/);
    expect(missingRepositories(target, paths(23), error).message).toMatch(/m\/p18, m\/p19 and 3 more$/);
  });

  it.each([
    ['1234.dkr.ecr.eu-west-1.amazonaws.com', true],
    ['1234.dkr.ecr-fips.us-east-1.amazonaws.com', true],
    ['1234.dkr.ecr.cn-north-1.amazonaws.com.cn', true],
    ['1234.dkr.ecr.eu-west-1.amazonaws.com.evil.example', false],
    ['ecr.example', false],
  ])('of ECR has the command that makes them: %s', (host, isEcr) => {
    const { hint } = missingRepositories(targetOf(`${host}/m`), ['m/a', 'm/b'], refused(404));
    const command = 'for name in m/a m/b; do aws ecr create-repository --repository-name "$name"; done';
    expect(hint === command).toBe(isEcr);
  });

  it.each([
    ['r.example/m', 'r.example/m@depth=3'],
    ['r.example/m@depth=5', 'r.example/m@depth=3'],
  ])('says how deep names may be, and how to push to %s', (text, advice) => {
    const error = tooDeep(targetOf(text), ['m/a/b/c'], 3);
    expect(error).toMatchObject({
      code: 'unsupported',
      message: 'r.example seems to take names of 3 parts at most, and refuses m/a/b/c',
      hint: expect.stringMatching(`^Push to ${advice}: `),
    });
    expect(error.cause).toBeUndefined();
    expect(tooDeep(target, ['x'], 3, refused(404)).cause).toMatchObject({ status: 404 });
  });

  it('names the other repositories that are refused for the same reason', () => {
    const first = refused(403, 'no push for you', 'Log in.');
    expect(refusedRepositories(target, ['m/a'], first)).toMatchObject({
      code: 'denied',
      message: 'no push for you',
      hint: 'Log in.',
      cause: first.cause,
    });
    expect(refusedRepositories(target, ['m/a', 'm/b', 'm/c'], first).message).toBe(
      'no push for you, and the same for m/b, m/c',
    );
    expect(refusedRepositories(target, ['m/a', 'm/b'], refused(405, 'PUT refused'))).toMatchObject({
      code: 'denied',
      message: 'r.example is read-only: PUT refused, and the same for m/b',
      hint: 'Push to its writable address, or end its maintenance.',
    });
  });

  it('names the images of Docker’s types, and those whose index lacks children', () => {
    const names = ['a:1', 'b:1'].map((stored) => ({ ...nameOf(stored), variants: [], sparse: false }));
    const images = names as unknown as Parameters<typeof dockerRefused>[1];
    expect(dockerRefused('r.example', images, refused(415)).message).toBe(
      "r.example takes no manifests of Docker's types (415), as these have: a:1, b:1",
    );
    const silent = new OciSaveError({ code: 'network', message: 'gone' });
    expect(dockerRefused('r.example', images, silent).message).toContain('(refused)');
    expect(sparseRefused(target, images)).toMatchObject({
      code: 'unsupported',
      message: 'r.example does not take an index some of whose children are missing, as of these: a:1, b:1',
      hint: expect.stringContaining('--index auto'),
    });
  });
});

describe('projects without room', () => {
  const full = new OciSaveError({
    code: 'quota',
    message: 'upper limit of 1 GiB',
    cause: { status: 412, codes: [] },
  });
  const at = (path: string) => ({ domain: 'r.example', path });

  it('have the first error from then on, and others none', () => {
    const projects = createFullProjects();
    expect(projects.errorOf(at('p/a'))).toBeUndefined();
    const noted = projects.note(at('p/a'), full);
    expect(noted).toMatchObject({
      code: 'quota',
      message: 'r.example/p has no room left, and gets no more blobs: upper limit of 1 GiB',
    });
    expect(projects.note(at('p/b/c'), full)).toBe(noted);
    expect(projects.errorOf(at('p/z'))).toBe(noted);
    expect(projects.errorOf(at('pp/a'))).toBeUndefined();
  });

  it('are not made full by another error', () => {
    const projects = createFullProjects();
    const other = refused(403);
    expect(projects.note(at('p/a'), other)).toBe(other);
    expect(projects.errorOf(at('p/a'))).toBeUndefined();
  });
});

describe('the report of a target', () => {
  const [a, b, c, d] = ['a:1', 'b:1', 'c:1', 'd:1'].map((stored) => nameOf(stored));
  const names = [d!, b!, a!, c!];
  const report = (
    results: readonly (readonly [ReportedName | undefined, NameResult])[],
    onError: 'fail' | 'warn' = 'fail',
  ) =>
    reportTarget({
      target,
      names,
      results: new Map(results.flatMap(([name, result]) => (name === undefined ? [] : [[name, result]]))),
      traffic: { ...noTraffic(), sentBlobs: 3, sentBytes: 99 },
      missing: ['m/z', 'm/y'],
      seconds: 2,
      onError,
    });

  it('lists names by their place, what each has there, and counts', () => {
    expect(
      report([
        [a, { status: 'pushed', there: digest, narrowed: true }],
        [b, { status: 'unchanged', narrowed: false }],
        [c, { status: 'kept', there: digest }],
        [d, { status: 'pushed' }],
      ]),
    ).toEqual({
      target: 'r.example/m',
      outcome: 'done',
      images: [
        {
          ref: 'a:1',
          name: 'a:1',
          as: 'r.example/m/a:1',
          digest,
          status: 'pushed',
          there: digest,
          narrowed: true,
        },
        { ref: 'b:1', name: 'b:1', as: 'r.example/m/b:1', digest, status: 'unchanged' },
        { ref: 'c:1', name: 'c:1', as: 'r.example/m/c:1', digest, status: 'kept', there: digest },
        { ref: 'd:1', name: 'd:1', as: 'r.example/m/d:1', digest, status: 'pushed' },
      ],
      failed: [],
      missingRepositories: ['m/y', 'm/z'],
      totals: {
        pushed: 2,
        unchanged: 1,
        kept: 1,
        failed: 0,
        sentBlobs: 3,
        sentBytes: 99,
        mountedBlobs: 0,
        thereBlobs: 0,
      },
      seconds: 2,
    });
  });

  it('has each cause once: under the one name that it failed, or under the target', () => {
    const shared = new OciSaveError({ code: 'unsupported', message: 'shared' });
    const own = new OciSaveError({ code: 'network', message: 'own' });
    const { failed, totals, outcome } = report([
      [a, { status: 'failed', error: shared }],
      [b, { status: 'failed', error: own }],
      [c, { status: 'failed', error: shared }],
    ]);
    expect(failed.map(({ ref, message, hint }) => [ref, message, hint])).toEqual([
      ['r.example/m', 'shared', 'Ask who runs the registry: these are its own words.'],
      ['r.example/m/b:1', 'own', expect.stringMatching(/^Push again: only the rest is sent\./)],
    ]);
    // What was not started counts as failed, and is no cause.
    expect([totals.failed, outcome]).toEqual([4, 'failed']);
  });

  it.each([
    [1, 'warn', 'warned'],
    [1, 'fail', 'failed'],
    [0, 'warn', 'failed'],
  ] as const)('with %i of four pushed and on-error %s is %s', (pushed, onError, outcome) => {
    const results = names.slice(0, pushed).map((name) => [name, { status: 'pushed' }] as const);
    expect(report(results, onError).outcome).toBe(outcome);
  });
});
