import { taggedDigest } from '../../src/lock/index.ts';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findMissingBlobs } from '../../src/copy/index.ts';
import { OciSaveError } from '../../src/errors.ts';
import { type Digest, shortDigest } from '../../src/oci/digest.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { failureOf } from '../support/failure.ts';
import {
  buildImage,
  d2,
  dlist,
  filledLayer,
  foreign,
  one,
  sharing,
  writeOciLayout,
} from '../support/fixtures/index.ts';
import { openStore } from '../../src/store/index.ts';
import { formatBytes } from '../../src/text/bytes.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { type Copied, type Copying, startCopying } from './copying.ts';

const small = { layerBytes: 100 };
const shared = sharing(3, { layerBytes: 2000, ownBytes: 100 });

let registry: BadRegistry;
let other: BadRegistry;
let bench: Copying;
beforeAll(async () => {
  [registry, other] = [await startBadRegistry(), await startBadRegistry()];
  for (const [at, image] of shared.entries()) registry.put(`shared${at}`, image, '1');
  for (const [name, image] of Object.entries({ one: one(small), d2: d2(small), dlist: dlist(small) }))
    registry.put(name, image, '1');
});
afterAll(async () => {
  await registry.close();
  await other.close();
});
beforeEach(async () => {
  registry.misbehave({});
  other.misbehave({});
  bench = await startCopying([registry.host, other.host]);
  return () => bench.close();
});

const at = (name: string): string => `${registry.host}/${name}`;
const bytesOf = (image: Image, digests: Iterable<Digest>): number =>
  [...digests].reduce((sum, digest) => sum + (image.blobs.get(digest)?.length ?? 0), 0);
const blobsAsked = (of: BadRegistry): string[] =>
  of.requests({ kind: 'blob' }).map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);
const stepsIn = ({ events }: Copied) =>
  events.flatMap((event) =>
    event.type === 'step'
      ? [[event.subject.split('/').at(-1), event.outcome, event.fetched, event.stored] as const]
      : [],
  );
const outcomesIn = (copied: Copied): string[] => stepsIn(copied).map(([, outcome]) => outcome);
const saidIn = ({ events }: Copied, level: string): string[] =>
  events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));

/** Removes a blob from the store behind its back. */
const lose = (digest: Digest): Promise<void> => rm(bench.store.pathOf(digest));

