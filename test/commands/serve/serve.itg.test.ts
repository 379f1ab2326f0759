import { chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { asksFor } from '../../../src/commands/serve/ask-for-tag.ts';
import { findZot } from '../../../src/commands/serve/find-zot.ts';
import { failureOf } from '../../support/failure.ts';
import { call } from '../../support/http.ts';
import { listen } from '../../support/listen.ts';
import { outputOf, runProgram } from '../../support/program.ts';
import { writePrograms } from '../../support/programs.ts';
import { hasZot, startContainerd } from '../../support/servers/index.ts';
import { tempFolder } from '../../support/temp.ts';
import { toolPath } from '../../support/tools.ts';
import { filesOf } from '../../support/whole-bundle.ts';
import { createServer } from 'node:http';
import { type Saved, saveBundles } from '../bundles.ts';
import { serving } from './served.ts';

/** A shell script at a path. */
async function writeProgram(file: string, script: string): Promise<string> {
  await writePrograms(path.dirname(file), { [path.basename(file)]: script });
  return file;
}

let saved: Saved;
let names: Map<string, string>;
beforeAll(async () => {
  saved = await saveBundles(['app', 'parts', 'oci', 'zot']);
  // Folders that are left there are of these tests alone.
  await mkdir(saved.at('tmp'));
  vi.stubEnv('TMPDIR', saved.at('tmp'));
  const lock: { images: { names: string[]; digest: string }[] } = JSON.parse(
    await readFile(saved.at('app/oci-save.lock.json'), 'utf8'),
  );
  names = new Map(
    lock.images.flatMap((image) =>
      image.names.map((name) => [name.replace(':5000/', '_5000/'), image.digest]),
    ),
  );
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await saved.close();
});

const stateFolders = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('oci-save-serve-'));

/** Pulls everything that is listed, whole; returns it. */
async function pullAll({
  address,
  images,
}: Awaited<ReturnType<typeof serving>>['report']): Promise<Map<string, string>> {
  await using folder = await tempFolder('pulled');
  for (const [at, { name }] of images.entries()) {
    const target = `dir:${path.join(folder.path, String(at))}`;
    const from = `docker://${address}/${name}`;
    const flags = ['--all', '--preserve-digests', '--src-tls-verify=false', '--quiet'];
    await outputOf(toolPath('skopeo'), ['--insecure-policy', 'copy', ...flags, from, target]);
  }
  return new Map(images.map(({ name, digest }) => [name, digest]));
}

