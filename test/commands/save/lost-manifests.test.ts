import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { save } from '../../../src/commands/save/save.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../../../src/oci/digest.ts';
import { parseOptions } from '../../../src/options/index.ts';
import type { RunReport } from '../../../src/report/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { d2, idx } from '../../support/fixtures/index.ts';
import { type PushRegistry, startPushRegistry } from '../../support/push-registry.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { checkBundle } from '../../support/whole-bundle.ts';

const small = { layerBytes: 100 };
const IMAGES = { 'index:1': idx(small), 'docker:1': d2(small) };

let source: BadRegistry;
let target: PushRegistry;
let temp: TempFolder;
beforeAll(async () => {
  source = await startBadRegistry({ images: IMAGES });
  target = await startPushRegistry();
  temp = await tempFolder('lost');
});
afterAll(async () => {
  await source.close();
  await target.close();
  await temp.close();
});

type Stage = 'copy' | 'archive' | 'bundle' | 'push';

interface Saving {
  readonly name: string;
  readonly platforms: string;
  readonly format?: 'oci';
  readonly index?: 'narrow';
  /** Called with the store's file of each manifest when a stage begins. */
  readonly spoil?: { readonly at: Stage; readonly how: (file: string) => void };
}

/** Saves both images; each manifest of the store is spoiled once, when a stage begins. */
async function run({ name, platforms, format, index, spoil }: Saving): Promise<RunReport> {
  const cacheDir = path.join(temp.path, name, 'store');
  const options = parseOptions({
    images: Object.keys(IMAGES).map((image) => `${source.host}/${image}`),
    platforms,
    output: path.join(temp.path, name, 'bundle'),
    archive: 'tar',
    push: `${target.host}/${name}`,
    cacheDir,
    copier: 'direct',
    retries: 0,
    ...(format === undefined ? {} : { format }),
    ...(index === undefined ? {} : { index }),
    insecureRegistries: [source.host, target.host],
  });
  const spoilt = new Set<string>();
  const known = manifestsNow;
  const { report, lock } = await save(options, {
    env: {},
    emit(event) {
      if (event.type !== 'stage' || event.stage !== spoil?.at || spoilt.size > 0) return;
      for (const digest of known) {
        const file = path.join(cacheDir, 'blobs', 'sha256', hexOf(digest));
        spoil.how(file);
        spoilt.add(file);
      }
    },
  });
  const blobs = new Set(Object.keys(lock.blobs).filter(isDigest));
  const layers = new Set(
    lock.images.flatMap(({ leaves }) => leaves.flatMap((leaf) => [leaf.config, ...leaf.layers])),
  );
  manifestsNow = [...blobs].filter((digest) => !layers.has(digest));
  if (spoil !== undefined) expect([spoilt.size, manifestsNow]).toEqual([known.length, known]);
  return report;
}

/** The manifests of the lock of the latest run. */
let manifestsNow: readonly Digest[] = [];

const gone = (file: string): void => rmSync(file);
const damaged = (file: string): void => {
  rmSync(file);
  writeFileSync(file, '{"schemaVersion":2}');
};

describe.each<Omit<Saving, 'name' | 'spoil'> & { kind: string; slug: string }>([
  { kind: 'as they were served', slug: 'served', platforms: 'all' },
  { kind: 'with a narrowed index, which no registry has', slug: 'sparse', platforms: 'linux/amd64' },
  { kind: 'narrowed alone', slug: 'narrow', platforms: 'linux/amd64', index: 'narrow' },
  { kind: 'converted, which no registry has', slug: 'converted', platforms: 'all', format: 'oci' },
])('manifests that the store loses after they were resolved, $kind', ({ slug, ...saving }) => {
  let clean: RunReport;
  beforeAll(async () => {
    // It says which manifests there are.
    clean = await run({ ...saving, name: `${slug}-before` });
    expect(clean).toMatchObject({ outcome: 'done', failed: [] });
  });

  it.each<{ at: Stage; how: string; spoil: (file: string) => void }>([
    { at: 'copy', how: 'gone', spoil: gone },
    { at: 'archive', how: 'damaged', spoil: damaged },
    { at: 'bundle', how: 'gone', spoil: gone },
    { at: 'bundle', how: 'damaged', spoil: damaged },
    { at: 'push', how: 'gone', spoil: gone },
    { at: 'push', how: 'damaged', spoil: damaged },
  ])('are brought back where they are $how when the stage $at begins', async ({ at, how, spoil }) => {
    const name = [slug, at, how].join('-');
    const report = await run({ ...saving, name, spoil: { at, how: spoil } });
    expect(report).toMatchObject({ outcome: 'done', failed: [] });
    expect(await checkBundle(path.join(temp.path, name, 'bundle'))).toHaveLength(2);
    expect(report.archive?.digest).toBe(clean.archive?.digest);
    expect(report.push?.[0]?.totals.pushed).toBe(2);
    const pushed = [...target.contents.repositories]
      .filter(([repository]) => repository.startsWith(`${name}/`))
      .flatMap(([, { manifests }]) => [...manifests]);
    for (const [digest, { bytes }] of pushed) expect(digestOf(bytes)).toBe(digest);
    // Many registries have no manifest among their blobs.
    const asked = source
      .requests({ kind: 'blob', method: 'GET' })
      .filter((request) => manifestsNow.some((digest) => request.path.endsWith(digest)));
    expect(asked).toEqual([]);
  });
});
