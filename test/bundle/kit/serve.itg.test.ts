import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Resolving, startResolving } from '../../resolve/resolving.ts';
import { chart, foreign, idx, one } from '../../support/fixtures/index.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { outputOf, type ProgramResult, runProgram } from '../../support/program.ts';
import { hasZot, makeCertificates } from '../../support/servers/index.ts';
import { type Site, type SiteOptions, SITE_SHELLS, type SiteShell, startSite } from '../../support/site.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { findTool, toolPath } from '../../support/tools.ts';
import { filesOf } from '../../support/whole-bundle.ts';
import { writeBundle } from '../write-bundle.ts';

const small = { layerBytes: 100 };
const ONE = one(small);
const APP = one({ ...small, seed: 'app' });
const ODD = one({ ...small, seed: 'odd' });
const HUB = 'docker.io/library/one';

let bench: Resolving;
let temp: TempFolder;
let bundle: string;
/** Certificates, and `users` with anna, whose password is `secret`. */
let secrets: string;
let before: ReadonlyMap<string, string>;

beforeAll(async () => {
  [bench, temp] = [await startResolving(), await tempFolder('serve')];
  const lock = bench.lock(
    await bench.resolve(ONE, 'one:1'),
    await bench.resolve(APP, 'acme/app:2'),
    // Two platforms of three: the index is there, and not all of its children.
    await bench.resolve(idx(small), 'quay.io/acme/idx:3', { platforms: 'linux/amd64' }),
    await bench.resolve(chart(), 'localhost:5000/chart:4'),
    // As docker's mirrors would ask for it, it would be an image of another registry.
    await bench.resolve(ODD, 'docker.io/quay.io/x:5'),
  );
  bundle = await writeBundle(bench, lock, 'bundle', ['oci', 'zot']);
  before = await filesOf(bundle);
  secrets = path.join(temp.path, 'secrets');
  await mkdir(secrets);
  await makeCertificates(secrets);
  const users = await outputOf(toolPath('htpasswd'), ['-niBC', '5', 'anna'], { input: 'secret' });
  await writeFile(path.join(secrets, 'users'), users);
});
afterAll(async () => {
  await temp.close();
  await bench.close();
});

/** A site with zot, and the bundle at /b. */
const withZot = (options: SiteOptions): Promise<Site> =>
  startSite({
    ...options,
    programs: ['zot', ...(options.programs ?? [])],
    mounts: { '/b': `${bundle}:ro`, ...options.mounts },
  });

interface Serving extends ProgramResult {
  /** What serve.sh printed, on both outputs. */
  readonly said: string;
  /** What ran meanwhile printed. */
  readonly meanwhile: string;
  /** How serve.sh ended. */
  readonly code: number;
  /** What is left in /tmp, but for our own files. */
  readonly left: string;
}

/** Starts serve.sh, waits until it serves or has ended, runs a command line, then ends it as systemd would. */
async function serve(site: Site, args: string, meanwhile = ':', cwd = '/b'): Promise<Serving> {
  const script = `cd ${cwd}
mkdir -p /out; : >/out/said
sh kit/serve.sh ${args} >/out/said 2>&1 &
pid=$!
until grep -q '^Ctrl-C ends it' /out/said || ! kill -0 $pid 2>/dev/null; do sleep 0.1; done
( ${meanwhile} ) >/out/meanwhile 2>&1
kill -TERM $pid 2>/dev/null
wait $pid
echo "code $?"
ls -A /tmp`;
  const result = await site.run(script);
  const [, code, left = ''] = /^code (\d+)\n([^]*)$/m.exec(result.stdout) ?? [];
  const printed = (name: string): Promise<string> => readFile(path.join(site.root, 'out', name), 'utf8');
  return {
    ...result,
    said: await printed('said'),
    meanwhile: await printed('meanwhile'),
    code: Number(code),
    left: left.trim(),
  };
}

const manifestAt = (name: string, port = 5000): string =>
  `http://127.0.0.1:${port}/v2/${name.replace(/:([^:]*)$/, '/manifests/$1')}`;

/** The sha256 of what wget gets of each. */
const hashesOf = (names: readonly string[]): string =>
  names.map((name) => `wget -q -O - ${manifestAt(name)} | sha256sum | cut -c 8-64`).join('\n');
const shortened = (...digests: readonly string[]): string =>
  digests.map((digest) => `${digest.slice(14)}\n`).join('');

