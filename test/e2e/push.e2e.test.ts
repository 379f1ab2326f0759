import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LockedImage, repositoryPath } from '../../src/lock/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ACCEPTED_MANIFESTS } from '../../src/oci/media-type.ts';
import { pushReportSchema, type PushReport } from '../../src/report/index.ts';
import { brokenTags, tagsOf } from '../support/broken-tags.ts';
import type { Closable } from '../support/closable.ts';
import * as fixtures from '../support/fixtures/index.ts';
import { call } from '../support/http.ts';
import type { Image } from '../support/image.ts';
import { listen } from '../support/listen.ts';
import { noteNotOnZot } from '../support/not-on-zot.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { asProgram, CLI, type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf, type ProgramResult, startDaemon } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { saveBundle } from '../support/saving.ts';
import { type RegistryRequest, tally } from '../support/registry-request.ts';
import {
  type DockerRegistry,
  hasZot,
  startCraneRegistry,
  startDockerRegistry,
  startProxy,
  startZot,
} from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';

/** Of most images: that skopeo copies large layers, and that they are pushed whole, the others show. */
const SMALL = { layerBytes: 32 * 1024 };
const KINDS: Record<string, Image> = {
  'one:1': fixtures.one(),
  'd2:1': fixtures.d2(SMALL),
  'idx:1': fixtures.idx(SMALL),
  'dlist:1': fixtures.dlist(SMALL),
  'nested:1': fixtures.nested(SMALL),
  'att:1': fixtures.att(SMALL),
  'zst:1': fixtures.zst(SMALL),
  'windows:1': fixtures.windows(SMALL),
  'untyped:1': fixtures.withoutMediaType(SMALL),
  'shared1:1': fixtures.shared1({ ownBytes: SMALL.layerBytes }),
  'shared2:1': fixtures.shared2({ ownBytes: SMALL.layerBytes }),
  'foreign:1': fixtures.foreign({ ...SMALL, urls: ['http://127.0.0.1:1/layer'], held: true }).image,
  'chart:1': fixtures.chart(),
  'artifact:1': fixtures.emptyConfigArtifact(),
};
/** Of these not all platforms are taken. */
const SPARSE: Record<string, readonly [Image, string]> = {
  'sparse-one:1': [fixtures.idx({ ...SMALL, seed: 'sparse one' }), 'linux/arm64'],
  'sparse-several:1': [fixtures.idx({ ...SMALL, seed: 'sparse several' }), 'linux/amd64,linux/arm64'],
  'sparse-att:1': [fixtures.att({ ...SMALL, seed: 'sparse att' }), 'linux/amd64'],
  'sparse-list:1': [fixtures.dlist({ ...SMALL, seed: 'sparse list' }), 'linux/amd64'],
  'sparse-nested:1': [fixtures.nested({ ...SMALL, seed: 'sparse nested' }), 'linux/amd64,linux/arm64'],
};
const DIGEST_ONLY = fixtures.digestOnly(SMALL);
/** Names that a target gets. */
const COUNT = Object.keys(KINDS).length + Object.keys(SPARSE).length + 1;
const USER = { alice: 'a password with blanks' };

