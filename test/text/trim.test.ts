import { describe, expect, it } from 'vitest';
import { lastPart, withoutEnd } from '../../src/text/trim.ts';

describe('the end of a text', () => {
  it.each([
    ['a//', '/', 'a'],
    ['a/b', '/', 'a/b'],
    ['a.:.', '.:', 'a'],
    ['///', '/', ''],
    ['', '/', ''],
  ])('of %j goes without %j: %j', (text, characters, rest) => {
    expect(withoutEnd(text, characters)).toBe(rest);
  });

  it.each([
    ['a/b/values.yaml', 'values.yaml'],
    [String.raw`a\b\values.yaml`, 'values.yaml'],
    ['values.yaml', 'values.yaml'],
    ['a/', ''],
  ])('of the path %j is %j', (path, name) => {
    expect(lastPart(path)).toBe(name);
  });
});
