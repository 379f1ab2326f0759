import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBundle, type View } from '../../src/bundle/index.ts';
import { writeBundle } from '../bundle/write-bundle.ts';
import {
  bringBlob,
  openLayout,
  type ReadPort,
  registryPort,
  storePort,
  type WantedBlob,
} from '../../src/image/index.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../../src/oci/digest.ts';
import { openStore } from '../../src/store/index.ts';
import { clientOf, failureOf, repositoryAt } from '../registry/support.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { startBadRegistry } from '../support/bad-registry.ts';
import { idx, writeOciLayout } from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';

const PLATFORMS = 'linux/amd64,linux/arm64';
const UNKNOWN = digestOf(Buffer.from('what nobody has'));

let bench: Resolving;
/** An index with more children than are there. */
let sparse: Image;
let absent: Digest[];
let config: WantedBlob;
let closing: (() => unknown)[];
beforeEach(async () => {
  bench = await startResolving();
  const whole = idx({ layerBytes: 1000 });
  const { leaves, root, digest, sizes } = await bench.resolve(whole, 'r.example/team/app:1', {
    platforms: PLATFORMS,
  });
  expect(root).not.toBe(digest);
  absent = [...whole.manifests.keys()].filter((one) => !sizes.has(one));
  sparse = {
    ...whole,
    manifests: new Map([...whole.manifests].filter(([one]) => sizes.has(one))),
    blobs: new Map([...whole.blobs].filter(([one]) => sizes.has(one))),
  };
  const [leaf] = leaves;
  if (leaf === undefined) throw new Error('it has leaves');
  config = { digest: leaf.config, size: sizes.get(leaf.config) ?? 0 };
  closing = [];
});
afterEach(async () => {
  for (const close of closing) await close();
  await bench.close();
});

/** The files of a folder with blobs, with the bytes of one of them replaced. */
async function spoil(folder: string, digest: Digest, bytes: Uint8Array): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => name.endsWith(hexOf(digest))).map((name) => path.join(folder, name));
  expect(files).not.toEqual([]);
  for (const file of files) {
    await rm(file);
    await writeFile(file, bytes);
    await chmod(file, 0o644);
  }
}

interface Place {
  readonly port: ReadPort;
  /** Replaces the bytes of a blob or of a manifest. */
  readonly damage: (digest: Digest, bytes: Uint8Array) => Promise<void>;
}

const PLACES: Record<string, () => Promise<Place>> = {
  async registry() {
    const registry = await startBadRegistry({ images: { 'team/app:1': sparse } });
    const client = clientOf([registry], { retries: 0 });
    closing.push(
      () => registry.close(),
      () => client.close(),
    );
    return {
      port: registryPort(client, repositoryAt(registry)),
      async damage(digest, bytes) {
        const { mediaType } = sparse.manifests.get(digest) ?? {};
        registry.put('team/app', {
          ...sparse,
          blobs: new Map(mediaType === undefined ? [[digest, Buffer.from(bytes)]] : []),
          manifests: new Map(
            mediaType === undefined ? [] : [[digest, { bytes: Buffer.from(bytes), mediaType }]],
          ),
        });
      },
    };
  },
  async layout() {
    const folder = path.join(bench.folder, 'laid out');
    await writeOciLayout(folder, [{ image: sparse, name: 'r.example/team/app:1' }]);
    return {
      port: await openLayout(folder),
      damage: (digest, bytes) => spoil(path.join(folder, 'blobs'), digest, bytes),
    };
  },
  async store() {
    return {
      port: storePort(bench.store),
      damage: (digest, bytes) => spoil(path.join(bench.folder, 'store', 'blobs'), digest, bytes),
    };
  },
  async 'bundle of both views'() {
    return bundle(['oci', 'zot']);
  },
  async 'bundle of the zot view alone'() {
    return bundle(['zot']);
  },
};

async function bundle(views: readonly View[]): Promise<Place> {
  const image = await bench.resolve(idx({ layerBytes: 1000 }), 'r.example/team/app:1', {
    platforms: PLATFORMS,
  });
  const output = await writeBundle(bench, bench.lock(image), 'bundle', views);
  const { port, manifests } = await openBundle(output);
  // What stands in where no sparse index is taken can be read, although no file has it.
  expect(manifests.has(image.root)).toBe(true);
  expect((await port.manifest(image.root)).digest).toBe(image.root);
  const root = await port.open({ digest: image.root, size: manifests.get(image.root)?.size ?? 0 }, 0);
  expect(digestOf(await buffer(root.body))).toBe(image.root);
  return { port, damage: (digest, bytes) => spoil(output, digest, bytes) };
}