let source: DockerRegistry;
let secure: DockerRegistry;
let work: Workplace;
let images: readonly LockedImage[];
beforeAll(async () => {
  source = await startDockerRegistry();
  secure = await startDockerRegistry({ tls: 'server', users: USER });
  work = await workplace({ NODE_EXTRA_CA_CERTS: secure.certificates?.ca ?? '' }, inThisProcess);
  const lines: string[] = [];
  for (const [name, image] of Object.entries(KINDS)) {
    const [repository = '', tag] = name.split(':');
    await pushImage(source.target, `fx/${repository}`, image, tag);
    lines.push(`${source.host}/fx/${name}`);
  }
  for (const [name, [image, platforms]] of Object.entries(SPARSE)) {
    const [repository = '', tag] = name.split(':');
    await pushImage(source.target, `fx/${repository}`, image, tag);
    lines.push(`--platform=${platforms} ${source.host}/fx/${name}`);
  }
  await pushImage(source.target, 'fx/only', DIGEST_ONLY);
  lines.push(`${source.host}/fx/only@${DIGEST_ONLY.top}`);
  await saveBundle(work, source.host, lines);
  images = (await work.lock('bundle/oci-save.lock.json')).images;
  await mkdir(work.file('home/.docker'), { recursive: true });
  const auth = Buffer.from(Object.entries(USER)[0]?.join(':') ?? '').toString('base64');
  await writeFile(
    work.file('home/.docker/config.json'),
    JSON.stringify({ auths: { [secure.host]: { auth } } }),
  );
});
afterAll(async () => {
  await work.close();
  await secure.close();
  await source.close();
});

interface Pushed {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly report: PushReport;
}

/** `oci-save push bundle …`, with its report. */
async function push(target: string, ...args: readonly string[]): Promise<Pushed> {
  return pushedBy(await work.run('push', 'bundle', target, '--json', ...args));
}

/** The same to the registry of a private authority: only a program's environment can name that. */
async function pushSecurely(...args: readonly string[]): Promise<Pushed> {
  const all = ['push', 'bundle', `${secure.host}/m`, '--json', ...args];
  return pushedBy(await asProgram(all, { cwd: work.folder, env: work.env, input: '' }));
}

function pushedBy({ exitCode, stdout, stderr }: ProgramResult): Pushed {
  return { exitCode, stderr, report: pushReportSchema.parse(JSON.parse(stdout)) };
}

interface Target extends Closable {
  readonly host: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca?: string;
  requests(): Promise<readonly RegistryRequest[]>;
  clear(): Promise<void> | void;
}

const withoutUser = (registry: DockerRegistry): Target => ({ ...registry, headers: {} });

/** The servers that take pushes; those without an access log behind a proxy that counts. */
const SERVERS: Record<string, () => Promise<Target>> = {
  'docker-registry 2.8': async () => withoutUser(await startDockerRegistry()),
  'distribution 3': async () => withoutUser(await startDockerRegistry({ program: toolPath('registry') })),
  crane: async () => proxied(await startCraneRegistry()),
  ...(hasZot() ? { zot: async () => proxied(await startZot()) } : {}),
};

