import {
  cp,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTar } from '../../../src/archive/index.ts';
import { save } from '../../../src/commands/save/save.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { att, idx, one } from '../../support/fixtures/index.ts';
import { outputOf, type ProgramResult, runProgram } from '../../support/program.ts';
import { writePrograms } from '../../support/programs.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { hasZot, startZot } from '../../support/servers/index.ts';
import { type Site, SITE_SHELLS, type SiteShell, startSite } from '../../support/site.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { toolPath } from '../../support/tools.ts';

const layer = { layerBytes: 60_000 };
/** A name that an archive holds in a record of its own. */
const LONG = `${'long'.repeat(35)}:1`;

let source: BadRegistry;
let temp: TempFolder;
let made: string;
const sites = new Map<SiteShell, Site>();
beforeAll(async () => {
  source = await startBadRegistry({
    images: {
      'team/one:1': one(layer),
      'team/idx:1': idx(layer),
      'att:1': att(layer),
      [LONG]: one({ layerBytes: 700 }),
    },
  });
  temp = await tempFolder('kit-verify');
  made = path.join(temp.path, 'made', 'app');
  const options = parseOptions({
    images: ['team/one:1', 'team/idx:1', 'att:1', LONG].map((image) => `${source.host}/${image}`),
    platforms: 'linux/amd64',
    output: made,
    archive: 'tar',
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    insecureRegistries: [source.host],
  });
  const { report } = await save(options, { env: {}, emit: () => {} });
  expect(report).toMatchObject({ outcome: 'done', failed: [] });
  await mkdir(path.join(temp.path, 'cases'));
  const mounts = { '/cases': path.join(temp.path, 'cases'), '/media': `${path.dirname(made)}:ro` };
  for (const shell of SITE_SHELLS) sites.set(shell, await startSite({ shell, mounts }));
});
afterAll(async () => {
  for (const site of sites.values()) await site.close();
  await source.close();
  await temp.close();
});

/** The name of an image as runtimes use it. */
const ref = (image: string): string => `${source.host}/${image}`;
/** The folder of an image's repository. */
const repository = (image: string): string => `registry/${source.host.replace(':', '_')}/${image}`;

/** A bundle at the site, and what is said of it there. */
interface Case {
  readonly name: string;
  readonly at: (...names: string[]) => string;
  /** Runs the check, in each shell or in one. */
  check(options?: { readonly shell?: SiteShell; readonly args?: string }): Promise<ProgramResult>;
}

let cases = 0;
/** A copy of the bundle, whose links stay links. */
async function copied(): Promise<Case> {
  const name = `${++cases}`;
  await outputOf('cp', ['-a', made, path.join(temp.path, 'cases', name)]);
  return caseIn(name);
}

function caseIn(name: string): Case {
  return {
    name,
    at: (...names) => path.join(temp.path, 'cases', name, ...names),
    async check({ shell, args = '' } = {}) {
      const run = async (one: SiteShell): Promise<ProgramResult> => {
        const site = sites.get(one);
        if (site === undefined) throw new Error('no site');
        const result = await site.run(`sh kit/verify.sh ${args}`, { cwd: `/cases/${name}` });
        expect([one, await readdir(path.join(site.root, 'tmp'))]).toEqual([one, []]);
        return result;
      };
      if (shell !== undefined) return run(shell);
      const [first, second] = [await run('busybox'), await run('dash')];
      expect(second).toEqual(first);
      return first;
    },
  };
}

/** Changes one byte of a file, and of no other name of it. */
async function spoil(file: string, position = 0): Promise<void> {
  const bytes = await readFile(file);
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  await rm(file);
  await writeFile(file, bytes);
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  await rm(file);
  await writeFile(file, changed);
}

/** A row of `kit/images.tsv`, by its image. */
async function row(image: string): Promise<Record<'digest' | 'config' | 'leaf', string>> {
  const lines = (await readFile(path.join(made, 'kit/images.tsv'), 'utf8')).split('\n');
  const [, , digest = '', , config = '', leaf = ''] =
    lines.find((line) => line.startsWith(`${ref(image).replace(':1', '')}\t`))?.split('\t') ?? [];
  const hexOf = (one: string): string => one.replace('sha256:', '');
  return { digest: hexOf(digest), config: hexOf(config), leaf: hexOf(leaf) };
}

