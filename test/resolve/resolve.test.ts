import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import type { SaveEvent } from '../../src/events.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { DOCKER_LIST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts';
import { taggedDigest, taggedMediaType } from '../../src/lock/index.ts';
import { failImages, joinRequests, lockedRef, lockOf, type Resolution } from '../../src/resolve/index.ts';
import { parseInline } from '../../src/list/index.ts';
import { type Copying, startCopying } from '../copy/copying.ts';
import { type BadRegistry, BLOBS, startBadRegistry } from '../support/bad-registry.ts';
import { failureOf } from '../support/failure.ts';
import {
  AMD64,
  ARM64,
  buildImage,
  buildIndex,
  busybox,
  d2,
  dockerArchive,
  filledLayer,
  foreign,
  idx,
  one,
  tarOf,
  writeOciLayout,
} from '../support/fixtures/index.ts';
import { buildCacheManifest } from '../support/odd/refused.ts';
import { descriptorOf, type Image, imageOf, jsonBytes, topOf } from '../support/image.ts';
import { tally } from '../support/registry-request.ts';

const small = { layerBytes: 100 };
let registry: BadRegistry;
let bench: Copying;
beforeAll(async () => {
  registry = await startBadRegistry({
    images: { 'one:1': one(small), 'idx:1': idx(small), 'one:latest': one({ ...small, seed: 'latest' }) },
  });
});
afterAll(() => registry.close());
beforeEach(async () => {
  registry.misbehave({});
  bench = await startCopying([registry.host]);
  return () => bench.close();
});

const at = (name: string): string => `${registry.host}/${name}`;

/** Resolves with all that is said on the way. */
async function told(
  entries: readonly string[],
  given: Parameters<Copying['resolve']>[1] = {},
): Promise<Resolution & { readonly events: readonly SaveEvent[] }> {
  const events: SaveEvent[] = [];
  return { ...(await bench.resolve(entries, { ...given, emit: (event) => events.push(event) })), events };
}

const failedIn = ({ failed }: Resolution): unknown[] =>
  failed.map(({ wanted, error }) => [wanted.ref, error]);

/** Puts an image and resolves it; its digests in the order in which they are met. */
async function resolveAs(name: string, image: Image, given: Parameters<Copying['resolve']>[1] = {}) {
  registry.put(name, image, '1');
  const [resolved] = await bench.images([at(`${name}:1`)], given);
  return resolved ?? expect.fail('nothing was resolved');
}