describe('a copy by our own client', () => {
  it('fetches each blob once, and says of each image what was fetched and what was here', async () => {
    const images = await bench.images([at('shared0:1'), at('shared1:1')]);
    registry.clear();
    const first = await bench.copy(images);
    const layers = images.flatMap(({ leaves }) => leaves.flatMap((leaf) => leaf.layers));
    expect(first.failures.size).toBe(0);
    expect(first.movers).toEqual(new Map([...new Set(layers)].map((digest) => [digest, 'direct'])));
    expect(blobsAsked(registry).toSorted()).toEqual(
      [...new Set(layers)].map((digest) => `GET ${digest}`).toSorted(),
    );
    expect(first.landed.toSorted()).toEqual([...new Set(layers)].toSorted());
    // Resolving fetched the config.
    const whole = (image: Image) => ({ blobs: 3, bytes: bytesOf(image, image.blobs.keys()) });
    const nothing = { blobs: 0, bytes: 0 };
    expect(stepsIn(first)).toHaveLength(2);
    expect(stepsIn(first)).toEqual(
      expect.arrayContaining([
        ['shared0:1', 'fetched', whole(shared[0]!), nothing],
        ['shared1:1', 'fetched', whole(shared[1]!), nothing],
      ]),
    );
    expect(first.events[0]).toEqual({ type: 'stage', stage: 'copy', total: 2 });
    const moved = first.events.reduce((sum, event) => sum + (event.type === 'bytes' ? event.delta : 0), 0);
    expect(moved).toBe(first.missing.blobs.reduce((sum, { size }) => sum + size, 0));
    expect(saidIn(first, 'debug')).toContain(
      `fetching ${formatBytes(bytesOf(shared[0]!, [largestBlobOf(shared[0]!)]))}, ${shortDigest(largestBlobOf(shared[0]!))}`,
    );
  });

  it('tells what was here before this run from what is new, and what came from a cache', async () => {
    const [old, fresh] = [shared[0]!, shared[2]!];
    const all = ({ manifests, blobs }: Image): Digest[] => [...manifests.keys(), ...blobs.keys()];
    const sum = (image: Image, digests = all(image)): number =>
      digests.reduce(
        (bytes, digest) =>
          bytes + (image.blobs.get(digest) ?? image.manifests.get(digest)?.bytes ?? '').length,
        0,
      );
    await bench.copy(await bench.images([at('shared0:1')]));
    const store = await openStore(`${bench.folder}/store`);
    try {
      const images = await bench.images([at('shared0:1'), at('shared2:1')], { store });
      const copied = await bench.copy(images, { store });
      expect(copied.missing.blobs).toHaveLength(1);
      expect(copied.missing.stored).toEqual({ blobs: 4, bytes: sum(old) });
      const base = largestBlobOf(fresh);
      const own = [...fresh.blobs.keys()].filter((digest) => digest !== base);
      expect(stepsIn(copied)).toEqual([
        ['shared0:1', 'stored', { blobs: 0, bytes: 0 }, { blobs: 3, bytes: sum(old, [...old.blobs.keys()]) }],
        [
          'shared2:1',
          'partly stored',
          { blobs: 2, bytes: sum(fresh, own) },
          { blobs: 1, bytes: sum(fresh, [base]) },
        ],
      ]);
      // What this run restored from a cache is new in the store, and was not fetched.
      const restored = await bench.copy(images, { store, restored: new Set(all(fresh)) });
      expect(outcomesIn(restored)).toEqual(['stored', 'stored']);
      expect(restored.missing.stored).toEqual({
        blobs: 7,
        bytes: sum(old) + sum(fresh) - sum(fresh, [base]),
      });
    } finally {
      await store.close();
    }
  });

  it('asks the next repository that names a blob where one does not give it', async () => {
    other.put('mirror', shared[0]!, '1');
    const images = await bench.images([at('shared0:1'), `${other.host}/mirror:1`]);
    registry.misbehave({ faults: [{ path: /\/blobs\//, failure: { kind: 'status', status: 404 } }] });
    const copied = await bench.copy(images);
    expect(copied.failures.size).toBe(0);
    expect(outcomesIn(copied)).toEqual(['fetched', 'fetched']);
    expect(new Set(copied.movers.values())).toEqual(new Set(['direct']));
  });

  it('fails the images of a blob that nobody gives, with the first refusal, and no other', async () => {
    other.put('mirror', shared[0]!, '1');
    const images = await bench.images([at('shared0:1'), `${other.host}/mirror:1`, at('one:1')]);
    const base = largestBlobOf(shared[0]!);
    const refuse = (status: number) => ({
      faults: [{ path: new RegExp(base), failure: { kind: 'status' as const, status } }],
    });
    registry.misbehave(refuse(404));
    other.misbehave(refuse(403));
    const copied = await bench.copy(images);
    expect([...copied.failures.keys()]).toEqual([base]);
    expect(copied.failures.get(base)).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(registry.host),
    });
    expect(
      stepsIn(copied)
        .map(([ref, outcome]) => `${ref} ${outcome}`)
        .toSorted(),
    ).toEqual(['mirror:1 failed', 'one:1 fetched', 'shared0:1 failed']);
    expect(saidIn(copied, 'error')).toHaveLength(2);
    expect(copied.landed).not.toContain(base);
    expect(copied.movers.has(base)).toBe(false);
  });

  it.each([
    ['as it was served', 'one:1', 'keep'],
    ['that no registry has', 'd2:1', 'oci'],
    ['in an index that no registry has', 'dlist:1', 'oci'],
  ] as const)('brings a manifest back %s, and asks for no blob of its digest', async (_, name, format) => {
    const [image] = await bench.images([at(name)], { format });
    await bench.copy([image!]);
    // A converted image stands under another digest than its source's.
    const digest = taggedDigest(image!);
    await lose(digest);
    registry.clear();
    const copied = await bench.copy([image!]);
    expect(copied.missing.blobs).toMatchObject([
      { digest, leaves: [], foreign: false, urls: [], repeated: false },
    ]);
    expect(copied.movers).toEqual(new Map([[digest, 'direct']]));
    expect(blobsAsked(registry)).toEqual([]);
    expect(registry.requests({ kind: 'manifest' })).toHaveLength(format === 'keep' ? 1 : 0);
    expect(await bench.store.read(digest, 1e6)).toBeDefined();
  });

  it('asks again where a registry fails, and says so with the image', async () => {
    const images = await bench.images([at('one:1')]);
    const busy = { kind: 'status', status: 503 } as const;
    registry.misbehave({ faults: [{ path: /\/blobs\//, times: 1, failure: busy }] });
    const copied = await bench.copy(images, { retries: 1 });
    expect(copied.failures.size).toBe(0);
    expect(copied.events.filter((event) => event.type === 'log' && event.level === 'warning')).toEqual([
      {
        type: 'log',
        level: 'warning',
        message: expect.stringMatching(
          /^[\w.:]+\/one, blob sha256:[^:]*: [\w.:]+ answered 503; 0 of \d+ bytes are here, attempt 2 of 2$/,
        ),
        image: at('one:1'),
        origins: [{ file: 'images', line: 1 }],
      },
    ]);
  });

  it('asks one repository once, however many images of it name the blob', async () => {
    registry.put('shared0', shared[1]!, 'more');
    const images = await bench.images([at('shared0:1'), at('shared0:more')]);
    const base = largestBlobOf(shared[0]!);
    const gone = { kind: 'status', status: 404 } as const;
    registry.misbehave({ faults: [{ path: new RegExp(base), failure: gone }] });
    registry.clear();
    const copied = await bench.copy(images);
    expect([...copied.failures.keys()]).toEqual([base]);
    expect(blobsAsked(registry).filter((line) => line.endsWith(base))).toHaveLength(1);
  });

  it('brings a manifest back out of a layout', async () => {
    await writeOciLayout(`${bench.folder}/layout`, [{ image: one(small), name: 'local.example/one:1' }]);
    const images = await bench.images([`oci:${bench.folder}/layout`]);
    await bench.copy(images);
    await lose(one(small).top);
    const copied = await bench.copy(images);
    expect(copied.movers).toEqual(new Map([[one(small).top, 'direct']]));
  });

  it('says of an image that no source has any more that its blob is nowhere', async () => {
    const [image] = await bench.images([at('one:1')]);
    const copied = await bench.copy([{ ...image!, content: undefined }]);
    expect([...copied.failures.values()]).toMatchObject([
      { code: 'local', message: expect.stringMatching(/^no image in this run has blob sha256:/) },
    ]);
  });

  it('takes what a layout on this machine has', async () => {
    const image = one({ layerBytes: 2 * 1024 * 1024 });
    await writeOciLayout(`${bench.folder}/layout`, [{ image, name: 'local.example/one:1' }]);
    const images = await bench.images([`oci:${bench.folder}/layout`]);
    expect(images[0]?.names).toEqual(['local.example/one:1']);
    // As large as what skopeo would copy from a registry.
    const copied = await bench.copy(images, { copier: 'skopeo' });
    expect(copied.movers).toEqual(new Map([[largestBlobOf(image), 'direct']]));
  });
});

describe('a foreign layer', () => {
  const copyForeign = async (...urls: string[]): Promise<{ copied: Copied; digest: Digest }> => {
    const { image, layer } = foreign({ urls, ...small });
    registry.put('foreign', image, '1');
    return { copied: await bench.copy(await bench.images([at('foreign:1')])), digest: layer.digest };
  };

  it('is fetched from where its publisher says, after the registry was asked', async () => {
    const { layer } = foreign({ urls: [], ...small });
    other.put('publisher', {
      top: layer.digest,
      manifests: new Map(),
      blobs: new Map([[layer.digest, layer.bytes]]),
    });
    const [gone, there] = ['nowhere', 'publisher'].map(
      (name) => `${other.url}/v2/${name}/blobs/${layer.digest}`,
    );
    const { copied, digest } = await copyForeign(gone!, there!);
    expect(copied.failures.size).toBe(0);
    expect(copied.missing.blobs.find((blob) => blob.digest === digest)).toMatchObject({
      foreign: true,
      urls: [gone, there],
    });
  });

  it('that nobody serves fails its image, and names at most four of its addresses', async () => {
    const urls = [1, 2, 3, 4, 5].map((nth) => `${other.url}/gone/${nth}`);
    const { copied, digest } = await copyForeign(...urls);
    expect(copied.failures.get(digest)).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(
        `foreign layer ${shortDigest(digest)} is neither in the registry nor at ${urls.slice(0, 4).join(' or ')}: `,
      ),
      hint: expect.stringContaining('Its publisher serves it elsewhere'),
    });
  });

  it('without an address says so', async () => {
    const { copied, digest } = await copyForeign();
    expect(copied.failures.get(digest)).toMatchObject({
      message: expect.stringContaining('nor at an address, since it names none: '),
    });
  });

  it('is foreign for all where one image says so', async () => {
    const { image, layer } = foreign({ urls: [`${other.url}/a`], ...small });
    const plain = buildImage({
      layers: [filledLayer('foreign base', 100)],
      manifest: { annotations: { plain: 'yes' } },
    });
    expect(plain.blobs.has(layer.digest)).toBe(true);
    registry.put('foreign', image, '1');
    registry.put('plain', plain, '1');
    for (const names of [
      ['foreign:1', 'plain:1'],
      ['plain:1', 'foreign:1'],
    ]) {
      const missing = await findMissingBlobs(await bench.images(names.map(at)), bench.store);
      expect(missing.blobs.find(({ digest }) => digest === layer.digest)).toMatchObject({
        foreign: true,
        urls: [`${other.url}/a`],
      });
    }
  });

  it('has the addresses of all images that name it', async () => {
    const [first, second] = ['a', 'b'].map((name) => foreign({ urls: [`${other.url}/${name}`], ...small }));
    registry.put('foreign', first!.image, '1');
    registry.put('foreign', second!.image, '2');
    const { missing } = await bench.copy(await bench.images([at('foreign:1'), at('foreign:2')]));
    const both = missing.blobs.find(({ digest }) => digest === first!.layer.digest);
    expect(both?.urls.toSorted()).toEqual([`${other.url}/a`, `${other.url}/b`]);
    expect(both?.leaves.toSorted()).toEqual([first!.image.top, second!.image.top].toSorted());
  });
});

describe('a leaf that skopeo cannot copy', () => {
  const image = one({ seed: 'leaf', layerBytes: 1_200_000 });
  const layer = largestBlobOf(image);
  /** A skopeo that is there when the copy begins, and fails so when it is called. */
  const copyWith = async (error: unknown): Promise<Copied> => {
    registry.put('leaf', image, '1');
    const images = await bench.images([at('leaf:1')]);
    registry.clear();
    let asked = 0;
    const skopeo = { file: '/nowhere', version: '1.0' };
    const tools = {
      skopeo,
      environment: {
        env: {},
        globalArgs: [],
        temporary: '',
        storageEnv: {},
        daemonFlags: () => [],
        certsFolder: async () => '',
      },
    };
    const skopeoTools = async () => {
      asked += 1;
      if (asked === 1) return tools;
      throw error;
    };
    return bench.copy(images, { copier: 'skopeo', skopeoTools });
  };

  it('is completed by our own client, and the log says so', async () => {
    const copied = await copyWith(new OciSaveError({ code: 'network', message: 'cut' }));
    expect(copied.movers.get(layer)).toBe('direct');
    expect(copied.events.filter((event) => event.type === 'log' && event.level === 'warning')).toEqual([
      {
        type: 'log',
        level: 'warning',
        message: 'cut; the built-in client completes it',
        image: at('leaf:1'),
        origins: [{ file: 'images', line: 1 }],
      },
    ]);
  });

  it.each([
    ['a quota', new OciSaveError({ code: 'quota', message: 'used up' }), 'used up'],
    ['the disk', Object.assign(new Error('x'), { code: 'ENOSPC' }), /^the disk is full: blob sha256:/],
    [
      'what skopeo says of the disk',
      new OciSaveError({ code: 'local', message: 'no space left on device' }),
      /^the disk is full: blob sha256:/,
    ],
  ])('for the sake of %s is left so: our own client would fail, too', async (_, error, message) => {
    const copied = await copyWith(error);
    expect([...copied.failures]).toEqual([
      [layer, expect.objectContaining({ message: expect.stringMatching(message) })],
    ]);
    expect(blobsAsked(registry)).toEqual([]);
  });

  it.each(['machine', 'interrupted'] as const)('by an error %s ends the run', async (code) => {
    const error = new OciSaveError({ code, message: 'no more' });
    expect(await failureOf(copyWith(error))).toBe(error);
    expect(blobsAsked(registry)).toEqual([]);
  });
});

describe('what ends a copy', () => {
  it('is an interruption: nothing is written after it', async () => {
    const controller = new AbortController();
    const images = await bench.images([at('shared0:1'), at('shared1:1'), at('one:1')]);
    let landed = 0;
    const copying = bench.copy(images, {
      connections: 1,
      signal: controller.signal,
      onLanded: () => {
        landed += 1;
        controller.abort(new OciSaveError({ code: 'interrupted', message: 'stopped' }));
      },
    });
    await expect(copying).rejects.toMatchObject({ code: 'interrupted' });
    expect(landed).toBe(1);
  });

  it.each(['machine', 'interrupted'] as const)('is an error %s of a store, which is thrown', async (code) => {
    const images = await bench.images([at('shared0:1'), at('shared1:1')]);
    const broken = {
      ...bench.store,
      write: () => Promise.reject(new OciSaveError({ code, message: 'broken' })),
    };
    registry.clear();
    expect(await failureOf(bench.copy(images, { store: broken, connections: 1 }))).toMatchObject({ code });
  });

  it('is no full disk, which fails the images and says what to do', async () => {
    other.put('mirror', one(small), '1');
    const images = await bench.images([at('one:1'), `${other.host}/mirror:1`]);
    const full = Object.assign(new Error('write: no space left on device'), { code: 'ENOSPC' });
    let writes = 0;
    const write = (): Promise<never> => {
      writes += 1;
      return Promise.reject(full);
    };
    const copied = await bench.copy(images, { store: { ...bench.store, write } });
    // Another source is of no use.
    expect(writes).toBe(1);
    expect([...copied.failures.values()]).toMatchObject([
      {
        code: 'local',
        message: expect.stringMatching(/^the disk is full: blob sha256:\w+ could not be written/),
        hint: expect.stringContaining('--cache-dir'),
      },
    ]);
  });
});
