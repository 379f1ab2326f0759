import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { type CorpusImage, corpus } from '../support/corpus.ts';
import { busybox, d2, dlist, dockerArchive, idx, one, zst } from '../support/fixtures/index.ts';
import { topOf } from '../support/image.ts';
import { layoutEntries, servedDigest } from '../support/layout-entries.ts';
import { noLinks } from '../support/no-links.ts';
import { CLI, type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf, runProgram } from '../support/program.ts';
import { pushImage } from '../support/push.ts';
import { serveBuiltIn } from '../support/serve-bundle.ts';
import {
  type DockerRegistry,
  startContainerd,
  startDockerRegistry,
  startPodman,
} from '../support/servers/index.ts';
import { toolPath } from '../support/tools.ts';

let registry: DockerRegistry;
let work: Workplace;
let insecure: string[];
let applications: readonly CorpusImage[];
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

beforeAll(async () => {
  registry = await startDockerRegistry();
  work = await workplace();
  insecure = ['--insecure-registries', registry.host];
  const images = { one: one(), d2: d2(), idx: idx(), dlist: dlist(), zst: zst() };
  for (const [name, image] of Object.entries(images))
    await pushImage(registry.target, `five/${name}`, image, '1');
  applications = (await corpus()).slice(0, 3);
  for (const { name, tag, image } of applications)
    await pushImage(registry.target, `corpus/${name}`, image, tag);
  await writeFile(
    work.file('five.txt'),
    [
      '# five images from three hosts',
      `${registry.host}/five/one:1 => one:1`,
      `${registry.host}/five/d2:1 => acme/d2:2`,
      `${registry.host}/five/idx:1 => quay.io/acme/idx:3`,
      `${registry.host}/five/dlist:1 => quay.io/acme/dlist:4`,
      `${registry.host}/five/zst:1 => registry.example:5000/team/zst:5`,
    ].join('\n'),
  );
});
afterAll(async () => {
  await work.close();
  await registry.close();
});