describe('resolving a list', () => {
  it('takes the failure of one image as a result, with its line, and says of each what became of it', async () => {
    const result = await told([at('one:1'), at('gone:1'), at('idx:1'), at('one')]);
    expect(result.resolved.map(({ ref }) => ref)).toEqual([at('one:1'), at('idx:1'), at('one:latest')]);
    expect(failedIn(result)).toEqual([[at('gone:1'), expect.objectContaining({ code: 'not-found' })]]);
    const [stage, ...events] = result.events;
    expect(stage).toEqual({ type: 'stage', stage: 'resolve', total: 4 });
    const step = (name: string, outcome: string) => ({
      type: 'step',
      stage: 'resolve',
      subject: at(name),
      outcome,
    });
    expect(events).toHaveLength(5);
    expect(events).toEqual(
      expect.arrayContaining([
        step('one:1', 'done'),
        step('idx:1', 'done'),
        step('one:latest', 'done'),
        { ...step('gone:1', 'failed'), origins: [{ file: 'images', line: 2 }] },
        {
          type: 'log',
          level: 'error',
          message: expect.stringMatching(/gone:1: .* answered 404/),
          image: at('gone:1'),
          origins: [{ file: 'images', line: 2 }],
        },
      ]),
    );
  });

  it('refuses a pin by another algorithm for that image alone', async () => {
    const result = await told([`${at('one')}@sha512:${'a'.repeat(128)}`, at('one:1')]);
    expect(failedIn(result)).toEqual([
      [
        expect.any(String),
        expect.objectContaining({
          code: 'unsupported',
          message: 'it is pinned by a sha512 digest, and only sha256 is supported',
          hint: 'Pin it by its sha256 digest, or by its tag.',
        }),
      ],
    ]);
    expect(result.resolved).toHaveLength(1);
  });

  it('ends where it is interrupted, and where the machine lacks something', async () => {
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    const signal = AbortSignal.abort(reason);
    expect(await failureOf(bench.resolve([at('one:1')], { signal }))).toBe(reason);
    const controller = new AbortController();
    const stopping = bench.resolve([at('one:1'), at('idx:1')], {
      signal: controller.signal,
      parallel: 1,
      emit: ({ type }) => type === 'step' && controller.abort(reason),
    });
    expect(await failureOf(stopping)).toBe(reason);
    // While a manifest comes.
    registry.misbehave({
      faults: [{ path: /manifests/, method: 'GET', failure: { kind: 'stall', at: 0.5 } }],
    });
    registry.put('stalls', one({ ...small, seed: 'stalls' }), '1');
    registry.clear();
    const waiting = new AbortController();
    const reading = failureOf(bench.resolve([at('stalls:1')], { signal: waiting.signal }));
    await expect.poll(() => registry.requests({ method: 'GET', kind: 'manifest' }).length).toBeGreaterThan(0);
    waiting.abort(reason);
    expect(await reading).toBe(reason);
    const none = new OciSaveError({ code: 'machine', message: 'no skopeo' });
    const tar = `docker-archive:${bench.folder}/a.tar => x.example/a:1`;
    expect(await failureOf(bench.resolve([tar], { skopeoTools: () => Promise.reject(none) }))).toBe(none);
  });

  it('fails an image whose manifests the disk has no room for, and says what to do', async () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    const store = { ...bench.store, put: () => Promise.reject(full) };
    const [, error] = failedIn(await bench.resolve([at('one:1')], { store })).flat();
    expect(error).toMatchObject({
      code: 'local',
      message: 'the disk is full: what was read of it could not be written',
    });
  });

  it('refuses stored names that zot could not serve before any request, all of them with their lines', () => {
    const { requests } = parseInline(
      ['r.example/a:1 => x.example/blobs/a:1', 'r.example/b:1', 'r.example/c:1 => x.example/c.sync:1'],
      { defaultRegistry: 'docker.io' },
    );
    const join = (some: typeof requests) => () =>
      joinRequests(some, { platforms: 'all', naming: [{ kind: 'keep-domain' }] });
    const refused = 'zot does not list a repository with a component that ends in';
    expect(join(requests)).toThrow(
      expect.objectContaining({
        code: 'list',
        message: [
          `images:1: r.example/a:1: ${refused} 'blobs'`,
          `images:3: r.example/c:1: ${refused} '.sync'`,
        ].join('\n'),
        hint: 'Store them under another name: source => name.',
      }),
    );
    expect(join(requests.slice(1, 2))()).toHaveLength(1);
  });
});

describe('failing images that were resolved', () => {
  it('leaves the others, and keeps what had failed before', async () => {
    const resolution = await bench.resolve([at('one:1'), at('gone:1'), at('idx:1')]);
    const [image, other] = resolution.resolved;
    const error = new Error('later');
    const { resolved, failed } = failImages(resolution, new Map([[image ?? expect.fail(), error]]));
    expect(resolved).toEqual([other]);
    expect(failed).toEqual([...resolution.failed, { wanted: image?.wanted, error }]);
  });
});

