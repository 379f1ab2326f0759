import { describe, expect, it } from 'vitest';
import { divide, type MissingBlob, SKOPEO_FROM_BYTES } from '../../src/copy/division.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';

const digest = (name: string): Digest => digestOf(new TextEncoder().encode(name));
const blob = (name: string, size: number, leaves: string[], foreign = false): MissingBlob => ({
  digest: digest(name),
  size,
  leaves: leaves.map(digest),
  urls: [],
  foreign,
  repeated: false,
});
const FROM = 100;

describe('the division of missing blobs between skopeo and the client', () => {
  it('gives a large layer to skopeo, whose leaf waits for the small ones that the client brings', () => {
    const { leaves, direct } = divide([blob('big', 500, ['a']), blob('small', 3, ['a'])], FROM);
    expect(leaves).toEqual([
      {
        id: digest('a'),
        missing: [
          { digest: digest('big'), size: 500 },
          { digest: digest('small'), size: 3 },
        ],
      },
    ]);
    expect(direct.map(({ digest: name }) => name)).toEqual([digest('small')]);
  });

  it('keeps configs, and leaves of small layers alone, for the client, the largest first', () => {
    const { leaves, direct } = divide([blob('small', 3, ['a']), blob('config', 500, [])], FROM);
    expect(leaves).toEqual([]);
    expect(direct.map(({ digest: name }) => name)).toEqual([digest('config'), digest('small')]);
  });

  it('lets every leaf over a large layer wait for its leader, and plans no copy for leaves without one', () => {
    const { leaves } = divide(
      [blob('base', 500, ['a', 'b']), blob('own', 3, ['b']), blob('other', 3, ['c'])],
      FROM,
    );
    expect(leaves.map(({ id }) => id)).toEqual([digest('a'), digest('b')]);
  });

  it('never gives skopeo a foreign layer, which it leaves out in silence', () => {
    const { leaves, direct } = divide([blob('foreign', 500, ['a'], true)], FROM);
    expect(leaves).toEqual([]);
    expect(direct).toHaveLength(1);
    // Nor does a leaf wait for it that skopeo copies for another layer.
    const both = divide([blob('foreign', 500, ['a'], true), blob('big', 500, ['a'])], FROM);
    expect(both.leaves).toEqual([{ id: digest('a'), missing: [{ digest: digest('big'), size: 500 }] }]);
  });

  it('gives skopeo what is larger than 1 MiB', () => {
    const mebibyte = 1024 * 1024;
    const missing = [blob('just', mebibyte, ['a']), blob('more', mebibyte + 1, ['b'])];
    const { leaves, direct } = divide(missing, SKOPEO_FROM_BYTES);
    expect(leaves.map(({ id }) => id)).toEqual([digest('b')]);
    expect(direct.map(({ digest: name }) => name)).toEqual([digest('just')]);
  });

  it('gives all blobs to the client with a threshold of Infinity', () => {
    const { leaves, direct } = divide([blob('big', 5e9, ['a', 'b']), blob('config', 9, [])], Infinity);
    expect(leaves).toEqual([]);
    expect(direct).toHaveLength(2);
  });
});
