import { describe, expect, it } from 'vitest';
import { jsonIn } from '../../src/text/json-in.ts';

describe('jsonIn', () => {
  it.each([
    ['text', '{"a": [1]}'],
    ['bytes', Buffer.from('{"a": [1]}')],
    ['bytes with a byte order mark', Buffer.from('\uFEFF{"a": [1]}')],
  ])('reads %s', (_, json) => {
    expect(jsonIn(json)).toEqual({ a: [1] });
  });

  it.each([undefined, '', '{"a": ', Buffer.from('<html>')])('is undefined for %j', (json) => {
    expect(jsonIn(json)).toBeUndefined();
  });
});
