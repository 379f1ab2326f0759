import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveImages } from '../../../src/api.ts';
import type { Lock } from '../../../src/lock/index.ts';
import { formatPlatform, hostPlatform } from '../../../src/oci/platform.ts';
import { startBadRegistry } from '../../support/bad-registry.ts';
import * as fixtures from '../../support/fixtures/index.ts';
import { largestBlobOf } from '../../support/image.ts';
import { outputOf, type ProgramResult } from '../../support/program.ts';
import { writePrograms } from '../../support/programs.ts';
import { type Containerd, startContainerd, startDockerd } from '../../support/servers/index.ts';
import { SITE_SHELLS, startSite, type Site, type SiteOptions, type SiteShell } from '../../support/site.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const HOST = hostPlatform(process.arch);
const OTHER = HOST.architecture === 'amd64' ? fixtures.ARM64 : fixtures.AMD64;
const [HERE, THERE] = [formatPlatform(HOST), `linux/${OTHER.architecture}`];
const small = { platform: HOST, layerBytes: 2000 };

const IMAGES = {
  one: fixtures.one(small),
  d2: fixtures.d2(small),
  idx: fixtures.idx({ layerBytes: 2000 }),
  dlist: fixtures.dlist({ layerBytes: 2000 }),
  sparse: fixtures.idx({ seed: 'sparse', layerBytes: 2000 }),
  several: fixtures.idx({ seed: 'several', layerBytes: 2000 }),
  nested: fixtures.nested({ layerBytes: 2000 }),
  zst: fixtures.zst(small),
  only: fixtures.digestOnly(small),
  other: fixtures.one({ seed: 'other', platform: OTHER, layerBytes: 2000 }),
  chart: fixtures.chart(),
  enc: fixtures.encrypted(small),
};
const ONLY = `quay.io/acme/only:digest-${IMAGES.only.top.slice(7, 19)}`;
/** The names of the bundle, with the image that each stands for and the platforms that are taken of it. */
const NAMES: Readonly<Record<string, readonly [keyof typeof IMAGES, string]>> = {
  'docker.io/library/one:1': ['one', 'all'],
  'localhost:5000/team/one:v1': ['one', 'all'],
  'quay.io/acme/d2:2': ['d2', 'all'],
  'quay.io/acme/idx:3': ['idx', 'all'],
  'registry.example/dlist:4': ['dlist', 'all'],
  'quay.io/acme/sparse:1': ['sparse', HERE],
  'quay.io/acme/several:1': ['several', 'linux/amd64,linux/arm64'],
  'quay.io/acme/nested:1': ['nested', 'all'],
  'quay.io/acme/zst:1': ['zst', 'all'],
  [ONLY]: ['only', 'all'],
  'quay.io/acme/other:1': ['other', 'all'],
  'quay.io/charts/chart:1': ['chart', 'all'],
  'quay.io/acme/enc:1': ['enc', 'all'],
};
const SKIPPED = ['quay.io/acme/other:1', 'quay.io/charts/chart:1', 'quay.io/acme/enc:1'];
const LOADED = Object.keys(NAMES).filter((name) => !SKIPPED.includes(name));

const topOf = (name: string): string => IMAGES[NAMES[name]?.[0] ?? 'one'].top;
const repositoryOf = (name: string): string => name.slice(0, name.lastIndexOf(':'));
/** The digest that a runtime should have under each name. */
const digestsOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, topOf(name)]));

let temp: TempFolder;
let bundle: string;
let lock: Lock;
let containerd: Containerd;

beforeAll(async () => {
  [temp, containerd] = [await tempFolder('load'), await startContainerd('k8s.io')];
  bundle = path.join(temp.path, 'bundle');
  const repositories = Object.entries(IMAGES).map(([name, image]) => [`a/${name}:1`, image]);
  await using registry = await startBadRegistry({ images: Object.fromEntries(repositories) });
  const lines = Object.entries(NAMES).map(([name, [source, platforms]]) => {
    const reference = source === 'only' ? `only@${topOf(name)}` : `${source}:1`;
    const target = source === 'only' ? repositoryOf(name) : name;
    return `--platform=${platforms} ${registry.host}/a/${reference} => ${target}`;
  });
  const saved = await saveImages(lines, bundle, 'all', {
    env: { HOME: temp.path, XDG_CACHE_HOME: temp.path },
    insecureRegistries: [registry.host],
    copier: 'direct',
    layout: ['oci', 'zot'],
    naming: ['keep-domain'],
    archive: 'tar',
  });
  lock = saved.lock;
});
afterAll(async () => {
  await containerd.close();
  await temp.close();
});

