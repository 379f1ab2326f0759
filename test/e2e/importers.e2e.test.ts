import { mkdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lock, LockedImage } from '../../src/lock/index.ts';
import { hostPlatform } from '../../src/oci/platform.ts';
import { type CorpusImage, corpus } from '../support/corpus.ts';
import * as fixtures from '../support/fixtures/index.ts';
import { call } from '../support/http.ts';
import type { Image } from '../support/image.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { layoutEntries, namedDigests, servedDigest } from '../support/layout-entries.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import {
  type DockerRegistry,
  startContainerd,
  startDockerRegistry,
  startPodman,
} from '../support/servers/index.ts';
import { type ServedBundle, serveBundle } from '../support/serve-bundle.ts';
import { toolPath } from '../support/tools.ts';

const ARCHITECTURE = hostPlatform(process.arch).architecture;
const HOST = `linux/${ARCHITECTURE}`;
const OTHER = ARCHITECTURE === 'amd64' ? 'linux/arm64' : 'linux/amd64';

let registry: DockerRegistry;
let work: Workplace;
beforeAll(async () => {
  registry = await startDockerRegistry();
  work = await workplace({}, inThisProcess);
});
afterAll(async () => {
  await work.close();
  await registry.close();
});

/** Pushes images of the same name in lists, where `@/name` stands for the registry's repository. */
async function push(images: Readonly<Record<string, Image>>): Promise<void> {
  for (const [name, image] of Object.entries(images)) await pushImage(registry.target, name, image, '1');
}

/** Saves a list into a bundle and its archive. */
async function save(output: string, lines: readonly string[], ...args: readonly string[]): Promise<Lock> {
  const list = lines.map((line) => line.replace('@/', `${registry.host}/`)).join('\n');
  const common = ['--archive', 'tar', '--insecure-registries', registry.host];
  const result = await work.runWith(list, 'save', '-f', '-', '-o', output, ...common, ...args);
  expect([result.exitCode, result.stderr]).toEqual([0, expect.anything()]);
  return work.lock(`${output}/oci-save.lock.json`);
}

const tarOf = (output: string): string => work.file(`${output}.tar`);

/** What ctr names after an import, without the names that `--digests` makes. */
async function importedByCtr(archive: string, ...flags: readonly string[]): Promise<Map<string, string>> {
  await using containerd = await startContainerd();
  await containerd.import(archive, ...flags);
  const images = (await containerd.images()).filter(({ name }) => !name.includes('@'));
  return new Map(images.map(({ name, digest }) => [name, digest]));
}

/** Digest and image ID of everything that podman has after a load, by name. */
async function loadedByPodman(archive: string): Promise<Map<string, { digest: string; id: string }>> {
  await using podman = await startPodman();
  await podman.load(archive);
  return new Map((await podman.images()).map(({ name, digest, id }) => [name, { digest, id }]));
}

