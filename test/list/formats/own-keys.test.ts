import { describe, expect, it } from 'vitest';
import { isMisspelt, shownKey } from '../../../src/list/formats/own/own-keys.ts';
import { editDistance, nearest } from '../../../src/text/nearest.ts';

describe('found A2: a key that is misspelt', () => {
  it.each([
    ['imags', 'images', true],
    ['imagess', 'images', true],
    ['imagos', 'images', true],
    ['imaegs', 'images', true],
    ['gamesi', 'images', true],
    ['images', 'images', false],
    ['imag', 'images', false],
    ['imagexyz', 'images', false],
    ['IMAGES', 'images', false],
    ['imaxxs', 'images', false],
    ['name', 'image', false],
  ])('%s for %s: %s', (key, meant, expected) => {
    expect(isMisspelt(key, meant)).toBe(expected);
  });

  it.each([
    ['tagz', `'tagz'`],
    ['a.b-c_1', `'a.b-c_1'`],
    ['x'.repeat(40), `'${'x'.repeat(40)}'`],
    ['x'.repeat(41), 'of 41 characters'],
    ['two words', 'of 9 characters'],
    ['', 'of 0 characters'],
    ['AKIAIOSFODNN7EXAMPLE', 'of 20 characters'],
  ])('is shown where it looks like a key: %s as %s', (key, words) => {
    expect(shownKey(key)).toBe(words);
  });

  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['ab', 'abc', 1],
    ['ab', 'ba', 1],
    ['abcd', 'acbd', 1],
    ['abcd', 'badc', 2],
    ['ca', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['x'.repeat(50), 'x'.repeat(60), 0],
  ])('is as far from another as there are edits: %s, %s: %i', (one, two, distance) => {
    expect(editDistance(one, two)).toBe(distance);
    expect(editDistance(two, one)).toBe(distance);
  });

  it.each([
    ['arm46', ['arm', 'arm64'], 'arm64'],
    ['AMD64', ['amd64'], 'amd64'],
    ['ab', ['abcd'], undefined],
    ['abx', ['abc', 'abd'], undefined],
    ['abxy', ['abcd'], 'abcd'],
    ['abxyz', ['abcde'], undefined],
    ['x', ['y'], undefined],
    ['x', [], undefined],
  ])('has the nearest word, where one is near enough: %s of %j is %s', (word, known, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });
});
