import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, OciSaveError } from '../../src/errors.ts';
import { causeChain, causeTexts } from '../../src/report/causes.ts';
import { renderError } from '../../src/view/terminal/error-text.ts';
import { failureOf } from '../../src/report/index.ts';

const origins = [{ file: 'images.txt', line: 3 }];

function notFound(): OciSaveError {
  return new OciSaveError({
    code: 'not-found',
    message: 'docker.io/library/nope:1 is not in the registry',
    hint: 'Check the tag.',
    cause: new Error('404 Not Found', { cause: new Error('manifest unknown') }),
  });
}

describe('causeTexts', () => {
  it('says every cause once', () => {
    const inner = new Error('read ECONNRESET');
    const middle = new Error('copy failed: read ECONNRESET', { cause: inner });
    expect(causeTexts(new Error('x:1 cannot be copied', { cause: middle }))).toEqual([
      'x:1 cannot be copied',
      'copy failed: read ECONNRESET',
    ]);
  });

  it('lets a fuller text replace the one that it repeats', () => {
    const error = new Error('fetch failed', { cause: new Error('fetch failed: socket hang up') });
    expect(causeTexts(error)).toEqual(['fetch failed: socket hang up']);
  });

  it('looks inside the connection errors of Node, which have no message', () => {
    const attempts = ['::1', '127.0.0.1'].map((host) => new Error(`connect ECONNREFUSED ${host}:5000`));
    const cause = Object.assign(new AggregateError(attempts, ''), { code: 'ECONNREFUSED' });
    expect(causeTexts(new Error('no answer', { cause }))).toEqual([
      'no answer',
      'connect ECONNREFUSED ::1:5000',
      'connect ECONNREFUSED 127.0.0.1:5000',
    ]);
  });

  it('ends, even where errors cause each other', () => {
    const [a, b] = [new Error('a'), new Error('b')];
    a.cause = b;
    b.cause = a;
    expect(causeTexts(a)).toEqual(['a', 'b']);
    const crowd = new AggregateError(Array.from({ length: 10_000 }, (_, index) => new Error(`e${index}`)));
    expect(causeChain(crowd).length).toBe(8);
  });

  it('takes whatever was thrown', () => {
    expect(causeTexts('words')).toEqual(['words']);
    expect(causeTexts(undefined)).toEqual([]);
    expect(causeTexts(new Error('words', { cause: { status: 404 } }))).toEqual(['words']);
  });
});

describe('failureOf', () => {
  it('has class, cause, hint and place', () => {
    expect(failureOf(notFound(), 'docker.io/library/nope:1', origins)).toEqual({
      ref: 'docker.io/library/nope:1',
      origins,
      class: 'not-found',
      message: 'docker.io/library/nope:1 is not in the registry: 404 Not Found: manifest unknown',
      hint: 'Check the tag.',
    });
  });

  it('counts what nobody foresaw as a fault of this machine', () => {
    expect(failureOf(new TypeError('x is not a function'), 'a:1', [])).toMatchObject({
      hint: expect.stringContaining('--verbose'),
      ref: 'a:1',
      origins: [],
      class: 'local',
      message: 'x is not a function',
    });
    expect(failureOf(new Error(''), 'a:1', []).message).toBe('failed without a word');
  });

  it('is one bounded, printable line, whatever a registry answers', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (words) => {
        const { message } = failureOf(new Error('refused', { cause: new Error(words) }), 'a:1', origins);
        expect(message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
    const long = failureOf(new Error('x'.repeat(1e6)), 'a:1', []);
    expect(long.message.length).toBeLessThan(2100);
  });
});

describe('renderError', () => {
  const plain = { color: false, verbose: false };

  it('says what happened, why, and what to do', () => {
    expect(renderError(notFound(), plain).split('\n')).toEqual([
      'error (not-found): docker.io/library/nope:1 is not in the registry',
      '  cause: 404 Not Found: manifest unknown',
      '  hint: Check the tag.',
    ]);
  });

  it.each<[ErrorCode, string]>([
    ['usage', 'error: words'],
    ['list', 'error: words'],
    ['machine', 'error: words'],
    ['interrupted', 'interrupted: words'],
    ['quota', 'error (quota): words'],
  ])('names the class of a failure, and no other code: %s', (code, text) => {
    expect(renderError(new OciSaveError({ code, message: 'words' }), plain)).toBe(text);
  });

  it('keeps the lines of a list of mistakes, each harmless', () => {
    const error = new OciSaveError({ code: 'list', message: 'a.txt:1: no image\n::error::x\n\u001b[2Jb' });
    expect(renderError(error, plain).split('\n')).toEqual([
      'error: a.txt:1: no image',
      '  : :error::x',
      '  b',
    ]);
  });

  it('breaks lines at words on a terminal', () => {
    const hint = 'Check the spelling and the tag, or log in first.';
    const error = new OciSaveError({ code: 'denied', message: 'no', hint });
    expect(renderError(error, { ...plain, width: 30 }).split('\n')).toEqual([
      'error (denied): no',
      '  hint: Check the spelling',
      '    and the tag, or log in',
      '    first.',
    ]);
  });

  it('shows stacks and causes when asked, and asks for them where the fault is ours', () => {
    const error = new TypeError('x is not a function', { cause: new Error('deeper') });
    expect(renderError(error, plain)).toContain('--verbose');
    expect(renderError(error, plain)).not.toContain('failure.test.ts');
    const verbose = renderError(error, { color: false, verbose: true });
    expect(verbose).toContain('TypeError: x is not a function');
    expect(verbose).toContain('caused by Error: deeper');
    expect(verbose).toContain('failure.test.ts');
  });

  it('cuts a long cause short, unless all is asked for', () => {
    const error = new OciSaveError({ code: 'network', message: 'no', cause: new Error('y'.repeat(1500)) });
    expect(renderError(error, plain).length).toBeLessThan(500);
    expect(renderError(error, { color: false, verbose: true })).toContain('y'.repeat(1500));
  });

  it('colours the head alone', () => {
    expect(
      renderError(new OciSaveError({ code: 'usage', message: 'words' }), { ...plain, color: true }),
    ).toBe('\u001b[31m\u001b[1merror:\u001b[22m\u001b[39m words');
  });
});