describe('the importers of a bundle', () => {
  const [idx, att] = [fixtures.idx(), fixtures.att()];
  const X = 'site.example/x';
  /** The rows of the table in docs/bundle.md; the sources are apart, since platforms of one source add up. */
  const LINES = [
    `--platform=all @/whole:1 => ${X}/whole:1`,
    `--platform=${HOST} @/sparse:1 => ${X}/sparse:1`,
    `--platform=linux/amd64,linux/arm64 @/several:1 => ${X}/several:1`,
    `--platform=${HOST} @/attested:1 => ${X}/attested:1`,
    `--platform=${HOST} @/pinned:1@${att.top} => ${X}/pinned:1`,
    `--platform=${HOST} @/only@${idx.top} => ${X}/only`,
  ];
  const digestOnly = `digest-${idx.top.slice(7, 19)}`;
  let images: Map<string, LockedImage>;
  let served: ServedBundle;

  beforeAll(async () => {
    await push({ whole: idx, sparse: idx, several: idx, attested: att, pinned: att });
    await pushImage(registry.target, 'only', idx);
    const lock = await save('table', LINES);
    images = new Map(
      lock.images.flatMap((image) => image.names.map((name) => [name.slice(X.length + 1), image])),
    );
    served = await serveBundle(work.file('table'));
  });
  afterAll(() => served.close());

  const leavesOf = (name: string): LockedImage['leaves'] =>
    (images.get(name)?.leaves ?? []).filter(({ attests }) => attests === undefined);

  it.each([
    ['whole:1', idx.top, 3, 0],
    ['sparse:1', idx.top, 1, 0],
    ['several:1', idx.top, 2, 0],
    ['attested:1', att.top, 1, 1],
    ['pinned:1', att.top, 1, 1],
    [`only:${digestOnly}`, idx.top, 1, 0],
  ])(
    'find %s in its repository: the original index, its present children, and nothing else',
    async (name, top, leaves, attestations) => {
      const [repository = '', tag = ''] = name.split(':');
      const image = images.get(name);
      expect([image?.digest, image?.leaves.length]).toEqual([top, leaves + attestations]);
      const entries = await layoutEntries(work.file(`table/registry/${X}/${repository}`));
      const tagged = entries.filter((entry) => entry.name !== undefined);
      expect(tagged.map((entry) => [entry.name, entry.digest])).toEqual([[tag, top]]);
      const untagged = entries.filter((entry) => entry.name === undefined).map(({ digest }) => digest);
      const below = image?.leaves.map(({ digest }) => digest) ?? [];
      // An image that was asked for by digest alone is listed without a tag, too.
      expect(untagged.toSorted()).toEqual((tag === digestOnly ? [...below, top] : below).toSorted());
    },
  );

  it('are served the index under its own digest, the present children, and 404 for the others', async () => {
    for (const [name, { digest, leaves }] of images) {
      const [repository = '', tag = ''] = name.split(':');
      const at = `${served.host}/${X}/${repository}`;
      expect([name, await servedDigest(`${at}:${tag}`)]).toEqual([name, digest]);
      const present = new Set<string>(leaves.map((leaf) => leaf.digest));
      const raw = await readFile(work.file(`table/blobs/sha256/${digest.slice(7)}`), 'utf8');
      for (const child of JSON.parse(raw).manifests) {
        const url = `http://${served.host}/v2/${X}/${repository}/manifests/${child.digest}`;
        const { status } = await call(url, { headers: { accept: child.mediaType } });
        expect([name, child.digest, status]).toEqual([
          name,
          child.digest,
          present.has(child.digest) ? 200 : 404,
        ]);
      }
    }
  });

  it('find in the root the index where it is whole, the leaf of one platform, else a narrowed index', async () => {
    const root = await namedDigests(work.file('table'));
    expect([...root.keys()].toSorted()).toEqual([...images.keys()].map((name) => `${X}/${name}`).toSorted());
    expect(root.get(`${X}/whole:1`)).toBe(idx.top);
    for (const name of ['sparse:1', 'attested:1', 'pinned:1', `only:${digestOnly}`]) {
      expect(root.get(`${X}/${name}`)).toBe(leavesOf(name)[0]?.digest);
    }
    const narrowed = root.get(`${X}/several:1`) ?? '';
    const original = JSON.parse(new TextDecoder().decode(idx.manifests.get(idx.top)?.bytes));
    const taken = new Set<string>(leavesOf('several:1').map(({ digest }) => digest));
    const manifests = original.manifests.filter(({ digest }: { digest: string }) => taken.has(digest));
    expect(await readFile(work.file(`table/blobs/sha256/${narrowed.slice(7)}`), 'utf8')).toBe(
      JSON.stringify({ ...original, manifests }),
    );
  });

  it('find in manifest.json one platform, linux/amd64 where it was taken, and no digest among the tags', async () => {
    const manifest = JSON.parse(await readFile(work.file('table/manifest.json'), 'utf8'));
    const configs = new Map<string, string>(
      manifest.flatMap(({ Config, RepoTags }: { Config: string; RepoTags: string[] }) =>
        RepoTags.map((tag) => [tag, Config]),
      ),
    );
    expect([...configs.keys()].toSorted()).toEqual(
      [...images.keys()].map((name) => `${X}/${name}`).toSorted(),
    );
    for (const name of images.keys()) {
      const leaves = leavesOf(name);
      const leaf = leaves.find(({ platform }) => platform === 'linux/amd64') ?? leaves[0];
      expect([name, configs.get(`${X}/${name}`)]).toEqual([name, `blobs/sha256/${leaf?.config.slice(7)}`]);
    }
  });

  it.each([
    ['plainly', []],
    ['whole', ['--all-platforms', '--digests']],
  ])('ctr, importing %s, have names and digests as in the lock', async (_, flags) => {
    const imported = await importedByCtr(tarOf('table'), ...flags);
    expect(imported).toEqual(new Map([...images].map(([name, { root }]) => [`${X}/${name}`, root])));
  });

  it('podman have every name, with the image IDs of the lock', async () => {
    const loaded = await loadedByPodman(tarOf('table'));
    expect([...loaded.keys()].toSorted()).toEqual(
      [...images.keys()].map((name) => `${X}/${name}`).toSorted(),
    );
    for (const name of images.keys()) {
      expect(leavesOf(name).map(({ config }) => config)).toContain(loaded.get(`${X}/${name}`)?.id);
    }
  });

  it('cause a warning where a pinned image has another digest for some of them', async () => {
    const { images: reported } = await work.report('table.report.json');
    const noted = reported.filter(({ notes }) =>
      notes.some((note) => note.startsWith('it was pinned by digest')),
    );
    expect(noted.flatMap(({ names }) => names).toSorted()).toEqual([
      `${X}/only:${digestOnly}`,
      `${X}/pinned:1`,
    ]);
    expect(reported.filter(({ narrowed }) => narrowed)).toHaveLength(5);
  });

  it('find with --index narrow the narrowed index everywhere', async () => {
    const line = `--platform=linux/amd64,linux/arm64 @/several:1 => ${X}/several:1`;
    const [image] = (await save('narrow', [line], '--index', 'narrow')).images;
    const original = images.get('several:1');
    expect([image?.digest, image?.root, image?.index]).toEqual([original?.digest, original?.root, 'narrow']);
    await using narrow = await serveBundle(work.file('narrow'));
    expect(await servedDigest(`${narrow.host}/${X}/several:1`)).toBe(image?.root);
    const [entry, ...children] = await layoutEntries(work.file(`narrow/registry/${X}/several`));
    expect([entry?.digest, children.length]).toEqual([image?.root, 2]);
  });
});

