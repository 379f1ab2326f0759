import { createReadStream } from 'node:fs';
import { lstat, mkdir, readFile, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleTar } from '../../../src/archive/index.ts';
import { openBundle, planTree } from '../../../src/bundle/index.ts';
import { unpackBundle, type UnpackOptions, type UnpackReport } from '../../../src/commands/index.ts';
import { renderBundlePage } from '../../../src/view/index.ts';
import { runMainAnyhow } from '../../support/main.ts';
import { outputOf } from '../../support/program.ts';
import { REPOSITORY } from '../../support/two-bundles.ts';
import { filesOf, namesIn } from '../../support/whole-bundle.ts';
import {
  digestIn,
  expectJoined,
  lockIn,
  ofAnotherVersion,
  pull,
  serve,
  startUpdating,
  type Updating,
  verify,
} from './updating.ts';

let bench: Updating;
const archive = { v1: '', v2: '', zot: '' };
beforeAll(async () => {
  bench = await startUpdating();
  for (const [name, from, views] of [
    ['v1', 'v1', ['oci', 'zot']],
    ['v2', 'v2', ['oci', 'zot']],
    ['zot', 'v2', ['zot']],
  ] as const) {
    const { lock, manifests, port } = await openBundle(bench.bundle(from));
    archive[name] = path.join(bench.folder, `${name}.tar`);
    await writeFile(
      archive[name],
      bundleTar(planTree(lock, manifests, views, renderBundlePage), port).read(),
    );
  }
});
afterAll(() => bench.close());

type Site = NonNullable<UnpackOptions['site']>;

const bring = (
  from: string,
  how: Site['how'],
  folder: string,
  stdin: AsyncIterable<Uint8Array> = (async function* () {})(),
): Promise<UnpackReport> =>
  unpackBundle(
    { archive: [from], output: '', site: { how, folder } },
    { emit: () => {}, signal: undefined, stdin },
  );