async function proxied(registry: { readonly host: string } & Closable): Promise<Target> {
  const proxy = await startProxy(registry.host);
  const close = async (): Promise<void> => {
    await proxy.close();
    await registry.close();
  };
  return {
    host: proxy.host,
    url: proxy.url,
    headers: {},
    requests: async () => proxy.requests(),
    clear: async () => proxy.clear(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What a target serves under each name, against what was saved: name, wanted, got. */
async function differences(
  { url, headers }: Pick<Target, 'url' | 'headers'>,
  prefix: string,
  wantedOf: (image: LockedImage) => readonly string[],
): Promise<unknown[]> {
  const wrong: unknown[] = [];
  for (const image of images) {
    for (const stored of image.names) {
      const [repository, tag] = [
        repositoryPath(stored.slice(0, stored.lastIndexOf(':'))),
        stored.split(':').at(-1),
      ];
      const address = `/v2/${prefix}${repository}/manifests/${tag}`;
      const answer = await call(new URL(address, url), {
        headers: { accept: ACCEPTED_MANIFESTS.join(', '), ...headers },
      });
      const got = digestOf(answer.body);
      if (!wantedOf(image).includes(got)) wrong.push([stored, wantedOf(image), got, answer.status]);
    }
  }
  return wrong;
}

const isSparse = (image: LockedImage): boolean => image.root !== image.digest;

describe.each(Object.entries(SERVERS))('a push to %s', (name, start) => {
  let target: Target;
  beforeAll(async () => {
    target = await start();
  });
  afterAll(() => target.close());
  const insecure = (): string[] => ['--insecure-registries', target.host];

  it('keeps every digest, and narrows a sparse image only where the target requires it', async () => {
    const { exitCode, stderr, report } = await push(`${target.host}/m`, ...insecure());
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    const [told] = report.targets;
    expect(told?.totals).toMatchObject({ pushed: COUNT, failed: 0, unchanged: 0 });
    // All of them want every child of an index.
    expect(await differences(target, 'm/', (image) => [image.root])).toEqual([]);
    const narrowed = told?.images
      .filter((image) => image.narrowed)
      .map(({ digest, there }) => [digest, there]);
    const sparse = images.filter(isSparse);
    expect(new Set(narrowed?.map(String))).toEqual(
      new Set(sparse.map(({ digest, root }) => String([digest, root]))),
    );
    expect(await brokenTags(target.url)).toEqual([]);
  });

  it('of unchanged images is one HEAD per name, and sends no byte', async () => {
    await target.clear();
    const { exitCode, report } = await push(`${target.host}/m`, ...insecure());
    expect(exitCode).toBe(0);
    const { 'GET ping': _, ...asked } = tally(await target.requests());
    expect(asked).toEqual({ 'HEAD manifest': COUNT });
    expect(report.targets[0]?.totals).toMatchObject({ unchanged: COUNT, sentBytes: 0 });
  });

  it('to another prefix mounts blobs where the registry supports it', async () => {
    const { exitCode, report } = await push(`${target.host}/second`, ...insecure());
    expect(exitCode).toBe(0);
    const { mountedBlobs, thereBlobs } = report.targets[0]?.totals ?? { mountedBlobs: 0, thereBlobs: 0 };
    // zot mounts only what its deduplication knows, which is off here.
    expect(mountedBlobs + thereBlobs > 0).toBe(name !== 'zot');
  });

  it('as a dry run makes only HEAD requests', async () => {
    await target.clear();
    const { exitCode, report } = await push(`${target.host}/third`, '--dry-run', ...insecure());
    expect(exitCode).toBe(0);
    const methods = new Set(
      (await target.requests()).map(({ method, path }) => (path === '/v2/' ? 'HEAD' : method)),
    );
    expect(methods).toEqual(new Set(['HEAD']));
    // crane's registry has one pool for all repositories.
    expect(report.targets[0]?.totals.sentBytes).toBeGreaterThan(name === 'crane' ? -1 : 4_000_000);
  });
});

describe('a push', () => {
  it('works with a private authority and a password, and shows the password nowhere', async () => {
    const { exitCode, stderr, report } = await pushSecurely('--verbose');
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    expect(stderr + JSON.stringify(report)).not.toContain(USER.alice);
    await secure.clear();
    expect((await pushSecurely()).exitCode).toBe(0);
    const requests = await secure.requests();
    expect(requests.filter(({ status }) => status !== 401).length).toBe(COUNT);
    expect(tally(requests)).toEqual({ 'HEAD manifest': COUNT + 1 });
  });

  it('without a login is refused before any byte, with the command for the login', async () => {
    await using other = await workplace({ NODE_EXTRA_CA_CERTS: secure.certificates?.ca ?? '' });
    await secure.clear();
    const { exitCode, stderr } = await other.run('push', work.file('bundle'), `${secure.host}/other`);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`docker login ${secure.host}`);
    expect((await secure.requests()).every(({ method, status }) => method !== 'PUT' && status === 401)).toBe(
      true,
    );
  });

  it('over plain HTTP is made only to a registry in --insecure-registries', async () => {
    const { exitCode, stderr } = await work.run('push', 'bundle', source.host, '--wait', '0');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('insecure-registries');
  });

  it('from a bundle of one view sends the same', async () => {
    for (const layout of ['zot', 'oci']) {
      const args = ['-f', 'list.txt', '-p', 'all', '--insecure-registries', source.host, '--layout', layout];
      await work.succeed('save', ...args, '-o', layout);
      await using target = await startDockerRegistry();
      const run = await work.run('push', layout, target.host, '--insecure-registries', target.host);
      expect([run.exitCode, run.exitCode === 0 ? '' : run.stderr]).toEqual([0, '']);
      expect(await differences({ ...target, headers: {} }, '', (image) => [image.root])).toEqual([]);
    }
  });

  it('waits for a target that starts late, and fails in time where it never starts', async () => {
    const { port, end } = await listen(createServer());
    await end();
    const host = `127.0.0.1:${port}`;
    const never = await work.run('push', 'bundle', host, '--insecure-registries', host, '--wait', '1');
    expect(never.exitCode).toBe(1);
    expect(never.stderr).toContain('did not answer as a registry within 1 s');
    const args = [CLI, 'push', 'bundle', host, '--insecure-registries', host];
    const pushing = startDaemon(process.execPath, args, { cwd: work.folder, env: work.env });
    await pushing.line(/is not there yet; waiting for it/);
    await using target = await startDockerRegistry({ port });
    await pushing.line(new RegExp(`Push to ${host}: ${COUNT} pushed`), 60);
    await pushing.close();
    expect(await brokenTags(target.url)).toEqual([]);
  });

  it('to a read-only registry says that it is read-only', async () => {
    await using target = await startDockerRegistry({ readOnly: true });
    const { exitCode, report } = await push(target.host, '--insecure-registries', target.host);
    expect(exitCode).toBe(1);
    expect(report.targets[0]?.failed).toMatchObject([{ class: 'denied' }]);
    expect(report.targets[0]?.failed[0]?.message).toContain('read-only');
  });

  it('to a zot without compat is refused before any byte where there are Docker images, and else works', async () => {
    if (!hasZot()) return noteNotOnZot();
    await using zot = await startZot({ compat: false });
    const { exitCode, report } = await push(zot.host, '--insecure-registries', zot.host);
    expect(exitCode).toBe(1);
    const [failure] = report.targets[0]?.failed ?? [];
    for (const name of ['d2', 'dlist', 'foreign']) expect(failure?.message).toContain(`/fx/${name}:1`);
    expect(failure?.message).not.toContain('/fx/one:1');
    expect(failure?.hint).toMatch(/compat.*docker2s2/);
    const blobs = await outputOf('find', [zot.root, '-path', '*/blobs/*', '-type', 'f']);
    expect(blobs).toBe('');
    const warned = await push(zot.host, '--insecure-registries', zot.host, '--on-error', 'warn');
    expect(warned.exitCode).toBe(0);
    expect(warned.report.targets[0]).toMatchObject({ outcome: 'warned' });
    expect(await brokenTags(zot.url)).toEqual([]);
  });

  it('sends a blob in chunks to a zot that ends every long request', async () => {
    if (!hasZot()) return noteNotOnZot();
    const large = fixtures.one({ seed: 'large', layerBytes: 12 * 1024 * 1024 });
    await pushImage(source.target, 'fx/large', large, '1');
    await using zot = await startZot({ timeout: '2s' });
    await using proxy = await startProxy(zot.host, { sentBytesPerSecond: 3 * 1024 * 1024 });
    const hosts = `${source.host},${proxy.host}`;
    const args = ['save', `${source.host}/fx/large:1`, '-p', 'linux/amd64', '-o', 'large'];
    const run = await work.run(...args, '--insecure-registries', hosts, '--push', proxy.host);
    expect([run.exitCode, run.exitCode === 0 ? '' : run.stderr]).toEqual([0, '']);
    expect(await brokenTags(zot.url)).toEqual([]);
    const patches = proxy.requests({ method: 'PATCH' });
    expect(patches.length).toBeGreaterThan(3);
  });

  it('to a zot with users needs its login', async () => {
    if (!hasZot()) return noteNotOnZot();
    await using zot = await startZot({ users: USER, readOnly: true });
    const insecure = ['--insecure-registries', zot.host];
    const refused = await push(zot.host, ...insecure);
    expect(refused.report.targets[0]?.failed).toMatchObject([{ class: 'denied' }]);
    const auth = Buffer.from(Object.entries(USER)[0]?.join(':') ?? '').toString('base64');
    const file = work.file('zot-auth.json');
    await writeFile(file, JSON.stringify({ auths: { [zot.host]: { auth } } }));
    expect((await push(zot.host, ...insecure, '--auth-file', file)).exitCode).toBe(0);
    expect(await brokenTags(zot.url)).toEqual([]);
  });

  it('with --index keep to a target that requires every child is refused, and names the images', async () => {
    await using target = await startDockerRegistry();
    const { exitCode, report } = await push(
      target.host,
      '--index',
      'keep',
      '--insecure-registries',
      target.host,
    );
    expect(exitCode).toBe(1);
    const message = report.targets[0]?.failed[0]?.message ?? '';
    for (const name of Object.keys(SPARSE)) expect(message).toContain(`/fx/${name}`);
    expect(await target.requests({ method: 'PUT', kind: 'upload' })).toEqual([]);
  });

  it.each([
    ['no children', 'none' as const],
    ['children of some platforms', [fixtures.AMD64, { os: 'linux', architecture: 'arm64' }]],
  ])('keeps a sparse index where the registry requires %s', async (_, wantedChildren) => {
    await using target = await startDockerRegistry({ program: toolPath('registry'), wantedChildren });
    // distribution 3.1.2 breaks down over an index in an index where only some platforms are wanted.
    const lines = Object.entries(SPARSE).filter(([name]) => !name.includes('nested'));
    const list = lines.map(([name, [, platforms]]) => `--platform=${platforms} ${source.host}/fx/${name}`);
    await writeFile(work.file('sparse.txt'), list.join('\n'));
    const hosts = `${source.host},${target.host}`;
    const args = ['-f', 'sparse.txt', '--insecure-registries', hosts, '-o', 'sparse', '--push', target.host];
    const { exitCode, stderr } = await work.run('save', ...args);
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    const [told] = (await work.report('sparse.report.json')).push ?? [];
    const kept = told?.images
      .filter(({ narrowed = false }) => !narrowed)
      .map(({ ref }) => ref.split('/').at(-1));
    expect(kept).toEqual(
      wantedChildren === 'none' ? lines.map(([name]) => name).toSorted() : ['sparse-several:1'],
    );
    const served = await tagsOf(target.url);
    for (const { digest, there, narrowed = false, as } of told?.images ?? []) {
      expect(served.get(as.slice(target.host.length + 1))).toBe(there);
      expect(there === digest).toBe(!narrowed);
    }
    // What was put to ask is gone, where it was taken at all.
    const deleted = await target.requests({ method: 'DELETE', kind: 'manifest' });
    expect(deleted.map(({ status }) => status)).toEqual(wantedChildren === 'none' ? [] : [202]);
  });

  it('of a folder that is not a bundle, or to an invalid target, makes no request', async () => {
    const { exitCode, stderr } = await work.run('push', 'home', 'registry.example');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('is not a bundle')]);
    const wrong = await work.run('push', 'bundle', 'acme/mirror');
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('is not a registry')]);
  });

  it('can be copied by skopeo from the target with its digests', async () => {
    await using target = await startDockerRegistry();
    await push(target.host, '--insecure-registries', target.host);
    for (const image of images.filter(({ ref }) => /\/(one|dlist|att|zst):1$/.test(ref))) {
      const [stored = ''] = image.names;
      const name = `${repositoryPath(stored.slice(0, stored.lastIndexOf(':')))}:${stored.split(':').at(-1)}`;
      const args = ['copy', '--all', '--preserve-digests', '--src-tls-verify=false', '--insecure-policy'];
      const folder = work.file(path.join('skopeo', name.replaceAll(/[/:]/g, '-')));
      await mkdir(path.dirname(folder), { recursive: true });
      await outputOf(toolPath('skopeo'), [...args, `docker://${target.host}/${name}`, `dir:${folder}`]);
      expect(digestOf(await readFile(path.join(folder, 'manifest.json')))).toBe(image.digest);
    }
  });
});