async function read(port: ReadPort, blob: WantedBlob, offset: number): Promise<Buffer> {
  const range = await port.open(blob, offset);
  return (await buffer(range.body)).subarray(offset - range.offset);
}

describe.each(Object.keys(PLACES))('the read port of a %s', (kind) => {
  const nameIn = (): string[] =>
    kind === 'store' ? [] : kind === 'registry' ? ['1'] : ['r.example/team/app:1'];
  let place: Place;
  beforeEach(async () => {
    const open = PLACES[kind];
    if (open === undefined) throw new Error(kind);
    place = await open();
  });

  it('has the blobs of its images, and gives their bytes from any offset on', async () => {
    const { port } = place;
    for (const [digest, bytes] of sparse.blobs) {
      const blob = { digest, size: bytes.length };
      expect(await port.has(blob)).toBe(true);
      for (const offset of [0, bytes.length >> 1, bytes.length]) {
        expect((await read(port, blob, offset)).equals(Buffer.from(bytes).subarray(offset))).toBe(true);
      }
    }
  });

  it('refuses an offset beyond the end of a blob', async () => {
    const error = await failureOf(read(place.port, config, config.size + 1));
    expect([error.code, error.message]).toEqual(['digest', expect.stringContaining('from byte')]);
  });

  it('does not have an unknown digest, as a blob or as a manifest', async () => {
    const { port } = place;
    const blob = { digest: UNKNOWN, size: 15 };
    expect(await port.has(blob)).toBe(false);
    expect(['not-found', 'digest']).toContain((await failureOf(read(port, blob, 0))).code);
    expect((await failureOf(port.manifest(UNKNOWN))).code).toBe('not-found');
    expect((await failureOf(port.manifest('unknown'))).code).toBe('not-found');
  });

  it('gives manifests by digest and by name, and lists the names', async () => {
    const { port } = place;
    expect(await port.tags()).toEqual(nameIn());
    expect((await port.list()).map(({ digest }) => digest)).toEqual(nameIn().map(() => sparse.top));
    for (const reference of [...nameIn(), ...sparse.manifests.keys()]) {
      const digest = isDigest(reference) ? reference : sparse.top;
      const manifest = await port.manifest(reference);
      expect([manifest.digest, digestOf(manifest.bytes)]).toEqual([digest, digest]);
    }
  });

  it('gives a sparse index as its source has it, and not the children that are absent', async () => {
    const { port } = place;
    const { manifest } = await port.manifest(sparse.top);
    if (manifest.kind !== 'index') throw new Error('an index is wanted');
    expect(absent.length).toBeGreaterThan(0);
    for (const { digest } of manifest.manifests) {
      if (absent.includes(digest)) expect((await failureOf(port.manifest(digest))).code).toBe('not-found');
      else expect((await port.manifest(digest)).digest).toBe(digest);
    }
  });

  it('brings no damaged blob into a store', async () => {
    const { port, damage } = place;
    const [digest, bytes] = [...sparse.blobs].at(-1) ?? [];
    if (digest === undefined || bytes === undefined) throw new Error('it has blobs');
    await damage(digest, Buffer.alloc(bytes.length, 'wrong'));
    const other = await openStore(path.join(bench.folder, 'other'));
    closing.push(() => other.close());
    const blob = { digest, size: bytes.length };
    expect((await failureOf(bringBlob(port, blob, other, { retries: 0 }))).code).toBe('digest');
    expect(await other.has(blob)).toBe(false);
    // A registry says what it has by its name.
    expect(await port.has(blob)).toBe(kind === 'registry');
  });

  it('gives no damaged manifest', async () => {
    const { port, damage } = place;
    await damage(sparse.top, Buffer.from('{"schemaVersion":2,"manifests":[]}'));
    // The store drops what is wrong.
    expect((await failureOf(port.manifest(sparse.top))).code).toBe(kind === 'store' ? 'not-found' : 'digest');
  });
});
