import { mkdir, readdir, readFile, readlink, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { runProgram } from '../../support/program.ts';
import { hasZot } from '../../support/servers/index.ts';
import { SITE_SHELLS, startSite } from '../../support/site.ts';
import { REPOSITORY } from '../../support/two-bundles.ts';
import { filesOf } from '../../support/whole-bundle.ts';
import { digestIn, lockIn, pull, serve, startUpdating, type Updating, verify } from './updating.ts';

let bench: Updating;
beforeAll(async () => {
  bench = await startUpdating();
});
afterAll(() => bench.close());

const releaseOf = async (name: 'v1' | 'v2'): Promise<string> =>
  digestOf(await readFile(path.join(bench.bundle(name), 'oci-save.lock.json'))).slice(7, 19);

const currentOf = async (site: string): Promise<string> => readlink(path.join(site, 'current'));

describe('V17: kit/update.sh --swap keeps a folder for each release', () => {
  it.for(SITE_SHELLS)('%s: swap, roll back, list, remove', async (shell) => {
    const folder = path.join(bench.folder, `swap-${shell}`);
    await mkdir(folder);
    const [v1, v2] = ['v1', 'v2'].map((name) => `${bench.bundle(name === 'v1' ? 'v1' : 'v2')}:ro`);
    await using site = await startSite({
      shell,
      mounts: { '/site': folder, '/v1': v1 ?? '', '/v2': v2 ?? '' },
    });
    const [first, second] = [await releaseOf('v1'), await releaseOf('v2')];
    expect(await site.run('sh /v1/kit/update.sh --swap /site')).toMatchObject({ exitCode: 0 });
    expect(await currentOf(folder)).toBe(`releases/${first}`);
    const swapped = await site.run('sh /v2/kit/update.sh --swap /site');
    expect(swapped).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`it was ${first}`) });
    expect(await currentOf(folder)).toBe(`releases/${second}`);
    for (const [name, release] of [
      ['v1', first],
      ['v2', second],
    ] as const) {
      const place = path.join(folder, 'releases', release);
      expect(await filesOf(place)).toEqual(await filesOf(bench.bundle(name)));
      expect(await verify(place)).toMatchObject({ outcome: 'whole', foreign: [] });
    }
    // What both have is there once.
    const tool = digestIn(await lockIn(bench.bundle('v2')), 'tool:1').slice(7);
    const inodes = await Promise.all(
      [first, second].map(
        async (release) => (await stat(path.join(folder, 'releases', release, 'blobs/sha256', tool))).ino,
      ),
    );
    expect(new Set(inodes).size).toBe(1);
    expect(await site.run('sh /site/current/kit/update.sh --rollback /site')).toMatchObject({ exitCode: 0 });
    expect(await currentOf(folder)).toBe(`releases/${first}`);
    // Another one back there is none, and forward it goes only where that is named.
    expect(await site.run('sh /site/current/kit/update.sh --rollback /site')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`no release before ${first}`),
    });
    expect(await site.run(`sh /site/current/kit/update.sh --rollback /site ${second}`)).toMatchObject({
      exitCode: 0,
    });
    expect(await currentOf(folder)).toBe(`releases/${second}`);
    for (const [release, hour] of [
      [first, 21],
      [second, 23],
    ] as const) {
      const then = new Date(Date.UTC(2026, 0, 31, hour, 30));
      await utimes(path.join(folder, 'releases', release), then, then);
    }
    const list = await site.run('sh /site/current/kit/update.sh --list /site', { env: { TZ: 'SIT-1' } });
    const unlike = `${REPOSITORY}/app:1, ${REPOSITORY}/list:1 and 3 more`;
    expect(list.stdout.split('\n').map((line) => line.replace(/\t[\d.]+ KiB\t/, '\tSIZE\t'))).toEqual([
      'RELEASE\tIMAGES\tSIZE\t\tSINCE\tUNLIKE THE CURRENT ONE',
      ...[
        `${first}\t4\tSIZE\ta roll-back goes here\t2026-01-31 22:30\t${unlike}`,
        `${second}\t5\tSIZE\tcurrent\t2026-02-01 00:30\t`,
      ].toSorted(),
      expect.stringMatching(/^together on the disk/),
      '',
    ]);
    expect(await site.run(`sh /v2/kit/update.sh --remove /site ${second}`)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is current'),
    });
    expect(await site.run(`sh /v2/kit/update.sh --remove /site ${first}`)).toMatchObject({ exitCode: 0 });
    expect(await readdir(path.join(folder, 'releases'))).toEqual(['.history', second]);
    expect(await site.run('sh /v2/kit/update.sh --rollback /site')).toMatchObject({ exitCode: 2 });
    expect(await readdir(folder)).toEqual(['current', 'releases']);
  });

  it('a roll-back of three releases goes further back each time, and a swap that is interrupted leaves nothing', async () => {
    const site = path.join(bench.folder, 'three');
    const joined = await bench.siteOf();
    expect(await bench.update([joined])).toMatchObject({ exitCode: 0 });
    const stub = path.join(bench.folder, 'interrupting');
    await mkdir(stub);
    await writeFile(path.join(stub, 'ln'), '#!/bin/sh\nkill -TERM $PPID\nexit 1\n', { mode: 0o755 });
    const interrupted = await bench.update(['--swap', site], { PATH: `${stub}:${process.env['PATH']}` });
    expect(interrupted).toMatchObject({
      exitCode: 143,
      stderr: expect.stringContaining('interrupted: nothing was changed'),
    });
    expect(await readdir(bench.folder)).not.toContain('three');
    const ids: string[] = [];
    for (const from of [bench.bundle('v1'), bench.bundle('v2'), joined]) {
      expect(await bench.update(['--swap', site], {}, from)).toMatchObject({ exitCode: 0 });
      ids.push((await currentOf(site)).replace('releases/', ''));
    }
    const [a, b, c] = ids;
    const back = async (...args: string[]): Promise<[number | null, string]> => {
      const { exitCode } = await bench.update(['--rollback', site, ...args]);
      return [exitCode, (await currentOf(site)).replace('releases/', '')];
    };
    expect([await back(), await back(), await back()]).toEqual([
      [0, b],
      [0, a],
      [2, a],
    ]);
    // What is named is where the way back begins: an earlier one has what was before it alone.
    expect([await back(c ?? ''), await back(), await back(b ?? ''), await back()]).toEqual([
      [0, c],
      [0, a],
      [0, b],
      [0, a],
    ]);
    expect(await bench.update(['--swap', site])).toMatchObject({ exitCode: 0 });
    expect(await bench.update(['--remove', site, a ?? ''])).toMatchObject({ exitCode: 0 });
    expect(await back()).toEqual([2, b]);
  });

  it.for(['zot', 'built-in'] as const)('%s over current/registry follows, and follows back', async (by) => {
    // The built-in registry has a test of its own.
    if (by === 'zot' && !hasZot()) return noteNotOnZot();
    const site = path.join(bench.folder, `served-${by}`);
    expect(await bench.update(['--swap', site], {}, bench.bundle('v1'))).toMatchObject({ exitCode: 0 });
    await using server = await serve(path.join(site, 'current/registry'), by);
    const [older, newer] = [await lockIn(bench.bundle('v1')), await lockIn(bench.bundle('v2'))];
    const of = (name: string): Promise<string> => pull(server.url, name);
    expect([await of('app:1'), await of('old:1')]).toEqual([
      `200 ${digestIn(older, 'app:1')}`,
      `200 ${digestIn(older, 'old:1')}`,
    ]);
    expect(await bench.update(['--swap', site])).toMatchObject({ exitCode: 0 });
    expect([await of('app:1'), await of('chart:1'), await of('old:1')]).toEqual([
      `200 ${digestIn(newer, 'app:1')}`,
      `200 ${digestIn(newer, 'chart:1')}`,
      '404 ',
    ]);
    expect(await bench.update(['--rollback', site])).toMatchObject({ exitCode: 0 });
    expect([await of('app:1'), await of('chart:1'), await of('old:1')]).toEqual([
      `200 ${digestIn(older, 'app:1')}`,
      '404 ',
      `200 ${digestIn(older, 'old:1')}`,
    ]);
    // A release that rotted is not rolled to.
    const [first] = [await releaseOf('v1')];
    expect(await bench.update(['--swap', site])).toMatchObject({ exitCode: 0 });
    await writeFile(path.join(site, 'releases', first, 'index.json'), '{}');
    expect(await bench.update(['--rollback', site])).toMatchObject({ exitCode: 2 });
    expect(await of('chart:1')).toMatch(/^200/);
  });

  it('takes no damaged file of an older release over', async () => {
    const site = path.join(bench.folder, 'rotten');
    expect(await bench.update(['--swap', site], {}, bench.bundle('v1'))).toMatchObject({ exitCode: 0 });
    const tool = digestIn(await lockIn(bench.bundle('v2')), 'tool:1').slice(7);
    const old = path.join(site, 'releases', await releaseOf('v1'), 'blobs/sha256', tool);
    await writeFile(old, 'x');
    expect(await bench.update(['--swap', site])).toMatchObject({ exitCode: 0 });
    expect(await verify(path.join(site, 'current'))).toMatchObject({ outcome: 'whole' });
    // What was damaged is as it was: nothing wrote into it.
    expect(await readFile(old, 'utf8')).toBe('x');
  });

  it('refuses a folder that is neither new nor a site of releases', async () => {
    const site = path.join(bench.folder, 'others');
    await mkdir(site);
    await writeFile(path.join(site, 'theirs'), '');
    expect(await bench.update(['--swap', site])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is not empty'),
    });
    expect(await readdir(site)).toEqual(['theirs']);
  });

  it('leaves no folder that it made where it is refused', async () => {
    const tools = path.join(bench.folder, 'no-room');
    await mkdir(tools);
    await writeFile(path.join(tools, 'df'), "#!/bin/sh\necho 'disk 1 2 3 4% /'\n", { mode: 0o755 });
    const PATH = `${tools}:${process.env['PATH']}`;
    const given = path.join(bench.folder, 'given');
    await mkdir(given);
    for (const site of [given, path.join(bench.folder, 'made/by it')])
      expect(await bench.update(['--swap', site], { PATH })).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('has 3.0 KiB free'),
      });
    expect(await readdir(given)).toEqual([]);
    expect(await readdir(bench.folder)).not.toContain('made');
  });

  it('never removes a release that another update made current at the last moment', async () => {
    const site = path.join(bench.folder, 'racing');
    const [first, second] = [await releaseOf('v1'), await releaseOf('v2')];
    for (const name of ['v1', 'v2'] as const)
      expect(await bench.update(['--swap', site], {}, bench.bundle(name))).toMatchObject({ exitCode: 0 });
    // It waits a second for who has made a lock and not written it yet: there the other one ends.
    const tools = path.join(bench.folder, 'racing-tools');
    await mkdir(tools);
    await writeFile(path.join(site, '.oci-save-update.lock'), '');
    await writeFile(
      path.join(tools, 'sleep'),
      `#!/bin/sh\nln -sfn releases/${first} '${site}/current'; rm -f '${site}/.oci-save-update.lock'\n`,
      { mode: 0o755 },
    );
    const PATH = `${tools}:${process.env['PATH']}`;
    expect(await bench.update(['--remove', site, first], { PATH })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`release ${first} is current`),
    });
    expect((await readdir(path.join(site, 'releases'))).toSorted()).toEqual(
      ['.history', first, second].toSorted(),
    );
  });

  it('takes no lock away that another update took at the same moment', async () => {
    const site = path.join(bench.folder, 'locking');
    expect(await bench.update(['--swap', site], {}, bench.bundle('v1'))).toMatchObject({ exitCode: 0 });
    const lock = path.join(site, '.oci-save-update.lock');
    await writeFile(lock, '');
    const tools = path.join(bench.folder, 'locking-tools');
    await mkdir(tools);
    // Both find the same one abandoned; the other one is faster.
    await writeFile(
      path.join(tools, 'mv'),
      `#!/bin/sh\n[ -e '${tools}/done' ] || { : >'${tools}/done'; printf '{"host":"another","pid":1}' >'${lock}'; }\nexec /bin/mv "$@"\n`,
      { mode: 0o755 },
    );
    const PATH = `${tools}:${process.env['PATH']}`;
    expect(await bench.update(['--swap', site], { PATH })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is at work (process 1 on another)'),
    });
    expect(await readFile(lock, 'utf8')).toBe('{"host":"another","pid":1}');
    expect(await currentOf(site)).toBe(`releases/${await releaseOf('v1')}`);
  });

  it('prints commands that hold for a site of any name', async () => {
    const site = path.join(bench.folder, "it's $(touch pwned)");
    const { stdout } = await bench.update(['--swap', site], {}, bench.bundle('v1'));
    expect(await bench.update(['--swap', site])).toMatchObject({ exitCode: 0 });
    const [, command = ''] = /Back: (.*)/.exec(stdout) ?? [];
    const back = await runProgram('sh', ['-c', command], { cwd: bench.folder });
    expect(back).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('To ') });
    expect(await readdir(bench.folder)).not.toContain('pwned');
  });
});