describe('a save with --push', () => {
  const base = (): string[] => ['save', '-f', 'list.txt', '-p', 'all', '--insecure-registries'];

  it('pushes from the store, without a folder where --output is none', async () => {
    await using target = await startDockerRegistry();
    const run = await work.run(
      ...base(),
      `${source.host},${target.host}`,
      '-o',
      'none',
      '--push',
      `${target.host}/m`,
    );
    expect([run.exitCode, run.exitCode === 0 ? '' : run.stderr]).toEqual([0, '']);
    expect(await differences({ ...target, headers: {} }, 'm/', (image) => [image.root])).toEqual([]);
    const report = await work.report('oci-bundle.report.json');
    expect(report).toMatchObject({
      outcome: 'done',
      push: [{ target: `${target.host}/m`, outcome: 'done' }],
    });
    expect(report.bundle).toBeUndefined();
    expect(report.options['push']).toEqual([`${target.host}/m`]);
  });

  it('keeps its bundle and fails where a target fails', async () => {
    await using good = await startDockerRegistry();
    await using bad = await startDockerRegistry({ readOnly: true });
    const hosts = [source, good, bad].map(({ host }) => host).join(',');
    const targets = ['--push', good.host, '--push', bad.host];
    const { exitCode, stderr } = await work.run(...base(), hosts, '-o', 'kept', ...targets);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`not all images are at ${bad.host}`));
    const report = await work.report('kept.report.json');
    expect(report.outcome).toBe('failed');
    expect(report.failed).toEqual([]);
    expect(report.push?.map(({ outcome }) => outcome)).toEqual(['done', 'failed']);
    expect((await work.lock('kept/oci-save.lock.json')).images).toHaveLength(images.length);
    expect(await brokenTags(good.url)).toEqual([]);
  });

  it('pushes nothing where an image failed, and with --on-error warn the whole images', async () => {
    await using target = await startDockerRegistry();
    await writeFile(work.file('some.txt'), `${source.host}/fx/one:1\n${source.host}/fx/absent:1\n`);
    const hosts = `${source.host},${target.host}`;
    const args = [
      'save',
      '-f',
      'some.txt',
      '-p',
      'linux/amd64',
      '--insecure-registries',
      hosts,
      '--push',
      target.host,
    ];
    expect((await work.run(...args, '-o', 'some')).exitCode).toBe(1);
    expect(await target.requests()).toEqual([]);
    expect((await work.run(...args, '-o', 'some', '--on-error', 'warn')).exitCode).toBe(0);
    expect((await work.report('some.report.json')).push).toMatchObject([
      { outcome: 'done', totals: { pushed: 1 } },
    ]);
  });

  it('refuses two images under one name at a target before it copies', async () => {
    await writeFile(
      work.file('collide.txt'),
      `${source.host}/fx/one:1 => r.example/a-b:1\n${source.host}/fx/d2:1 => r.example/a/b:1\n`,
    );
    const args = ['save', '-f', 'collide.txt', '--insecure-registries', source.host, '-o', 'collide'];
    const { exitCode, stderr } = await work.run(...args, '--push', 'r.example:5000@depth=1');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('two images would be pushed as')]);
  });

  it('tells in a dry run what a target would get', async () => {
    await using target = await startDockerRegistry();
    const args = [...base(), `${source.host},${target.host}`, '--push', target.host, '--dry-run', '--json'];
    const { exitCode, stdout, stderr } = await work.run(...args);
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).push).toMatchObject([{ totals: { pushed: 0, sentBlobs: expect.any(Number) } }]);
    expect(stderr).toContain(`${COUNT} to push`);
    expect((await target.requests()).some(({ method }) => method !== 'HEAD' && method !== 'GET')).toBe(false);
  });
});