describe('V17: oci-save unpack --join', () => {
  it.for(['a file', 'a stream'])(
    'joins %s: the site has the names of both, and the same again changes nothing',
    async (from) => {
      const site = await bench.siteOf();
      const stdin = from === 'a stream' ? createReadStream(archive.v2) : undefined;
      const report = await bring(stdin === undefined ? archive.v2 : '-', 'join', site, stdin);
      expect(report).toMatchObject({
        outcome: 'done',
        images: 8,
        joined: {
          added: ['quay.example/x/new:1', `${REPOSITORY}/chart:1`],
          moved: [`${REPOSITORY}/app:1`],
          registries: ['quay.example'],
          blobs: 22,
          copies: 0,
        },
      });
      await expectJoined(bench, site);
      const before = await filesOf(site);
      const again = await bring(archive.v2, 'join', site);
      expect(again).toMatchObject({ outcome: 'done', joined: { added: [], moved: [], blobs: 0 } });
      expect(await filesOf(site)).toEqual(before);
      expect(await namesIn(site)).toEqual(await namesIn(bench.bundle('v1')));
    },
  );

  it('gives what kit/update.sh gives, which finishes what it began, and the other way round', async () => {
    const site = await ofAnotherVersion(await bench.siteOf());
    const [begun, other] = [await ofAnotherVersion(await bench.siteOf()), await bench.siteOf()];
    expect(await bench.update([site])).toMatchObject({ exitCode: 0 });
    const lock = path.join(bench.bundle('v2'), 'oci-save.lock.json');
    const hash = (await outputOf('sha256sum', [lock])).slice(0, 64);
    // As a join leaves a site that was killed after the repositories.
    for (const one of [begun, other]) {
      await mkdir(path.join(one, '.oci-save-update'));
      await writeFile(path.join(one, '.oci-save-update/newer'), `${hash}\n`);
      await outputOf('cp', ['-a', path.join(site, 'blobs'), path.join(site, 'registry'), one]);
    }
    expect(await bring(archive.v2, 'join', begun)).toMatchObject({ outcome: 'done' });
    expect(await bench.update([other])).toMatchObject({ exitCode: 0 });
    // What another version's kit had is gone, and what the operator keeps beside the bundle is there.
    for (const one of [site, begun]) await expectJoined(bench, one, ['notes.txt']);
    await expectJoined(bench, other);
    for (const one of [site, begun, other]) {
      expect(await namesIn(path.join(one, 'kit'))).toEqual(
        await namesIn(path.join(bench.bundle('v2'), 'kit')),
      );
      expect((await namesIn(one)).filter((name) => name.startsWith('.'))).toEqual([]);
    }
  });

  it('no pull fails meanwhile', async () => {
    const site = await bench.siteOf();
    await using server = await serve(path.join(site, 'registry'), 'built-in');
    const older = await lockIn(bench.bundle('v1'));
    const wanted = ['app:1', `app@${digestIn(older, 'app:1')}`, 'old:1', 'list:1'];
    const ended = new AbortController();
    const run = bring(archive.v2, 'join', site).finally(() => ended.abort());
    const seen = new Set<string>();
    while (!ended.signal.aborted)
      for (const name of wanted) seen.add((await pull(server.url, name)).slice(0, 3));
    await run;
    expect([...seen]).toEqual(['200']);
  });

  it('refuses what kit/update.sh refuses, and an archive of another layout, and changes nothing', async () => {
    const pushed = await bench.siteOf();
    const index = path.join(pushed, 'registry', REPOSITORY, 'app/index.json');
    const json = JSON.parse(await readFile(index, 'utf8'));
    json.manifests.push({
      ...json.manifests[0],
      annotations: { 'org.opencontainers.image.ref.name': 'theirs' },
    });
    await writeFile(index, JSON.stringify(json));
    const uploads = await bench.siteOf();
    await mkdir(path.join(uploads, 'registry', REPOSITORY, 'app/.uploads'));
    const damaged = await bench.siteOf();
    const [blob = ''] = await readdir(path.join(damaged, 'blobs/sha256'));
    await writeFile(path.join(damaged, 'blobs/sha256', blob), 'x');
    const linked = await bench.siteOf();
    await symlink('/tmp', path.join(linked, 'registry/elsewhere'));
    const plain = await bench.siteOf();
    const held = await bench.siteOf();
    await writeFile(path.join(held, '.oci-save-update.lock'), JSON.stringify({ host: 'another', pid: 1 }));
    const other = await bench.siteOf();
    await mkdir(path.join(other, '.oci-save-update'));
    await writeFile(path.join(other, '.oci-save-update/newer'), 'a'.repeat(64));
    const inside = path.join(plain, 'app.tar');
    const [folder, file] = [await bench.siteOf(), await bench.siteOf()];
    await mkdir(path.join(folder, 'kit/hosts/quay.example/hosts.toml'), { recursive: true });
    await writeFile(path.join(file, 'kit/hosts/quay.example'), 'theirs');
    const cases: [from: string, site: string, code: string, said: RegExp][] = [
      [archive.v2, pushed, 'machine', /takes pushes[^]*team\/app:theirs/],
      [archive.v2, uploads, 'machine', /takes pushes[^]*\.uploads/],
      [archive.v2, damaged, 'machine', /is damaged/],
      [archive.v2, linked, 'machine', /is a link/],
      [archive.v2, held, 'machine', /another update of .* is at work \(process 1 on another\)/],
      [archive.v2, other, 'machine', /a join of another bundle/],
      [archive.v2, folder, 'machine', /hosts\.toml is a folder, and a file of the bundle has that name/],
      [archive.v2, file, 'machine', /quay\.example is no folder, and the bundle has one of that name/],
      [archive.v2, path.join(plain, 'none'), 'usage', /is no folder/],
      [archive.v2, path.join(plain, 'registry'), 'usage', /is no bundle/],
      [archive.zot, plain, 'usage', /has not the layout/],
      [path.join(plain, 'none.tar'), plain, 'usage', /none\.tar/],
    ];
    for (const [from, site, code, message] of cases) {
      // A join of another bundle that was cut off has blobs of its own there.
      const places = ['-c', 'find "$0" ! -type d ! -path "*/.oci-save-update/*" | sort', bench.folder];
      const before = await outputOf('sh', places);
      await expect(bring(from, 'join', site), `${site} ${message}`).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect(await outputOf('sh', places)).toBe(before);
    }
    await outputOf('cp', [archive.v2, inside]);
    await expect(bring(inside, 'join', plain)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('lies in'),
    });
  });

  it('leaves nothing of an archive that is damaged', async () => {
    const site = await bench.siteOf();
    const bytes = await readFile(archive.v2);
    bytes.fill(1, Math.round(bytes.length / 2), Math.round(bytes.length / 2) + 10);
    const bad = path.join(bench.folder, 'bad.tar');
    await writeFile(bad, bytes);
    const before = await filesOf(site);
    expect(await bring(bad, 'join', site)).toMatchObject({ outcome: 'damaged' });
    expect(await filesOf(site)).toEqual(before);
    // Folders that a swap made for it, too.
    const own = path.join(bench.folder, 'never');
    await mkdir(own);
    expect(await bring(bad, 'swap', path.join(own, 'a/b'))).toMatchObject({ outcome: 'damaged' });
    expect(await readdir(own)).toEqual([]);
  });
});

