import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { withRetries } from '../../src/http/index.ts';
import { parseMirrors } from '../../src/options/index.ts';
import { withAskedBefore } from '../../src/registry/asked-before.ts';
import { isAbsent } from '../../src/registry/error.ts';
import { mirrorsOf } from '../../src/registry/mirrors.ts';
import { failureOf } from '../support/failure.ts';

describe('S9: the mirrors of a repository', () => {
  const rules = parseMirrors([
    'docker.io=one.test:5000/hub',
    'docker.io=two.test',
    'index.docker.io/library=three.test/official/',
    'quay.io/org = [::1]:5000',
    'ghcr.io/a=ghcr.io/b',
  ]);
  it.each([
    ['docker.io/team/app', ['one.test:5000/hub/team/app', 'two.test/team/app']],
    ['docker.io/library/one', ['three.test/official/one']],
    ['docker.io/libraryx/one', ['one.test:5000/hub/libraryx/one', 'two.test/libraryx/one']],
    ['quay.io/org/a/b', ['[::1]:5000/a/b']],
    // Nothing is left that a repository there could be called by.
    ['quay.io/org', []],
    ['quay.io/organisation/a', []],
    ['quay.io:443/org/a', []],
    ['ghcr.io/a/b', ['ghcr.io/b/b']],
    ['xdocker.io/a', []],
  ])('%s: %j', (name, places) => {
    const slash = name.indexOf('/');
    const repository = { domain: name.slice(0, slash), path: name.slice(slash + 1) };
    expect(mirrorsOf(repository, rules).map(({ domain, path }) => `${domain}/${path}`)).toEqual(places);
  });

  it.each([
    ['docker.io', 'it is not PREFIX=LOCATION'],
    ['docker.io=a.test=b.test', 'it is not PREFIX=LOCATION'],
    ['docker.io=', 'it is not PREFIX=LOCATION'],
    ['library=a.test', 'does not begin with a registry'],
    ['docker.io=mirror', 'does not begin with a registry'],
    ['docker.io=https://a.test', 'a place begins with no protocol'],
    ['*.corp.test=a.test', 'is no registry with a path'],
    ['docker.io=a.test/Hub', 'is no registry with a path'],
    ['docker.io=a.test/hub:1', 'is no registry with a path'],
    ['docker.io=index.docker.io', 'both are the same'],
  ])('%s is refused before any request', async (text, why) => {
    const error = await failureOf(async () => parseMirrors([text]));
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining(why)]);
  });
});

describe('the error of a registry whose mirrors were asked before', () => {
  const place = (domain: string) => ({ domain, path: 'hub/a' });
  const why = (code: 'not-found' | 'network', message: string, hint?: string): OciSaveError =>
    new OciSaveError({ code, message, hint });
  const before = [
    {
      place: place('one.test:5000'),
      why: why('not-found', 'one.test:5000/hub/a:1: one.test:5000 answered 404'),
    },
    // It was found down by another image.
    { place: place('two.test'), why: why('network', 'two.test/hub/b:2: two.test is away', 'Start it.') },
    { place: place('three.test'), why: 'lists no referrers' },
  ];
  const absent = new OciSaveError({
    code: 'not-found',
    message: 'quay.io/a:1: quay.io answered 404',
    cause: { host: 'quay.io', status: 404, codes: [], words: '', retryAfter: undefined },
    hint: 'Check it.',
  });

  it('has the words and hints of each, and stays what it is', () => {
    const error = withAskedBefore(absent, before.slice(0, 2));
    expect(error.message).toBe(
      'quay.io/a:1: quay.io answered 404; the mirrors were asked before: one.test:5000 answered 404; two.test is away',
    );
    expect([error.code, isAbsent(error), error.hint]).toEqual([
      'not-found',
      true,
      'For the mirror two.test: Start it. Check it.',
    ]);
    expect(withAskedBefore(absent, before.slice(2), 'Copy them.').hint).toBe('Copy them.');
    expect(withAskedBefore(absent, [], 'Copy them.')).toBe(absent);
  });

  it('is tried no more where all attempts were made', async () => {
    let made = 0;
    const policy = { retries: 2, retryMilliseconds: 0 };
    const registry = async (): Promise<never> => {
      made += 1;
      throw why('network', 'quay.io/a:1: quay.io closed the connection');
    };
    const withMirrors = async (): Promise<never> => {
      try {
        return await withRetries(registry, policy, {});
      } catch (error) {
        throw error instanceof OciSaveError ? withAskedBefore(error, before) : error;
      }
    };
    const error = await failureOf(withRetries(withMirrors, policy, {}));
    expect([made, error.message]).toEqual([
      3,
      expect.stringMatching(/, in attempt 3 of 3; the mirrors were asked before: [^,]*$/),
    ]);
  });
});
