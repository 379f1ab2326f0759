import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LockedImage } from '../../src/lock/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { hostPlatform } from '../../src/oci/platform.ts';
import { chart, d2, dlist, idx, nested, one } from '../support/fixtures/index.ts';
import { servedDigest } from '../support/layout-entries.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { runProgram } from '../support/program.ts';
import { writePrograms } from '../support/programs.ts';
import { pushImage } from '../support/push.ts';
import {
  type DockerRegistry,
  startContainerd,
  startDockerd,
  startDockerRegistry,
  startPodman,
} from '../support/servers/index.ts';
import { serveBuiltIn, serveBundle } from '../support/serve-bundle.ts';
import { toolPath, toolsSearchPath } from '../support/tools.ts';

const HOST = `linux/${hostPlatform(process.arch).architecture}`;
const SITE = 'site.example/x';

/** The columns of the table, with the repository that stands for each and the platforms that are taken of it. */
const KINDS = {
  'OCI image': ['one', 'all'],
  'Docker image': ['d2', 'all'],
  'whole OCI index': ['idx', 'all'],
  'whole Docker list': ['dlist', 'all'],
  'one platform of an index': ['sparse', HOST],
  'several platforms of an index': ['several', 'linux/amd64,linux/arm64'],
  'whole index of indexes': ['nested', 'all'],
  artifact: ['chart', 'all'],
} as const;
const FIXTURES = {
  one: one(),
  d2: d2(),
  idx: idx(),
  dlist: dlist(),
  sparse: idx({ seed: 'sparse' }),
  several: idx({ seed: 'several' }),
  nested: nested(),
  chart: chart(),
};

let registry: DockerRegistry;
let work: Workplace;
let images: ReadonlyMap<string, LockedImage>;

const referenceOf = (repository: string): string => `${SITE}/${repository}:1`;
const tagged = (name: string): boolean => !name.includes('@');

async function save(output: string, repositories: readonly string[]): Promise<void> {
  const platforms = new Map<string, string>(Object.values(KINDS).map(([name, choice]) => [name, choice]));
  const list = repositories.map(
    (name) => `--platform=${platforms.get(name)} ${registry.host}/${name}:1 => ${referenceOf(name)}`,
  );
  const options = ['--archive', 'tar', '--insecure-registries', registry.host];
  const { exitCode, stderr } = await work.runWith(
    list.join('\n'),
    'save',
    '-f',
    '-',
    '-o',
    output,
    ...options,
  );
  expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
}

beforeAll(async () => {
  [registry, work] = [await startDockerRegistry(), await workplace()];
  for (const [name, image] of Object.entries(FIXTURES)) await pushImage(registry.target, name, image, '1');
  await save('all', Object.keys(FIXTURES));
  for (const name of Object.keys(FIXTURES)) await save(`only-${name}`, [name]);
  const lock = await work.lock('all/oci-save.lock.json');
  images = new Map(lock.images.flatMap((image) => image.names.map((name) => [name, image])));
});
afterAll(async () => {
  await work.close();
  await registry.close();
});

/** The word of the table for the digest that a reader has under a name. */
function wordFor(repository: string, digest: string | undefined, id?: string): string {
  const image = images.get(referenceOf(repository));
  if (image === undefined || digest === undefined) return 'no';
  if (digest === image.digest) return 'kept';
  if (digest === image.root) return image.leaves.some((leaf) => leaf.digest === digest) ? 'leaf' : 'narrowed';
  if (image.leaves.some((leaf) => leaf.digest === digest)) return 'leaf';
  return image.leaves.some(({ config }) => config === id) ? 'image ID' : 'other';
}

async function eachServed(host: string): Promise<Record<string, string>> {
  const words = Object.keys(FIXTURES).map(async (name) => {
    const digest = await servedDigest(`${host}/${referenceOf(name)}`).catch(() => undefined);
    return [name, wordFor(name, digest)] as const;
  });
  return Object.fromEntries(await Promise.all(words));
}