describe('V17: oci-save unpack --swap', () => {
  it('tells what a registry serves, and the way back where there is one', async () => {
    const site = path.join(bench.folder, 'a site');
    const swapped = async (from: string): Promise<string> =>
      (await runMainAnyhow(['unpack', from, '--swap', site])).stderr;
    const served = `A registry serves ${site}/current/registry\n`;
    const first = await swapped(archive.v1);
    expect(first).toMatch(/\/current is release [0-9a-f]{12} now\n/);
    expect(first.endsWith(served)).toBe(true);
    const second = await swapped(archive.v2);
    expect(second).toMatch(/ now; it was [0-9a-f]{12}\n/);
    expect(second).toContain(`${served}Back: sh '${site}/current/kit/update.sh' --rollback '${site}'\n`);
  });

  it('has the form of kit/update.sh, which rolls back', async () => {
    const site = path.join(bench.folder, 'swapped');
    const first = await bring(archive.v1, 'swap', site);
    const second = await bring('-', 'swap', site, createReadStream(archive.v2));
    const [a, b] = [first.swapped?.release ?? '', second.swapped?.release ?? ''];
    expect(second.swapped).toEqual({ release: b, before: a });
    expect(await readlink(path.join(site, 'current'))).toBe(`releases/${b}`);
    for (const [release, name] of [
      [a, 'v1'],
      [b, 'v2'],
    ] as const) {
      expect(await verify(path.join(site, 'releases', release))).toMatchObject({
        outcome: 'whole',
        foreign: [],
      });
      expect([...(await filesOf(path.join(site, 'releases', release))).keys()].toSorted()).toEqual(
        [...(await filesOf(bench.bundle(name))).keys()].toSorted(),
      );
    }
    const tool = digestIn(await lockIn(bench.bundle('v2')), 'tool:1').slice(7);
    const inodes = await Promise.all(
      [a, b].map(
        async (release) => (await stat(path.join(site, 'releases', release, 'blobs/sha256', tool))).ino,
      ),
    );
    expect(new Set(inodes).size).toBe(1);
    expect(await bench.update(['--rollback', site])).toMatchObject({ exitCode: 0 });
    expect(await readlink(path.join(site, 'current'))).toBe(`releases/${a}`);
    expect(await bring(archive.v2, 'swap', site)).toMatchObject({ swapped: { release: b, before: a } });
    await expect(bring(archive.v2, 'swap', bench.bundle('v1'))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('is itself a bundle'),
    });
    await expect(bring(archive.v2, 'join', path.join(site, 'current'))).rejects.toMatchObject({
      code: 'usage',
    });
  });

  it('writes nothing where the folder of releases is a link', async () => {
    const [site, elsewhere] = [path.join(bench.folder, 'through'), path.join(bench.folder, 'elsewhere')];
    await mkdir(path.join(elsewhere, '.new'), { recursive: true });
    await writeFile(path.join(elsewhere, '.new/theirs'), 'x');
    await mkdir(site);
    await symlink(elsewhere, path.join(site, 'releases'));
    await expect(bring(archive.v2, 'swap', site)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('releases is a link'),
    });
    expect([...(await filesOf(elsewhere)).keys()]).toEqual(['.new/theirs']);
  });

  it('takes no link in an older release for a blob', async () => {
    const site = path.join(bench.folder, 'linked');
    const tool = digestIn(await lockIn(bench.bundle('v2')), 'tool:1').slice(7);
    const pool = path.join(site, 'releases', 'a'.repeat(12), 'blobs/sha256');
    await mkdir(pool, { recursive: true });
    await symlink(path.join(bench.bundle('v2'), 'blobs/sha256', tool), path.join(pool, tool));
    const { swapped } = await bring(archive.v2, 'swap', site);
    const blob = path.join(site, 'releases', swapped?.release ?? '', 'blobs/sha256', tool);
    expect((await lstat(blob)).isFile()).toBe(true);
  });
});