describe('an image in a layout on this machine', () => {
  const layout = (): string => path.join(bench.folder, 'layout');
  const laid = [
    { image: one({ ...small, seed: 'a' }), name: 'local.example/a:1' },
    { image: idx({ ...small, seed: 'b' }), name: 'local.example/b:2' },
  ] as const;

  it('has the name that the layout gives it, and one digest under all of its names', async () => {
    await writeOciLayout(layout(), laid);
    const { resolved, failed } = await told([
      `oci:${layout()}:local.example/a:1`,
      `oci:${layout()}:local.example/b:2 => x.example/b:3`,
      `oci:${layout()}:local.example/b:2 => x.example/c:3`,
    ]);
    expect(failed).toEqual([]);
    expect(resolved.map(({ ref, names, digest, source }) => [ref, names, digest, source])).toEqual([
      ['local.example/a:1', ['local.example/a:1'], laid[0].image.top, 'oci'],
      ['x.example/b:3', ['x.example/b:3', 'x.example/c:3'], laid[1].image.top, 'oci'],
    ]);
  });

  it('that is listed under the name of the list and of the layout is one, called as the list says', async () => {
    await writeOciLayout(layout(), [laid[0]]);
    const entries = [`oci:${layout()}`, `oci:${layout()}:local.example/a:1 => local.example/a:1`];
    for (const list of [entries, entries.toReversed()]) {
      const { resolved } = await told(list);
      expect(resolved.map(({ ref, names }) => [ref, names])).toEqual([
        ['local.example/a:1', ['local.example/a:1']],
      ]);
      expect(resolved[0]?.wanted.origins).toHaveLength(2);
      expect(resolved[0]?.wanted.namedBySource).toBeUndefined();
    }
  });

  it('without a name, or with one that cannot be stored, asks for one', async () => {
    await writeOciLayout(layout(), [{ image: laid[0].image }]);
    const long = path.join(bench.folder, 'long');
    await writeOciLayout(long, [{ image: laid[0].image, name: 'x.example/a/blobs:1' }]);
    expect(failedIn(await told([`oci:${layout()}`, `oci:${long}`]))).toEqual([
      [
        `oci:${layout()}`,
        expect.objectContaining({
          code: 'list',
          message: `oci:${layout()} does not say under which name it is to be stored`,
          hint: `Write 'oci:${layout()} => name:tag'.`,
        }),
      ],
      [
        `oci:${long}`,
        expect.objectContaining({
          code: 'list',
          message:
            "its source names it 'x.example/a/blobs:1': zot does not list a repository with a component that ends in 'blobs'",
          hint: `Store it under another name: 'oci:${long} => name:tag'.`,
        }),
      ],
    ]);
  });

  it('is read by one look at its index, however many entries name it', async () => {
    await writeOciLayout(layout(), laid);
    const entries = laid.map(({ name }) => `oci:${layout()}:${name}`);
    const { resolved, failed } = await told([...entries, `oci:${layout()}:none:1`]);
    expect(resolved).toHaveLength(2);
    expect(failedIn({ resolved, failed })).toEqual([
      [
        `oci:${layout()}:none:1`,
        expect.objectContaining({ message: expect.stringContaining("no image named 'none:1'") }),
      ],
    ]);
  });
});

describe('an archive that cannot be read', () => {
  it.each([
    ['gone.tar', /^the archive .*gone\.tar is not there$/],
    ['folder.tar', /folder\.tar/],
    ['file.tar/inner.tar', /^the archive .*inner\.tar cannot be read \(ENOTDIR\)$/],
  ])('fails its image alone: %s', async (name, message) => {
    await mkdir(path.join(bench.folder, 'folder.tar'));
    await writeFile(path.join(bench.folder, 'file.tar'), '');
    const file = path.join(bench.folder, name);
    const tools = {
      skopeo: { file: '/nowhere', version: '1.0' },
      environment: {
        env: {},
        globalArgs: [],
        temporary: '',
        storageEnv: {},
        daemonFlags: () => [],
        certsFolder: async () => '',
      },
    };
    const result = await told([`docker-archive:${file} => x.example/a:1`, at('one:1')], {
      skopeoTools: async () => tools,
    });
    expect(failedIn(result)).toEqual([
      [
        `docker-archive:${file}`,
        expect.objectContaining({ code: 'local', message: expect.stringMatching(message) }),
      ],
    ]);
    expect(result.resolved).toHaveLength(1);
  });
});