/** Each row of the table by its first cell: what the reader has of every kind. */
const READERS: Readonly<Record<string, () => Promise<Record<string, string>>>> = {
  async 'zot over `registry/`'() {
    await using served = await serveBundle(work.file('all'));
    return await eachServed(served.host);
  },
  async '`oci-save serve`'() {
    await using served = await serveBuiltIn(work.file('all'));
    return await eachServed(served.host);
  },
  async '`oci-save push` to docker-registry'() {
    await using target = await startDockerRegistry();
    await work.succeed('push', 'all', target.host, '--insecure-registries', target.host);
    return await eachServed(target.host);
  },
  '`kit/push.sh` by skopeo, to docker-registry': () => eachPushed('skopeo'),
  '`kit/push.sh` by curl, to docker-registry': () => eachPushed('curl'),
  async '`ctr images pull` from a served bundle'() {
    await using served = await serveBundle(work.file('all'));
    await using containerd = await startContainerd();
    for (const name of Object.keys(FIXTURES))
      await containerd.pull(`${served.host}/${referenceOf(name)}`).catch(() => '');
    const found = new Map((await containerd.images()).map(({ name, digest }) => [name, digest]));
    return Object.fromEntries(
      Object.keys(FIXTURES).map((name) => [
        name,
        wordFor(name, found.get(`${served.host}/${referenceOf(name)}`)),
      ]),
    );
  },
  async '`ctr images import`'() {
    await using containerd = await startContainerd();
    await containerd.import(work.file('all.tar'), '--no-unpack');
    const found = new Map(
      (await containerd.images())
        .filter(({ name }) => tagged(name))
        .map(({ name, digest }) => [name, digest]),
    );
    return Object.fromEntries(
      Object.keys(FIXTURES).map((name) => [name, wordFor(name, found.get(referenceOf(name)))]),
    );
  },
  async '`kit/load.sh containerd`'() {
    await using containerd = await startContainerd('k8s.io');
    await loadByKit('containerd', containerd.env);
    const found = new Map((await containerd.images()).map(({ name, digest }) => [name, digest]));
    return eachKnown((name) => [found.get(name)]);
  },
  async '`kit/load.sh podman`'() {
    await using podman = await startPodman();
    const shim = await writePrograms(work.file('podman-shim'), {
      podman: `exec ${toolPath('podman')} ${podman.options.join(' ')} "$@"`,
    });
    await loadByKit('podman', { ...podman.env, PATH: `${shim}${path.delimiter}${toolsSearchPath()}` });
    const found = new Map((await podman.images()).map((image) => [image.name, image]));
    return eachKnown((name) => [found.get(name)?.digest, found.get(name)?.id]);
  },
  async '`kit/load.sh docker`'() {
    await using dockerd = await startDockerd();
    await loadByKit('docker', dockerd.env);
    const found = new Map((await dockerd.images()).map(({ name, id }) => [name, id]));
    return eachKnown((name) => [found.get(name), found.get(name)]);
  },
  '`podman load`, an archive of one image': () => eachByPodman((name) => `only-${name}.tar`),
  '`podman load`, an archive of several': () => eachByPodman(() => 'all.tar'),
  '`skopeo copy oci-archive:…`, below 1.19': () => eachBySkopeo(),
  '`skopeo copy --all oci-archive:…`, below 1.19': () => eachBySkopeo('--all', '--preserve-digests'),
};

/** Loads what can be loaded, by the kit's script with a runtime of the tests. */
async function loadByKit(runtime: string, env: Readonly<Record<string, string>>): Promise<void> {
  const args = [work.file('all/kit/load.sh'), runtime];
  const { exitCode, stderr } = await runProgram('sh', args, { env: { ...work.env, ...env } });
  expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
}

/** The words for what a runtime has under each name: its digest, and its image ID. */
function eachKnown(
  find: (name: string) => readonly [digest: string | undefined, id?: string | undefined],
): Record<string, string> {
  return Object.fromEntries(
    Object.keys(FIXTURES).map((name) => [name, wordFor(name, ...find(referenceOf(name)))]),
  );
}

async function eachPushed(program: string): Promise<Record<string, string>> {
  await using target = await startDockerRegistry();
  const args = [work.file('all/kit/push.sh'), '--with', program, '--plain-http', target.host];
  const { exitCode, stderr } = await runProgram('sh', args, { env: work.env });
  expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
  return await eachServed(target.host);
}

async function eachBySkopeo(...flags: readonly string[]): Promise<Record<string, string>> {
  const words: Record<string, string> = {};
  for (const name of Object.keys(FIXTURES)) {
    const target = work.file(`copied${flags.length}-${name}`);
    const source = `oci-archive:${work.file('all.tar')}:${referenceOf(name)}`;
    const args = ['copy', '--insecure-policy', ...flags, source, `dir:${target}`];
    const { exitCode } = await runProgram(toolPath('skopeo'), args, { env: work.env });
    const manifest = exitCode === 0 ? await readFile(`${target}/manifest.json`) : undefined;
    words[name] = wordFor(name, manifest && digestOf(manifest));
  }
  return words;
}

async function eachByPodman(archiveOf: (name: string) => string): Promise<Record<string, string>> {
  const words: Record<string, string> = {};
  for (const name of Object.keys(FIXTURES)) {
    await using podman = await startPodman();
    await podman.load(work.file(archiveOf(name))).catch(() => '');
    const found = (await podman.images()).find((image) => image.name === referenceOf(name));
    words[name] = wordFor(name, found?.digest, found?.id);
  }
  return words;
}

/** The table in docs/bundle.md: what is written of each reader, by column. */
async function writtenTable(): Promise<Map<string, Record<string, string>>> {
  const text = await readFile('docs/bundle.md', 'utf8');
  const lines = (text.split('## Which reader keeps which digest')[1] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [[, ...columns] = [], , ...rows] = lines;
  return new Map(
    rows.map(([reader = '', ...cells]) => [
      reader.replace(/ \*$/, ''),
      Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ''])),
    ]),
  );
}

describe('found A12: the table of readers in docs/bundle.md', () => {
  it('has a row for each reader that these tests run', async () => {
    const written = [...(await writtenTable()).keys()];
    expect(written).toEqual(expect.arrayContaining(Object.keys(READERS)));
  });

  it.each(Object.keys(READERS))('says what %s gets of each kind of image', async (reader) => {
    const found = await READERS[reader]?.();
    const row = (await writtenTable()).get(reader) ?? {};
    const expected = Object.fromEntries(Object.entries(KINDS).map(([kind, [name]]) => [name, row[kind]]));
    expect(found).toEqual(expected);
  });
});
