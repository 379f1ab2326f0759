import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planTree } from '../../../src/bundle/index.ts';
import { readManifests } from '../../../src/image/index.ts';
import type { Lock } from '../../../src/lock/index.ts';
import { bundleSizes } from '../../../src/view/html/sizes.ts';
import { renderHtml } from '../../../src/view/index.ts';
import { type Resolving, startResolving } from '../../resolve/resolving.ts';
import { att, chart, d2, idx, one } from '../../support/fixtures/index.ts';
import { wordsOf } from './sample-lock.ts';

const small = { layerBytes: 100 };
let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

describe('the two sizes of a bundle', () => {
  it('R10: are those of its tree, each blob once and each name a copy, as README.txt has them', async () => {
    const resolved = [
      await bench.resolve(one(small), 'x:1'),
      await bench.resolve(one(small), 'quay.io/a/same:1'),
      await bench.resolve(d2({ layerBytes: 50_000 }), 'localhost:5000/d:1'),
      await bench.resolve(idx(small), 'sparse:1', { platforms: 'linux/arm64' }),
      await bench.resolve(idx(small), 'several:1', { platforms: 'linux/arm64,linux/amd64' }),
      await bench.resolve(att(small), 'narrow:1', { platforms: 'linux/amd64', index: 'narrow' }),
      await bench.resolve(att(small), 'attested:1'),
      await bench.resolve(chart(), 'ghcr.io/a/chart:1'),
    ];
    const lock = withNames(bench.lock(...resolved));
    const tree = planTree(lock, await readManifests(lock, bench.store), ['oci', 'zot'], () => '');
    const bytesOf = (kind: 'blob' | 'link'): number =>
      tree.reduce((sum, file) => sum + (file.kind === kind ? file.size : 0), 0);
    const sizes = bundleSizes(lock);
    expect(sizes).toEqual({ linked: bytesOf('blob'), copied: bytesOf('blob') + bytesOf('link') });
    expect(sizes.copied).toBeGreaterThan(2 * sizes.linked);
    const [readme] = tree.flatMap((file) =>
      file.kind === 'bytes' && file.path === 'README.txt' ? [new TextDecoder().decode(file.bytes)] : [],
    );
    const [, linked = '', copied = ''] = /Size +(\S+ \S+); (\S+ \S+) where/.exec(readme ?? '') ?? [];
    expect(wordsOf(renderHtml(lock, 't'))).toContain(
      `Size ${linked} each blob once, with hard links Size as copies ${copied} without`,
    );
  });
});

/** The first image under two more names, one of them in a repository of its own. */
function withNames(lock: Lock): Lock {
  const [first, ...others] = lock.images;
  if (first === undefined) throw new Error('the lock has no image');
  const names = [...first.names, `${first.names[0] ?? ''}-again`, 'site.example/again:1'].toSorted();
  return { ...lock, images: [{ ...first, names }, ...others] };
}
