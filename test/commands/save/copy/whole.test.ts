import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../../src/commands/save/copy/whole.ts';
import { withoutContradictions } from '../../../../src/commands/save/need/sound.ts';
import { OciSaveError } from '../../../../src/errors.ts';
import { one } from '../../../support/fixtures/index.ts';
import { type Resolving, startResolving } from '../../../resolve/resolving.ts';

let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

describe('the outcome of a copy', () => {
  it('fails an image with the blob that could not be had, and no other', async () => {
    const a = await bench.resolve(one({ layerBytes: 100 }), 'a:1');
    const b = await bench.resolve(one({ layerBytes: 100, seed: 'b' }), 'b:1');
    const [layer] = a.leaves[0]!.layers;
    const error = new OciSaveError({ code: 'network', message: 'cut' });
    const failures = new Map([[layer!, error]]);
    const { whole, failed } = outcomeOf({ resolved: [a, b], failed: [] }, { movers: new Map(), failures });
    expect(whole).toEqual([b]);
    expect(failed).toEqual([{ wanted: a.wanted, error }]);
  });

  it('takes one size of a blob for all images, and fails the image that says another', async () => {
    const image = await bench.resolve(one({ layerBytes: 100 }), 'a:1');
    const [[digest, size]] = [...image.sizes] as [[`sha256:${string}`, number]];
    const liar = { ...image, sizes: new Map([[digest, size + 1]]) };
    const { resolved, failed } = withoutContradictions({ resolved: [image, liar], failed: [] });
    expect(resolved).toEqual([image]);
    expect(failed[0]?.error).toMatchObject({
      code: 'digest',
      message: expect.stringContaining(`${size + 1} bytes`),
    });
  });
});
