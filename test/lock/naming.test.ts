import { describe, expect, it } from 'vitest';
import { repositoryPath, storedNames, whyUnservable, whyUnstorable } from '../../src/lock/index.ts';
import { parseNamingRule } from '../../src/options/index.ts';
import { parseReference } from '../../src/oci/reference.ts';

const names = (reference: string, ...rules: string[]): string[] =>
  storedNames(parseReference(reference), rules.map(parseNamingRule));

describe('stored names', () => {
  it.each([
    ['busybox', ['keep-domain'], ['docker.io/library/busybox']],
    ['busybox', ['strip-domain'], ['library/busybox']],
    ['busybox', ['strip-library'], ['busybox']],
    ['quay.io/library/x', ['strip-library'], ['library/x']],
    ['quay.io/team/app', ['keep-domain', 'strip-domain'], ['quay.io/team/app', 'team/app']],
    ['docker.io/team/app', ['docker.io/=mirror.example/hub/'], ['mirror.example/hub/team/app']],
    ['docker.io/team/app', ['docker.io=a', 'docker.io/team=b'], ['b/app']],
    ['docker.io/teams/app', ['docker.io/team=b'], []],
    ['busybox', ['strip-domain', 'strip-domain'], ['library/busybox']],
    ['quay.io/team/app', ['quay.io/team=docker.io'], ['docker.io/library/app']],
    ['quay.io/docker.io/app', ['strip-domain'], ['docker.io/library/app']],
    ['docker.io/team/app', ['docker.io/=Mirror.example/'], ['mirror.example/team/app']],
  ])('of %s by %j are %j', (reference, rules, expected) => {
    expect(names(reference, ...rules)).toEqual(expected);
  });

  it.each(['', 'keep', 'a=b=c', '=x', 'x=', 'docker.io=up/CASE'])('refuses the rule %j', (rule) => {
    expect(() => parseNamingRule(rule)).toThrow(/is not a rule/);
  });
});

describe('the folder of a repository', () => {
  it.each([
    ['docker.io/library/busybox', 'docker.io/library/busybox'],
    ['localhost:5000/x', 'localhost_5000/x'],
    ['REG.example:443/team/x', 'reg.example_443/team/x'],
    ['[::1]:5000/x', 'ipv6-0--1_5000/x'],
    ['[fe80::]/x', 'ipv6-fe80--0/x'],
    ['busybox', 'busybox'],
  ])('of %s is %s, and zot serves it', (name, folder) => {
    expect(repositoryPath(name)).toBe(folder);
    expect(whyUnservable(folder)).toBeUndefined();
  });

  it.each([
    'team/myblobs',
    'blobs/x',
    'a.sync',
    'my.uploads/x',
    'a/index.json',
    'a/oci-layout/b',
    'a..b',
    'a/../b',
    'A/b',
  ])('%s is refused: zot would not serve or list it', (folder) => {
    expect(whyUnservable(folder)).toBeDefined();
  });
});

describe('a stored name', () => {
  it.each(['docker.io/library/busybox', 'localhost:5000/x', '[::1]:5000/x', 'REG/x', 'busybox', 'a_b/c'])(
    'may be %s',
    (name) => {
      expect(whyUnstorable(name)).toBeUndefined();
    },
  );

  it.each([
    ['a/blobs', /zot does not list a repository/],
    ['a/../b', /zot cannot serve a repository/],
    // Its first part is read as a registry, and is none.
    ['my_org.x/app', /clients do not accept the name 'my_org\.x\/app'/],
    [`${'a'.repeat(250)}/bcdef`, /longer than 255/],
  ])('may not be %s', (name, why) => {
    expect(whyUnstorable(name)).toMatch(why);
  });
});
