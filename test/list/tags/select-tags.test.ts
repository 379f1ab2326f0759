import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../../src/errors.ts';
import type { TagSelection } from '../../../src/list/request.ts';
import { newPatternBudget } from '../../../src/list/tags/pattern.ts';
import { compileSelection } from '../../../src/list/tags/select-tags.ts';
import { compileRange, versionOf } from '../../../src/list/tags/version.ts';

const HEX = 'a'.repeat(64);
const TAGS = [
  'latest',
  '1.10',
  '1.2.3',
  'v1.3.0',
  '1.3',
  '2.0.0-rc.1',
  '2.0.0',
  '2024.01.05',
  '3.20-alpine',
  'edge',
  `sha256-${HEX}.sig`,
  `sha256-${HEX}.att`,
  `sha256-${HEX}`,
];

function select(rule: Partial<TagSelection>, tags: readonly string[] = TAGS) {
  return compileSelection({ allow: [], deny: [], versions: [], ...rule }, newPatternBudget())(tags);
}

function reasonOf(rule: Partial<TagSelection>): string {
  try {
    select(rule);
    return 'read';
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe('L17: tags by a rule', () => {
  it.each<[string, Partial<TagSelection>, string[]]>([
    [
      'without a rule, every tag but those of referrers, by code point',
      {},
      [
        '1.10',
        '1.2.3',
        '1.3',
        '2.0.0',
        '2.0.0-rc.1',
        '2024.01.05',
        '3.20-alpine',
        'edge',
        'latest',
        'v1.3.0',
      ],
    ],
    ['a pattern that matches somewhere', { allow: ['1\\.3'] }, ['1.3', 'v1.3.0']],
    ['one of several patterns', { allow: ['^edge$', '^latest$'] }, ['edge', 'latest']],
    ['none that is denied', { allow: ['^1'], deny: ['\\.3$'] }, ['1.10']],
    ['a range', { versions: ['>= 1.3, <2'] }, ['1.10', '1.3', 'v1.3.0']],
    ['a range without comma', { versions: ['>=1.2 <1.3'] }, ['1.2.3']],
    ['a tilde', { versions: ['~1.2'] }, ['1.2.3']],
    ['a caret', { versions: ['^1.2.3'] }, ['1.10', '1.2.3', '1.3', 'v1.3.0']],
    ['an x', { versions: ['1.2.x'] }, ['1.2.3']],
    ['alternatives', { versions: ['1.2.x || ^2'] }, ['1.2.3', '2.0.0']],
    ['a version that is not wanted', { versions: ['^1, !=1.3'] }, ['1.10', '1.2.3']],
    ['Go’s other spelling of a bound', { versions: ['=>1.3 =<1.10'] }, ['1.10', '1.3', 'v1.3.0']],
    [
      'no pre-release, if the range names none',
      { versions: ['>=1.3'] },
      ['1.10', '1.3', '2.0.0', '2024.01.05', 'v1.3.0'],
    ],
    ['a pre-release, if it does', { versions: ['>=2.0.0-0 <3'] }, ['2.0.0', '2.0.0-rc.1']],
    [
      'a pre-release of a later version, if it does',
      { versions: ['>=1.9-0 <3'] },
      ['1.10', '2.0.0', '2.0.0-rc.1'],
    ],
    ['a pre-release of a short version', { versions: ['>=2-0 <3'] }, ['2.0.0', '2.0.0-rc.1']],
    ['what comes after a short version', { versions: ['>1'] }, ['2.0.0', '2024.01.05']],
    ['a date, whose zeros do not count', { versions: ['2024.1.5'] }, ['2024.01.05']],
    ['what every range has', { versions: ['^1', '>=1.3'] }, ['1.10', '1.3', 'v1.3.0']],
    ['the newest by version, and not by text', { newest: 2, allow: ['^v?1'] }, ['1.10', '1.3']],
    ['no pre-release among the newest', { newest: 1, allow: ['^[12]\\.'] }, ['2.0.0']],
    ['pre-releases where nothing else is there', { newest: 1, allow: ['alpine'] }, ['3.20-alpine']],
    ['all, if there are fewer', { newest: 9, versions: ['~1.2'] }, ['1.2.3']],
    ['nothing', { allow: ['^9'] }, []],
  ])('chooses %s', (_, rule, chosen) => {
    expect(select(rule).tags).toEqual(chosen);
  });

  it('says what it leaves out beside its own patterns', () => {
    expect(select({ newest: 2 }).leftOut).toEqual([
      '3 of signatures and other referrers',
      '2 without a version',
      '2 of pre-releases',
      '4 of older versions',
    ]);
    expect(select({}, ['1', '2']).leftOut).toEqual([]);
  });

  it.each([
    [{ allow: ['('] }, `list: '(' is not a regular expression of RE2`],
    [{ allow: ['(?=x)'] }, 'is not a regular expression of RE2'],
    [{ deny: ['(a)\\1'] }, 'is not a regular expression of RE2'],
    [{ allow: ['x{2000}'] }, 'is not a regular expression of RE2'],
    [{ allow: ['x'.repeat(1001)] }, 'longer than 1000 characters'],
    [{ allow: ['(?:a?){1000}'.repeat(20)] }, 'repeats too much'],
    [{ versions: ['new'] }, `'new' is not a range of versions`],
    [{ versions: [''] }, 'is not a range of versions'],
    [{ versions: ['1 ||'] }, 'is not a range of versions'],
    [{ versions: ['>=1 ; rm'] }, 'is not a range of versions'],
    [{ versions: ['1 '.repeat(300)] }, 'longer than 500 characters'],
  ])('refuses %j', (rule, words) => {
    expect(reasonOf(rule)).toContain(words);
  });

  it('refuses regular expressions that are too large together', () => {
    expect(reasonOf({ deny: Array.from({ length: 1200 }, () => '[a-z]{1000}') })).toContain(
      'the regular expressions of the lists are too large together',
    );
  });

  it.each([
    ['1.2.3', '1.2.3'],
    ['v1', '1.0.0'],
    ['1.2-rc1', '1.2.0-rc1'],
    ['1.2.3-01', '1.2.3-1'],
    ['1.2.3+build', '1.2.3'],
    ['20240105', '20240105.0.0'],
    ['1.2.3.4', undefined],
    ['1234567890123456', undefined],
    ['latest', undefined],
    ['1.2.3-', undefined],
  ])('reads the version of %s as %s', (tag, version) => {
    expect(versionOf(tag)?.version).toBe(version);
  });

  const tag = fc.oneof(
    fc.stringMatching(/^\w[\w.-]{0,20}$/),
    fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30)).map((parts) => parts.join('.')),
    fc.constantFrom(...TAGS),
  );
  const rule = fc.record({
    allow: fc.array(fc.constantFrom('^1', '\\d', 'a', '.*'), { maxLength: 2 }),
    deny: fc.array(fc.constantFrom('rc', '^0', 'z'), { maxLength: 2 }),
    versions: fc.array(fc.constantFrom('>=1', '^1 || ^2', '>=0-0', '!=1'), { maxLength: 2 }),
    newest: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  });

  it('chooses of what is there, each once and sorted, whatever the order of the list', () => {
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 40 }), rule, (tags, given) => {
        const { tags: chosen } = select(given, tags);
        expect(chosen).toEqual([...new Set(chosen)].toSorted());
        expect(chosen.filter((one) => !tags.includes(one) || one.startsWith('sha256-'))).toEqual([]);
        expect(chosen.length).toBeLessThanOrEqual(given.newest ?? Infinity);
        expect(select(given, [...tags, ...tags].toReversed()).tags).toEqual(chosen);
      }),
    );
  });

  it('chooses the newest of what it would choose without that bound', () => {
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 40 }), rule, (tags, given) => {
        const { tags: all } = select({ ...given, newest: undefined }, tags);
        for (const one of select(given, tags).tags) expect(all).toContain(one);
      }),
    );
  });

  it('reads any text as a range, or refuses it as one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.x*<>=!~^|, -]{0,30}$/)), (text) => {
        try {
          expect(typeof compileRange(text)(versionOf('1.2.3') ?? never())).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(OciSaveError);
        }
      }),
    );
  });
});

function never(): never {
  throw new Error('1.2.3 is a version');
}
