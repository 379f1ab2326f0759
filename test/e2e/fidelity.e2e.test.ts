import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LockedImage, lockSchema } from '../../src/lock/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-type.ts';
import * as fixtures from '../support/fixtures/index.ts';
import { call } from '../support/http.ts';
import { type Image, topOf } from '../support/image.ts';
import { namedDigests, servedDigest } from '../support/layout-entries.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { tally } from '../support/registry-request.ts';
import {
  type CraneRegistry,
  type DockerRegistry,
  startCraneRegistry,
  startDockerRegistry,
} from '../support/servers/index.ts';
import { type ServedBundle, serveBundle } from '../support/serve-bundle.ts';
import { toolPath } from '../support/tools.ts';

const { subject, signature, sbom } = fixtures.ref();
const cosign = fixtures.cosignSignature(subject);

/** Every kind of image and artifact that registries hold, by repository and tag. */
const KINDS: Record<string, Image> = {
  'one:1': fixtures.one(),
  'd2:1': fixtures.d2(),
  'idx:1': fixtures.idx(),
  'dlist:1': fixtures.dlist(),
  'nested:1': fixtures.nested(),
  'windows:1': fixtures.windows(),
  'shared1:1': fixtures.shared1(),
  'shared2:1': fixtures.shared2(),
  'subject:1': subject,
  'untyped:1': fixtures.withoutMediaType(),
  'plain:1': fixtures.uncompressed(),
  'zst:1': fixtures.zst(),
  'att:1': fixtures.att(),
  'foreign:1': fixtures.foreign({ urls: ['http://127.0.0.1:1/layer'], held: true }).image,
  'docker-zstd:1': fixtures.dockerZstd(),
  'docker-oci-layer:1': fixtures.dockerWithOciLayer(),
  'chart:1': fixtures.chart(),
  'artifact:1': fixtures.emptyConfigArtifact(),
  [`subject:${cosign.tag}`]: cosign.image,
};
/** Named by digest alone. */
const PINNED: Record<string, Image> = { only: fixtures.digestOnly(), subject: signature, sbom };
/** `crane validate` knows gzip layers and their diff ids, and nothing else. */
const VALIDATED = 'one d2 idx dlist nested windows shared1 shared2 subject untyped'.split(' ');
/** skopeo reads no index in an index, and refuses types that others let through. */
const NOT_FOR_SKOPEO = ['nested:1', 'docker-zstd:1', 'docker-oci-layer:1', 'foreign:1'];

const ARTIFACTS = ['chart:1', 'artifact:1', `subject:${cosign.tag}`];

const COPY =
  '--insecure-policy copy --quiet --all --preserve-digests --src-tls-verify=false --dest-tls-verify=false'.split(
    ' ',
  );

/** Pushes everything, and returns the list of it. */
async function pushKinds({ host }: { readonly host: string }): Promise<string> {
  const lines: string[] = [];
  for (const [name, image] of Object.entries(KINDS)) {
    const [repository = '', tag] = name.split(':');
    await pushImage({ host }, `fx/${repository}`, image, tag);
    lines.push(`${host}/fx/${name}\n`);
  }
  for (const [repository, image] of Object.entries(PINNED)) {
    await pushImage({ host }, `fx/${repository}`, image);
    lines.push(`${host}/fx/${repository}@${image.top}\n`);
  }
  return lines.join('');
}

/** What a registry serves under a repository's tag or digest. */
async function served(host: string, repository: string, reference: string): Promise<[string, string]> {
  const accept = '*/*';
  const answer = await call(`http://${host}/v2/${repository}/manifests/${reference}`, {
    headers: { accept },
  });
  if (answer.status !== 200) return [String(answer.status), ''];
  return [digestOf(answer.body), answer.headers['content-type'] ?? ''];
}

let work: Workplace;
let docker: DockerRegistry;
let crane: CraneRegistry;
beforeAll(async () => {
  work = await workplace({}, inThisProcess);
  docker = await startDockerRegistry();
  crane = await startCraneRegistry();
  await writeFile(work.file('docker.txt'), await pushKinds(docker));
  await writeFile(work.file('crane.txt'), await pushKinds(crane));
});
afterAll(async () => {
  await crane.close();
  await docker.close();
  await work.close();
});

const CASES = ['docker', 'crane'].flatMap((source) =>
  ['skopeo', 'direct'].map((copier) => [source, copier] as const),
);