/** A machine with ctr and nothing else, which reaches containerd by its socket. */
async function nodeSite(
  shell: SiteShell,
  { programs = ['ctr'], mounts = {} }: Partial<SiteOptions> = {},
): Promise<Site> {
  const folder = path.dirname(containerd.socket);
  return startSite({ shell, programs, mounts: { '/b': `${bundle}:ro`, '/run/c': folder, ...mounts } });
}

const CTR = { CONTAINERD_ADDRESS: '/run/c/s', CONTAINERD_SNAPSHOTTER: 'native' };

/** Runs load.sh at a site, in the bundle. */
const load = (
  site: Site,
  args: string,
  env: Readonly<Record<string, string>> = CTR,
): Promise<ProgramResult> => site.run(`sh kit/load.sh ${args}`, { cwd: '/b', env });

/** What the table says of each name. */
function table({ stdout }: ProgramResult): Map<string, string> {
  // Why stands below, folded.
  const rows = (stdout.split('\n\n')[0] ?? '').split(/\n(?=\S)/).slice(1);
  return new Map(
    rows.map((row): [string, string] => {
      const [line = '', ...why] = row.split('\n').map((text) => text.trim());
      const [result = '', , name = ''] = line.split(/ {2,}/);
      return [name, why.length === 0 ? result : `${result}: ${why.join(' ')}`];
    }),
  );
}
const saying = (result: ProgramResult, start: string): string[] =>
  [...table(result)].filter(([, text]) => text.startsWith(start)).map(([name]) => name);

/** What containerd has in a namespace, by name. */
async function imagesIn(namespace: string): Promise<Map<string, string>> {
  const lines = (await containerd.ctr('-n', namespace, 'images', 'ls')).trim().split('\n').slice(1);
  return new Map(lines.map((line) => line.split(/\s+/)).map(([name = '', , digest = '']) => [name, digest]));
}

/** A copy of the bundle that a test may damage: files are links, until they are replaced. */
async function damaged(name: string, digest: string, content?: string): Promise<string> {
  const copy = path.join(temp.path, name);
  await outputOf('cp', ['-al', bundle, copy]);
  const blob = path.join(copy, 'blobs/sha256', digest.slice('sha256:'.length));
  await rm(blob);
  if (content !== undefined) await writeFile(blob, content);
  return copy;
}

