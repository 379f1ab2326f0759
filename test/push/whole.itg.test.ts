import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/lock/index.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { brokenTags, tagsOf } from '../support/broken-tags.ts';
import { att, d2, idx, nested, one } from '../support/fixtures/index.ts';
import { call } from '../support/http.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { hasZot, startDockerRegistry, startZot } from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';
import { pushTo } from './pushing.ts';

const small = { layerBytes: 1000 };
const KINDS = { one: one(small), d2: d2(small), idx: idx(small), nested: nested(small), att: att(small) };
const COUNT = Object.keys(KINDS).length;

let bench: Resolving;
let lock: Lock;
beforeAll(async () => {
  bench = await startResolving();
  const images = [];
  for (const [name, image] of Object.entries(KINDS))
    images.push(await bench.resolve(image, `r.example/${name}:1`));
  lock = bench.lock(...images);
});
afterAll(() => bench.close());

describe.each(['docker-registry', 'registry'])(
  'found A14: a push to %s with a cache of descriptors, after a garbage collection beside it',
  (name) => {
    it.each(['', '/fresh'])('can be pulled whole, with the prefix "%s"', async (suffix) => {
      await using registry = await startDockerRegistry({ program: toolPath(name), cached: true });
      await pushTo(registry, lock, bench.store);
      for (const image of Object.values(KINDS)) {
        for (const repository of Object.keys(KINDS)) {
          for (const digest of image.manifests.keys())
            await call(new URL(`/v2/r.example/${repository}/manifests/${digest}`, registry.url), {
              method: 'DELETE',
            });
        }
      }
      await registry.collectGarbage();
      const { report } = await pushTo(registry, lock, bench.store, { suffix });
      expect(report.failed).toEqual([]);
      expect(report.totals).toMatchObject({ pushed: COUNT, thereBlobs: 0 });
      expect((await tagsOf(registry.url)).size).toBe(COUNT);
      expect(await brokenTags(registry.url)).toEqual([]);
    });
  },
);

describe.each([false, true])(
  'a push to a zot whose files were deleted (its own storage settings: %s)',
  (own) => {
    it.each(['', '/fresh'])('can be pulled whole, with the prefix "%s"', async (suffix) => {
      if (!hasZot()) return noteNotOnZot();
      await using zot = await startZot({ defaultStorage: own });
      await pushTo(zot, lock, bench.store);
      for (const file of await readdir(zot.root, { recursive: true, withFileTypes: true })) {
        if (file.isFile() && file.parentPath.endsWith('blobs/sha256'))
          await rm(path.join(file.parentPath, file.name));
      }
      const { report } = await pushTo(zot, lock, bench.store, { suffix });
      expect(report.failed).toEqual([]);
      expect(report.totals).toMatchObject({ pushed: COUNT });
      expect(await brokenTags(zot.url, suffix.slice(1))).toEqual([]);
    });
  },
);