/** The digits of a layer of an image that no other image has. */
async function layerOf(image: string): Promise<string> {
  const { leaf } = await row(image);
  const rows = (await readFile(path.join(made, 'kit/manifests.tsv'), 'utf8')).split('\n');
  const content = rows.find((line) => line.startsWith(`sha256:${leaf}\t`))?.split('\t')[3];
  return content?.split(' ').at(-1)?.replace('sha256:', '') ?? '';
}

describe('V7: kit/verify.sh', () => {
  it('finds a whole bundle whole, and hashes a blob once where its names are links', async () => {
    const whole = await copied();
    const { exitCode, stdout, stderr } = await whole.check();
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/, 100 % of [\d.]+ KiB\n$/)]);
    const sum = (await outputOf('sha256sum', [whole.at('SHA256SUMS')])).slice(0, 64);
    expect(stdout).toMatch(
      new RegExp(
        `^sha256 of SHA256SUMS: ${sum}\nAll is right: \\d+ files .*; [1-9]\\d* further names are links to them\\.\n$`,
      ),
    );
    expect(await whole.check({ shell: 'dash', args: '--quiet' })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('found A6: hashes copies, and names one that is damaged, cut off or missing, with its images alone', async () => {
    const copies = await copied();
    await cp(made, copies.at('usb'), { recursive: true });
    const usb = caseIn(`${copies.name}/usb`);
    expect(await usb.check({ shell: 'busybox' })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('; 0 further names'),
    });
    const { digest } = await row('att:1');
    const blobs = `${repository('team/one')}/blobs/sha256`;
    const [first = '', second = ''] = (await readdir(usb.at(blobs))).toSorted();
    await spoil(usb.at(blobs, first));
    const { size } = await lstat(usb.at(blobs, second));
    await truncate(usb.at(blobs, second), size - 1);
    await rm(usb.at(repository('att'), 'blobs/sha256', digest));
    const { exitCode, stdout } = await usb.check();
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      `${blobs}/${first} is damaged: its bytes are not those that were saved\n  needed by ${ref('team/one:1')}\n`,
    );
    expect(stdout).toContain(
      `${blobs}/${second} has ${size - 1} bytes instead of ${size}\n  needed by ${ref('team/one:1')}\n`,
    );
    expect(stdout).toContain(`${digest} is missing\n  needed by ${ref('att:1')}\n`);
    expect(stdout).toContain('DAMAGED: 3 of ');
    expect(stdout).toContain('concern 2 images');
    expect(stdout).toContain('Each is whole in another place here.');
    // The same blob in two places is told once, by a name that has images and by the pool.
    await spoil(usb.at('blobs/sha256', first));
    const quiet = await usb.check({ shell: 'busybox', args: '-q' });
    expect(quiet).toMatchObject({ exitCode: 1, stderr: '' });
    const both = new RegExp(
      `^blobs/sha256/${first} is damaged: .*\n  and so in .*/team/one\n  needed by`,
      'm',
    );
    expect(quiet.stdout).toMatch(both);
    expect(quiet.stdout).toContain('unpack the archive again');
    await cp(path.join(made, 'blobs/sha256', first), usb.at('blobs/sha256', first));
    for (const [, command = ''] of stdout.matchAll(/^ {2}mend it: (cp .*)$/gm))
      await outputOf('sh', ['-c', command], { cwd: usb.at() });
    expect(await usb.check({ shell: 'dash', args: '-q' })).toMatchObject({ exitCode: 0 });
  });

  it('hashes a copy that has a second name elsewhere', async () => {
    // A file with several names may be the one in blobs/, or not.
    const one = await copied();
    const blob = `${repository('team/one')}/blobs/sha256/${await layerOf('team/one:1')}`;
    await spoil(one.at(blob));
    await link(one.at(blob), one.at('notes'));
    // Nothing but an unpacked bundle or a join brings files into the pool.
    await writeFile(one.at('blobs/sha256', '0'.repeat(64)), 'x');
    const { stdout } = await one.check({ shell: 'dash' });
    expect(stdout).toContain(`${blob} is damaged`);
    expect(stdout).toContain('it looks as if two\n  bundles were unpacked here, one over the other');
  });

  it('names all images that need what is damaged in blobs/, through indexes and attestations', async () => {
    const one = await copied();
    const hex = await layerOf('team/one:1');
    await spoil(one.at('blobs/sha256', hex), 9);
    const { config, digest } = await row('att:1');
    await spoil(one.at('blobs/sha256', config));
    const index = JSON.parse(await readFile(one.at('blobs/sha256', digest), 'utf8')) as {
      manifests: { digest: string; annotations?: object }[];
    };
    const attestation =
      index.manifests.find(({ annotations }) => annotations !== undefined)?.digest.slice(7) ?? '';
    await rm(one.at('blobs/sha256', attestation));
    const { exitCode, stdout } = await one.check();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`^blobs/sha256/${hex} is damaged.*\n  needed by .*${ref('team/one:1')}`, 'm'),
    );
    expect(stdout).toContain(
      `blobs/sha256/${config} is damaged: its bytes are not those that were saved\n  needed by ${ref('att:1')}\n`,
    );
    expect(stdout).toContain(`blobs/sha256/${attestation} is missing\n  needed by ${ref('att:1')}\n`);
  });

  it('R5: names every file beside the blobs where it is damaged, and where it is missing', async () => {
    const lists = [
      'README.txt',
      'SHA256SUMS.registry',
      'kit/lib/common.sh',
      'kit/images.tsv',
      'kit/manifests.tsv',
    ];
    const names = [
      ...lists,
      'index.json',
      'manifest.json',
      'oci-layout',
      'oci-save.lock.json',
      'report.html',
    ];
    const one = await copied();
    // In a comment of the script that runs.
    for (const name of names) await spoil(one.at(name), name.endsWith('.sh') ? 4 : 0);
    // zot writes 0 where it cannot remove the file.
    await spoil(one.at('registry/_restore_complete'));
    const damaged = await one.check({ shell: 'busybox' });
    expect(damaged.exitCode).toBe(1);
    for (const name of names) expect(damaged.stdout).toContain(`${name} is damaged`);
    expect(damaged.stdout).toContain(`DAMAGED: ${names.length} of `);
    await writeFile(one.at('kit/lib/common.sh'), await readFile(path.join(made, 'kit/lib/common.sh')));
    await writeFile(one.at('registry/_restore_complete'), 'x');
    const gone = names.filter((name) => name !== 'kit/lib/common.sh');
    for (const name of gone) await rm(one.at(name));
    const missing = await one.check({ shell: 'dash' });
    expect(missing.exitCode).toBe(1);
    for (const name of gone) expect(missing.stdout).toContain(`${name} is missing`);
    expect(missing.stdout).toContain('registry/_restore_complete is not what a server writes there');
    expect(missing.stdout).toContain(`DAMAGED: ${gone.length + 1} of `);
  });

  it('R5: finds sums that were changed, cut off or removed', async () => {
    const lost = 'that the bundle has: it was cut off or changed';
    const wrong: [change: (text: string) => string, said: string][] = [
      [(text) => text.replace(/^.*report\.html\n/m, ''), `SHA256SUMS does not name 1 file ${lost}`],
      [(text) => text.replace(/^.*\n/, ''), `SHA256SUMS does not name 1 file ${lost}`],
      [(text) => text.slice(0, text.lastIndexOf('kit/verify.sh') - 66), lost],
      [(text) => text.replace(/^.{64} {2}blobs/m, `${'0'.repeat(64)}  blobs`), 'SHA256SUMS line'],
      [(text) => text.replace(/^.(?=.*README)/m, 'x'), 'SHA256SUMS line'],
      [(text) => text.replaceAll('\n', '\r\n'), 'SHA256SUMS line 1 names a file that no bundle has'],
    ];
    const one = await copied();
    const before = await readFile(one.at('SHA256SUMS'), 'utf8');
    for (const [change, said] of wrong) {
      await edit(one.at('SHA256SUMS'), change);
      const { exitCode, stdout } = await one.check({ shell: 'dash' });
      expect([said, exitCode, stdout]).toEqual([said, 1, expect.stringContaining(said)]);
      await writeFile(one.at('SHA256SUMS'), before);
    }
    await rm(one.at('SHA256SUMS'));
    expect(await one.check({ shell: 'busybox' })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('SHA256SUMS is missing'),
    });
  });

  it('R5: still finds a damaged copy where the sums of copies are damaged, or gone', async () => {
    const copies = await copied();
    await cp(made, copies.at('usb'), { recursive: true });
    const usb = caseIn(`${copies.name}/usb`);
    const blob = `${repository('team/one')}/blobs/sha256/${await layerOf('team/one:1')}`;
    await spoil(usb.at(blob));
    await edit(usb.at('SHA256SUMS.registry'), (text) => text.slice(0, 300));
    expect((await usb.check({ shell: 'busybox' })).stdout).toContain(`${blob} is damaged`);
    await rm(usb.at('SHA256SUMS.registry'));
    const { stdout } = await usb.check({ shell: 'dash' });
    expect(stdout).toContain(`${blob} is damaged`);
    expect(stdout).toContain('SHA256SUMS.registry is missing');
    expect(stdout).not.toContain('not of this bundle');
  });

  it('follows no link and no name that leads out of the folder, and takes no name for an option', async () => {
    const one = await copied();
    await writeFile(path.join(temp.path, 'cases', 'secret'), 'x');
    const outside = await outputOf('sha256sum', [path.join(temp.path, 'cases', 'secret')]);
    const sum = outside.slice(0, 64);
    const names = ['../secret', '/etc/passwd', 'kit/../../secret', './x', 'a//b', 'kit/', '..', ''];
    for (const [file, prefix] of [
      ['SHA256SUMS', ''],
      ['SHA256SUMS.registry', 'registry/'],
    ] as const) {
      const before = await readFile(one.at(file), 'utf8');
      await writeFile(one.at(file), [...names.map((name) => `${sum}  ${prefix}${name}\n`), before].join(''));
      const { exitCode, stdout } = await one.check({ shell: 'dash' });
      expect([file, exitCode]).toEqual([file, 1]);
      expect(stdout).toContain(
        `${file} line 1 names a file that no bundle has, and ${names.length - 1} more lines are wrong`,
      );
      expect(stdout).not.toContain('secret');
      await writeFile(one.at(file), before);
    }
    // What begins like an option, and what a shell or awk would read as something else.
    const odd = [
      '-rf',
      '--help',
      '-',
      'a b',
      "it's",
      '$(touch pwned)',
      '`touch pwned`',
      'kind=x',
      'é‮x',
      'new\nblobs',
      '\t',
    ];
    for (const name of odd) await writeFile(one.at(name), 'mine');
    await symlink('/cases/secret', one.at('link'));
    const { exitCode, stdout } = await one.check();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('not of this bundle: -rf\n');
    expect(stdout).toContain('not of this bundle: é?x\n');
    expect(stdout).toContain('not of this bundle: new?blobs\n');
    expect(stdout).toContain('not of this bundle: link (no regular file)\n');
    expect(stdout.match(/^not of this bundle/gm)).toHaveLength(odd.length + 1);
    expect(await readdir(one.at())).not.toContain('pwned');
    for (const place of ['manifest.json', 'blobs', repository('att')]) {
      await rename(one.at(place), path.join(temp.path, 'cases', 'elsewhere'));
      await symlink('/cases/elsewhere', one.at(place));
      const damaged = await one.check({ shell: 'busybox' });
      expect([place, damaged.exitCode, damaged.stdout]).toEqual([
        place,
        1,
        expect.stringMatching(/is a symbolic link, or no regular file|lies behind a symbolic link/),
      ]);
      await rm(one.at(place));
      await rename(path.join(temp.path, 'cases', 'elsewhere'), one.at(place));
    }
  });

  it('tells what a server left and what somebody else put there, and finds nothing wrong in it', async () => {
    const one = await copied();
    await writeFile(one.at('registry/cache.db'), 'x');
    await mkdir(one.at(repository('att'), '.uploads'));
    await writeFile(one.at(repository('att'), '.uploads/1'), 'x');
    await mkdir(one.at('registry/_trivy/db'), { recursive: true });
    await writeFile(one.at('registry/_trivy/db/x'), 'x');
    await rm(one.at('registry/_restore_complete'));
    await writeFile(one.at(repository('att'), `blobs/sha256/${'0'.repeat(64)}`), 'x');
    await mkdir(one.at('registry/team/own/blobs/sha256'), { recursive: true });
    await writeFile(one.at('registry/team/own/oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await writeFile(one.at(`registry/team/own/blobs/sha256/${'1'.repeat(64)}`), 'x');
    const own = {
      mediaType: 'x',
      digest: `sha256:${'1'.repeat(64)}`,
      size: 1,
      annotations: { 'org.opencontainers.image.ref.name': 'v1' },
    };
    await writeFile(
      one.at('registry/team/own/index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: [own] }),
    );
    const { exitCode, stdout } = await one.check();
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').slice(0, -3).toSorted()).toEqual(
      [
        `left by a server: ${repository('att')}/.uploads/`,
        'left by a server: registry/_restore_complete is missing, and is made anew',
        'left by a server: registry/_trivy/',
        'left by a server: registry/cache.db',
        `not of this bundle: blobs in ${repository('att')}`,
        'pushed here, not of this bundle: team/own:v1',
      ].toSorted(),
    );
    // What an update brings is no matter of its own.
    await mkdir(one.at('.oci-save-update'));
    await writeFile(one.at('.oci-save-update/x'), 'x');
    const unfinished = await one.check({ shell: 'dash' });
    expect([unfinished.exitCode, unfinished.stdout]).toEqual([0, expect.stringMatching(/^UNFINISHED: /)]);
    expect(unfinished.stdout).toContain('All is right but for the update: ');
    expect(unfinished.stdout).not.toContain('not of this bundle');
    // What has come already is not as it was saved, and no reason to unpack anything again.
    await writeFile(one.at('.oci-save-update/newer'), `${'a'.repeat(64)}\n`);
    await writeFile(one.at('blobs/sha256', 'b'.repeat(64)), 'x');
    await spoil(one.at('oci-save.lock.json'));
    const changed = await one.check({ shell: 'busybox', args: '-q' });
    expect([changed.exitCode, changed.stdout]).toEqual([1, expect.stringMatching(/^UNFINISHED: /)]);
    expect(changed.stdout).toContain(`has the sha256\n  ${'a'.repeat(64)}\n`);
    expect(changed.stdout).not.toMatch(/unpack|WARNING/);
  });

  it('judges an index.json that a server wrote anew by what its tags mean, and guesses nothing', async () => {
    const one = await copied();
    const images = ['team/one:1', 'team/idx:1', 'att:1', LONG];
    const fileOf = (image: string): string => `${repository(image.replace(':1', ''))}/index.json`;
    const tag = 'org.opencontainers.image.ref.name';
    const other = { digest: `sha256:${'0'.repeat(64)}`, size: 1 };
    interface Index {
      readonly manifests: { digest: string; annotations?: Record<string, string> }[];
    }
    const written = (change: (index: Index) => object) => (text: string) =>
      JSON.stringify(change(JSON.parse(text) as Index));
    const added = { ...other, annotations: { a: 'say "hi"\\', [tag]: 'own' } };
    const right: [change: (text: string) => string, said: string][] = [
      [written(({ manifests, ...index }) => ({ ...index, manifests: manifests.toReversed() })), ''],
      [written((index) => ({ x: [{ digest: 'a"\\' }, -1.5e3, null, { manifests: [true] }], ...index })), ''],
      [written((index) => ({ ...index, manifests: [...index.manifests, added] })), ':own\n'],
      [written((index) => ({ ...index, manifests: [...index.manifests, other] })), `@${other.digest}\n`],
    ];
    const wrong: [change: (text: string) => string, said: string][] = [
      [written((index) => ({ ...index, manifests: null })), 'lacks the tag 1\n'],
      [
        written(({ manifests }) => ({ schemaVersion: 2, manifests: manifests.slice(0, 1) })),
        'does not list sha256:',
      ],
      [
        written((index) => ({
          ...index,
          manifests: index.manifests.map((entry) => ({ ...entry, ...other })),
        })),
        'names another image by the tag 1\n',
      ],
      [(text) => text.replace('"size": ', '"size": 1'), 'has a wrong size or type of an image\n'],
      [(text) => text.slice(0, -40), 'is no JSON: it may be cut off\n'],
      [(text) => text.replace('"digest"', '"digest": "x", "digest"'), 'cannot be judged: '],
      [(text) => text.replace('"digest"', '"Digest"'), 'cannot be judged: '],
      [(text) => text.replace('"digest"', String.raw`"dig\u0065st"`), 'cannot be judged: '],
      [(text) => text.replace('"1"', String.raw`"\u0031"`), 'cannot be judged: '],
      [(text) => text.replace('"1"', '"1\t"'), 'is no JSON'],
      [(text) => text.replace('"1"', '"1\0"'), 'is no JSON'],
      [(text) => text.replace('": ', '" '), 'is no JSON'],
      [(text) => text.replace('2,', '02,'), 'is no JSON'],
      [(text) => text.replace('2,', '3,'), 'is not an index of a layout\n'],
      [() => '[]', 'is not an index of a layout\n'],
      [() => '', 'is no JSON'],
    ];
    for (const [turn, variants] of [right, ...[0, 4, 8, 12].map((at) => wrong.slice(at, at + 4))].entries()) {
      for (const [at, image] of images.entries()) {
        const before = await readFile(path.join(made, fileOf(image)), 'utf8');
        const changed = variants[at]?.[0](before);
        expect(changed).not.toBe(before);
        await writeFile(one.at(fileOf(image)), changed ?? '');
      }
      const { exitCode, stdout } = await one.check({ shell: turn % 2 === 0 ? 'dash' : 'busybox' });
      expect(exitCode).toBe(variants === right ? 0 : 1);
      for (const [at, image] of images.entries()) {
        const said = variants[at]?.[1] ?? '';
        if (variants === right && said !== '')
          expect(stdout).toContain(
            `pushed here, not of this bundle: ${path.dirname(fileOf(image)).slice(9)}${said}`,
          );
        if (variants !== right) {
          expect(stdout).toContain(`${fileOf(image)} ${said}`);
          expect(stdout).toContain(`needed by ${ref(image)}`);
        }
      }
      if (variants !== right) expect(stdout).toContain('DAMAGED: 4 of ');
    }
    for (const image of images)
      await writeFile(one.at(fileOf(image)), await readFile(path.join(made, fileOf(image))));
    await writeFile(one.at(repository('att'), 'oci-layout'), '{ "imageLayoutVersion": "1.0.0" }');
    expect(await one.check({ shell: 'dash' })).toMatchObject({ exitCode: 0 });
    await writeFile(one.at(repository('att'), 'oci-layout'), '{"imageLayoutVersion":"1.0.1"}');
    expect((await one.check({ shell: 'busybox' })).stdout).toContain(
      'oci-layout is not that of an OCI layout',
    );
  });

  it('runs from a medium that can only be read, from anywhere, and over another folder', async () => {
    const one = await copied();
    // Where it starts from is of the shell, and what it is asked is the script's own.
    const from = [
      ['/media/app/kit', 'sh verify.sh'],
      ['/', 'CDPATH=/cases sh media/app/kit/verify.sh -q --'],
    ] as const;
    const over = {
      busybox: ['/media', `sh app/kit/verify.sh /cases/${one.name}`],
      dash: ['/media', 'mkdir /root/t && TMPDIR=../root/t sh app/kit/verify.sh && rmdir /root/t'],
    } as const;
    for (const [shell, site] of sites) {
      for (const [cwd, command] of [...from, over[shell]])
        expect([shell, command, (await site.run(command, { cwd })).exitCode]).toEqual([shell, command, 0]);
      expect(await site.run('sh /media/app/kit/verify.sh --help')).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('Usage: sh kit/verify.sh'),
      });
      // Whoever reads it has gone before it is done.
      const unread = '{ sh kit/verify.sh || echo $? >/root/code; } | :; cat /root/code; ls -A /tmp';
      const { stdout, stderr } = await site.run(unread, { cwd: `/cases/${one.name}` });
      expect([shell, stdout, stderr]).toEqual([
        shell,
        '141\n',
        expect.not.stringMatching(/error|interrupted/),
      ]);
      const wrong =
        'for a in -x "a b" /nowhere /root; do sh /media/app/kit/verify.sh $a || echo $?; done 2>/dev/null';
      expect([shell, (await site.run(wrong)).stdout]).toEqual([shell, '2\n2\n2\n2\n']);
    }
  });

  it.each(['sha256sum', 'shasum', 'openssl'])('can hash with %s alone', async (tool) => {
    const one = await copied();
    const basics = 'sh awk sed grep find xargs sort tr head wc cat ls rm mktemp cut'.split(' ');
    const programs = Object.fromEntries(
      [...basics, tool, ...(tool === 'shasum' ? ['perl'] : [])].map((name) => [
        name,
        `exec ${toolPath(name)} "$@"`,
      ]),
    );
    const env = { PATH: await writePrograms(path.join(temp.path, `bin-${tool}`), programs) };
    const run = (): Promise<ProgramResult> =>
      runProgram(toolPath('dash'), [one.at('kit/verify.sh')], { env });
    expect(await run()).toMatchObject({ exitCode: 0 });
    const hex = await layerOf('team/one:1');
    await spoil(one.at('blobs/sha256', hex), 9);
    await rm(one.at('manifest.json'));
    const { exitCode, stdout } = await run();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(new RegExp(`^blobs/sha256/${hex} is damaged`, 'm'));
    expect(stdout).toMatch(/^DAMAGED: 2 of .*, and concern 4 images\.$/m);
  });

  it('names a file that a worn medium does not give', async () => {
    const one = await copied();
    const file = one.at('report.html');
    await rm(file);
    // Reading it fails with EIO at once (proc(5)). It is no link, so a mount puts it there.
    await writeFile(file, '');
    const script = 'mount --bind /proc/self/mem "$1" && exec "$2" "$3"';
    const args = ['--mount', 'sh', '-c', script, 'x', file, toolPath('dash'), one.at('kit/verify.sh')];
    const { exitCode, stdout } = await runProgram('unshare', args);
    expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/^report.html cannot be read: \w/)]);
  });

  it('ends at once when it is told to, in the midst of a large file, and leaves nothing', async () => {
    const one = await copied();
    await truncate(one.at('report.html'), 2 ** 40);
    await mkdir(one.at('tmp'));
    const line = 'sh "$0" & pid=$!; until cat "$1"/tmp/*/right; do :; done; kill -TERM "$pid"; wait "$pid"';
    const { exitCode, stderr } = await runProgram('sh', ['-c', line, one.at('kit/verify.sh'), one.at()], {
      env: { TMPDIR: one.at('tmp') },
    });
    expect([exitCode, await readdir(one.at('tmp'))]).toEqual([143, []]);
    expect(stderr).toMatch(/^interrupted: not all was checked/m);
  });
});

