import { describe, expect, it } from 'vitest';
import { areSame, isSparse, taggedDigest, taggedMediaType } from '../../src/lock/index.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts';

const of = (text: string): Digest => digestOf(new TextEncoder().encode(text));
const [served, root, made] = [of('served'), of('root'), of('made')];
const types = { mediaType: OCI_INDEX, rootMediaType: OCI_INDEX };

describe('what the names of an image in a lock stand for', () => {
  it.each([
    ['what the source served', { digest: served, root: served, ...types }, served, OCI_INDEX, false],
    ['an index without some platforms', { digest: served, root, ...types }, served, OCI_INDEX, true],
    [
      'that, never to be narrowed',
      { digest: served, root, index: 'keep', ...types },
      served,
      OCI_INDEX,
      true,
    ],
    ['a narrowed index', { digest: served, root, index: 'narrow', ...types }, root, OCI_INDEX, false],
    [
      'the leaf of a narrowed index',
      { digest: served, root, index: 'narrow', mediaType: OCI_INDEX, rootMediaType: OCI_MANIFEST },
      root,
      OCI_MANIFEST,
      false,
    ],
    [
      'a conversion',
      {
        digest: served,
        root: made,
        converted: { [served]: made },
        mediaType: DOCKER_MANIFEST,
        rootMediaType: OCI_MANIFEST,
      },
      made,
      OCI_MANIFEST,
      false,
    ],
    [
      'a conversion without some platforms',
      {
        digest: served,
        root,
        converted: { [served]: made },
        mediaType: DOCKER_LIST,
        rootMediaType: OCI_MANIFEST,
      },
      made,
      OCI_INDEX,
      true,
    ],
    [
      'a conversion of what had no digest',
      { digest: made, root: made, converted: {}, mediaType: OCI_MANIFEST, rootMediaType: OCI_MANIFEST },
      made,
      OCI_MANIFEST,
      false,
    ],
    [
      'a conversion, by a lock of an earlier version',
      { digest: made, root: made, converted: { [served]: made }, ...types },
      made,
      OCI_INDEX,
      false,
    ],
  ] as const)('is %s', (_, image, digest, mediaType, sparse) => {
    expect(taggedDigest(image)).toBe(digest);
    expect(taggedMediaType(image)).toBe(mediaType);
    expect(isSparse(image)).toBe(sparse);
  });

  it('is the same of two images where both it and the root are', () => {
    const sparse = { digest: served, root };
    expect(areSame(sparse, { ...sparse, index: 'keep' })).toBe(true);
    expect(areSame(sparse, { ...sparse, index: 'narrow' })).toBe(false);
    expect(areSame(sparse, { digest: served, root: made })).toBe(false);
    expect(
      areSame({ digest: made, root: made }, { digest: served, root: made, converted: { [served]: made } }),
    ).toBe(true);
  });
});