describe.each(CASES)('every kind of image, from the registry %s by the copier %s', (source, copier) => {
  const bundle = `${source}-${copier}`;
  const host = (): string => (source === 'docker' ? docker.host : crane.host);
  const args = (): string[] => ['save', '-f', `${source}.txt`, '-p', 'all', '--insecure-registries', host()];
  let registry: ServedBundle;

  beforeAll(async () => {
    const { stderr } = await work.succeed(
      ...args(),
      '-o',
      bundle,
      '--copier',
      copier,
      '--cache-dir',
      `s-${bundle}`,
    );
    // Both of skopeo's lines refuse this mix.
    const completed = /fx\/docker-oci-layer:1: .*skopeo failed.*the built-in client completes it/.test(
      stderr,
    );
    expect(completed).toBe(copier === 'skopeo');
    registry = await serveBundle(work.file(bundle));
  });
  afterAll(() => registry.close());

  it('case C7: has the digest that the registry served, in the lock and in the flat layout', async () => {
    const locked = new Map(
      (await work.lock(`${bundle}/oci-save.lock.json`)).images.map(({ ref, digest }) => [ref, digest]),
    );
    const laid = await namedDigests(work.file(bundle));
    for (const [name, image] of Object.entries(KINDS)) {
      const ref = `${host()}/fx/${name}`;
      expect([name, await servedDigest(ref), locked.get(ref), laid.get(ref)]).toEqual([
        name,
        image.top,
        image.top,
        image.top,
      ]);
    }
    for (const [repository, { top }] of Object.entries(PINNED)) {
      const name = `${host()}/fx/${repository}`;
      expect(locked.get(`${name}@${top}`)).toBe(top);
      expect(laid.get(`${name}:digest-${top.slice(7, 19)}`)).toBe(top);
    }
    expect(laid.size).toBe(Object.keys(KINDS).length + Object.keys(PINNED).length);
  });

  it('is served with these digests and media types, and every manifest below it by digest', async () => {
    const all = [...Object.entries(KINDS), ...Object.entries(PINNED)];
    for (const [name, image] of all) {
      const [repository = '', tag = image.top] = name.split(':');
      const stored = `${host().replace(':', '_')}/fx/${repository}`;
      const { mediaType } = topOf(image);
      expect([name, ...(await served(registry.host, stored, tag))]).toEqual([name, image.top, mediaType]);
      for (const [digest, manifest] of image.manifests) {
        expect(await served(registry.host, stored, digest)).toEqual([digest, manifest.mediaType]);
      }
    }
  });

  it('has no artifact in manifest.json, which cannot hold artifacts', async () => {
    const manifest = JSON.parse(await readFile(work.file(`${bundle}/manifest.json`), 'utf8'));
    const tags = manifest.flatMap(({ RepoTags }: { RepoTags: string[] }) => RepoTags);
    const [, ...digests] = Object.values(PINNED).map(({ top }) => `:digest-${top.slice(7, 19)}`);
    const images = Object.keys(KINDS).filter((name) => !ARTIFACTS.includes(name));
    const expected = [
      ...images.map((name) => `${host()}/fx/${name}`),
      `${host()}/fx/only:digest-${PINNED['only']?.top.slice(7, 19)}`,
    ];
    expect(tags.toSorted()).toEqual(expected.toSorted());
    expect(digests.some((tag) => tags.join().includes(tag))).toBe(false);
  });
});

it('gives the same blobs in the store from either registry and with either copier', async () => {
  const blobs = await Promise.all(
    CASES.map(async ([source, copier]) => (await work.lock(`${source}-${copier}/oci-save.lock.json`)).blobs),
  );
  for (const other of blobs) expect(other).toEqual(blobs[0]);
  for (const copier of ['direct', 'skopeo']) {
    expect(await outputOf('diff', ['-r', work.file('docker-skopeo'), work.file(`docker-${copier}`)])).toBe(
      '',
    );
  }
});

it('costs one HEAD per tag and no request per pinned digest when nothing changed', async () => {
  await docker.clear();
  const args = ['save', '-f', 'docker.txt', '-p', 'all', '--insecure-registries', docker.host];
  await work.succeed(...args, '-o', 'again', '--cache-dir', 's-docker-skopeo');
  const count = Object.keys(KINDS).length;
  expect(tally(await docker.requests())).toEqual({ 'GET ping': expect.any(Number), 'HEAD manifest': count });
});