describe.each([['all'], ['linux/amd64']])('one archive of five images, platforms %s', (platforms) => {
  const name = `five-${platforms.replace('/', '-')}`;
  const roots = async (): Promise<[string, string][]> =>
    (await work.lock(`${name}/oci-save.lock.json`)).images
      .flatMap(({ names, root }) => names.map((stored): [string, string] => [stored, root]))
      .toSorted(([a], [b]) => byText(a, b));
  beforeAll(async () => {
    await work.succeed(
      'save',
      '-f',
      'five.txt',
      '-p',
      platforms,
      '-o',
      name,
      '--archive',
      'tar',
      ...insecure,
    );
  });

  it.each([
    ['plainly', []],
    ['whole', ['--all-platforms', '--digests']],
  ])('is imported by ctr %s', async (_, flags) => {
    await using containerd = await startContainerd();
    await containerd.import(work.file(`${name}.tar`), ...flags);
    const images = (await containerd.images()).filter((image) => !image.name.includes('@'));
    const named = images.map((image): [string, string] => [image.name, image.digest]);
    expect(named.toSorted(([a], [b]) => byText(a, b))).toEqual(await roots());
  });

  it('is loaded by podman, with every name', async () => {
    await using podman = await startPodman();
    await podman.load(work.file(`${name}.tar`));
    const names = (await podman.images()).map((image) => image.name);
    expect(names.toSorted(byText)).toEqual((await roots()).map(([stored]) => stored));
  });

  it('is read by skopeo under a full name, with the same digests', async () => {
    for (const [stored, digest] of (await roots()).filter(([stored]) => /one|idx|zst/.test(stored))) {
      const target = work.file(`${name}-${path.basename(stored).replace(':', '-')}`);
      const source = `oci-archive:${work.file(`${name}.tar`)}:${stored}`;
      await outputOf(toolPath('skopeo'), [
        '--insecure-policy',
        'copy',
        '--quiet',
        '--all',
        source,
        `dir:${target}`,
      ]);
      expect(digestOf(await readFile(path.join(target, 'manifest.json')))).toBe(digest);
    }
  });

  it('is unpacked by tar as the folder was written, and every checksum holds', async () => {
    const unpacked = work.file(`unpacked-${name}`);
    await mkdir(unpacked);
    await outputOf('tar', ['-xf', work.file(`${name}.tar`), '-C', unpacked]);
    expect(await outputOf('diff', ['-r', work.file(name), unpacked])).toBe('');
    await outputOf('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: unpacked });
    await outputOf('sha256sum', ['-c', '--quiet', `${name}.sha256`], { cwd: work.folder });
    const modes = (await outputOf('find', [unpacked, '-printf', '%y %m\n'])).trim().split('\n');
    expect([...new Set(modes)].toSorted(byText)).toEqual(['d 755', 'f 644', 'f 755']);
  });
});

describe('V9, V15: oci-save verify', () => {
  const tar = 'five-linux-amd64.tar';

  it('finds the folder, the archive and a stream of it whole, and says what it read', async () => {
    for (const content of ['five-linux-amd64', tar]) {
      const { stderr, stdout } = await work.succeed('verify', content);
      expect(stdout).toBe('');
      expect(stderr).toMatch(new RegExp(`Verified ${content}: 5 images, \\d+ files, .*; all is whole\\n$`));
    }
    const streamed = await work.runWith(await readFile(work.file(tar)), 'verify', '-', '--json');
    expect(streamed.exitCode).toBe(0);
    expect(JSON.parse(streamed.stdout)).toMatchObject({ outcome: 'whole', kind: 'stream', images: 5 });
  });

  it('exits with 1 for one changed byte, and names the image', async () => {
    const bytes = await readFile(work.file(tar));
    const at = bytes.indexOf('"architecture":');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(work.file('changed.tar'), bytes);
    const { exitCode, stderr } = await work.run('verify', 'changed.tar');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^blob sha256:[0-9a-f]{12}: it hashes to sha256:[0-9a-f]{12}\n {2}in blobs\/sha256\//m,
    );
    expect(stderr).toMatch(/^1 image cannot be used:\n {2}127\.0\.0\.1:/m);
    expect((await work.run('verify', 'five.txt')).exitCode).toBe(2);
    expect((await work.run('verify', '.')).exitCode).toBe(1);
  });
});

describe('R10, case J3: oci-save unpack where hard links are not known', () => {
  it('copies, tells how much more that takes, and the copies verify', async () => {
    const env = { ...work.env, LD_PRELOAD: await noLinks(work.folder) };
    const args = [CLI, 'unpack', 'five-linux-amd64.tar', '-o', 'stick/five'];
    const { exitCode, stderr } = await runProgram(process.execPath, args, { cwd: work.folder, env });
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^warning: hard links are not known in .*stick: .* copies, which take [\d.]+ [KM]iB more than the [\d.]+ [KM]iB of the blobs; a state folder/m,
      ),
    ]);
    expect(stderr).toMatch(
      /Unpacked five-linux-amd64\.tar to .*five: 5 images, .* as copies, [\d.]+ [KM]iB more\n$/,
    );
    expect(await outputOf('find', [work.file('stick/five'), '-type', 'f', '-links', '+1'])).toBe('');
    expect((await work.succeed('verify', 'stick/five')).stderr).toMatch(/all is whole/);
  });
});

describe('a served sparse bundle', () => {
  it('has the original index under its digest, the present child, and 404 for an absent one', async () => {
    await using served = await serveBuiltIn(work.file('five-linux-amd64'));
    const at = `${served.host}/quay.io/acme/idx`;
    expect(await servedDigest(`${at}:3`)).toBe(idx().top);
    const { manifests } = JSON.parse(new TextDecoder().decode(idx().manifests.get(idx().top)!.bytes));
    expect(await servedDigest(`${at}@${manifests[0].digest}`)).toBe(manifests[0].digest);
    await expect(servedDigest(`${at}@${manifests[1].digest}`)).rejects.toThrow(/manifest unknown/);
  });
});

