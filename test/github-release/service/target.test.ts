import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../../src/errors.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { assetNameOf, checkAssetBase, releaseTag, releaseTarget } from '../../../src/github-release/index.ts';
import { placesOf } from '../../../src/commands/save/places.ts';
import { normalisedName } from '../../support/release-service/state.ts';

function failureOf(work: () => unknown): OciSaveError {
  try {
    work();
  } catch (error) {
    if (error instanceof OciSaveError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

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

  it.each([
    'a b',
    '../x',
    'a..b',
    'refs/heads/main',
    '-v1',
    '.v1',
    'v1/',
    'v1.',
    'v1.lock',
    'a\nb',
    'a?b',
    'a:b',
    'a@{b',
    'a//b',
    '/v1',
    'refs/tags/',
    'v'.repeat(201),
  ])('%j is refused', (tag) => {
    const failure = failureOf(() => releaseTag(tag, {}));
    expect(failure).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^release: '[^]*' is not a valid tag$/),
      hint: 'Write a tag as v1.2.3, or auto for the one that the workflow runs for.',
    });
    const env = { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: tag };
    expect(() => releaseTag('auto', env)).toThrow(/is not a valid tag/);
  });

  it.each(['v1.lock.2', 'a-b.c', 'site/v1', 'v1@2', 'v'.repeat(200)])('%j is one', (tag) => {
    expect(releaseTag(tag, {})).toBe(tag);
  });

  it.each([
    [{ GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' }, ', it runs for the branch main'],
    [{ GITHUB_REF_NAME: 'main' }, ', it runs for the ref main'],
    [{ GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: '' }, ''],
    [{}, ''],
  ])('auto is refused with %j', (env, here) => {
    expect(failureOf(() => releaseTag('auto', env))).toMatchObject({
      code: 'usage',
      message: `release: auto takes the tag that a workflow runs for, and this one does not run for a tag${here}`,
      hint: 'Name the tag (--release v1.2.3), or let the workflow run on: push: tags.',
    });
  });
});

describe('the target of a release', () => {
  it('is the workflow’s repository, and a tag that is not there is made of its commit', () => {
    expect(releaseTarget({ tag: 'v1', env: ENV })).toEqual({
      api: new URL('https://api.github.com'),
      owner: 'org',
      repo: 'site',
      tag: 'v1',
      commit: 'abc',
      token: 'b',
    });
  });

  it.each<[string, object, Record<string, string>]>([
    ['exists, since the workflow runs for it', {}, { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1' }],
    ['is of another repository', { repository: 'other/x' }, {}],
    ['is made where no commit is told', {}, { GITHUB_SHA: '' }],
  ])('has no commit where the tag %s', (_, more, env) => {
    expect(releaseTarget({ tag: 'v1', ...more, env: { ...ENV, ...env } }).commit).toBe(undefined);
  });

  it.each([
    { GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'v1' },
    { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v2' },
  ])('has the commit where the workflow runs for something else: %j', (env) => {
    expect(releaseTarget({ tag: 'v1', env: { ...ENV, ...env } }).commit).toBe('abc');
  });

  it('has the token that was given, else GH_TOKEN, else GITHUB_TOKEN', () => {
    const env = { ...ENV, GH_TOKEN: 'c' };
    expect(releaseTarget({ tag: 'v1', token: 'a', env }).token).toBe('a');
    expect(releaseTarget({ tag: 'v1', token: '', env }).token).toBe('c');
    expect(releaseTarget({ tag: 'v1', env: { ...env, GH_TOKEN: '' } }).token).toBe('b');
  });

  it('needs a token', () => {
    const env = { ...ENV, GITHUB_TOKEN: '' };
    expect(failureOf(() => releaseTarget({ tag: 'v1', env }))).toMatchObject({
      code: 'usage',
      message: 'a release needs a token, and there is none',
      hint: expect.stringContaining('Elsewhere set GH_TOKEN'),
    });
  });

  it.each(['x', 'a/b/c', '../x', 'a/..', 'a/.', '.a/b', 'a/b c', 'a b/c', 'a/', '/b'])(
    '%j is not a repository',
    (repository) => {
      expect(failureOf(() => releaseTarget({ tag: 'v1', repository, env: ENV }))).toMatchObject({
        code: 'usage',
        message: `'${repository}' is not a repository`,
        hint: expect.stringContaining('owner/name'),
      });
    },
  );

  it.each(['o/r', 'My-Org.x/.github', 'a_b/..x', 'o/r.js-2'])('%s is a repository', (repository) => {
    const { owner, repo } = releaseTarget({ tag: 'v1', repository, env: ENV });
    expect(`${owner}/${repo}`).toBe(repository);
  });

  it('is not known without a repository', () => {
    expect(failureOf(() => releaseTarget({ tag: 'v1', env: { GITHUB_TOKEN: 'b' } })).message).toBe(
      'the repository of the release is not known: GITHUB_REPOSITORY is not set',
    );
  });

  it.each([
    ['https://ghe.example/api/v3', 'https://ghe.example/api/v3'],
    ['http://ghe.example:8080/api/v3/', 'http://ghe.example:8080/api/v3/'],
    ['https://ghe.example/api/v12', 'https://ghe.example/api/v12'],
    ['', 'https://api.github.com/'],
  ])('is at the address %j that the environment names', (url, href) => {
    expect(releaseTarget({ tag: 'v1', env: { ...ENV, GITHUB_API_URL: url } }).api.href).toBe(href);
  });

  it.each([
    ['nothing', "GITHUB_API_URL: 'nothing' is not an address"],
    ['ftp://x/', "GITHUB_API_URL: 'ftp://x/' is not an address"],
    ['https://git.example/api/v1', 'git.example is a Gitea or a Forgejo'],
    ['https://git.example:3000/sub/api/v1/', 'git.example:3000 is a Gitea or a Forgejo'],
  ])('is not at the address %j', (url, words) => {
    const failure = failureOf(() => releaseTarget({ tag: 'v1', env: { ...ENV, GITHUB_API_URL: url } }));
    expect(failure).toMatchObject({ code: 'usage', message: expect.stringContaining(words) });
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

describe('a name that the service would change', () => {
  it.each(['', 'a b', '.a', 'a.', 'a..b', 'ä', 'a/b', 'a'.repeat(201)])('is refused: %j', (base) => {
    expect(failureOf(() => checkAssetBase(base))).toMatchObject({
      code: 'usage',
      message: `a release's files cannot be named '${base}': GitHub would rename them`,
      hint: expect.stringContaining('--archive-name'),
    });
  });

  it.each(['a', '-', '_a.b-c', 'A9', 'a'.repeat(200)])('is not %j', (base) => {
    expect(() => checkAssetBase(base)).not.toThrow();
  });

  it.each([
    ['site/v1', 'site-v1'],
    ['a  +b', 'a-b'],
    ['a...b', 'a.b'],
    ['.a.', 'a'],
    ['', 'bundle'],
    ['.', 'bundle'],
    ['a'.repeat(300), 'a'.repeat(200)],
    [`${'a'.repeat(199)}.b`, 'a'.repeat(199)],
  ])('is made one of its own: %j is %j', (text, name) => {
    expect(assetNameOf(text)).toBe(name);
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
