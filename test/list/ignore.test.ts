import { describe, expect, it } from 'vitest';
import { parseList, readLists, withTags } from '../../src/list/index.ts';
import { leaveOut, readIgnore, readRule } from '../../src/list/ignore.ts';
import { parseInline } from '../../src/list/parse-list.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { refOf } from '../../src/resolve/index.ts';
import { failureOf } from '../registry/support.ts';

const DIGEST = `sha256:${'b'.repeat(64)}` as const;
const OTHER = `sha256:${'c'.repeat(64)}` as const;

const matches = (rule: string, image: string, isRegex = false): boolean =>
  readRule({ text: rule, isRegex }, 'docker.io').matches(parseReference(image));

const INPUTS = {
  images: [],
  files: [],
  format: 'auto',
  defaultRegistry: 'docker.io',
  strictTags: false,
  onCandidate: 'report',
} as const;

describe('L5: a rule for what is left out', () => {
  it.each([
    ['mysql:3.2', 'docker.io/library/mysql:3.2', true],
    ['index.docker.io/library/mysql:3.2', 'mysql:3.2', true],
    ['mysql:3.2', `mysql:3.2@${DIGEST}`, true],
    ['mysql:3.2', 'mysql:3.20', false],
    ['mysql:3.2', 'quay.io/library/mysql:3.2', false],
    ['mysql', 'mysql:latest', true],
    ['mysql', 'mysql', true],
    ['mysql', 'mysql:3.2', false],
    [`mysql@${DIGEST}`, `mysql@${DIGEST}`, true],
    [`mysql@${DIGEST}`, `mysql:3.2@${DIGEST}`, true],
    [`mysql:3.2@${DIGEST}`, `mysql@${DIGEST}`, true],
    [`mysql:3.2@${DIGEST}`, `mysql:3.3@${DIGEST}`, false],
    [`mysql@${DIGEST}`, `mysql@${OTHER}`, false],
    [`mysql@${DIGEST}`, 'mysql:3.2', false],
    ['mysql:*', 'mysql:3.2', true],
    ['mysql:*', 'mysql-router:3.2', false],
    ['mysql*', 'mysql-router:3.2', true],
    ['acme/*', 'docker.io/acme/web:1', true],
    ['acme/*', 'quay.io/acme/web:1', false],
    ['*/acme/*', 'quay.io/acme/web:1', true],
    ['quay.io/acme/*', 'quay.io/acme/a/b:1', true],
    ['quay.io/*/b', 'quay.io/acme/a/b:1', true],
    ['quay.io/*:1', `quay.io/a/b:1@${DIGEST}`, true],
    ['quay.io/*-rc*', 'quay.io/a/b:1-rc.2', true],
    ['quay.io/a*a', 'quay.io/a', false],
    ['docker.io/*', 'busybox', true],
    ['registry-1.docker.io/busybox:*', 'busybox:1', true],
    ['*', 'localhost:5000/a:1', true],
    [`*@${DIGEST}`, `a:1@${DIGEST}`, true],
    [`*@${DIGEST}`, `a:1@${OTHER}`, false],
  ])('%s and %s: %s', (rule, image, leaves) => {
    expect(matches(rule, image)).toBe(leaves);
  });

  it.each([
    ['^docker\\.io/library/mysql:', 'mysql:1', true],
    ['my..l', 'mysql:1', true],
    ['^mysql', 'mysql:1', false],
    [':1$', `mysql:1@${DIGEST}`, true],
  ])('of a list may be a regular expression: %s and %s: %s', (rule, image, leaves) => {
    expect(matches(rule, image, true)).toBe(leaves);
  });

  it.each(['quay.io/A:1', 'a b', 'quay.io/a?/b*', '*{a,b}', 'a:1:2', ''])('cannot be %j', async (text) => {
    const error = await failureOf(async () => readIgnore([text], 'docker.io'));
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(/^ignore: /);
  });

  it('follows the default registry', () => {
    const [rule] = readIgnore(['web:*'], 'registry.example:5000');
    expect(rule?.rule).toBe('registry.example:5000/web:*');
  });

  it('is linear in a long name', () => {
    const image = `quay.io/${'a'.repeat(200)}`;
    expect(matches(`*${'a*'.repeat(500)}b`, image)).toBe(false);
  });

  it('counts an image once, for the first rule that fits', () => {
    const { requests } = parseInline(['a:1', 'a:2', 'b:1', 'oci:folder'], { defaultRegistry: 'docker.io' });
    const { kept, counts } = leaveOut(requests, readIgnore(['a:1', 'a:*', 'c:1'], 'docker.io'));
    expect(kept.map(({ source }) => refOf(source))).toEqual(['docker.io/library/b:1', 'oci:folder']);
    expect(counts).toEqual([1, 1, 0]);
  });
});

