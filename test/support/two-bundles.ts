import { lockOf } from '../../src/resolve/index.ts';
import { writeBundle } from '../bundle/write-bundle.ts';
import { startResolving } from '../resolve/resolving.ts';
import { closable, type Closable } from './closable.ts';
import { att, chart, d2, idx, one } from './fixtures/index.ts';

export interface TwoBundles extends Closable {
  /** The folder that they are in: `v1` and `v2`. */
  readonly folder: string;
}

export const REPOSITORY = 'registry.example/team';

/**
 * Two bundles of one site. `app:1` is another image in the second, `list:1` the same index for another platform; `tool:1` is
 * in both, `old:1` in the first alone, `new:1` and `chart:1` in the second alone.
 */
export async function twoBundles(layerBytes = 3000): Promise<TwoBundles> {
  const bench = await startResolving();
  const bytes = { layerBytes };
  const name = (text: string): string => `${REPOSITORY}/${text}`;
  const first = [
    await bench.resolve(one(bytes), name('app:1')),
    await bench.resolve(idx(bytes), name('list:1'), { platforms: 'linux/amd64' }),
    await bench.resolve(d2(bytes), name('tool:1')),
    await bench.resolve(one({ seed: 'old', ...bytes }), name('old:1')),
  ];
  const second = [
    await bench.resolve(att(bytes), name('app:1')),
    await bench.resolve(idx(bytes), name('list:1'), { platforms: 'linux/arm64' }),
    await bench.resolve(d2(bytes), name('tool:1')),
    await bench.resolve(one({ seed: 'new', ...bytes }), 'quay.example/x/new:1'),
    await bench.resolve(chart(), name('chart:1')),
  ];
  await writeBundle(bench, lockOf(first), 'v1', ['oci', 'zot']);
  await writeBundle(bench, lockOf(second), 'v2', ['oci', 'zot']);
  return closable({ folder: bench.folder }, () => bench.close());
}