describe('found A18, V7: kit/verify.sh over a folder that the real zot serves and writes into', () => {
  it('finds it whole, tells what was pushed, and finds our tag that was moved', async () => {
    if (!hasZot()) return noteNotOnZot();
    const one = await copied();
    await using zot = await startZot({ root: one.at('registry'), readOnly: false, defaultStorage: true });
    const nameOf = (at: string): string => `docker://${zot.host}/${at.replace('registry/', '')}`;
    const flags = ['--insecure-policy', '--src-tls-verify=false', '--dest-tls-verify=false'];
    const copy = (from: string, to: string): Promise<string> =>
      outputOf(toolPath('skopeo'), ['copy', ...flags, nameOf(from), nameOf(to)]);
    const [from, to] = [`${repository('team/one')}:1`, repository('att')];
    await copy(from, `${to}:mine`);
    await copy(from, 'team/own:v1');
    const { exitCode, stdout } = await one.check();
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('All is right')]);
    expect(stdout).toContain(`pushed here, not of this bundle: ${to.replace('registry/', '')}:mine\n`);
    expect(stdout).toContain('pushed here, not of this bundle: team/own:v1\n');
    // zot has another size and form of the file than the one that was saved.
    expect(await readFile(one.at(to, 'index.json'), 'utf8')).not.toContain('\n  ');
    await copy(from, `${to}:1`);
    const moved = await one.check({ shell: 'dash' });
    expect([moved.exitCode, moved.stdout]).toEqual([
      1,
      expect.stringContaining(
        `${to}/index.json names another image by the tag 1\n  needed by ${ref('att:1')}\n`,
      ),
    ]);
  });
});