describe('S2: a docker archive without a stored name', () => {
  const tar = dockerArchive([{ ...busybox(), tags: [] }]);
  it.each<[string, Uint8Array, string, RegExp, RegExp]>([
    ['no name', tar, 'list', /does not say under which name/, /=> name:tag/],
    [
      'gzip',
      gzipSync(tar),
      'list',
      /it is compressed, so the names in it are not read$/,
      /:NAME' with the name/,
    ],
    ['zstd', zstdCompressSync(tar), 'list', /it is compressed/, /:NAME' with the name/],
    [
      'an OCI archive',
      tarOf([{ path: 'oci-layout', bytes: '{}' }]),
      'unsupported',
      /no docker archive$/,
      /oci-archive:path/,
    ],
    ['no tar', Buffer.alloc(1024, 'x'), 'unsupported', /cut off, or no tar/, /save the image again/],
    ['cut off', tar.subarray(0, 3000), 'unsupported', /cut off, or no tar/, /save the image again/],
    ['empty', Buffer.alloc(0), 'unsupported', /cut off|no docker archive/, /./],
  ])('says what is wrong with it: %s', async (_, bytes, code, message, hint) => {
    const file = path.join(bench.folder, 'app.tar');
    await writeFile(file, bytes);
    expect(failedIn(await told([`docker-archive:${file}`]))).toEqual([
      [
        `docker-archive:${file}`,
        expect.objectContaining({
          code,
          message: expect.stringMatching(message),
          hint: expect.stringMatching(hint),
        }),
      ],
    ]);
  });
});

describe('S5: a path that is not what its transport says', () => {
  it('is told with what each transport reads', async () => {
    await writeOciLayout(path.join(bench.folder, 'layout'), [{ image: one(small) }]);
    await writeFile(path.join(bench.folder, 'app.tar'), dockerArchive([busybox()]));
    const at = (name: string): string => path.join(bench.folder, name);
    const entries = [
      `oci:${at('nowhere')}:a`,
      `oci:${at('app.tar')}:a`,
      `oci-archive:${at('app.tar')}:a`,
      `oci-archive:${at('layout')}:a`,
      `docker-archive:${at('layout')}`,
    ];
    const { failed } = await told(entries);
    expect(failed.map(({ wanted }) => wanted.ref)).toEqual(
      entries.map((entry) => expect.stringContaining(entry.replace(/:a$/, ''))),
    );
    for (const { error } of failed) {
      expect(error).toMatchObject({
        hint: expect.stringMatching(/oci:PATH, .* oci-archive:PATH; .* docker-archive:PATH, .* dir:PATH\.$/),
      });
    }
  });
});

describe('converting to OCI', () => {
  const amd64 = d2({ ...small, seed: 'amd64', platform: AMD64 });
  const arm64 = d2({ ...small, seed: 'arm64', platform: ARM64 });
  const plain = one({ ...small, seed: 'plain', platform: ARM64 });
  const childrenIn = async (digest: Digest): Promise<{ mediaType: string; digest: Digest; size: number }[]> =>
    JSON.parse(new TextDecoder().decode(await bench.store.read(digest, 1e6))).manifests;

  it.each([
    ['an OCI index of Docker images', 'oci', [amd64, arm64], 2],
    ['an OCI index of one Docker image after an OCI one', 'oci', [plain, amd64], 1],
    ['an OCI index of one Docker image before an OCI one', 'oci', [amd64, plain], 1],
    ['a Docker list of an OCI image', 'docker', [plain], 0],
  ] as const)('names the new manifests in %s', async (_, flavour, children, changed) => {
    const index = buildIndex(
      children.map((image) => ({ image })),
      flavour,
    );
    const image = await resolveAs('mixed', index, { format: 'oci' });
    const tagged = taggedDigest(image);
    expect([image.digest, image.format, taggedMediaType(image)]).toEqual([index.top, 'oci', OCI_INDEX]);
    expect(Object.keys(image.converted ?? {})).toHaveLength(changed + 1);
    expect(image.converted?.[index.top]).toBe(tagged);
    const listed = await childrenIn(tagged);
    expect(listed.map(({ mediaType }) => mediaType)).toEqual(children.map(() => OCI_MANIFEST));
    for (const [nth, { digest, size }] of listed.entries()) {
      const old = children[nth]?.top ?? expect.fail();
      expect(digest).toBe(image.converted?.[old] ?? old);
      expect((await bench.store.read(digest, 1e6))?.length).toBe(size);
      // What no registry serves is kept beside the image.
      expect(image.made.has(digest)).toBe(digest !== old);
    }
    expect(image.made.has(tagged)).toBe(true);
    expect([...image.manifests.keys()].toSorted()).toEqual(
      [tagged, ...listed.map(({ digest }) => digest)].toSorted(),
    );
  });

  it('goes up through an index within an index, and leaves the rest as it is', async () => {
    const inner = buildIndex([{ image: plain }]);
    const outer = buildIndex([{ image: buildIndex([{ image: amd64 }]) }, { image: inner }]);
    const image = await resolveAs('deep', outer, { format: 'oci' });
    expect(Object.keys(image.converted ?? {})).toHaveLength(3);
    const [first, second] = await childrenIn(taggedDigest(image));
    expect(second?.digest).toBe(inner.top);
    expect((await childrenIn(first?.digest ?? expect.fail()))[0]?.mediaType).toBe(OCI_MANIFEST);
  });

  it('keeps an index byte by byte where nothing in it is Docker’s, however it is written', async () => {
    const plainly = buildIndex([{ image: plain }]);
    const bytes = new TextEncoder().encode(
      JSON.stringify(JSON.parse(new TextDecoder().decode(topOf(plainly).bytes)), undefined, 3),
    );
    const image = imageOf({ mediaType: OCI_INDEX, bytes }, [], [plain]);
    const resolved = await resolveAs('spaced', image, { format: 'oci' });
    expect([resolved.digest, resolved.converted, resolved.made.size]).toEqual([image.top, undefined, 0]);
  });

  it('of a pinned image is said', async () => {
    registry.put('pinned', amd64, '1');
    registry.put('pinned', plain, '2');
    const [converted, same] = await bench.images(
      [amd64, plain].map(({ top }) => `${at('pinned')}@${top}`),
      { format: 'oci' },
    );
    expect(converted?.notes).toEqual(['it was pinned by digest, and converting changes that']);
    expect([same?.notes, same?.digest]).toEqual([[], plain.top]);
    const [byTag] = await bench.images([at('pinned:1')], { format: 'oci' });
    expect(byTag?.notes).toEqual([]);
  });

  it('is not done unless it is asked for', async () => {
    const image = await resolveAs('kept', buildIndex([{ image: amd64 }], 'docker'));
    expect([image.mediaType, image.converted, image.made.size]).toEqual([DOCKER_LIST, undefined, 0]);
  });
});

describe('the platforms that are taken', () => {
  const only = (platforms: string) => `--platform=${platforms} ${at('idx:1')}`;

  it.each([
    ['auto', ['x']],
    ['keep', ['x']],
    ['narrow', ['its index was narrowed to the platforms taken: what signs the whole index does not fit it']],
  ] as const)('of an index leave with index %s notes %j', async (index, notes) => {
    const [image] = await bench.images([only('linux/amd64,linux/arm64')], { index });
    const own = idx(small);
    expect(image?.notes).toEqual(notes[0] === 'x' ? [] : notes);
    expect([image?.digest, image?.index]).toEqual([own.top, index === 'auto' ? undefined : index]);
    expect(image && taggedDigest(image)).toBe(index === 'narrow' ? image?.root : own.top);
    expect(image?.root).not.toBe(own.top);
    // The narrowed index is served by no registry; the original is.
    expect([...(image?.made.keys() ?? [])]).toEqual([image?.root]);
    expect(image?.manifests.has(own.top)).toBe(index !== 'narrow');
    expect(image?.leaves.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
  });

  it('of a pinned index are noted, since other readers get another digest', async () => {
    const pin = `${at('idx')}@${idx(small).top}`;
    const [some, all] = await bench.images([
      `--platform=linux/amd64 ${pin} => x.example/some:1`,
      `${at('idx:1')}@${idx(small).top}`,
    ]);
    expect(some?.notes).toEqual([
      'it was pinned by digest, and readers that take no sparse index get another one',
    ]);
    expect(all?.notes).toEqual([]);
  });

  it('that are missing are warned of, with the line of the list', async () => {
    const { events, resolved } = await told([at('one:1'), only('linux/amd64,linux/s390x')], {
      onMissingPlatform: 'warn',
    });
    expect(resolved).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'log')).toEqual([
      {
        type: 'log',
        level: 'warning',
        message: 'it has no linux/s390x; it is saved for linux/amd64',
        image: at('idx:1'),
        origins: [{ file: 'images', line: 2 }],
      },
    ]);
  });
});