/** A check that wants the real zot. */
const itOnZot = (title: string, check: () => Promise<void>): void =>
  it(title, async () => (hasZot() ? check() : noteNotOnZot()));

describe('V7: kit/serve.sh', () => {
  itOnZot(
    'on busybox alone, from read-only media: checked, served by each name, ended, nothing left',
    async () => {
      await using site = await withZot({ shell: 'busybox' });
      const names = [
        `${HUB}:1`,
        'library/one:1',
        'localhost_5000/chart:4',
        'quay.io/acme/idx:3',
        'docker.io/quay.io/x:5',
      ];
      const run = await serve(site, '', hashesOf(names));
      const digests = [ONE.top, ONE.top, chart().top, idx(small).top, ODD.top];
      expect(run).toMatchObject({ code: 143, left: '', meanwhile: shortened(...digests) });
      expect(run.said).toContain('Checked: docker.io/acme/app:2 is served with its digest.');
      expect(run.said).toContain(`  ${ONE.top.slice(0, 19)}  127.0.0.1:5000/${HUB}:1\n`);
      expect(run.said).toContain('Not so below quay.io: a registry has the name.');
      const wide = run.said.split('\n').filter((line) => line.length > 80 && !line.includes('127.0.0.1'));
      expect(wide).toEqual([]);
      expect(await filesOf(bundle)).toEqual(before);
    },
  );

  itOnZot(
    'serves from blobs/ what has no blobs of its own: unpacked on media without hard links',
    async () => {
      const part = path.join(temp.path, 'part');
      await cp(bundle, part, { recursive: true });
      // One repository as a copy has it, one that lacks a blob, the others without any.
      await rm(path.join(part, 'registry/quay.io/acme/idx/blobs'), { recursive: true });
      await rm(path.join(part, 'registry/localhost_5000/chart/blobs'), { recursive: true });
      await rm(path.join(part, `registry/${HUB}/blobs/sha256/${ONE.top.slice(7)}`));
      for (const name of ['report.html', 'manifest.json']) await rm(path.join(part, name));
      await using site = await withZot({ shell: 'busybox', mounts: { '/part': `${part}:ro` } });
      const names = [
        `${HUB}:1`,
        'library/one:1',
        'localhost_5000/chart:4',
        'quay.io/acme/idx:3',
        'acme/app:2',
      ];
      const run = await serve(site, '', hashesOf(names), '/part');
      const digests = [ONE.top, ONE.top, chart().top, idx(small).top, APP.top];
      expect([run.said, run.meanwhile]).toEqual([
        expect.stringContaining('theirs are served from blobs/'),
        shortened(...digests),
      ]);
      // In blobs/ a byte is wrong, and then it is not there at all.
      const blob = path.join(part, 'blobs/sha256', chart().top.slice(7));
      await writeFile(blob, 'x');
      const damaged = await serve(site, '', ':', '/part');
      expect(damaged).toMatchObject({
        code: 1,
        left: '',
        said: expect.stringContaining(chart().top.slice(7)),
      });
      await rm(blob);
      const absent = await serve(site, '', ':', '/part');
      expect(absent).toMatchObject({ code: 1, left: '' });
      expect(absent.said).toContain(`\n  localhost_5000/chart: ${chart().top}\n`);
    },
  );

  itOnZot('V10: users and HTTPS, from read-only media: pulls with a login alone, and no pushes', async () => {
    await using site = await withZot({
      shell: 'dash',
      programs: ['curl'],
      mounts: { '/secret': `${secrets}:ro` },
    });
    const ask = 'curl -s -o /dev/null -w "%{http_code}\\n" --cacert /secret/ca.crt';
    const top = `https://127.0.0.1:5000/v2/${HUB}`;
    const meanwhile = [
      `${ask} ${top}/manifests/1`,
      `${ask} -u anna:wrong ${top}/manifests/1`,
      `${ask} -u anna:secret ${top}/manifests/1`,
      `${ask} -u anna:secret https://127.0.0.1:5000/v2/library/one/manifests/1`,
      `${ask} -u anna:secret -X POST ${top}/blobs/uploads/`,
      `curl -s -o /dev/null -w "%{http_code}\\n" http://127.0.0.1:5000/v2/`,
    ].join('\n');
    const run = await serve(
      site,
      '--listen 0.0.0.0:5000 --users /secret/users --cert /secret/server.crt --key=/secret/server.key',
      meanwhile,
    );
    expect([run.said, run.meanwhile]).toEqual([expect.any(String), '401\n401\n200\n200\n403\n400\n']);
    expect(run).toMatchObject({ code: 143, left: '' });
    expect(run.said).toContain('Checked: docker.io/acme/app:2 is served with its digest.');
    expect(run.said).toContain('Checked: nobody pulls without a login (401).');
    expect(run.said).not.toContain('plain HTTP');
  });

  // Who asks zot at a site with other programs; `-` where there is nothing that could.
  it.for<[string, SiteShell, string[], string]>([
    ['GNU wget', 'dash', ['wget'], '--cert /secret/server.crt --key /secret/server.key'],
    ['busybox wget, of HTTPS', 'busybox', [], '--cert /secret/server.crt --key /secret/server.key'],
    ['openssl', 'dash', ['openssl'], '--cert /secret/server.crt --key /secret/server.key'],
    ['skopeo, of users', 'dash', ['skopeo'], '--users /secret/users'],
    ['GNU wget, of users', 'dash', ['wget'], '--users /secret/users'],
    ['busybox wget, of users', 'busybox', [], '--users /secret/users'],
  ])('asks for a known tag by %s', async ([, shell, programs, flags]) => {
    if (!hasZot()) return noteNotOnZot();
    await using site = await withZot({ shell, programs, mounts: { '/secret': `${secrets}:ro` } });
    const run = await serve(site, `--no-verify --listen 127.0.0.1:0 ${flags}`);
    expect(run).toMatchObject({
      code: 143,
      left: '',
      said: expect.stringMatching(/^Checked: .* its digest/m),
    });
    if (flags.startsWith('--cert'))
      expect(run.said.includes('Not checked: an answer over https')).toBe(shell === 'busybox');
    if (flags.startsWith('--users'))
      expect(run.said).toContain('Checked: nobody pulls without a login (401).');
  });

  itOnZot('says what could not be checked where nothing can ask, and that zot lives', async () => {
    await using site = await withZot({ shell: 'dash' });
    const other = 'sh kit/serve.sh --listen 5001 --no-verify';
    const run = await serve(site, '--listen 5001 --no-verify', `${other}; echo "code $?"`);
    expect(run).toMatchObject({
      code: 143,
      left: '',
      said: expect.stringContaining('Not checked: an answer'),
    });
    // Nothing tells that the port is taken but zot itself, which ends with 0.
    expect(run.meanwhile).toMatch(/^error: zot has ended:\n {2}zot: .*address already in use\ncode 1\n$/);
  });

  itOnZot('takes no other server for its own where the port is taken', async () => {
    await using site = await withZot({ shell: 'busybox' });
    const other = 'sh kit/serve.sh --no-verify; echo "code $?"';
    const run = await serve(
      site,
      '--no-verify --state "/tmp/on purpose"',
      `${other}; sh kit/serve.sh --no-verify --listen 5001 --state "/tmp/on purpose"; echo "code $?"`,
    );
    expect(run).toMatchObject({ code: 143, left: 'on purpose' });
    expect(run.meanwhile).toMatch(
      /^error: something else answers at 127\.0\.0\.1:5000\n.*\ncode 2\nerror: --state: process \d+ serves from '\/tmp\/on purpose'\n.*\ncode 2\n$/,
    );
  });

  itOnZot('keeps its state on another disk, under any name, and uses it again', async () => {
    await using site = await withZot({ shell: 'busybox', mounts: { '/other': temp.path } });
    const state = String.raw`/other/a "b\ c`;
    const flags = `--no-verify --users /other/secrets/users --state '${state}'`;
    for (const turn of ['once', 'again']) {
      const run = await serve(site, flags, 'wget -q -O - http://127.0.0.1:5000/v2/_catalog');
      expect([turn, run.said]).toEqual([
        turn,
        expect.stringContaining(`The log of zot is ${state}/zot.log\n`),
      ]);
    }
    const names = await readdir(path.join(temp.path, 'a "b\\ c'));
    expect(names.toSorted()).toEqual(['oci-save-state', 'root', 'zot.json', 'zot.log']);
    for (const taken of ['/b', '/b/x', '/other'])
      expect(await serve(site, `--state ${taken}`)).toMatchObject({ code: expect.not.stringMatching('0') });
  });
});
