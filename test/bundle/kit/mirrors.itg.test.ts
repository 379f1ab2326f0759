import { cp, mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { saveImages } from '../../../src/api.ts';
import { serveRegistry } from '../../../src/serve/index.ts';
import { startBadRegistry } from '../../support/bad-registry.ts';
import { d2, idx, one } from '../../support/fixtures/index.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { outputOf, type ProgramResult, runProgram } from '../../support/program.ts';
import { pushImage } from '../../support/push.ts';
import {
  hasZot,
  startContainerd,
  startDockerRegistry,
  startPodman,
  startZot,
} from '../../support/servers/index.ts';
import { SITE_SHELLS, startSite } from '../../support/site.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { asRoot, toolPath } from '../../support/tools.ts';
import { filesOf } from '../../support/whole-bundle.ts';

/** What is in the bundle: an image of Docker Hub, an index of quay.io, and one of a registry with a port. */
const IMAGES = {
  'docker.io/library/one:1': one(),
  'quay.io/acme/idx:3': idx(),
  'localhost:5000/team/d2:2': d2(),
};
const digests = new Map(Object.entries(IMAGES).map(([name, { top }]) => [name, top]));

let temp: TempFolder;
let bundle: string;
/** `127.0.0.1:PORT` of the real zot over that bundle. */
let served: { readonly host: string; close(): Promise<void> };

beforeAll(async () => {
  temp = await tempFolder('mirrors');
  bundle = path.join(temp.path, 'bundle');
  await using registry = await startBadRegistry({
    images: { 'a/one:1': one(), 'a/idx:3': idx(), 'a/d2:2': d2() },
  });
  const lines = Object.keys(IMAGES).map(
    (name) => `${registry.host}/a/${name.slice(name.lastIndexOf('/') + 1)} => ${name}`,
  );
  const kept = [...new Set([...digests.keys()].map((name) => name.slice(0, name.indexOf('/') + 1)))];
  await saveImages([...lines, `${registry.host}/a/one:1 => bare.example/one:1`], bundle, 'all', {
    env: { HOME: temp.path, XDG_CACHE_HOME: temp.path },
    insecureRegistries: [registry.host],
    copier: 'direct',
    layout: ['oci', 'zot'],
    // One image has a name without a registry alone, which needs no mirror.
    naming: [...kept.map((host) => `${host}=${host}`), 'bare.example/=bare/'],
  });
  const root = path.join(bundle, 'registry');
  if (hasZot()) served = await startZot({ root });
  else {
    const builtIn = await serveRegistry({ root, host: '127.0.0.1', port: 0 });
    served = { host: new URL(builtIn.url).host, close: () => builtIn.close() };
  }
});
afterAll(async () => {
  await served.close();
  await temp.close();
});

/** Notes where the check does not run on zot. */
const onZot = (): void => {
  if (!hasZot()) noteNotOnZot();
};

const mirrors = (...args: readonly string[]): Promise<ProgramResult> =>
  runProgram(toolPath('dash'), [path.join(bundle, 'kit/mirrors.sh'), ...args], { cwd: temp.path });

/** Runs it, and returns the lines that it prints for an operator to type. */
async function commandsOf(...args: readonly string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await mirrors(...args);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter((line) => /^ {2}(?:mkdir|cp) /.test(line));
}

describe('V18: mirrors.sh', () => {
  it.for(SITE_SHELLS)('writes in %s without network what the kit has for its own address', async (shell) => {
    await using site = await startSite({ shell, mounts: { '/b': `${bundle}:ro` } });
    const run = await site.run('sh mirrors.sh --out /tmp/written 127.0.0.1:5000', { cwd: '/b/kit' });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const written = await filesOf(path.join(site.root, 'tmp/written'));
    const kit = await filesOf(path.join(bundle, 'kit'));
    expect([...written.keys()].toSorted()).toEqual([
      'daemon.json',
      'hosts/127.0.0.1_5000_/hosts.toml',
      'hosts/docker.io/hosts.toml',
      'hosts/localhost_5000_/hosts.toml',
      'hosts/quay.io/hosts.toml',
      'k3s-registries.yaml',
      'registries.conf',
    ]);
    for (const [file, sum] of written) expect([file, kit.get(file)]).toEqual([file, sum]);
    // In the folder of the bundle, as README.txt shows it: into a new folder.
    const { stdout } = await site.run('umask 077; sh kit/mirrors.sh 127.0.0.1:5000', { cwd: '/b' });
    const [, made = ''] = /^Wrote (\/tmp\/mirrors\.\w+)\n/.exec(stdout) ?? [];
    expect(stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  cp '))).toEqual([]);
    expect(stdout).toContain('for this machine alone: by 127.0.0.1:5000 a node reaches itself');
    expect(stdout).toContain('--out FOLDER names one that does');
    // Whoever reads it has gone.
    const unread =
      '{ sh kit/mirrors.sh a || echo $? >/root/code; } | :; cat /root/code; ls /tmp | grep oci-save';
    expect(await site.run(unread, { cwd: '/b' })).toMatchObject({ stdout: '141\n', stderr: '' });
    expect(await filesOf(path.join(site.root, made))).toEqual(written);
    expect((await stat(path.join(site.root, made, 'registries.conf'))).mode & 0o777).toBe(0o644);
  });

  it('refuses what is no address, what would be in the bundle, and what is not a certificate', async () => {
    await writeFile(
      path.join(temp.path, 'key.pem'),
      '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n',
    );
    await writeFile(path.join(temp.path, 'text'), 'nothing\n');
    await mkdir(path.join(temp.path, 'full/x'), { recursive: true });
    const refused = [
      [],
      ['a', 'b'],
      ['--out'],
      ['--oops', 'a'],
      [''],
      ['http://a'],
      ['a:0'],
      ['a:65536'],
      ['a:123456789012345678901'],
      ['a:'],
      ['a b'],
      ['a"'],
      ["a'"],
      ['a\nb'],
      ['a\n'],
      ['$(id)'],
      ['a/UP'],
      ['a/..'],
      ['a//b'],
      ['a/b$1'],
      ['[::1'],
      ['-'],
      ['--out', path.join(bundle, 'kit/x'), 'a'],
      ['--out', path.join(bundle, 'new/x'), 'a'],
      ['--out', 'full', 'a'],
      ['--out', 'text', 'a'],
      ['--ca', 'key.pem', 'a'],
      ['--ca', 'text', 'a'],
      ['--ca', 'absent', 'a'],
      ['--ca', '.', 'a'],
    ];
    const before = await filesOf(temp.path);
    for (const args of refused) {
      const { exitCode, stdout, stderr } = await mirrors(...args);
      expect([args, exitCode, stdout]).toEqual([args, 2, '']);
      expect([args, stderr]).toEqual([args, expect.stringMatching(/^error: /)]);
    }
    expect(await filesOf(temp.path)).toEqual(before);
    const { stdout } = await mirrors('--help');
    expect(stdout).toMatch(/^usage: .*examples:/s);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each<[string[], { plain?: string[]; mirror?: string[] }]>([
    [['registry.example'], { plain: ['registry.example'], mirror: ['http://registry.example'] }],
    [['--https', 'Registry.Example:443'], { mirror: ['https://registry.example:443'] }],
    [['10.0.0.5:5000/team/x/'], { plain: ['10.0.0.5:5000'] }],
    [['--https', '--', '[fd00::5]:5000/team'], {}],
  ])('writes JSON and YAML for %s', async (args, { plain, mirror }) => {
    const out = path.join(temp.path, `form-${args.at(-1)?.replaceAll('/', '_')}`);
    const { stdout, ...run } = await mirrors('--out', out, ...args);
    expect(run).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/\n {2}scp -r (.*) root@NODE:\1\n/);
    const daemon: unknown = JSON.parse(await readFile(path.join(out, 'daemon.json'), 'utf8'));
    expect(daemon).toEqual({
      ...(plain === undefined ? {} : { 'insecure-registries': plain }),
      ...(mirror === undefined ? {} : { 'registry-mirrors': mirror }),
    });
    const [, scheme, host, prefix = ''] =
      /^(https?):\/\/([^/]+?)(?:\/(.*?))?\/?$/.exec(
        `${args.includes('--https') ? 'https' : 'http'}://${args.at(-1)?.toLowerCase()}`,
      ) ?? [];
    const below = prefix === '' ? '' : `${prefix}/`;
    const yaml: unknown = parse(await readFile(path.join(out, 'k3s-registries.yaml'), 'utf8'));
    const endpoint = [`${scheme}://${host}`];
    expect(yaml).toEqual({
      mirrors: {
        'docker.io': { endpoint, rewrite: { '^(.*)$': `${below}docker.io/$1` } },
        'localhost:5000': { endpoint, rewrite: { '^(.*)$': `${below}localhost_5000/$1` } },
        'quay.io': { endpoint, rewrite: { '^(.*)$': `${below}quay.io/$1` } },
        [host ?? '']: { endpoint },
      },
    });
    const conf = await readFile(path.join(out, 'registries.conf'), 'utf8');
    expect(conf).toContain(`prefix = "quay.io"\nlocation = "${host}/${below}quay.io"\n`);
    expect(conf.includes('insecure')).toBe(scheme === 'http');
  });

  it.each([
    ['$(id).io', '$(id).io'],
    ['"evil.io', '"evil.io'],
    ['a.io', '..'],
    ['..', '..'],
    ['a.io:5000]', 'a'],
  ])('refuses a damaged table that names the registry %s in %s', async (host, folder) => {
    const copy = await mkdtemp(path.join(temp.path, 'damaged-'));
    await cp(path.join(bundle, 'kit'), path.join(copy, 'kit'), { recursive: true });
    const row = [`${host}/x`, '1', '-', '-', '-', '-', '-', `${folder}/x`, 'image', '-'].join('\t');
    await writeFile(path.join(copy, 'kit/images.tsv'), `# name\n${row}\n`);
    const script = path.join(copy, 'kit/mirrors.sh');
    const run = await runProgram(toolPath('dash'), [script, 'a']);
    expect(run).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/names a registry that/),
    });
  });

  it('V7: says of an address by which each machine reaches itself that it is for this machine alone', async () => {
    const own = [
      'localhost',
      'LocalHost:5000',
      'x.localhost',
      '127.1.2.3:5000/site',
      '[::1]',
      '[0:0:0:0:0:0:0:1]:1',
    ];
    const others = ['localhost.example', '127.example', '10.127.0.1', '[::10]:5000'];
    for (const address of [...own, ...others]) {
      const { stdout } = await mirrors(
        '--out',
        path.join(temp.path, `own-${address.replace('/', '_')}`),
        address,
      );
      const said = ['for this machine alone', 'scp -r'].map((words) => stdout.includes(words));
      expect([address, ...said]).toEqual([address, own.includes(address), others.includes(address)]);
    }
  });

  it('prints commands that hold for a folder of any name', async () => {
    const out = path.join(temp.path, "it's a `folder` $(x)");
    const containerd = (await commandsOf('--out', out, '[::1]:5000/site')).slice(0, 2).join('\n');
    const target = path.join(temp.path, 'odd');
    await outputOf('sh', ['-ec', containerd.replaceAll('/etc/containerd', target)]);
    expect(await readFile(path.join(target, 'certs.d/docker.io/hosts.toml'), 'utf8')).toContain(
      '[host."http://[::1]:5000/v2/site/docker.io"]',
    );
  });
});