describe('oci-save serve with zot', () => {
  it('serves each name with the digest of the lock, writes nothing into the bundle, and leaves nothing behind', async () => {
    const before = await filesOf(saved.at('app'));
    {
      await using served = await serving(saved.at('app'));
      expect(await pullAll(served.report)).toEqual(names);
      // Mirrors of dockerd have no path.
      const alias = await call(`${served.report.url}/v2/library/one/manifests/1.0`);
      if (hasZot()) expect(alias.status).toBe(200);
      if (hasZot()) expect(served.report).toMatchObject({ server: 'zot', program: toolPath('zot') });
      expect(
        served.requests.some(({ path: place }) => place.endsWith('/docker.io/library/one/manifests/1.0')),
      ).toBe(true);
      expect(served.events.filter((event) => event.type === 'log' && event.level === 'error')).toEqual([]);
    }
    expect(await filesOf(saved.at('app'))).toEqual(before);
    expect(await stateFolders()).toEqual([]);
  });

  it('serves a bundle of one view, the flat one too', async () => {
    for (const view of ['zot', 'oci']) {
      await using served = await serving(saved.at(view));
      expect(await pullAll(served.report)).toEqual(names);
    }
  });

  it('R10: serves a bundle that was unpacked where hard links are not known, from its pool', async () => {
    const bundle = saved.at('unlinked');
    await cp(saved.at('app'), bundle, { recursive: true });
    for (const name of await readdir(path.join(bundle, 'registry'), { recursive: true }))
      if (path.basename(name) === 'blobs') await rm(path.join(bundle, 'registry', name), { recursive: true });
    for (const builtIn of [false, true]) {
      await using served = await serving(bundle, { builtIn });
      expect(await pullAll(served.report)).toEqual(names);
    }
  });

  it('does not serve a damaged bundle, since zot would give what is damaged', async () => {
    const bundle = saved.at('damaged');
    await cp(saved.at('app'), bundle, { recursive: true });
    const blobs = path.join(bundle, 'registry/docker.io/library/one/blobs/sha256');
    const [blob = ''] = await readdir(blobs);
    await writeFile(path.join(blobs, blob), 'x');
    if (hasZot()) await expect(serving(bundle)).rejects.toThrow(/it ended: .*docker.io\/library\/one/);
    await using served = await serving(bundle, { builtIn: true });
    const answer = await call(`${served.report.url}/v2/docker.io/library/one/blobs/sha256:${blob}`);
    expect(answer.status).toBe(500);
  });

  it('refuses a bundle with a link that leads out of it, which zot would follow', async () => {
    const bundle = saved.at('linking');
    await cp(saved.at('zot'), bundle, { recursive: true });
    await symlink('/etc', path.join(bundle, 'docker.io/library/etc'));
    const zot = await writeProgram(saved.at('stub-zot'), 'exit 0');
    const error = await failureOf(serving(bundle, { zot, check: false }));
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining('library/etc is a link')]);
  });

  it('says that a port is taken, before zot says that all is well', async () => {
    const server = createServer();
    const { host, end } = await listen(server);
    const zot = await writeProgram(saved.at('never-zot'), 'exit 0');
    const port = Number(host.split(':')[1]);
    const error = await failureOf(serving(saved.at('app'), { zot, port, check: false }));
    expect([error.code, error.message]).toEqual(['machine', expect.stringContaining('EADDRINUSE')]);
    await end();
  });

  it.each([
    [
      'ends by itself',
      `echo '{"level":"error","message":"failed to start controller, exiting"}'; exit 0`,
      'local',
      /ended by itself: failed to start/,
    ],
    ['panics', `echo 'panic: no such thing' >&2; exit 2`, 'local', /ended by itself: panic: no such thing/],
    [
      'refuses its configuration',
      `echo '{"level":"error","message":"invalid","error":"no key"}' >&2; exit 1`,
      'machine',
      /refuses the configuration for this bundle: invalid: no key/,
    ],
  ])('fails with the words of a zot that %s', async (what, script, code, message) => {
    const guarded = what.startsWith('refuses') ? script : `test "$1" = verify && exit 0\n${script}`;
    const zot = await writeProgram(saved.at(`zot-that-${what.replaceAll(' ', '-')}`), guarded);
    const error = await failureOf(serving(saved.at('app'), { zot, check: false }));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(await stateFolders()).toEqual([]);
  });

  it('gives a zot that refuses the keys of timeouts a configuration without them', async () => {
    const real = hasZot() ? toolPath('zot') : '/bin/false';
    const zot = await writeProgram(
      saved.at('old-zot'),
      `grep -q readTimeout "$2" && { echo '{"level":"error","message":"unknown keys"}'; exit 1; }\nexec ${real} "$@"`,
    );
    await using served = await serving(saved.at('app'), hasZot() ? { zot } : {});
    expect(served.report.images).toHaveLength(4);
  });
});

