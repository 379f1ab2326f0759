import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputOf, runProgram } from '../../support/program.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { toolPath } from '../../support/tools.ts';
import { REPOSITORY } from '../../support/two-bundles.ts';
import { filesOf } from '../../support/whole-bundle.ts';
import { startUpdating, type Updating, verify } from './updating.ts';

let bench: Updating;
beforeAll(async () => {
  bench = await startUpdating();
});
afterAll(() => bench.close());

const indexOf = (site: string): string => path.join(site, 'registry', REPOSITORY, 'app/index.json');

/** All names below a folder, with the inode, size and time of each; links are not followed. */
const everything = (folder: string): Promise<string> =>
  outputOf('sh', [
    '-c',
    String.raw`find "$0" ! -type d -printf '%p %i %s %T@ %l
' | sort`,
    folder,
  ]);

/** What a site may not be, and what is said then. */
const SITES: readonly [what: string, change: (site: string) => Promise<unknown>, said: RegExp][] = [
  [
    'a tag that somebody pushed',
    async (site) => {
      const index = JSON.parse(await readFile(indexOf(site), 'utf8'));
      const [entry] = index.manifests;
      index.manifests.push({
        ...entry,
        annotations: { 'org.opencontainers.image.ref.name': 'theirs' },
      });
      await writeFile(indexOf(site), JSON.stringify(index));
    },
    /registry\.example\/team\/app:theirs[^]*takes pushes[^]*kit\/push\.sh/,
  ],
  [
    'a blob that somebody pushed',
    (site) => writeFile(path.join(path.dirname(indexOf(site)), 'blobs/sha256', 'a'.repeat(64)), 'x'),
    /takes pushes/,
  ],
  [
    'a repository that somebody pushed',
    (site) => cp(path.dirname(indexOf(site)), path.join(site, 'registry/theirs'), { recursive: true }),
    /registry\/theirs\/[^]*takes pushes/,
  ],
  [
    'an upload that has not ended',
    (site) => mkdir(path.join(path.dirname(indexOf(site)), '.uploads')),
    /\.uploads[^]*takes pushes/,
  ],
  [
    'damage',
    async (site) => {
      const pool = path.join(site, 'blobs/sha256');
      const [blob = ''] = await readdir(pool);
      await writeFile(path.join(pool, blob), 'x');
    },
    /is damaged/,
  ],
  ['no lock', (site) => rm(path.join(site, 'oci-save.lock.json')), /is no bundle/],
  ['no registry', (site) => rm(path.join(site, 'registry'), { recursive: true }), /has not the layout/],
  [
    'a link in the way',
    async (site) => {
      const folder = path.dirname(indexOf(site));
      await rename(folder, `${site}.elsewhere`);
      await symlink(`${site}.elsewhere`, folder);
    },
    /is a link/,
  ],
  [
    'a lock in another form',
    async (site) => {
      const lock = path.join(site, 'oci-save.lock.json');
      await writeFile(lock, JSON.stringify(JSON.parse(await readFile(lock, 'utf8'))));
      const sums = path.join(site, 'SHA256SUMS');
      const hash = (await outputOf('sha256sum', [lock])).slice(0, 64);
      const text = await readFile(sums, 'utf8');
      await writeFile(sums, text.replace(/^[0-9a-f]{64}(?= {2}oci-save\.lock\.json$)/m, hash));
    },
    /not in the form in which oci-save writes it[^]*--swap/,
  ],
  [
    'another update at work',
    async (site) => {
      const [host, namespace] = [
        await outputOf('uname', ['-n']),
        await outputOf('readlink', ['/proc/self/ns/pid']),
      ];
      const holder = { host: host.trim(), namespace: namespace.replaceAll(/\D/g, ''), pid: process.pid };
      const stat = await readFile('/proc/self/stat', 'latin1');
      const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      await writeFile(path.join(site, '.oci-save-update.lock'), JSON.stringify({ ...holder, start }));
    },
    /another update of .* is at work \(process \d+/,
  ],
  [
    'a join of another bundle that was cut off',
    async (site) => {
      await mkdir(path.join(site, '.oci-save-update'));
      await writeFile(path.join(site, '.oci-save-update/newer'), 'a'.repeat(64));
    },
    /a join of another bundle[^]*cut off/,
  ],
  [
    'a folder that has the name of a file of the new bundle',
    (site) => mkdir(path.join(site, 'kit/hosts/quay.example/hosts.toml'), { recursive: true }),
    /hosts\/quay\.example\/hosts\.toml is a folder, and a file of the bundle has that name[^]*Move it away/,
  ],
  [
    'a file that has the name of a folder of the new bundle',
    (site) => writeFile(path.join(site, 'kit/hosts/quay.example'), 'theirs'),
    /hosts\/quay\.example is no folder, and the bundle has one of that name/,
  ],
  [
    'a pipe in place of the lock, which nobody waits for',
    (site) => outputOf('mkfifo', [path.join(site, '.oci-save-update.lock')]),
    /\.oci-save-update\.lock is no regular file/,
  ],
  [
    'a link to a device in place of the lock, which would hold nothing',
    (site) => symlink('/dev/null', path.join(site, '.oci-save-update.lock')),
    /\.oci-save-update\.lock is no regular file/,
  ],
  [
    'a folder in place of the lock',
    (site) => mkdir(path.join(site, '.oci-save-update.lock')),
    /\.oci-save-update\.lock is no regular file/,
  ],
  [
    'a lock whose words a terminal would act upon',
    (site) =>
      writeFile(
        path.join(site, '.oci-save-update.lock'),
        JSON.stringify({ host: '-', pid: 1 }).replace('-', '\x1B[31mred\x07'),
      ),
    /at work \(process 1 on \?\[31mred\?\)/,
  ],
  [
    'a file of somebody whose name a terminal would act upon',
    (site) => writeFile(path.join(site, 'registry/\x1B[31mred'), 'x'),
    /registry\/\?\[31mred\n[^]*takes pushes/,
  ],
  [
    'a folder for each release',
    async (site) => symlink('.', path.join(site, 'current')),
    /has a folder for each release/,
  ],
];

describe('V17: kit/update.sh refuses with exit code 2, and changes nothing', () => {
  it.for(SITES)('a site with %s', async ([, change, said]) => {
    const site = await bench.siteOf();
    await change(site);
    const before = await everything(site);
    const refused = await bench.update([site]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(said) });
    expect(await everything(site)).toEqual(before);
  });

  it('wrong use, and a new bundle that lies in the site, or the site in it', async () => {
    const site = await bench.siteOf();
    const nested = path.join(site, 'new');
    const holding = await bench.siteOf('v2');
    await outputOf('cp', ['-a', bench.bundle('v2'), nested]);
    await outputOf('cp', ['-a', bench.bundle('v1'), path.join(holding, 'old')]);
    const cases: [args: string[], said: RegExp, from?: string][] = [
      [[], /name the folder/],
      [['--base', 'x', site], /this bundle is whole/],
      [['--base=x', site], /this bundle is whole/],
      [['--frobnicate', site], /there is no option --frobnicate/],
      [['--join', '--swap', site], /--join and --swap are two things/],
      [[site, site], /name one folder/],
      [[path.join(site, 'none')], /is no folder/],
      [['--remove', site], /the release to be removed/],
      [['--list', site], /has no releases/],
      [['--swap', site], /is itself a bundle/],
      [[site], /the new bundle .* lies in/, nested],
      [[path.join(holding, 'old')], /lies in the new bundle/, holding],
      [[holding], /lies in/, holding],
    ];
    for (const [args, said, from] of cases)
      expect({ args, ...(await bench.update(args, {}, from)) }).toMatchObject({
        args,
        exitCode: 2,
        stdout: '',
        stderr: expect.stringMatching(said),
      });
    expect(await bench.update(['--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/--rollback SITE[^]*Examples:/),
    });
  });

  it('a site whose path awk would read as another one', async () => {
    for (const name of [String.raw`back\tslash`, 'line\nbreak']) {
      const odd = path.join(bench.folder, name);
      await rename(await bench.siteOf(), odd);
      const before = await everything(odd);
      for (const mode of ['--join', '--swap'])
        expect(await bench.update([mode, odd])).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining('a path has a backslash'),
        });
      expect(await everything(odd)).toEqual(before);
      const TMPDIR = path.join(bench.folder, `${name}.tmp`);
      await mkdir(TMPDIR);
      const site = await bench.siteOf();
      expect(await bench.update([site], { TMPDIR })).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('a path has a backslash'),
      });
      expect(await readdir(TMPDIR)).toEqual([]);
    }
  });

  it('a site without room for its lock, and goes on when there is room', async () => {
    await using disk = await smallDisk(2_000_000);
    const site = path.join(disk.path, 'site');
    await outputOf('cp', ['-a', bench.bundle('v1'), site]);
    await disk.fill();
    const refused = await bench.update([site]);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/could not be written/) });
    // Nothing comes before the sentence but what is done, in words of the shell.
    expect(refused.stderr).not.toMatch(/printf|I\/O/);
    expect(await readdir(site)).not.toContain('.oci-save-update.lock');
    // Where there is no room for lists, a whole bundle is not called damaged.
    for (const script of ['update.sh', 'verify.sh', 'mirrors.sh']) {
      const line = [path.join(bench.bundle('v2'), 'kit', script), script === 'mirrors.sh' ? 'a' : site];
      expect(await runProgram(toolPath('dash'), line, { env: { TMPDIR: disk.path } })).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringMatching(
          /^error: .* has not 1 MiB free for temporary files\n {2}Free space there.*\n$/,
        ),
      });
    }
    // As one that was killed at this moment leaves it.
    await writeFile(path.join(site, '.oci-save-update.lock'), '');
    await disk.empty();
    expect(await bench.update([site])).toMatchObject({ exitCode: 0 });
    expect(await readdir(site)).not.toContain('.oci-save-update.lock');
  });

  it('a site without room, on a disk whose name has spaces and figures', async () => {
    const site = await bench.siteOf();
    const tools = path.join(bench.folder, 'share');
    await mkdir(tools);
    const df = async (available: string): Promise<void> =>
      writeFile(
        path.join(tools, 'df'),
        `#!/bin/sh\necho 'Filesystem 1024-blocks Used Available Capacity Mounted on'\necho '//nas/share 1 2 3 9000000 8000000 ${available} /mnt/share 7'\n`,
        { mode: 0o755 },
      );
    const PATH = `${tools}:${process.env['PATH']}`;
    await df('20 99%');
    expect(await bench.update([site], { PATH })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('has 20.0 KiB free'),
    });
    // It was refused: a check of the site says of no update that it is unfinished.
    expect((await readdir(site)).filter((name) => name.startsWith('.'))).toEqual([]);
    await df('unknown');
    expect(await bench.update([site], { PATH })).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('how much is free there is not known'),
    });
  });

  it('a new bundle that is damaged: exit code 1', async () => {
    const [site, damaged] = [await bench.siteOf(), await bench.siteOf('v2')];
    const pool = path.join(damaged, 'blobs/sha256');
    const [blob = ''] = await readdir(pool);
    await writeFile(path.join(pool, blob), 'x');
    const before = await filesOf(site);
    expect(await bench.update([site], {}, damaged)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`${damaged} is damaged`),
    });
    expect(await filesOf(site)).toEqual(before);
  });

  it('found G2: of a bundle unpacked over another, verify names what no lock explains any more', async () => {
    const site = await bench.siteOf();
    await outputOf('sh', ['-c', 'cd "$0" && tar -cf - . | tar -xf - -C "$1"', bench.bundle('v2'), site]);
    const report = await verify(site);
    expect(report.foreign).toContain(`${REPOSITORY}/old:1`);
    const said = await outputOf('sh', [path.join(site, 'kit/verify.sh')]);
    expect(said).toContain(`${REPOSITORY}/old`);
    expect(await bench.update([site])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/takes pushes/),
    });
  });
});