describe('V6: load.sh containerd', () => {
  it.for(SITE_SHELLS)(
    'found A11, M1, M5, V12: in %s without network, each image under its name and its digest, and the rest told',
    async (shell) => {
      await using site = await nodeSite(shell);
      // One shell does all, the other a part: each import takes its time.
      const wanted = shell === 'busybox' ? LOADED : ['docker.io/library/one:1'];
      const args = `--namespace ${shell} containerd ${shell === 'busybox' ? '' : [...wanted, ...SKIPPED].join(' ')}`;
      const first = await load(site, `${args}; echo "exit $?" >&2`);
      expect([first.stderr.split('exit ')[1], saying(first, 'loaded').toSorted()]).toEqual([
        // What was asked for by name, and cannot be loaded, is no success.
        shell === 'busybox' ? '0\n' : '1\n',
        wanted.toSorted(),
      ]);
      const why = table(first);
      expect(why.get('quay.io/acme/other:1')).toContain(`it is for ${THERE}, not for ${HERE}`);
      expect(why.get('quay.io/charts/chart:1')).toMatch(/^skipped: no image/);
      expect(why.get('quay.io/acme/enc:1')).toMatch(/^skipped: .*encrypted/);
      const found = await imagesIn(shell);
      const tagged = [...found].filter(([name]) => !name.includes('@'));
      expect(Object.fromEntries(tagged)).toEqual(digestsOf(wanted));
      for (const name of wanted) expect(found.get(`${repositoryOf(name)}@${topOf(name)}`)).toBe(topOf(name));
      const checked = await containerd.ctr('-n', shell, 'images', 'check');
      for (const line of checked.trim().split('\n').slice(1)) expect(line).toMatch(/complete .*true/);

      const again = await load(site, args);
      expect(saying(again, 'there already').toSorted()).toEqual(wanted.toSorted());
      expect(again.stderr).not.toContain('[1/');
      // What is there by its name alone is no image.
      await containerd.ctr('-n', shell, 'content', 'rm', largestBlobOf(IMAGES.one));
      const healed = await load(site, `--namespace ${shell} containerd docker.io/library/one:1`);
      expect([healed.exitCode, saying(healed, 'loaded')]).toEqual([0, ['docker.io/library/one:1']]);
      expect((await site.run('ls -A /tmp')).stdout).toBe('');
    },
  );

  it('V14: loads what a pattern matches, and names what is near where nothing does', async () => {
    await using site = await nodeSite('busybox');
    const two = await load(site, "--namespace part containerd 'docker.io/*' '*/dlist*'");
    expect([two.exitCode, saying(two, 'loaded').toSorted()]).toEqual([
      0,
      ['docker.io/library/one:1', 'registry.example/dlist:4'],
    ]);
    expect([...(await imagesIn('part')).keys()].filter((name) => !name.includes('@')).toSorted()).toEqual(
      saying(two, 'loaded').toSorted(),
    );
    // A name that stands for another image is moved, and both are told.
    await containerd.ctr('-n', 'part', 'images', 'tag', 'docker.io/library/one:1', 'quay.io/acme/idx:3');
    const without = await load(site, `--namespace part --dry-run containerd quay.io/acme/idx ${ONLY}`);
    expect([without.exitCode, saying(without, 'would be loaded').toSorted()]).toEqual([
      0,
      ['quay.io/acme/idx:3', ONLY].toSorted(),
    ]);
    expect(table(without).get('quay.io/acme/idx:3')).toContain(
      `stands now for ${IMAGES.one.top.slice(0, 19)}`,
    );
    const moved = await load(site, '--namespace part containerd quay.io/acme/idx');
    expect(table(moved).get('quay.io/acme/idx:3')).toBe(
      `loaded: the name stood for ${IMAGES.one.top.slice(0, 19)}`,
    );
    const nothing = await load(site, "--namespace part containerd 'docker.io/*' 'quay.io/acme/spase'");
    expect(nothing).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('spase') });
    expect(nothing.stderr).toContain('Near it: quay.io/acme/sparse:1');
    const far = await load(site, 'containerd --namespace part --dry-run grafana/loki');
    expect(far.stderr).toMatch(/There are: \S+:\S+, .*, and \d+ more/);
    expect((await imagesIn('part')).size).toBe(6);
  });

  it('V7: refuses images of another architecture, and loads them where they are asked for', async () => {
    await using site = await nodeSite('dash');
    const refused = await load(site, "--namespace arch containerd '*other*'");
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--platform') });
    expect((await imagesIn('arch')).size).toBe(0);
    const chart = await load(site, "--namespace arch containerd '*chart*'");
    expect(chart).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('registry') });
    const asked = await load(site, `--namespace arch --platform ${THERE} containerd '*other*' '*/idx*'`);
    expect([asked.exitCode, saying(asked, 'loaded').toSorted()]).toEqual([
      0,
      ['quay.io/acme/idx:3', 'quay.io/acme/other:1'],
    ]);
    expect((await imagesIn('arch')).get('quay.io/acme/idx:3')).toBe(IMAGES.idx.top);
    // What is there for this machine stays whole beside it.
    await load(site, "--namespace both containerd '*/idx*'");
    const beside = await load(site, `--namespace both --platform=${THERE} containerd '*/idx*'`);
    expect([beside.exitCode, saying(beside, 'loaded')]).toEqual([0, ['quay.io/acme/idx:3']]);
    const pinned = `quay.io/acme/idx@${IMAGES.idx.top}`;
    // Removing something collects at once what no image refers to.
    await containerd.ctr('-n', 'both', 'images', 'tag', pinned, 'gone.example/x:1');
    await containerd.ctr('-n', 'both', 'images', 'rm', '--sync', 'gone.example/x:1');
    const check = await containerd.ctr('-n', 'both', 'images', 'check', `name==${pinned}`);
    expect(check).toMatch(/complete .*true/);
  });

  it('V7: takes the machine from uname, and one that it does not know has to be told', async () => {
    const stubs = await writePrograms(path.join(temp.path, 'stubs'), { uname: 'echo "$UNAME"' });
    await using site = await nodeSite('dash', { mounts: { '/stubs': stubs } });
    const on = (machine: string, args: string): Promise<ProgramResult> =>
      load(site, args, { ...CTR, PATH: '/stubs:/bin', UNAME: machine });
    const arm = await on('armv7l', "--dry-run --namespace u containerd '*/idx*' '*/d2*'");
    expect([arm.exitCode, saying(arm, 'would be loaded')]).toEqual([1, ['quay.io/acme/idx:3']]);
    expect(table(arm).get('quay.io/acme/d2:2')).toContain('not for linux/arm/v7');
    const unknown = await on('pdp11', "--dry-run --namespace u containerd '*/idx*'");
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--platform') });
    const told = await on('pdp11', "--dry-run --namespace u --platform linux/arm/v7 containerd '*/idx*'");
    expect([told.exitCode, saying(told, 'would be loaded')]).toEqual([0, ['quay.io/acme/idx:3']]);
  });

  it('M1: loads every platform that is here, sparse indexes as the flat layout has them', async () => {
    await using site = await nodeSite('busybox');
    // What has one platform already lacks the others, though its name and its digest are there.
    await load(site, "--namespace all containerd '*/idx*'");
    const result = await load(
      site,
      "containerd --namespace all --all-platforms '*/idx*' '*/sparse*' '*/other*'",
    );
    expect([result.exitCode, saying(result, 'loaded').length]).toEqual([0, 3]);
    expect(result.stdout).toContain('all platforms that are here: 3 loaded');
    expect(result.stderr).toContain('ctr -n all images ls');
    const roots = new Map(lock.images.flatMap(({ names, root }) => names.map((name) => [name, root])));
    const found = await imagesIn('all');
    for (const name of ['quay.io/acme/idx:3', 'quay.io/acme/sparse:1', 'quay.io/acme/other:1'])
      expect(found.get(name)).toBe(roots.get(name));
    const blobs = (await containerd.ctr('-n', 'all', 'content', 'ls', '-q')).trim().split('\n');
    expect(blobs).toEqual(expect.arrayContaining([...IMAGES.idx.blobs.keys()]));
    const again = await load(site, "containerd --namespace=all --all-platforms '*/idx*'");
    expect(saying(again, 'there already')).toEqual(['quay.io/acme/idx:3']);
  });

  it('names the images of which a layer is missing or has other bytes, and loads the others', async () => {
    const copy = await damaged('broken', largestBlobOf(IMAGES.zst), 'damaged');
    await rm(path.join(copy, 'blobs/sha256', largestBlobOf(IMAGES.d2).slice(7)));
    await using site = await nodeSite('dash', { mounts: { '/b': `${copy}:ro` } });
    const result = await load(site, "--namespace broken containerd '*/zst*' '*/d2*' '*library/one*'");
    expect([result.exitCode, saying(result, 'loaded')]).toEqual([1, ['docker.io/library/one:1']]);
    const blob = (image: keyof typeof IMAGES): string =>
      `blobs/sha256/${largestBlobOf(IMAGES[image]).slice(7)}`;
    expect(table(result).get('quay.io/acme/zst:1')).toBe(`failed: ${blob('zst')} is damaged`);
    expect(table(result).get('quay.io/acme/d2:2')).toBe(`failed: ${blob('d2')} is missing`);
    expect(result.stderr).toContain('sh kit/verify.sh');
  });

  it('M4: goes through k3s and through the ctr of RKE2, and tells what Kubernetes removes', async () => {
    const k3s = await writePrograms(path.join(temp.path, 'k3s'), {
      k3s: '[ "$1" = ctr ] || exit 64; shift; exec ctr "$@"',
    });
    const rke2 = await writePrograms(path.join(temp.path, 'rke2'), { ctr: 'exec /bin/ctr "$@"' });
    const folder = path.dirname(containerd.socket);
    await symlink('s', path.join(folder, 'containerd.sock'));
    const mounts = { '/run/k3s/containerd': folder, '/var/lib/rancher/rke2/bin': rke2 };
    await using site = await nodeSite('busybox', { programs: ['ctr', path.join(k3s, 'k3s')], mounts });
    const byK3s = await load(site, "k3s '*/library/one*'");
    expect([byK3s.exitCode, saying(byK3s, 'loaded')]).toEqual([0, ['docker.io/library/one:1']]);
    expect(byK3s.stderr).toContain('/var/lib/rancher/k3s/agent/images/');
    const byRke2 = await load(site, "rke2 '*/team/one*'", { CONTAINERD_SNAPSHOTTER: 'native' });
    expect([byRke2.exitCode, saying(byRke2, 'loaded')]).toEqual([0, ['localhost:5000/team/one:v1']]);
    expect([...(await imagesIn('k8s.io')).keys()]).toEqual(
      expect.arrayContaining(['docker.io/library/one:1', 'localhost:5000/team/one:v1']),
    );
  });

  it('begins nothing where it is called in a wrong way, or something is missing', async () => {
    await using site = await nodeSite('dash');
    const refused: readonly (readonly [args: string, text: string])[] = [
      ['', 'which runtime'],
      ['lxd', 'lxd is no runtime'],
      ['--oops containerd', '--oops'],
      ['containerd --oops', '--oops'],
      ['podman --namespace x', 'no namespaces'],
      ['--platform', 'needs a value'],
      ['--platform amd64 containerd', 'linux/amd64?'],
      ["--platform 'linux/$(id)' containerd", 'is no platform'],
      ["--namespace 'a b' containerd", 'no namespace'],
      ['--all-platforms --platform linux/arm64 containerd', 'contradict'],
      ['--all-platforms podman', 'one platform'],
      ['podman', 'no program podman'],
      ['docker', 'no program docker'],
      ['k3s', 'no program k3s'],
      ['rke2', 'does not listen at /nowhere'],
    ];
    const each = refused.map(([args]) => `sh kit/load.sh ${args} 2>&1; echo "exit $?"`).join('; ');
    const run = await site.run(each, { cwd: '/b', env: { CONTAINERD_ADDRESS: '/nowhere' } });
    const said = run.stdout.split(/exit (\d+)\n/);
    for (const [at, [args, text]] of refused.entries()) {
      expect([args, said[2 * at + 1]]).toEqual([args, '2']);
      expect(said[2 * at]).toContain(text);
    }
    const help = await load(site, '--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining('examples') });
  });

  it('takes nothing else than names and digests out of the tables', async () => {
    const rows = (await readFile(path.join(bundle, 'kit/images.tsv'), 'utf8')).split('\n');
    const good = rows.find((row) => row.startsWith('docker.io/library/one\t')) ?? '';
    const changes = [
      ['docker.io/library/one', '--help'],
      ['docker.io/library/one', 'a"b'],
      ['docker.io/library/one', 'a/../$(id)'],
      ['\t1\t', '\t1"\t'],
      [IMAGES.one.top, 'sha256:../../../etc/passwd'],
      // A name as good as any, by one bit on a worn medium.
      ['docker.io/library/one', 'docker.io/library/ono'],
    ] as const;
    for (const [number, [from, to]] of changes.entries()) {
      const copy = path.join(temp.path, 'hostile', String(number));
      await mkdir(path.dirname(copy), { recursive: true });
      await outputOf('cp', ['-al', bundle, copy]);
      await rm(path.join(copy, 'kit/images.tsv'));
      await writeFile(path.join(copy, 'kit/images.tsv'), `${rows[0]}\n${good.replaceAll(from, to)}\n`);
    }
    await using site = await nodeSite('busybox', { mounts: { '/b': path.join(temp.path, 'hostile') } });
    const each = 'for at in *; do sh "$at/kit/load.sh" containerd; echo "exit $?"; done';
    const run = await site.run(each, { cwd: '/b', env: CTR });
    expect(run.stdout).toBe('exit 2\n'.repeat(changes.length));
    expect(run.stderr.match(/cannot be read at line 2/g)).toHaveLength(changes.length - 1);
    expect(run.stderr).toContain('kit/images.tsv is not what SHA256SUMS says');
  });
});