describe('an archive of one image', () => {
  it.each([
    ['whole', 'all', fixtures.one()],
    ['Docker’s, whole', 'all', fixtures.d2()],
    ['an index of which the machine’s platform is taken', HOST, fixtures.idx({ seed: 'single' })],
  ])('of %s gives podman and ctr name and digest as in the lock', async (what, platforms, image) => {
    const name = `single-${what.length}`;
    await push({ [name]: image });
    const lock = await save(name, [`@/${name}:1 => quay.io/acme/${name}:v1`], '-p', platforms);
    const root = lock.images[0]?.root;
    const imported = await importedByCtr(tarOf(name), '--all-platforms', '--digests');
    expect(imported).toEqual(new Map([[`quay.io/acme/${name}:v1`, root]]));
    const loaded = await loadedByPodman(tarOf(name));
    expect([...loaded.keys()]).toEqual([`quay.io/acme/${name}:v1`]);
    // Older libraries take no Docker types out of an OCI layout, and fall back on docker's form.
    if (what !== 'Docker’s, whole') expect([...loaded.values()][0]?.digest).toBe(root);
    expect([...loaded.values()][0]?.id).toBe(lock.images[0]?.leaves[0]?.config);
  });

  it('of another architecture is loaded, and not refused', async () => {
    await push({ foreign: fixtures.idx({ seed: 'other' }) });
    const { images } = await save('foreign', ['@/foreign:1 => quay.io/acme/foreign:v1'], '-p', OTHER);
    const imported = await importedByCtr(tarOf('foreign'), '--all-platforms');
    expect(imported.get('quay.io/acme/foreign:v1')).toBe(images[0]?.root);
  });
});

