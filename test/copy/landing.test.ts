import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Landing, watchLanding } from '../../src/copy/landing.ts';
import type { OciSaveError } from '../../src/errors.ts';
import { MAX_CONFIG_BYTES } from '../../src/oci/config.ts';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.ts';
import { LAYOUT, poolOf } from '../../src/skopeo/index.ts';
import { seededBytes } from '../support/fixtures/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const layer = seededBytes('layer', 1000);
const digest = digestOf(layer);
let temp: TempFolder;
let landed: Digest[];
let bytes: number;
let given: PromiseWithResolvers<OciSaveError>;
beforeEach(async () => {
  temp = await tempFolder('landing');
  await mkdir(poolOf(temp.path), { recursive: true });
  await mkdir(path.join(temp.path, LAYOUT));
  [landed, bytes, given] = [[], 0, Promise.withResolvers()];
});
afterEach(() => temp.close());

const incoming = (): string => path.join(temp.path, LAYOUT, 'oci-put-blob1');
const watched = (stallMilliseconds?: number): Landing =>
  watchLanding({
    folder: temp.path,
    brings: new Map([[digest, layer.length]]),
    adopt: async () => {},
    onLanded: (found) => landed.push(found),
    onBytes: (delta) => (bytes += delta),
    giveUp: (error) => given.resolve(error),
    ...(stallMilliseconds === undefined ? {} : { stallMilliseconds }),
  });

describe('watching a copy by skopeo', () => {
  it('reports bytes as they come and a layer as soon as it has landed', async () => {
    const landing = watched();
    await writeFile(incoming(), layer.subarray(0, 400));
    await expect.poll(() => bytes).toBe(400);
    await writeFile(incoming(), layer);
    await rename(incoming(), path.join(poolOf(temp.path), hexOf(digest)));
    await expect.poll(() => landed).toEqual([digest]);
    await landing.finish();
    expect([landing.missing, bytes]).toEqual([0, 1000]);
  });

  it('ends the copy where more comes than its layers and a config can have', async () => {
    const landing = watched();
    const told: OciSaveError[] = [];
    void given.promise.then((error) => told.push(error));
    await writeFile(incoming(), Buffer.alloc(layer.length + MAX_CONFIG_BYTES));
    await expect.poll(() => bytes).toBe(layer.length + MAX_CONFIG_BYTES);
    expect(told).toEqual([]);
    await writeFile(incoming(), Buffer.alloc(layer.length + MAX_CONFIG_BYTES + 1));
    expect(await given.promise).toMatchObject({
      code: 'digest',
      message: expect.stringContaining('more than'),
    });
    await landing.finish();
    expect([landing.missing, bytes]).toEqual([1, 0]);
  });

  it('ends the copy where nothing comes', async () => {
    const landing = watched(1);
    expect(await given.promise).toMatchObject({
      code: 'network',
      message: 'skopeo: no byte for 0 s',
    });
    await landing.finish();
  });

  it('found B6: ends the copy where a byte comes now and then', async () => {
    const landing = watched(2000);
    const told = new Set<OciSaveError>();
    void given.promise.then((error) => told.add(error));
    // The size changes all the time, so that it is not silent, and hardly grows.
    for (let size = 1; told.size === 0; size++) await writeFile(incoming(), Buffer.alloc(1 + (size % 7)));
    expect([...told][0]).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/^skopeo: too slow, [0-7] bytes in 2 s$/),
    });
    await landing.finish();
  });
});