/** The lines of a place of /etc, made for another folder. */
async function install(commands: readonly string[], place: string, target: string): Promise<void> {
  const own = commands.filter((line) => line.includes(` ${place}`));
  expect(own).not.toEqual([]);
  await outputOf('sh', ['-ec', own.join('\n').replaceAll(place, target)]);
}

describe('V7, V18, case M6: runtimes pull the names that images have from the served bundle', () => {
  it('containerd by hosts.toml: Docker Hub, quay.io, a registry with a port', async () => {
    onZot();
    const commands = await commandsOf('--out', path.join(temp.path, 'plain-containerd'), served.host);
    const hosts = path.join(temp.path, 'etc-containerd');
    await install(commands, '/etc/containerd', hosts);
    await using containerd = await startContainerd();
    const pull = (name: string): Promise<string> =>
      containerd.ctr('images', 'pull', '--hosts-dir', path.join(hosts, 'certs.d'), name);
    for (const name of digests.keys()) await pull(name);
    const images = await containerd.images();
    expect(new Map(images.map(({ name, digest }) => [name, digest]))).toEqual(digests);
    // What is not there is asked for nowhere else.
    await expect(pull('docker.io/library/absent:1')).rejects.toThrow(/absent:1: not found/);
    // And the registry by its own address.
    await pull(`${served.host}/localhost_5000/team/d2:2`);
  });

  it('podman and skopeo by registries.conf', async () => {
    onZot();
    await mirrors('--out', 'plain-podman', served.host);
    const file = path.join(temp.path, 'plain-podman/registries.conf');
    await using podman = await startPodman();
    const env = { ...podman.env, CONTAINERS_REGISTRIES_CONF: file };
    for (const [name, digest] of digests) {
      const [program, args] = asRoot('podman', [...podman.options, 'pull', '--quiet', name]);
      await outputOf(program, args, { env });
      const format = ['--format', '{{.RepoDigests}}'];
      expect(await podman.podman('image', 'inspect', ...format, name)).toContain(digest);
      const raw = ['--registries-conf', file, 'inspect', '--raw', `docker://${name}`];
      const manifest = await outputOf(toolPath('skopeo'), raw, { env });
      await writeFile(path.join(temp.path, 'manifest'), manifest);
      expect(
        (await outputOf(toolPath('skopeo'), ['manifest-digest', path.join(temp.path, 'manifest')])).trim(),
      ).toBe(digest);
    }
    const absent = ['--registries-conf', file, 'inspect', 'docker://docker.io/library/absent:1'];
    await expect(outputOf(toolPath('skopeo'), absent, { env })).rejects.toThrow(
      new RegExp(`reading manifest 1 in ${served.host}/docker.io/library/absent`),
    );
  });
});

