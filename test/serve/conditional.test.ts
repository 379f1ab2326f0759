import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { entityTag, isRangeCurrent, isUnmodified } from '../../src/serve/conditional.ts';

const digest = digestOf(Buffer.from('this'));
const other = entityTag(digestOf(Buffer.from('that')));

describe('conditional requests', () => {
  it.each([
    [undefined, false],
    [entityTag(digest), true],
    [`W/${entityTag(digest)}`, true],
    [`${other}, ${entityTag(digest)}`, true],
    ['*', true],
    [other, false],
    [digest, false],
  ])('If-None-Match: %s gives %s', (header, unmodified) => {
    expect(isUnmodified(header, digest)).toBe(unmodified);
  });

  it.each([
    [undefined, true],
    [entityTag(digest), true],
    [`W/${entityTag(digest)}`, false],
    [other, false],
    ['Wed, 21 Oct 2015 07:28:00 GMT', false],
  ])('If-Range: %s gives %s', (header, current) => {
    expect(isRangeCurrent(header, digest)).toBe(current);
  });
});
