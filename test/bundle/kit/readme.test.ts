import { describe, expect, it } from 'vitest';
import { kitFiles } from '../../../src/bundle/kit/kit.ts';
import { readme } from '../../../src/bundle/kit/readme.ts';
import type { Lock } from '../../../src/lock/index.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';

const digest = (text: string): Digest => digestOf(new TextEncoder().encode(text));

function lockOf(count: number): Lock {
  const [config, layer, top] = ['config', 'layer', 'top'].map(digest) as [Digest, Digest, Digest];
  const mediaType = 'application/vnd.oci.image.manifest.v1+json' as const;
  const common = { source: 'docker' as const, digest: top, mediaType, root: top, rootMediaType: mediaType };
  const leaf = { digest: top, mediaType, platform: 'linux/amd64', config, layers: [layer] };
  return {
    version: 1,
    images: Array.from({ length: count }, (_, at) => ({
      ...common,
      ref: `localhost:5000/app-${at}:1`,
      names: [`localhost:5000/app-${at}:1`],
      platforms: [],
      leaves: [leaf],
      referrers: [],
    })),
    files: [],
    blobs: { [config]: 100, [layer]: 1024, [top]: 300 },
  };
}

describe('V16: README.txt', () => {
  it('says how many images there are, their platforms, both sizes, and the names as they are pulled there', () => {
    const own = Object.keys(lockOf(3).blobs) as Digest[];
    const page = readme(lockOf(3), [{ blobs: own }, { blobs: own }, { blobs: own }]);
    expect(page).toContain('This folder holds 3 container images.');
    expect(page).toContain('Platforms   linux/amd64');
    expect(page).toContain('Size        1.4 KiB; 5.6 KiB where a disk knows no hard links');
    expect(page).toContain('  127.0.0.1:5000/localhost_5000/app-2:1\n');
  });

  it('fits 80 columns but for names, is plain ASCII, and names a file for all that it leaves out', () => {
    const page = readme(lockOf(1000), []);
    const wide = page.split('\n').filter((line) => line.length > 80 && !line.includes('127.0.0.1:5000/'));
    expect(wide).toEqual([]);
    expect(page).toMatch(/^[\n\x20-\x7e]*$/);
    expect(page).toContain('and 800 more: all of them stand in kit/images.tsv');
  });

  it('names only scripts that the kit has', () => {
    const page = readme(lockOf(1), []);
    const paths = new Set(kitFiles(lockOf(1), new Map(), []).map(({ path }) => path));
    const named = [...page.matchAll(/kit\/[a-z-]+\.(?:sh|tsv)/g)].map(([path]) => path);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !paths.has(path))).toEqual([]);
  });
});