describe('images pulled from the bundle and pushed to another registry', () => {
  let registry: ServedBundle;
  let empty: DockerRegistry;
  beforeAll(async () => {
    registry = await serveBundle(work.file('docker-skopeo'));
    empty = await startDockerRegistry();
  });
  afterAll(async () => {
    await empty.close();
    await registry.close();
  });
  const from = (name: string): string => `${registry.host}/${docker.host.replace(':', '_')}/fx/${name}`;

  it('arrive by crane with their digests, every kind', async () => {
    for (const [name, image] of Object.entries(KINDS)) {
      const flags = ['copy', '--insecure', '--allow-nondistributable-artifacts'];
      await outputOf(toolPath('crane'), [...flags, from(name), `${empty.host}/by-crane/${name}`]);
      expect([name, await servedDigest(`${empty.host}/by-crane/${name}`)]).toEqual([name, image.top]);
    }
  });

  it('case C7: arrive by skopeo with their digests, every kind that skopeo can copy', async () => {
    for (const [name, image] of Object.entries(KINDS)) {
      if (NOT_FOR_SKOPEO.includes(name)) continue;
      const places = [`docker://${from(name)}`, `docker://${empty.host}/by-skopeo/${name}`];
      await outputOf(toolPath('skopeo'), [...COPY, ...places]);
      expect([name, await servedDigest(`${empty.host}/by-skopeo/${name}`)]).toEqual([name, image.top]);
    }
  });

  it('pass crane validate', async () => {
    for (const name of VALIDATED) {
      const args = ['validate', '--insecure', '--remote', from(`${name}:1`)];
      expect(await outputOf(toolPath('crane'), args)).toContain('PASS');
    }
  });
});

/** The lock of one entry, by `oci-save lock`: nothing is copied. */
async function lockedImage(entry: string, ...args: readonly string[]): Promise<LockedImage> {
  const insecure = ['--insecure-registries', docker.host];
  const { stdout } = await work.succeed('lock', entry, ...insecure, ...args);
  const [image] = lockSchema.parse(JSON.parse(stdout)).images;
  if (image === undefined) throw new Error(`no image in the lock of ${entry}`);
  return image;
}