describe('an archive with artifacts among its images', () => {
  const subject = fixtures.one({ seed: 'subject' });
  const { tag, image: signature } = fixtures.cosignSignature(subject);
  let lock: Lock;
  beforeAll(async () => {
    await push({ subject, chart: fixtures.chart() });
    await pushImage(registry.target, 'subject', signature, tag);
    lock = await save('artifacts', ['@/subject:1', '@/chart:1', `@/subject:${tag}`]);
  });

  it('is loaded by podman, which gets only the images', async () => {
    expect([...(await loadedByPodman(tarOf('artifacts'))).keys()]).toEqual([`${registry.host}/subject:1`]);
  });

  it('is imported by ctr with all digests, although ctr cannot unpack artifacts', async () => {
    const imported = await importedByCtr(tarOf('artifacts'), '--no-unpack');
    expect(imported).toEqual(new Map(lock.images.map(({ ref, digest }) => [ref, digest])));
  });
});

describe('an archive with images in its midst that importers cannot unpack', () => {
  const images = {
    'midst/a': fixtures.one({ seed: 'midst' }),
    'midst/b': fixtures.encrypted(),
    'midst/c': fixtures.d2({ seed: 'midst' }),
    'midst/d': fixtures.nydus(),
    'midst/e': fixtures.foreign({ urls: ['http://127.0.0.1:9/layer'], held: true }).image,
    'midst/f': fixtures.chart(),
    'midst/g': fixtures.idx({ seed: 'midst' }),
  };
  const PLAIN = ['a', 'c', 'e', 'g'].map((name) => `midst/${name}`);
  const named = (names: readonly string[]): string[] => names.map((name) => `${registry.host}/${name}:1`);
  beforeAll(async () => {
    await push(images);
    const lines = Object.keys(images).map((name) => `@/${name}:1`);
    for (const copier of ['skopeo', 'direct']) {
      await save(`midst-${copier}`, lines, '-p', HOST, '--copier', copier, '--cache-dir', `${copier}-store`);
    }
  });

  it.each(['skopeo', 'direct'])('found A10: has each bit of them with the copier %s', async (copier) => {
    const { images: locked } = await work.lock(`midst-${copier}/oci-save.lock.json`);
    const digests = new Map(locked.map(({ ref, digest }) => [ref, digest]));
    for (const [name, { top, blobs, manifests }] of Object.entries(images)) {
      expect([name, digests.get(`${registry.host}/${name}:1`)]).toEqual([name, top]);
      if (name === 'midst/g') continue;
      for (const [digest, bytes] of [
        ...blobs,
        ...[...manifests].map(([d, { bytes: b }]) => [d, b] as const),
      ]) {
        const file = work.file(`midst-${copier}/blobs/sha256/${digest.slice(7)}`);
        expect((await readFile(file)).equals(bytes)).toBe(true);
      }
    }
    await outputOf('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: work.file(`midst-${copier}`) });
    const { images: reported } = await work.report(`midst-${copier}.report.json`);
    const said = reported.filter(({ notes }) =>
      notes.some((note) => note.startsWith('importers cannot unpack')),
    );
    expect(said.map(({ ref }) => ref)).toEqual(named(['midst/b', 'midst/d']));
  });

  it('is imported by ctr up to them, and all images are unpacked', async () => {
    await using containerd = await startContainerd('k8s.io');
    await expect(containerd.import(tarOf('midst-skopeo'))).rejects.toThrow('+encrypted');
    const rows = (await containerd.ctr('images', 'check')).trim().split('\n').slice(1);
    const unpacked = rows.filter((row) => /\btrue\s*$/.test(row)).map((row) => row.split(/\s+/, 1)[0]);
    expect(rows).toHaveLength(7);
    expect(unpacked).toEqual(named(PLAIN));
  });

  it('is loaded by podman without them', async () => {
    const loaded = await loadedByPodman(tarOf('midst-skopeo'));
    expect([...loaded.keys()].toSorted()).toEqual(named(PLAIN));
  });
});

describe('real programs from a bundle', () => {
  let applications: readonly CorpusImage[];
  let references: string[];
  let bundle: ServedBundle;
  beforeAll(async () => {
    // One of OCI's types and one of Docker's: to unpack an image costs more than all else here.
    const wanted = new Set(['base', 'redis']);
    applications = (await corpus()).filter(({ name }) => wanted.has(name));
    for (const { name, image } of applications) await push({ [`corpus/${name}`]: image });
    references = applications.map(({ name }) => `debian.example/${name}:1`);
    await save(
      'programs',
      applications.map(({ name }) => `@/corpus/${name}:1 => debian.example/${name}:1`),
      '-p',
      HOST,
    );
    bundle = await serveBundle(work.file('programs'));
  });
  afterAll(() => bundle.close());

  it('run under containerd and podman after an import of the archive', async () => {
    expect(applications).toHaveLength(2);
    await using containerd = await startContainerd();
    await containerd.import(tarOf('programs'));
    await using podman = await startPodman();
    await podman.load(tarOf('programs'));
    for (const [at, { command, prints }] of applications.entries()) {
      expect(await containerd.run(references[at] ?? '', ...command)).toContain(prints);
      expect(await podman.run(references[at] ?? '', ...command)).toContain(prints);
    }
  });

  it('run under containerd and podman after a pull from the served bundle', async () => {
    await using containerd = await startContainerd();
    await using podman = await startPodman();
    const [first] = applications;
    for (const [at, { image, command, prints }] of applications.entries()) {
      const reference = `${bundle.host}/${references[at]}`;
      await containerd.pull(reference);
      await podman.pull(reference);
      if (image === first?.image) expect(await podman.run(reference, ...command)).toContain(prints);
      expect(await containerd.run(reference, ...command)).toContain(prints);
    }
    const tops = new Map(
      applications.map(({ image }, at) => [`${bundle.host}/${references[at]}`, image.top]),
    );
    expect(new Map((await containerd.images()).map(({ name, digest }) => [name, digest]))).toEqual(tops);
    expect(new Map((await podman.images()).map(({ name, digest }) => [name, digest]))).toEqual(tops);
  });

  it('are pulled by digest', async () => {
    const [image] = applications;
    const pinned = `${bundle.host}/debian.example/${image?.name}@${image?.image.top}`;
    await using containerd = await startContainerd();
    await containerd.pull(pinned);
    expect((await containerd.images()).map(({ name, digest }) => [name, digest])).toEqual([
      [pinned, image?.image.top],
    ]);
  });

  it('are unpacked by umoci from the flat layout that tar unpacked', async () => {
    await mkdir(work.file('unpacked'));
    await outputOf('tar', ['-xf', tarOf('programs'), '-C', work.file('unpacked')]);
    const name = 'debian.example/base:1';
    const unpack = [
      'unpack',
      '--rootless',
      '--image',
      `${work.file('unpacked')}:${name}`,
      work.file('umoci'),
    ];
    await outputOf(toolPath('umoci'), unpack);
    expect(await readFile(work.file('umoci/rootfs/usr/share/dpkg/cputable'), 'utf8')).toContain('amd64');
  });
});