it('found A11: the documented import of a whole archive takes a chart and an encrypted image', async () => {
  const archive = `${bundle}.tar`;
  const unpacking = await containerd.ctr('-n', 'plain', 'images', 'import', archive).catch(String);
  expect(unpacking).toContain('exit 1');
  // As the README has it.
  const [, line = ''] =
    /^ctr -n k8s\.io (images import .*)$/m.exec(await readFile('README.md', 'utf8')) ?? [];
  const args = line.split(' ').map((arg) => (arg === 'bundle.tar' ? archive : arg));
  expect(args).toContain(archive);
  await containerd.ctr('-n', 'whole', ...args);
  const found = await imagesIn('whole');
  expect([...found.keys()].toSorted()).toEqual(Object.keys(NAMES).toSorted());
});

describe('M3: load.sh podman', () => {
  it.for(SITE_SHELLS)('has in %s every name of three hosts, with its digest', async (shell) => {
    const programs = ['podman', 'conmon', 'runc'];
    const remote = await writePrograms(path.join(temp.path, 'remote'), {
      podman: `if [ "$1" = info ]; then echo true ${HERE}; else exec /bin/podman "$@"; fi`,
    });
    const mounts = { '/b': `${bundle}:ro`, '/sys': '/sys', '/stubs': remote };
    await using site = await startSite({ shell, programs, mounts });
    const containers = path.join(site.root, 'etc/containers');
    await mkdir(containers, { recursive: true });
    const files = {
      'policy.json': '{"default":[{"type":"insecureAcceptAnything"}]}',
      'registries.conf': 'short-name-mode = "disabled"\n',
      'storage.conf': '[storage]\ndriver = "vfs"\nrunroot = "/run/p"\ngraphroot = "/var/p"\n',
      'containers.conf': '[engine]\nevents_logger = "none"\nlock_type = "file"\nruntime = "runc"\n',
    };
    for (const [name, content] of Object.entries(files))
      await writeFile(path.join(containers, name), content);
    const env = { TMPDIR: '/tmp' };
    const wanted =
      shell === 'dash' ? LOADED.filter((name) => /idx|sparse|nested|zst/.test(name)) : LOADED.slice(0, 2);
    // Nothing of these can be loaded, which stops nothing.
    const patterns = [...wanted, ...SKIPPED].join(' ');
    const far = await load(site, 'podman --dry-run jjj', env);
    expect([far.exitCode, far.stderr]).toEqual([
      2,
      expect.stringMatching(/There are: \S+:\S+, .*, and \d+ more/),
    ]);
    const first = await load(site, `podman ${patterns}`, env);
    expect([first.exitCode, saying(first, 'loaded').toSorted(), saying(first, 'skipped').toSorted()]).toEqual(
      [1, wanted.toSorted(), SKIPPED.toSorted()],
    );
    const list = await site.run("podman images --format '{{.Repository}}:{{.Tag}} {{.Digest}}'", { env });
    const found = list.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(Object.fromEntries(found)).toEqual(digestsOf(wanted));
    for (const name of wanted.slice(0, 3)) {
      const pinned = `${repositoryOf(name)}@${topOf(name)}`;
      expect([pinned, (await site.run(`podman image exists ${pinned}`, { env })).exitCode]).toEqual([
        pinned,
        0,
      ]);
    }
    const again = await load(site, `podman ${wanted.slice(0, 2).join(' ')}`, env);
    expect([again.exitCode, saying(again, 'there already').length]).toEqual([0, 2]);
    if (shell === 'dash') {
      // A podman in a virtual machine cannot see the files: it is sent docker's form, and makes manifests of its own.
      await site.run('podman rmi --all --force', { env });
      const sent = await load(site, 'podman localhost:5000/team/one:v1 quay.io/acme/idx:3', {
        ...env,
        PATH: '/stubs:/bin',
      });
      expect([sent.exitCode, saying(sent, 'loaded: its digest is not kept').length]).toEqual([0, 2]);
      const asked = await load(site, `--platform ${THERE} podman '*other*'`, env);
      expect([asked.exitCode, saying(asked, 'loaded')]).toEqual([0, ['quay.io/acme/other:1']]);
    }
    expect((await site.run('ls -A /tmp | grep oci-save')).stdout).toBe('');
  });
});