describe('a tag of cosign', () => {
  it('is taken whatever the platform, since its config has none: any other tag of the same is not', async () => {
    // Cosign writes it as an image without system and architecture.
    const signature = one({ ...small, seed: 'signature', platform: { os: 'any', architecture: 'any' } });
    const { top } = one(small);
    const tags = ['sig', 'att', 'sbom'].map((end) => `${top.replace(':', '-')}.${end}`);
    for (const tag of [...tags, 'latest']) registry.put('signed', signature, tag);
    const { resolved, failed } = await told(
      [...tags, 'latest'].map((tag) => `--platform=linux/amd64 ${at('signed')}:${tag}`),
    );
    expect(resolved.map(({ ref }) => ref)).toEqual(tags.map((tag) => `${at('signed')}:${tag}`));
    expect(failedIn({ resolved, failed })).toEqual([
      [at('signed:latest'), expect.objectContaining({ code: 'not-found' })],
    ]);
  });
});

describe('an attestation', () => {
  const [amd64, arm64] = [AMD64, ARM64].map((platform) =>
    one({ ...small, seed: `attested ${platform.architecture}`, platform }),
  ) as [Image, Image];
  const attestation = one({
    ...small,
    seed: 'attestation',
    platform: { os: 'unknown', architecture: 'unknown' },
  });
  const attesting = (...digests: readonly Digest[]) =>
    digests.map((digest) => ({
      image: attestation,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.digest': digest,
        'vnd.docker.reference.type': 'attestation-manifest',
      },
    }));
  const attested = async (platforms: string, ...digests: readonly Digest[]): Promise<unknown> => {
    const index = buildIndex([
      { image: amd64, platform: AMD64 },
      { image: arm64, platform: ARM64 },
      ...attesting(...digests),
    ]);
    registry.put('attested', index, '1');
    const [image] = await bench.images([`--platform=${platforms} ${at('attested:1')}`]);
    return image?.leaves.filter(({ digest }) => digest === attestation.top).map(({ attests }) => attests);
  };

  it('of several children belongs to those that are taken', async () => {
    expect(await attested('linux/amd64', arm64.top, amd64.top)).toEqual([amd64.top]);
    expect(await attested('all', arm64.top, amd64.top)).toEqual([arm64.top, amd64.top]);
    expect(await attested('linux/amd64', arm64.top)).toEqual([]);
  });

  it('that names nothing, or no digest, is taken with all, and belongs to nothing', async () => {
    for (const annotations of [{}, { 'vnd.docker.reference.digest': 'latest' }]) {
      const platform = { os: 'unknown', architecture: 'unknown' };
      const children = [
        { image: amd64, platform: AMD64 },
        { image: attestation, platform, annotations },
      ];
      registry.put('nameless', buildIndex(children), '1');
      const [image] = await bench.images([at('nameless:1')]);
      expect(image?.leaves.map(({ digest, attests }) => [digest, attests])).toEqual([
        [amd64.top, undefined],
        [attestation.top, undefined],
      ]);
    }
  });

  it('of what the index does not list is taken with all of it', async () => {
    const absent = one({ ...small, seed: 'absent' }).top;
    expect(await attested('all', absent)).toEqual([absent]);
    expect(await attested('linux/amd64', absent)).toEqual([]);
  });
});