interface Changes {
  /** Each is the place of one byte. */
  readonly positions: readonly number[];
  /** What is said of it; none where it is in no file. */
  readonly said: readonly string[];
}

/** Bytes of each class in an archive. */
async function changesOf(archive: Buffer): Promise<Record<string, Changes>> {
  const starts = new Map<string, { header: number; size: number }>();
  let offset = 0;
  let record = 0;
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield archive;
  }
  for await (const { path: name, size } of readTar(stream())) {
    // A pax record comes before the header of a long name.
    if (archive[offset + 156] === 'x'.charCodeAt(0)) {
      if (name.endsWith('/index.json'))
        record ||= offset + 512 + archive.subarray(offset + 512).indexOf('path=') + 6;
      offset += 1024;
    }
    starts.set(name, { header: offset, size });
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  const startOf = (name: string): { header: number; size: number } => {
    const start = starts.get(name);
    if (start === undefined) throw new Error(`the archive has no ${name}`);
    return start;
  };
  const [blob = ''] = [...starts.keys()].filter(
    (name) => name.startsWith('blobs/sha256/') && startOf(name).size % 512 > 0,
  );
  const { header, size } = startOf(blob);
  const linked = `${repository('team/one')}/blobs/sha256/${(await row('team/one:1')).config}`;
  const link = startOf(linked).header;
  const lists = ['README.txt', 'SHA256SUMS.registry', 'kit/images.tsv', 'manifest.json', 'report.html'];
  const layouts = ['index.json', 'oci-layout', 'oci-save.lock.json', blob];
  const files = [...lists, ...layouts, `${repository('att')}/index.json`, `${repository('att')}/oci-layout`];
  const one = (position: number, ...said: string[]): Changes => ({ positions: [position], said });
  return {
    'a name in a header': one(header + 20, `${blob} is missing`),
    'a size in a header': one(header + 130, `${blob} is missing`),
    'a checksum of a header': one(header + 150, `${blob} is missing`),
    'the last byte of a blob': one(header + 511 + size, `${blob} is damaged`),
    padding: one(header + 512 + size),
    'a name in a link': one(link + 20, `${linked} is missing`),
    'the target of a link': one(link + 200, `${linked} is missing`),
    'a record of a long name': one(record, '/index.json is missing'),
    'a name in the sums': one(startOf('SHA256SUMS').header + 512 + 66, 'SHA256SUMS does not name 1 file'),
    // In a comment of the script.
    'kit/verify.sh': one(startOf('kit/verify.sh').header + 512 + 20, 'kit/verify.sh is damaged'),
    'the first byte of each kind of file': {
      positions: files.map((name) => startOf(name).header + 512),
      said: files.map((name) => `${name} is `),
    },
    'the end': one(archive.length - 1),
  };
}