describe('L5: lists of which images are left out', () => {
  it('keep the others; what is left out is no conflict, no floating tag and no warning', async () => {
    const images = ['mysql', `a:1@${DIGEST}`, `a:1@${OTHER}`, 'quay.io/b/c:1'];
    const ignore = ['mysql', `a@${OTHER}`, 'none:*'];
    const list = await readLists({ ...INPUTS, images, ignore, strictTags: true });
    expect(list.requests.map(({ written }) => written)).toEqual([`a:1@${DIGEST}`, 'quay.io/b/c:1']);
    expect(list.leftOut).toEqual([
      { rule: 'docker.io/library/mysql:latest', count: 1 },
      { rule: `docker.io/library/a@${OTHER}`, count: 1 },
      { rule: 'docker.io/library/none:*', count: 0 },
    ]);
    expect(list.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('without a registry'),
    ]);
  });

  it('of which nothing is left are refused', async () => {
    const error = await failureOf(readLists({ ...INPUTS, images: ['a:1', 'a:2'], ignore: ['a:*'] }));
    expect([error.code, error.message]).toEqual(['list', 'images: all 2 images are left out']);
  });

  it('count the tags of a rule, too', async () => {
    const given = { ...INPUTS, images: ['-a a', 'a:1', 'b:1'], ignore: ['a:1'] };
    const list = await readLists(given);
    const added = parseInline(['a:1', 'a:2', 'b:1'], { defaultRegistry: 'docker.io' }).requests;
    const whole = withTags(list, added, given);
    expect(whole.requests.map(({ source }) => refOf(source))).toEqual([
      'docker.io/library/b:1',
      'docker.io/library/a:2',
    ]);
    expect(whole.leftOut).toEqual([{ rule: 'docker.io/library/a:1', count: 2 }]);
    expect(whole.tagRequests).toEqual([]);
  });

  it('refuse latest among the tags of a rule, where tags are strict, and where nothing is left', async () => {
    const given = { ...INPUTS, images: ['-a a'], strictTags: true };
    const list = await readLists(given);
    const added = parseInline(['a:latest'], { defaultRegistry: 'docker.io' }).requests;
    expect((await failureOf(async () => withTags(list, added, given))).message).toContain(
      'named by the tag latest',
    );
    const none = { ...given, ignore: ['a'] };
    expect((await failureOf(async () => withTags(list, added, none))).message).toBe(
      'images: the only image is left out',
    );
  });

  it('may leave out images of their own, and of no other list', async () => {
    const parsed = parseList(new TextEncoder().encode('a:1\nb:1\n'), 'one.txt', INPUTS);
    const origin = { file: 'one.txt', line: 9 };
    const ignoreRules = [
      { text: 'a:1', origin },
      { text: 'library/x', isRegex: true, origin },
    ];
    const list = await readLists({
      ...INPUTS,
      images: ['a:1'],
      lists: [{ file: 'one.txt', ...parsed, ignoreRules }],
    });
    expect(list.requests.map(({ origin: { file }, source }) => `${file} ${refOf(source)}`)).toEqual([
      'images docker.io/library/a:1',
      'one.txt docker.io/library/b:1',
    ]);
    expect(list.leftOut).toEqual([{ rule: 'docker.io/library/a:1', place: 'one.txt:9', count: 1 }]);
    const large = Array.from({ length: 10_001 }, () => ({ text: '[a-z]{1000}', isRegex: true, origin }));
    const many = Array.from({ length: 10_001 }, () => ({ text: 'x', isRegex: true, origin }));
    for (const [rules, reason] of [
      [large, /regular expressions of the lists are too large together/],
      [many, /the lists have more than 10000 rules for what is left out/],
    ] as const) {
      const refused = readLists({ ...INPUTS, lists: [{ file: 'one.txt', ...parsed, ignoreRules: rules }] });
      await expect(refused).rejects.toThrow(reason);
    }
    const bad = [{ text: '(', isRegex: true, origin }];
    const failed = readLists({ ...INPUTS, lists: [{ file: 'one.txt', ...parsed, ignoreRules: bad }] });
    await expect(failed).rejects.toThrow(/one\.txt:9: '\(' is not a regular expression/);
  });
});