describe('oci-save serve without zot', () => {
  it('V15: serves an archive and its parts where they lie, to skopeo and containerd', async () => {
    const before = await readdir(saved.at());
    await using archive = await serving(saved.at('app.tar'));
    expect(archive.report.server).toBe('built-in');
    expect(await pullAll(archive.report)).toEqual(names);
    await using parts = await serving(saved.at('parts.tar.002'));
    expect(await pullAll(parts.report)).toEqual(names);
    await using containerd = await startContainerd();
    for (const { name, digest } of parts.report.images) {
      await containerd.pull(`${parts.report.address}/${name}`);
      expect((await containerd.images()).find((image) => image.name.endsWith(name))?.digest).toBe(digest);
    }
    expect(await readdir(saved.at())).toEqual(before);
  });

  it('never gives the whole of a blob that is damaged in an archive, nor a part of it', async () => {
    const bytes = await readFile(saved.at('app.tar'));
    const layers = (await readdir(saved.at('app/blobs/sha256'))).toSorted();
    const sizes = await Promise.all(layers.map((hex) => readFile(saved.at('app/blobs/sha256', hex))));
    const large = layers[sizes.findIndex((one) => one.length >= 600_000)] ?? '';
    const start = bytes.indexOf(sizes[layers.indexOf(large)] ?? Buffer.of(1));
    bytes[start + 5] = (bytes[start + 5] ?? 0) ^ 1;
    await mkdir(saved.at('spoilt'));
    await writeFile(saved.at('spoilt/app.tar'), bytes);
    await using served = await serving(saved.at('spoilt/app.tar'));
    const repositories = served.report.images.map(({ name }) => name.replace(/:[^:]*$/, ''));
    const urls = repositories.map((name) => `${served.report.url}/v2/${name}/blobs/sha256:${large}`);
    const heads = await Promise.all(urls.map((url) => call(url, { method: 'HEAD' })));
    const url = urls[heads.findIndex(({ status }) => status === 200)] ?? '';
    await expect(call(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await call(url, { headers: { range: 'bytes=100000-100009' } })).status).toBe(500);
    const raw = [
      'inspect',
      '--raw',
      '--tls-verify=false',
      `docker://${served.report.address}/docker.io/acme/d2:2`,
    ];
    expect((await runProgram(toolPath('skopeo'), ['--insecure-policy', ...raw])).exitCode).toBe(0);
  });

  it('says that no zot was found', async () => {
    await using served = await serving(saved.at('app'), { zot: '', env: { PATH: saved.at('nothing') } });
    expect(served.report.server).toBe('built-in');
    expect(served.events).toContainEqual(
      expect.objectContaining({ level: 'info', message: expect.stringContaining('no zot was found') }),
    );
    expect(await pullAll(served.report)).toEqual(names);
  });

  it('refuses a zot for an archive', async () => {
    const error = await failureOf(serving(saved.at('app.tar'), { zot: '/bin/true' }));
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining('zot cannot read')]);
  });
});

describe('the zot that serves', () => {
  it('is the one that is named, that of ZOT_BIN, of PATH', async () => {
    await using folder = await tempFolder('zots');
    const program = async (...parts: string[]): Promise<string> => {
      const file = path.join(folder.path, ...parts);
      await mkdir(path.dirname(file), { recursive: true });
      return writeProgram(file, 'exit 0');
    };
    const [named, given, found] = [await program('named'), await program('given'), await program('bin/zot')];
    const env = { ZOT_BIN: given, PATH: `/nowhere:${path.dirname(found)}` };
    const { PATH } = env;
    expect(await findZot({ named, env })).toEqual({ file: named, from: 'option' });
    expect(await findZot({ named: '', env })).toEqual({ file: given, from: 'ZOT_BIN' });
    expect(await findZot({ named: '', env: { PATH } })).toEqual({ file: found, from: 'PATH' });
    expect(await findZot({ named: '', env: {} })).toBeUndefined();
    await chmod(given, 0o644);
    const error = await failureOf(findZot({ named: '', env }));
    expect([error.code, error.message]).toEqual(['machine', expect.stringContaining('ZOT_BIN')]);
  });

  it('counts as ready when a known tag has its digest, and not when somebody answers', async () => {
    const server = createServer((_, response) => void response.end('{}'));
    const { host, end } = await listen(server);
    const known = { repository: 'a/b', tag: '1', digest: `sha256:${'0'.repeat(64)}` };
    const { signal } = new AbortController();
    expect(await asksFor(host, known, signal)).toBe('with sha256:44136fa355b3');
    const right = `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a`;
    expect(await asksFor(host, { ...known, digest: right }, signal)).toBe('right');
    await end();
    expect(await asksFor(host, known, signal)).toBe('none');
  });
});