const REFUSED = 'tar refuses it';

describe('V9, R5: a changed byte of an archive that tar unpacks', () => {
  it('is named by kit/verify.sh, or by the sums beside the archive where it is in no file', async () => {
    const folder = path.join(temp.path, 'cases/archive');
    await mkdir(folder);
    const archive = await readFile(`${made}.tar`);
    await cp(`${made}.sha256`, path.join(folder, 'app.sha256'));
    for (const [at, [kind, { positions, said }]] of Object.entries(await changesOf(archive)).entries()) {
      const bytes = Buffer.from(archive);
      for (const position of positions) bytes[position] = (bytes[position] ?? 0) ^ 1;
      await writeFile(path.join(folder, 'app.tar'), bytes);
      const site = sites.get(at % 2 === 0 ? 'busybox' : 'dash');
      const line = [
        'sha256sum -c app.sha256 >/dev/null 2>&1 && exit 9',
        // busybox ends at a damaged header, and says so: there may be no kit then.
        `mkdir ${at}; tar -x -f app.tar -C ${at} 2>/dev/null || [ -e ${at}/kit/verify.sh ] || { echo ${REFUSED}; exit 1; }`,
        `sh ${at}/kit/verify.sh`,
      ].join('; ');
      const { exitCode, stdout } = (await site?.run(line, { cwd: '/cases/archive' })) ?? {};
      expect([kind, exitCode]).toEqual([kind, said.length === 0 ? 0 : 1]);
      if (stdout?.startsWith(REFUSED) === true) expect(kind).toContain('header');
      else for (const text of said) expect([kind, stdout]).toEqual([kind, expect.stringContaining(text)]);
    }
  });
});