describe('what a publisher wrote', () => {
  const layer = filledLayer('odd', 100);
  const withLayers = (...types: readonly string[]): Image =>
    buildImage({
      layers: types.map((_, nth) => filledLayer(`odd ${nth}`, 100)),
      manifest: {
        layers: types.map((type, nth) => descriptorOf(type, filledLayer(`odd ${nth}`, 100).bytes)),
      },
    });

  it('that readers do not expect is noted: foreign layers, layers that are no tar', async () => {
    const { image } = foreign({ urls: ['https://x.example/l'], held: true, ...small });
    expect((await resolveAs('foreign', image)).notes).toEqual([
      'it has foreign layers: they are in the bundle, but containerd asks their publisher even so',
    ]);
    const types = ['a', 'b', 'a', 'c', 'd'].map((name) => `application/vnd.oci.image.layer.v1.${name}`);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => `application/vnd.oci.image.layer.v1.${name}`);
    expect((await resolveAs('opaque', withLayers(...types))).notes).toEqual([
      `importers cannot unpack its layers of type ${a}, ${b}, ${c}: it is last in index.json, and manifest.json leaves out what has them`,
    ]);
    const index = buildIndex([
      { image: one(small), platform: ARM64 },
      { image, platform: AMD64 },
    ]);
    expect((await resolveAs('within', index)).notes).toEqual([expect.stringContaining('foreign layers')]);
    expect((await resolveAs('plain', one(small))).notes).toEqual([]);
    const buildkit = ['it is a build cache of BuildKit, not an image'];
    expect((await resolveAs('cache', buildCacheManifest())).notes).toEqual(buildkit);
    const cache = buildIndex([{ image: one(small), platform: AMD64 }, { image: buildCacheManifest() }]);
    expect((await resolveAs('caches', cache)).notes).toEqual(buildkit);
  });

  it.each([
    [
      'another size of its config',
      (size: number) => size + 1,
      /^it says that config sha256:\w+ has \d+ bytes; it has \d+$/,
    ],
    [
      'a config beyond reason',
      () => 8 * 1024 * 1024 + 1,
      /^its config, sha256:\w+, has 8388609 bytes; no image config has more than 8388608$/,
    ],
  ] as const)('is refused: %s', async (_, sizeOf, message) => {
    const good = one({ ...small, seed: 'config' });
    await resolveAs('good', good);
    const written = JSON.parse(new TextDecoder().decode(topOf(good).bytes));
    const config = { ...written.config, size: sizeOf(written.config.size) };
    const bad = buildImage({ layers: [filledLayer('config', 100)], manifest: { config } });
    registry.put('bad', bad, '1');
    const [[, error] = []] = failedIn(await told([at('bad:1')])) as [unknown, unknown][];
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(error).toMatchObject({ code: sizeOf(1) === 2 ? 'digest' : 'unsupported' });
  });

  it('is refused: two sizes of one blob, and more than any disk holds', async () => {
    const own = descriptorOf('application/vnd.oci.image.layer.v1.tar+gzip', layer.bytes);
    const twice = buildImage({
      layers: [layer, layer],
      manifest: { layers: [own, { ...own, size: own.size + 1 }] },
    });
    registry.put('twice', twice, '1');
    const huge = Array.from({ length: 2 }, (_, nth) => ({
      ...descriptorOf(own.mediaType, jsonBytes({ nth })),
      size: 2 ** 44 - 1,
    }));
    registry.put('huge', buildImage({ layers: [layer, layer], manifest: { layers: huge } }), '1');
    const alone = buildImage({ layers: [layer], manifest: { layers: huge.slice(0, 1) } });
    registry.put('alone', alone, '1');
    expect(failedIn(await told([at('twice:1'), at('huge:1'), at('alone:1')]))).toEqual([
      [
        at('twice:1'),
        expect.objectContaining({
          code: 'digest',
          message: expect.stringMatching(
            /^it says that blob sha256:\w+ has (\d+) bytes, and that it has \d+$/,
          ),
        }),
      ],
      [
        at('huge:1'),
        expect.objectContaining({
          code: 'unsupported',
          message: 'its blobs together are more than any disk holds',
        }),
      ],
      [at('alone:1'), expect.objectContaining({ code: 'unsupported' })],
    ]);
  });

  it('of the size of a child is noted where it is wrong, and the child is taken', async () => {
    const child = one({ ...small, seed: 'sized' });
    const right = buildIndex([{ image: child, platform: AMD64 }]);
    const index = JSON.parse(new TextDecoder().decode(topOf(right).bytes));
    index.manifests.push({ ...index.manifests[0], size: index.manifests[0].size + 7 });
    const { top } = child;
    const bytes = jsonBytes(index);
    const wrong: Image = {
      ...right,
      top: descriptorOf('', bytes).digest,
      manifests: new Map([
        ...child.manifests,
        [descriptorOf('', bytes).digest, { bytes, mediaType: OCI_INDEX }],
      ]),
    };
    const image = await resolveAs('sized', wrong);
    const size = topOf(child).bytes.length;
    expect(image.notes).toEqual([
      `its index says that ${top.slice(0, 19)} has ${size + 7} bytes; it has ${size}`,
    ]);
    expect(image.sizes.get(top)).toBe(size);
  });
});