describe('V6: load.sh docker', () => {
  it('has every name with its image ID, and loads the others where one is damaged', async () => {
    const copy = await damaged('for-docker', largestBlobOf(IMAGES.d2), 'damaged');
    await using daemon = await startDockerd();
    const mounts = { '/b': `${copy}:ro`, '/run/d': path.dirname(daemon.socket) };
    const env = { DOCKER_HOST: 'unix:///run/d/s' };
    await using site = await startSite({ shell: 'busybox', programs: ['docker'], mounts });
    // An old daemon reads no zstd.
    const wanted = LOADED.filter((name) => /one:|d2|idx|sparse|nested/.test(name));
    const intact = wanted.filter((name) => !name.includes('/d2:'));
    const result = await load(site, `docker ${wanted.join(' ')} ${SKIPPED.join(' ')} || true`, env);
    expect([saying(result, 'failed'), saying(result, 'loaded').toSorted()]).toEqual([
      ['quay.io/acme/d2:2'],
      intact.toSorted(),
    ]);
    const configs = new Map(
      lock.images.flatMap(({ names, leaves }) => {
        const leaf = leaves.find(({ platform }) => platform === HERE) ?? leaves[0];
        return names.map((name): [string, string] => [name, leaf?.config ?? '']);
      }),
    );
    const found = (await daemon.images()).map(({ name, id }) => [name, id]);
    const expected = intact.map((name) => [
      name.replace(/^docker\.io\/(library\/)?/, ''),
      configs.get(name) ?? '',
    ]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    expect(table(result).get('quay.io/acme/d2:2')).toBe(
      `failed: blobs/sha256/${largestBlobOf(IMAGES.d2).slice(7)} is damaged`,
    );
    expect(result.stderr).toContain('not digests');
    await using other = await startSite({
      shell: 'dash',
      programs: ['docker'],
      mounts: { ...mounts, '/b': `${bundle}:ro` },
    });
    const again = await load(other, `docker ${wanted.join(' ')}`, env);
    expect([again.exitCode, saying(again, 'loaded'), saying(again, 'there already').length]).toEqual([
      0,
      ['quay.io/acme/d2:2'],
      intact.length,
    ]);
  });

  it('M1, M2: sends to the containerd store of Docker what an importer of all platforms takes', async () => {
    // No Docker with that store is at hand: a stub says that it has it, and keeps the stream for a real importer.
    const stub = await writePrograms(path.join(temp.path, 'docker'), {
      docker: `case "$1" in
version) echo ${HERE} ;;
info) echo '[["driver-type","io.containerd.snapshotter.v1"]]' ;;
load) cat >/tmp/stream.tar ;;
image) [ -e /tmp/stream.tar ] && awk -F '\t' -v name="$5" '$1 ":" $2 == name { print $7; exit }' /b/kit/images.tsv ;;
esac`,
    });
    const programs = [path.join(stub, 'docker')];
    await using site = await startSite({ shell: 'busybox', programs, mounts: { '/b': `${bundle}:ro` } });
    const names = ['quay.io/acme/idx:3', 'quay.io/acme/sparse:1', 'quay.io/acme/several:1'];
    const result = await load(site, `docker ${names.join(' ')}`);
    expect([result.exitCode, saying(result, 'loaded').toSorted()]).toEqual([0, names.toSorted()]);
    const archive = path.join(site.root, 'tmp/stream.tar');
    await containerd.ctr('-n', 'store', 'images', 'import', '--all-platforms', archive);
    const roots = lock.images.flatMap((image) => image.names.map((name) => [name, image.root] as const));
    const expected = roots.filter(([name]) => names.includes(name));
    expect(Object.fromEntries(await imagesIn('store'))).toEqual(Object.fromEntries(expected));
  });
});
