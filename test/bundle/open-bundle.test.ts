import { appendFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBundle, type View } from '../../src/bundle/index.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../../src/oci/digest.ts';
import type { Lock } from '../../src/lock/index.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { failureOf } from '../registry/support.ts';
import { writeBundle } from './write-bundle.ts';
import { d2, idx } from '../support/fixtures/index.ts';

let bench: Resolving;
let lock: Lock;
beforeAll(async () => {
  bench = await startResolving();
  const small = { layerBytes: 100 };
  lock = bench.lock(
    await bench.resolve(idx(small), 'quay.io/acme/idx:1', { platforms: 'linux/amd64' }),
    await bench.resolve(d2(small), 'localhost:5000/d2:1'),
  );
});
afterAll(() => bench.close());

const written = (name: string, views: readonly View[]): Promise<string> =>
  writeBundle(bench, lock, name, views);

describe('a bundle on disk', () => {
  it.each<{ name: string; views: readonly View[] }>([
    { name: 'both', views: ['oci', 'zot'] },
    { name: 'flat', views: ['oci'] },
    { name: 'root', views: ['zot'] },
  ])('gives its lock and every blob, as $name', async ({ name, views }) => {
    const bundle = await openBundle(await written(name, views));
    expect(bundle.lock).toEqual(lock);
    for (const [digest, size] of Object.entries(lock.blobs)) {
      if (!isDigest(digest)) throw new Error(digest);
      expect(await bundle.port.has({ digest, size })).toBe(true);
      const { body } = await bundle.port.open({ digest, size }, 0);
      expect(digestOf(await buffer(body))).toBe(digest);
    }
  });

  it('can be moved from where it was written', async () => {
    const output = await written('moved', ['oci', 'zot']);
    await rename(output, `${output}-away`);
    expect((await openBundle(`${output}-away`)).lock).toEqual(lock);
  });

  it('does not have a missing blob, and refuses a damaged one', async () => {
    const output = await written('damaged', ['zot']);
    const [gone, damaged] = Object.keys(lock.blobs).filter(isDigest);
    const { port } = await openBundle(output);
    if (gone === undefined || damaged === undefined) throw new Error('two blobs are wanted');
    const names = await readdir(output, { recursive: true });
    const fileOf = (digest: Digest): string =>
      path.join(output, names.find((name) => name.endsWith(hexOf(digest))) ?? 'nowhere');
    await rm(fileOf(gone));
    await rm(fileOf(damaged));
    await appendFile(fileOf(damaged), 'x');
    expect((await failureOf(port.manifest(gone))).code).toBe('not-found');
    expect(await port.has({ digest: damaged, size: lock.blobs[damaged] ?? 0 })).toBe(false);
    await expect(port.manifest(damaged)).rejects.toThrow(/is damaged/);
  });

  it('of the zot view alone gives the narrowed index of one that has an entry which is not valid', async () => {
    const valid = idx({ layerBytes: 100, seed: 'faulty' });
    const json = JSON.parse(Buffer.from(valid.manifests.get(valid.top)?.bytes ?? []).toString());
    const faulty = { digest: 'nonsense', platform: { os: 'linux', architecture: 'riscv64' } };
    const bytes = Buffer.from(JSON.stringify({ ...json, manifests: [...json.manifests, faulty] }));
    const top = digestOf(bytes);
    const image = {
      ...valid,
      top,
      manifests: new Map(valid.manifests).set(top, { bytes, mediaType: json.mediaType }),
    };
    const platforms = 'linux/amd64,linux/arm64,linux/arm/v7';
    const resolved = await bench.resolve(image, 'quay.io/acme/faulty:1', { platforms });
    expect(resolved.root).not.toBe(top);
    const output = await writeBundle(bench, bench.lock(resolved), 'faulty', ['zot']);
    const { manifests, port } = await openBundle(output);
    expect(manifests.has(resolved.root)).toBe(true);
    expect((await port.manifest(resolved.root)).digest).toBe(resolved.root);
  });

  it('is distinguished from a folder that is not a bundle', async () => {
    await expect(openBundle(bench.folder)).rejects.toThrow(
      /is not a bundle: there is no lock in it or beside it/,
    );
  });
});