describe('the platforms of a save', () => {
  const ARM64 = ['linux/arm64'];
  it.each<[string, string | undefined, string[]]>([
    ['idx', 'linux/amd64', ['linux/amd64']],
    ['idx', 'x86_64', ['linux/amd64']],
    ['idx', 'linux/arm64', ARM64],
    ['idx', 'linux/arm64/v8', ARM64],
    ['idx', 'linux/arm64/v9', ARM64],
    ['idx', 'aarch64', ARM64],
    ['idx', 'linux/arm', ['linux/arm/v7']],
    ['idx', 'linux/armhf', ['linux/arm/v7']],
    ['idx', 'arm64, linux/arm/v7', ['linux/arm/v7', 'linux/arm64']],
    ['idx', 'all', ['linux/amd64', 'linux/arm/v7', 'linux/arm64']],
    ['idx', undefined, [process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64']],
    ['dlist', 'linux/arm64', ARM64],
    ['nested', 'linux/arm64', ARM64],
    ['windows', 'windows/amd64', ['windows/amd64:10.0.17763.5696', 'windows/amd64:10.0.20348.2402']],
    ['windows', 'windows/amd64:10.0.17763', ['windows/amd64:10.0.17763.5696']],
    ['windows', 'windows/amd64:10.0.20348.2402', ['windows/amd64:10.0.20348.2402']],
    ['one', 'linux/amd64', ['linux/amd64']],
  ])('of %s, with %s, are %s', async (name, platforms, expected) => {
    const args = platforms === undefined ? [] : ['-p', platforms];
    const image = await lockedImage(`${docker.host}/fx/${name}:1`, ...args);
    expect(image.digest).toBe(KINDS[`${name}:1`]?.top);
    expect(image.platforms).toEqual(expected);
    expect(image.leaves.flatMap(({ platform }) => platform ?? []).toSorted()).toEqual(expected);
  });

  it('are the machine’s own where none is chosen, and the run prints that', async () => {
    const { stderr } = await work.succeed(
      'lock',
      `${docker.host}/fx/idx:1`,
      '--insecure-registries',
      docker.host,
    );
    expect(stderr).toMatch(
      /^Platform: linux\/(amd64|arm64), this machine's; the option platforms names others$/m,
    );
  });

  it('include both children of an index that have one platform', async () => {
    const twins = ['a', 'b'].map((seed) => ({
      image: fixtures.one({ seed, layerBytes: 100 }),
      platform: fixtures.AMD64,
    }));
    const twin = fixtures.buildIndex([
      ...twins,
      { image: fixtures.one({ seed: 'c' }), platform: fixtures.ARM64 },
    ]);
    await pushImage({ host: docker.host }, 'fx/twins', twin, '1');
    const { leaves } = await lockedImage(`${docker.host}/fx/twins:1`, '-p', 'linux/amd64');
    expect(leaves.map(({ digest }) => digest)).toEqual(twins.map(({ image }) => image.top));
  });

  it.each([
    ['idx', 'linux/s390x', /it has no linux\/s390x; it has linux\/amd64, linux\/arm64, linux\/arm\/v7/],
    [
      'idx',
      'linux/amd64,linux/arm/v6',
      /it has no linux\/arm\/v6; it has linux\/amd64, linux\/arm64, linux\/arm\/v7/,
    ],
    [
      'windows',
      'windows/amd64:10.0.1',
      /it has no windows\/amd64:10\.0\.1; it has windows\/amd64:10\.0\.17763\.5696/,
    ],
    ['one', 'linux/arm64', /it has no linux\/arm64; it has linux\/amd64/],
  ])(
    'that %s lacks (%s) fail the image, and the message names those that it has',
    async (name, platforms, words) => {
      const args = [
        'lock',
        `${docker.host}/fx/${name}:1`,
        '-p',
        platforms,
        '--insecure-registries',
        docker.host,
      ];
      const { exitCode, stderr } = await work.run(...args);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(words)]);
      expect(stderr).toMatch(/hint: Choose others with --platforms, or for this image alone: '--platform=/);
    },
  );

  it.each(ARTIFACTS)('do not concern the artifact %s', async (name) => {
    const image = await lockedImage(`${docker.host}/fx/${name}`, '-p', 'linux/s390x');
    expect([image.digest, image.root, image.platforms]).toEqual([KINDS[name]?.top, KINDS[name]?.top, []]);
  });
});

describe('--format oci', () => {
  const layersOf = ({ leaves }: LockedImage): string[] => leaves.flatMap(({ layers }) => layers);

  it.each(['d2', 'dlist', 'docker-zstd'])('converts %s by our own mapping, with a warning', async (name) => {
    const source = KINDS[`${name}:1`];
    if (source === undefined) throw new Error(name);
    const ref = `${docker.host}/fx/${name}:1`;
    const args = ['save', ref, '-p', 'all', '--insecure-registries', docker.host, '--format', 'oci'];
    const output = `oci-${name}`;
    await work.succeed(...args, '-o', output, '--cache-dir', 's-docker-skopeo');
    const lock = await work.lock(`${output}/oci-save.lock.json`);
    const [image] = lock.images;
    if (image === undefined) throw new Error('no image');
    expect(Object.keys(image.converted ?? {}).toSorted()).toEqual([...source.manifests.keys()].toSorted());
    const tagged = image.converted?.[source.top];
    expect([image.digest, image.format, image.root]).toEqual([source.top, 'oci', tagged]);
    expect(layersOf(image)).toEqual(layersOf(await lockedImage(ref, '-p', 'all')));
    expect((await work.report(`${output}.report.json`)).images[0]).toMatchObject({ converted: true });
    await using registry = await serveBundle(work.file(output));
    const repository = `${docker.host.replace(':', '_')}/fx/${name}`;
    const type = (digest: string): string =>
      source.manifests.size > 1 && digest === tagged ? OCI_INDEX : OCI_MANIFEST;
    for (const digest of Object.values(image.converted ?? {})) {
      expect(await served(registry.host, repository, digest)).toEqual([digest, type(digest)]);
    }
    // Written out here, since the digest must be one on every machine and with every skopeo.
    for (const leaf of image.leaves) {
      const raw = await readFile(work.file(`${output}/blobs/sha256/${leaf.digest.slice(7)}`), 'utf8');
      const blob = (mediaType: string, digest: string): object => ({
        mediaType,
        digest,
        size: lock.blobs[digest],
      });
      const layerType = `${OCI_LAYER}+${name === 'docker-zstd' ? 'zstd' : 'gzip'}`;
      expect(raw).toBe(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: OCI_MANIFEST,
          config: blob(OCI_CONFIG, leaf.config),
          layers: leaf.layers.map((digest) => blob(layerType, digest)),
        }),
      );
    }
  });

  it('leaves OCI images as they are', async () => {
    const image = await lockedImage(`${docker.host}/fx/idx:1`, '-p', 'all', '--format', 'oci');
    expect([image.digest, image.converted]).toEqual([KINDS['idx:1']?.top, undefined]);
  });

  it('is not the default: Docker’s media types are kept, and zot serves them', async () => {
    const image = await lockedImage(`${docker.host}/fx/d2:1`);
    expect([image.mediaType, image.converted]).toEqual([DOCKER_MANIFEST, undefined]);
  });
});