describe('real programs from an archive', () => {
  it('run after an import', async () => {
    const references = applications.map(({ name, tag }) => `${registry.host}/corpus/${name}:${tag}`);
    await work.succeed(
      'save',
      ...references,
      '-p',
      'linux/amd64',
      '-o',
      'programs',
      '--archive',
      'tar',
      ...insecure,
    );
    await using containerd = await startContainerd();
    await containerd.import(work.file('programs.tar'));
    for (const [at, { command, prints }] of applications.entries()) {
      expect(await containerd.run(references[at]!, ...command)).toContain(prints);
    }
  });
});

describe('the same content saved twice', () => {
  it('gives the same bytes in another folder, with another umask, time zone, language and order of the list', async () => {
    const lines = (await readFile(work.file('five.txt'), 'utf8')).split('\n');
    await writeFile(work.file('shuffled.txt'), [...lines.toReversed(), '# a comment'].join('\n'));
    await work.succeed('save', '-f', 'five.txt', '-p', 'all', '-o', 'first', '--archive', 'tar', ...insecure);
    const command = `umask 077; exec ${process.execPath} dist/cli.js save -f ${work.file('shuffled.txt')} -p all`;
    const places = `-o ${work.file('elsewhere/second')} --cache-dir ${work.file('other-store')} --archive tar`;
    const env = { ...work.env, TZ: 'Asia/Kolkata', LC_ALL: 'tr_TR.UTF-8' };
    const again = await runProgram('sh', ['-c', `${command} ${places} ${insecure.join(' ')}`], {
      cwd: process.cwd(),
      env,
    });
    expect(again).toMatchObject({ exitCode: 0 });
    expect(await outputOf('diff', ['-r', work.file('first'), work.file('elsewhere/second')])).toBe('');
    expect(await outputOf('cmp', [work.file('first.tar'), work.file('elsewhere/second.tar')])).toBe('');
  });
});

describe('the proposal’s transcript', () => {
  it('stores busybox from a docker archive as zot serves it: ten files in six folders for two images', async () => {
    await writeFile(work.file('busybox.tar'), dockerArchive([busybox()]));
    const lines = [
      'docker-archive:busybox.tar:busybox:latest => busybox:v1',
      `${registry.host}/five/one:1 => one:v1`,
    ];
    const args = ['--layout', 'zot', '--naming', 'strip-library', '-p', 'linux/amd64', ...insecure];
    await work.succeed('save', ...lines, '-o', 'root', ...args);
    const entries = await readdir(work.file('root'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && entry.name !== '_restore_complete');
    expect([files.length, entries.filter((entry) => entry.isDirectory()).length]).toEqual([10, 6]);
    await outputOf(toolPath('skopeo'), ['inspect', `oci:${work.file('root')}/busybox:v1`]);
    const lock = await work.lock('root.lock.json');
    const [image] = lock.images.filter(({ source }) => source === 'docker-archive');
    expect(image).toMatchObject({
      names: ['busybox:v1'],
      converted: {},
      imageId: expect.stringMatching(/^sha256:/),
    });
    const [entry] = await layoutEntries(work.file('root/busybox'));
    expect(entry).toMatchObject({ name: 'v1', digest: image?.digest });
    await using served = await serveBuiltIn(work.file('root'));
    expect(await servedDigest(`${served.host}/busybox:v1`)).toBe(image?.digest);
    await work.succeed('save', ...lines, '-o', 'root', '--cache-dir', 'fresh', ...args);
    expect(await work.lock('root.lock.json')).toEqual(lock);
  });
});

describe('S10: the folder of a bundle as a list', () => {
  it('has the image of a docker archive that is gone, and gives the same lock and archive', async () => {
    await writeFile(work.file('gone.tar'), dockerArchive([busybox()]));
    const line = 'docker-archive:gone.tar:busybox:latest => busybox:v1';
    await work.succeed('save', line, '-p', 'linux/amd64', '-o', 'own', '--archive', 'tar');
    await rm(work.file('gone.tar'));
    await work.succeed('save', '-f', 'own', '-o', 'again', '--archive', 'tar', '--cache-dir', 'fresh-store');
    expect(await outputOf('cmp', [work.file('own.tar'), work.file('again.tar')])).toBe('');
    // Its lock alone does not say where the image is.
    const { exitCode, stderr } = await work.run('save', '-f', 'own/oci-save.lock.json', '-o', 'other');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('it came from a docker archive')]);
    expect(stderr).toContain('Name the folder of its bundle');
  });
});

