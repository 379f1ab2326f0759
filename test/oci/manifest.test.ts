import { describe, expect, it } from 'vitest';
import { parseImageManifest, parseManifest } from '../../src/oci/manifest.ts';
import { idx, one } from '../support/fixtures/index.ts';
import { topOf } from '../support/image.ts';

describe('the manifest of an image', () => {
  it('is read as any manifest is', () => {
    const { bytes } = topOf(one({ layerBytes: 100 }));
    expect(parseImageManifest(bytes)).toEqual(parseManifest(bytes));
  });

  it('is no index', () => {
    expect(() => parseImageManifest(topOf(idx({ layerBytes: 100 })).bytes)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: 'this is an index, not an image' }),
    );
  });
});
