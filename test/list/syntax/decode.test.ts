import { describe, expect, it } from 'vitest';
import { decodeList } from '../../../src/list/syntax/decode.ts';

const faultOf = (bytes: readonly number[]): string => {
  try {
    return `no fault: ${decodeList(Uint8Array.from(bytes))}`;
  } catch (error) {
    return error instanceof Error && 'hint' in error ? `${error.message} (${String(error.hint)})` : 'another';
  }
};
const A = 0x61;
const UTF8 = 'Save the list as UTF-8.';
const BINARY = 'If it is text in UTF-16, save it as UTF-8.';

describe('found L3: the bytes of a list', () => {
  it.each<[string, readonly number[], string]>([
    ['no byte', [], ''],
    ['a byte order mark alone', [0xef, 0xbb, 0xbf], ''],
    ['UTF-8', [A, 0xc3, 0xa9], 'aé'],
    ['UTF-8 with its mark', [0xef, 0xbb, 0xbf, A], 'a'],
    ['UTF-16 little endian', [0xff, 0xfe, A, 0, 0x0d, 0, 0x0a, 0], 'a\n'],
    ['UTF-16 big endian', [0xfe, 0xff, 0, A, 0, 0x0d], 'a\n'],
    ['one byte', [A], 'a'],
    ['lines of Windows', [A, 0x0d, 0x0a, 0x0d, 0x0a, A], 'a\n\na'],
    ['lines of old Macs', [A, 0x0d, 0x0d, A], 'a\n\na'],
  ])('of %s are text', (_, bytes, text) => {
    expect(decodeList(Uint8Array.from(bytes))).toBe(text);
  });

  it.each<[string, readonly number[], string]>([
    ['at the start', [0xe9, A], `the byte 0xe9 at offset 0 is not UTF-8 (${UTF8})`],
    ['in Latin-1', [A, A, 0xe9, A, A], `the byte 0xe9 at offset 2 is not UTF-8 (${UTF8})`],
    ['at the end', [A, A, 0xff], `the byte 0xff at offset 2 is not UTF-8 (${UTF8})`],
    ['of a cut character', [A, 0xe2, 0x82], `the byte 0xe2 at offset 1 is not UTF-8 (${UTF8})`],
    [
      'of a character that is cut by another',
      [A, 0xe2, 0x82, A],
      `the byte 0xe2 at offset 1 is not UTF-8 (${UTF8})`,
    ],
    ['that has one hex digit', [A, 0xc0, 0x05], `the byte 0xc0 at offset 1 is not UTF-8 (${UTF8})`],
    ['of half a pair in UTF-16', [0xff, 0xfe, 0x3d, 0xd8, A, 0], `is not UTF-16 (${UTF8})`],
    ['that is missing in UTF-16', [0xff, 0xfe, A, 0, A], `the byte 0x61 at offset 4 is not UTF-16 (${UTF8})`],
  ])('that are no text are named by the first bad one: %s', (_, bytes, fault) => {
    expect(faultOf(bytes)).toContain(fault);
  });

  it.each<[string, readonly number[], number]>([
    ['at the start', [0, A], 0],
    ['inside', [A, A, 0, A], 2],
    ['of UTF-16 without a mark', [A, 0, A, 0], 1],
    ['as a character of UTF-16', [0xff, 0xfe, A, 0, 0, 0], 4],
    ['as the first character of UTF-16', [0xfe, 0xff, 0, 0], 2],
  ])('are binary with a NUL %s', (_, bytes, offset) => {
    expect(faultOf(bytes)).toBe(`the byte at offset ${offset} is NUL: this is a binary file (${BINARY})`);
  });

  it('are told by the first bad one in a long file, too', () => {
    const bytes = new Uint8Array(100_000).fill(A);
    bytes[77_777] = 0xff;
    expect(faultOf([...bytes])).toContain('the byte 0xff at offset 77777 is not UTF-8');
  });
});