describe('lists of images', () => {
  it('from files, globs, arguments and standard input give one lock, in any order', async () => {
    await mkdir(work.file('lists'));
    await writeFile(
      work.file('lists/a.txt'),
      `\uFEFF'${registry.host}/five/one:1'\r\n\r\n# c\r\n${registry.host}/five/idx:1 # c\r\n`,
    );
    await writeFile(work.file('lists/b.yaml'), `- image: ${registry.host}/five/one\n  tags: [1]\n`);
    const args = ['-p', 'linux/amd64', ...insecure];
    const a = await work.succeed('lock', '-f', 'lists/*', `${registry.host}/five/d2:1`, ...args);
    const piped = ['idx', 'd2', 'one'].map((name) => `${registry.host}/five/${name}:1\n`).join('');
    const b = await work.runWith(piped, 'lock', '-f', '-', ...args);
    expect(JSON.parse(a.stdout).images).toHaveLength(3);
    expect(b.stdout).toBe(a.stdout);
  });

  it('are listed and dry-run without a request for a layer', async () => {
    await registry.clear();
    expect((await work.succeed('list', 'five.txt', '--json')).stdout).toContain('quay.io/acme/idx:3');
    expect(await registry.requests()).toEqual([]);
    await work.succeed('save', '-f', 'five.txt', '--dry-run', '--cache-dir', 'dry', ...insecure);
    // Of an image without an index the config tells the platform.
    const configs = [one(), d2(), zst()]
      .map((image) => parseManifest(topOf(image).bytes))
      .flatMap((manifest) => (manifest.kind === 'manifest' ? [manifest.config.digest] : []));
    const asked = (await registry.requests({ kind: 'blob' })).map(({ path: place }) =>
      place.split('/').at(-1),
    );
    expect([asked.length, new Set<string | undefined>(asked)]).toEqual([configs.length, new Set(configs)]);
  });

  it('fail for a pinned digest that the registry does not serve, and with --strict-tags for a missing tag', async () => {
    const pin = `${registry.host}/five/one:1@sha256:${'0'.repeat(64)}`;
    expect(await work.run('save', pin, '-o', 'pinned', ...insecure)).toMatchObject({ exitCode: 1 });
    expect(await work.run('save', `${registry.host}/five/one`, '--strict-tags', ...insecure)).toMatchObject({
      exitCode: 2,
    });
  });

  it('are refused where two images would have one name, and merged where both are one image', async () => {
    const [a, b] = [`${registry.host}/five/one:1 => x:1`, `${registry.host}/five/d2:1 => x:1`];
    const refused = await work.run('save', a, b, '-o', 'collision', ...insecure);
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/images:1.*images:2|images:2.*images:1/s),
    ]);
    await work.succeed('save', a, a, '-o', 'merged', ...insecure);
  });
});

describe('a save over an earlier bundle', () => {
  it('leaves nothing of a tag that moved, and links unchanged blobs', async () => {
    await pushImage(registry.target, 'moving', one({ seed: 'before' }), '1');
    const args = [
      'save',
      `${registry.host}/moving:1`,
      `${registry.host}/five/one:1`,
      '-o',
      'moved',
      ...insecure,
    ];
    await work.succeed(...args);
    await pushImage(registry.target, 'moving', one({ seed: 'after' }), '1');
    await work.succeed(...args);
    const entries = await layoutEntries(
      work.file(`moved/registry/${registry.host.replace(':', '_')}/moving`),
    );
    expect(entries.map(({ digest }) => digest)).toEqual([one({ seed: 'after' }).top]);
    const blobs = await readdir(work.file('moved/blobs/sha256'));
    for (const digest of one({ seed: 'before' }).blobs.keys()) expect(blobs).not.toContain(digest.slice(7));
  });
});