describe('V18: below a prefix, by HTTPS, with a private authority', () => {
  it('containerd, podman and skopeo pull by what mirrors.sh writes, installed as it says', async () => {
    await using registry = await startDockerRegistry({ tls: 'server' });
    await pushImage(registry.target, 'site/a/docker.io/library/one', one(), '1');
    const ca = registry.certificates?.ca ?? '';
    const args = ['--ca', ca, '--out', 'by-https', `${registry.host}/site/a`];
    const commands = await commandsOf(...args);
    const hosts = path.join(temp.path, 'https-containerd');
    await install(commands, '/etc/containerd', hosts);
    await using containerd = await startContainerd();
    const name = 'docker.io/library/one:1';
    await containerd.ctr('images', 'pull', '--hosts-dir', path.join(hosts, 'certs.d'), name);
    expect(await containerd.images()).toMatchObject([{ name, digest: one().top }]);

    // The folder of the machine's own configuration, in a namespace of its own.
    await using podman = await startPodman();
    const script = [
      'mount -t tmpfs none /etc/containers',
      `echo '{"default":[{"type":"insecureAcceptAnything"}]}' > /etc/containers/policy.json`,
      ...commands.filter((line) => line.includes(' /etc/containers')),
      `skopeo inspect --no-tags docker://${name}`,
      `podman ${podman.options.join(' ')} pull --quiet ${name}`,
      `podman ${podman.options.join(' ')} image inspect --format '{{.RepoDigests}}' ${name}`,
    ].join('\n');
    const { CONTAINERS_REGISTRIES_CONF: _, ...env } = podman.env;
    const printed = await outputOf(...asRoot('unshare', ['--mount', 'sh', '-ec', script]), { env });
    expect(printed).toContain(`"Digest": "${one().top}"`);
    expect(printed).toContain(`docker.io/library/one@${one().top}`);
  });
});
