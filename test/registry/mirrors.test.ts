import { describe, expect, it } from 'vitest';
import { parseMirrors } from '../../src/options/index.ts';
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
