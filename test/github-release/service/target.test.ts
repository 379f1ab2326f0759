import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../src/options/index.ts';
import { assetNameOf, checkAssetBase, releaseTag, releaseTarget } from '../../../src/github-release/index.ts';
import { placesOf } from '../../../src/commands/save/places.ts';
import { normalisedName } from '../../support/release-service/state.ts';

const ENV = { GITHUB_REPOSITORY: 'org/site', GITHUB_SHA: 'abc', GITHUB_TOKEN: 'b' };

describe('the tag of a release', () => {
  it.each([
    ['v1', {}, 'v1'],
    ['refs/tags/v1', {}, 'v1'],
    ['auto', { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'site/v1' }, 'site/v1'],
    ['', {}, undefined],
  ])('%s is read', (written, env, tag) => {
    expect(releaseTag(written, env)).toBe(tag);
  });

  it.each(['a b', '../x', 'a..b', 'refs/heads/main', '-v1', 'v1/', 'v1.lock', 'a\nb', 'a?b', 'a:b', '/v1'])(
    '%j is refused',
    (tag) => {
      expect(() => releaseTag(tag, {})).toThrow(/is not a valid tag/);
    },
  );
});

describe('the target of a release', () => {
  it('is the workflow’s repository, and a tag that is not there is made of its commit', () => {
    expect(releaseTarget({ tag: 'v1', env: ENV })).toMatchObject({
      owner: 'org',
      repo: 'site',
      commit: 'abc',
      token: 'b',
    });
    expect(
      releaseTarget({ tag: 'v1', env: { ...ENV, GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1' } }).commit,
    ).toBeUndefined();
    expect(releaseTarget({ tag: 'v1', repository: 'other/x', env: ENV }).commit).toBeUndefined();
  });

  it('has the token that was given, else GH_TOKEN, else GITHUB_TOKEN', () => {
    expect(releaseTarget({ tag: 'v1', token: 'a', env: ENV }).token).toBe('a');
    expect(releaseTarget({ tag: 'v1', token: '', env: { ...ENV, GH_TOKEN: 'c' } }).token).toBe('c');
  });

  it.each(['x', 'a/b/c', '../x', 'a/b c'])('%j is not a repository', (repository) => {
    expect(() => releaseTarget({ tag: 'v1', repository, env: ENV })).toThrow(/is not a repository/);
  });
});

describe('names of assets', () => {
  it('are such as the service leaves as they are, whatever folder and tag are called', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', 'Z', '0', '.', '_', '-', '/', ' ', '+', 'é', '\u0000', '😀'),
        }),
        (text) => {
          const base = assetNameOf(text);
          expect(() => checkAssetBase(base)).not.toThrow();
          expect(normalisedName(`${base}.tar.001`)).toBe(`${base}.tar.001`);
        },
      ),
    );
  });
});

describe('the places of a save', () => {
  const places = (given: Readonly<Record<string, string>>): ReturnType<typeof placesOf> =>
    placesOf(parseOptions({ images: 'a', ...given }), {});

  it('carry the tag in the archive’s name where there is a release', () => {
    expect(places({ release: 'site/v1' }).archivePlace.name).toEqual({
      base: 'oci-bundle-site-v1',
      suffix: 'tar',
    });
    expect(places({ release: 'v1', archiveName: 'x' }).archivePlace.name.base).toBe('x');
    expect(places({ archive: 'tar' }).archive).toMatch(/\/oci-bundle\.tar$/);
  });

  it('cut below 2 GiB for a release, and not at all without one', () => {
    expect(places({ release: 'v1' }).partSize).toBe(2000 * 1024 * 1024);
    expect(places({ release: 'v1', splitSize: '2GiB' }).partSize).toBe(2 ** 31 - 1);
    expect(places({ archive: 'tar' }).partSize).toBe(0);
  });
});