describe('what the store has', () => {
  it('of a tag is not read again while the registry says the same digest', async () => {
    await bench.images([at('one:1')]);
    registry.clear();
    await bench.images([at('one:1')]);
    expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 1 });
    // A registry that does not tell it is read.
    registry.misbehave({ digest: 'none' });
    registry.clear();
    await bench.images([at('one:1')]);
    expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 1, 'GET manifest': 1 });
  });

  it('of a tag is read again where the registry refuses HEAD', async () => {
    registry.misbehave({ head: 405 });
    for (const _ of [1, 2]) {
      registry.clear();
      const [image] = await bench.images([at('one:1')]);
      expect(image?.digest).toBe(one(small).top);
      expect(registry.requests({ method: 'GET', kind: 'manifest' })).toHaveLength(1);
    }
  });

  it('is not taken for what a registry claims of another tag', async () => {
    registry.put('claims', one(small), '1');
    registry.put('claims', one({ ...small, seed: 'other' }), '2');
    await bench.images([at('claims:1'), at('claims:2')]);
    registry.misbehave({ digest: 'other' });
    const [image] = await bench.images([at('claims:2')]);
    expect(image?.digest).toBe(one({ ...small, seed: 'other' }).top);
  });

  it('of a digest is asked for nowhere', async () => {
    const pin = `${at('one')}@${one(small).top}`;
    await bench.images([pin]);
    registry.clear();
    await bench.images([pin]);
    expect(registry.requests()).toEqual([]);
  });

  it('and loses at once is an error of this machine, which says what to do', async () => {
    const image = one({ ...small, seed: 'lost' });
    registry.put('lost', image, '1');
    const store = {
      ...bench.store,
      read: async (digest: Digest, max: number) =>
        image.blobs.has(digest) ? undefined : bench.store.read(digest, max),
    };
    expect(failedIn(await bench.resolve([at('lost:1')], { store }))).toEqual([
      [
        at('lost:1'),
        expect.objectContaining({
          code: 'local',
          message: expect.stringMatching(/^config sha256:\w+ is missing in the store, or is damaged$/),
          hint: 'Run it again: what was fetched stays.',
        }),
      ],
    ]);
  });

  it('of a tag it need not have any more: what was pruned is read again', async () => {
    const image = one({ ...small, seed: 'pruned' });
    registry.put('pruned', image, '1');
    await bench.images([at('pruned:1')]);
    await rm(bench.store.pathOf(image.top));
    registry.clear();
    expect((await bench.images([at('pruned:1')]))[0]?.digest).toBe(image.top);
    expect(tally(registry.requests())).toEqual({ 'HEAD manifest': 1, 'GET manifest': 1 });
  });

  it('has no damaged config: what the registry gives is checked', async () => {
    registry.put('flip', one({ ...small, seed: 'flip' }), '1');
    registry.misbehave({ faults: [{ path: BLOBS, failure: { kind: 'flip' } }] });
    expect(failedIn(await told([at('flip:1')]))).toEqual([
      [at('flip:1'), expect.objectContaining({ code: 'digest' })],
    ]);
  });
});

