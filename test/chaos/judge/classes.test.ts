import { describe, expect, it } from 'vitest';
import type { FaultPlan, LineKind } from '../plan.ts';
import { judgeClasses } from './classes.ts';

const source = (kind: LineKind, times = 50): FaultPlan => ({
  kind,
  side: 'source',
  image: 1,
  what: 'top',
  after: 0,
  share: 0.5,
  times,
  status: 503,
  bytesPerSecond: 500_000,
});
const mirror: FaultPlan = {
  kind: 'mirror',
  side: 'mirror',
  how: 'lacks',
  image: 1,
  what: 'layer',
  status: 503,
};
const killed: FaultPlan = { kind: 'killed', when: { at: 'archive' } };

/** What is said of a save that ended so, after these faults had all struck, or so many of them. */
function judged(faults: readonly FaultPlan[], classes: readonly string[], struck = faults.length): unknown {
  const stderr = classes.map((name) => `  r.example/a:1\n    ${name}: it went wrong\n`).join('');
  const ended = { code: classes.length > 0 ? 1 : 0, stderr };
  try {
    judgeClasses(faults, 1, { ended, struck: new Set(faults.slice(0, struck)) });
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('what a save says of faults', () => {
  it.each<[string, readonly FaultPlan[], readonly string[]]>([
    ['a quota', [source('quota')], ['quota']],
    ['what is not there', [source('not found')], ['not-found']],
    ['a token', [source('token refused')], ['denied']],
    ['a token that is refused once', [source('token refused', 1)], []],
    ['bytes that are compressed', [source('gzip')], []],
    ['a mirror', [mirror], []],
    ['a fault that is tried again often enough', [source('5xx', 1)], []],
    ['two faults', [source('5xx', 1), source('reset', 1)], ['network']],
    ['a process that was killed, too', [source('gzip'), killed], ['local']],
  ])('may be this: %s', (_, faults, classes) => {
    expect(judged(faults, classes)).toBeUndefined();
  });

  it.each<[string, readonly FaultPlan[], readonly string[], object]>([
    ['another class', [source('quota')], ['network'], { kind: 'other' }],
    ['a class more', [source('not found')], ['not-found', 'local'], { kind: 'other' }],
    ['exit 0 for what is not there', [source('not found')], [], { kind: 'wrong' }],
    ['exit 0 for tokens that are all refused', [source('token refused')], [], { kind: 'wrong' }],
    ['a failure by compressed bytes', [source('gzip')], ['digest'], { kind: 'other' }],
    ['a failure by a mirror', [mirror], ['not-found'], { kind: 'other' }],
    ['a failure that one more try heals', [source('5xx', 1)], ['network'], { kind: 'other' }],
  ])('may not be this: %s', (_, faults, classes, violation) => {
    expect(judged(faults, classes)).toMatchObject(violation);
  });

  it('may not be a failure where nothing struck, nor one without a class', () => {
    expect(judged([source('quota')], ['quota'], 0)).toMatchObject({ kind: 'other' });
    expect(judged([source('quota')], ['odd'])).toMatchObject({ kind: 'other' });
  });
});
