import { describe, expect, it } from 'vitest';
import {
  blobDigestIn,
  blobHexIn,
  blobPath,
  digestOf,
  hexOf,
  parseBlobPath,
  poolHexIn,
} from '../../src/oci/digest.ts';

const DIGEST = digestOf(new TextEncoder().encode('blob'));
const HEX = hexOf(DIGEST);

describe('paths of blobs in OCI layouts', () => {
  it('are taken apart as they are made', () => {
    expect(parseBlobPath(blobPath(DIGEST))).toEqual({ layout: '', hex: HEX });
    expect(parseBlobPath(`registry/app/${blobPath(DIGEST)}`)).toEqual({ layout: 'registry/app/', hex: HEX });
  });

  it('have the digest of the blob, whichever layout has it', () => {
    for (const path of [blobPath(DIGEST), `registry/app/${blobPath(DIGEST)}`]) {
      expect(blobHexIn(path)).toBe(HEX);
      expect(blobDigestIn(path)).toBe(DIGEST);
    }
  });

  it('are in the pool of a bundle where no folder is above them', () => {
    expect(poolHexIn(blobPath(DIGEST))).toBe(HEX);
    expect(poolHexIn(`registry/app/${blobPath(DIGEST)}`)).toBeUndefined();
    expect(poolHexIn(`/${blobPath(DIGEST)}`)).toBeUndefined();
  });

  it.each([
    'index.json',
    `blobs/sha256/${HEX.slice(1)}`,
    `blobs/sha256/${HEX}.part`,
    `blobs/sha256/${HEX.toUpperCase()}`,
    `blobs/sha512/${HEX}`,
    `myblobs/sha256/${HEX}`,
    `blobs/sha256/${HEX}\n`,
  ])('are told from %j', (path) => {
    expect(parseBlobPath(path)).toBeUndefined();
    expect(blobDigestIn(path)).toBeUndefined();
    expect(poolHexIn(path)).toBeUndefined();
  });
});