describe('the lock of images', () => {
  const source = (text: string) =>
    joinRequests(parseInline([text], { defaultRegistry: 'docker.io' }).requests, {
      platforms: 'all',
      naming: [{ kind: 'keep-domain' }],
    })[0] ?? expect.fail('no request');

  it.each([
    ['r.example/a:1', 'r.example/a:1'],
    ['r.example/a', 'r.example/a:latest'],
    [`r.example/a:1@${one(small).top}`, 'r.example/a:1'],
    [`r.example/a@${one(small).top}`, `r.example/a@${one(small).top}`],
    ['docker-archive:/tmp/x.tar:r.example/inside:2 => r.example/b:1', 'r.example/inside:2'],
    ['docker-archive:/tmp/x.tar => r.example/b:1', 'r.example/b:1'],
    ['oci:/tmp/x:inside => r.example/b:1', 'r.example/b:1'],
    // Of it only its name inside is known, which comes when the layout is read.
    ['oci:/tmp/x:inside', 'oci:/tmp/x:inside'],
    ['oci:/tmp/x', 'oci:/tmp/x'],
  ])('calls %s %s', (text, ref) => {
    expect(lockedRef(source(text))).toBe(ref);
  });

  it('calls a local image by a stored name without a tag where it has none', () => {
    const wanted = source('oci:/tmp/x => r.example/b:1');
    const names = [{ name: 'r.example/b', tag: undefined }];
    expect(lockedRef({ ...wanted, names })).toBe('r.example/b');
  });

  it('has the origins and the names of all, and no path of this machine', async () => {
    await writeFile(path.join(bench.folder, 'x'), '');
    await writeOciLayout(path.join(bench.folder, 'layout'), [{ image: one({ ...small, seed: 'a' }) }]);
    const { resolved } = await told([
      `oci:${bench.folder}/layout => x.example/a:1`,
      at('one:1'),
      `${at('idx:1')}@${idx(small).top}`,
    ]);
    const lock = lockOf(resolved);
    expect(lock.images.map(({ ref, source }) => [ref, source])).toEqual([
      [at('idx:1'), 'docker'],
      [at('one:1'), 'docker'],
      ['x.example/a:1', 'oci'],
    ]);
    expect(JSON.stringify(lock)).not.toContain(bench.folder);
    const all = resolved.flatMap(({ sizes }) => [...sizes]);
    expect(lock.blobs).toEqual(Object.fromEntries(all));
  });
});
