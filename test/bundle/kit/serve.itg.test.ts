import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Resolving, startResolving } from '../../resolve/resolving.ts';
import { chart, idx, one } from '../../support/fixtures/index.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { outputOf, runProgram } from '../../support/program.ts';
import { hasZot, makeCertificates, startDockerd } from '../../support/servers/index.ts';
import { type Site, SITE_SHELLS, startSite } from '../../support/site.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { toolPath } from '../../support/tools.ts';
import { filesOf } from '../../support/whole-bundle.ts';
import { writeBundle } from '../write-bundle.ts';

const small = { layerBytes: 100 };
const ONE = one(small);
const APP = one({ ...small, seed: 'app' });
const ODD = one({ ...small, seed: 'odd' });
const HUB = 'docker.io/library/one';
const HTTPS = '--cert /work/server.crt --key /work/server.key';
const USERS = '--users /work/users';

let bench: Resolving;
/** At the sites it is /work. It has certificates, and `users` with anna, whose password is `secret`. */
let work: TempFolder;
let bundle: string;
let before: ReadonlyMap<string, string>;
/** Sites with zot where they can have it, and with the bundle at /b, which can only be read. */
let busybox: Site;
let dash: Site;

beforeAll(async () => {
  [bench, work] = [await startResolving(), await tempFolder('serve')];
  const lock = bench.lock(
    await bench.resolve(ONE, 'one:1'),
    await bench.resolve(APP, 'acme/app:2'),
    // Two platforms: the index is there, and not all of its children.
    await bench.resolve(idx(small), 'quay.io/acme/idx:3', { platforms: 'linux/amd64' }),
    await bench.resolve(chart(), 'localhost:5000/chart:4'),
    // As docker's mirrors would ask for it, it would be an image of another registry.
    await bench.resolve(ODD, 'docker.io/quay.io/x:5'),
  );
  bundle = await writeBundle(bench, lock, 'bundle', ['oci', 'zot']);
  before = await filesOf(bundle);
  await makeCertificates(work.path);
  const line = await outputOf(toolPath('htpasswd'), ['-niBC', '5', 'anna'], { input: 'secret' });
  await writeFile(path.join(work.path, 'users'), line);
  const mounts = { '/b': `${bundle}:ro`, '/work': work.path };
  const zot = hasZot() ? ['zot'] : [];
  busybox = await startSite({ shell: 'busybox', programs: zot, mounts });
  const clients = ['curl', 'wget', 'openssl', 'skopeo'];
  dash = await startSite({ shell: 'dash', programs: [...zot, ...clients], mounts });
});
afterAll(async () => {
  await dash.close();
  await busybox.close();
  await work.close();
  await bench.close();
});

interface Serving {
  /** What serve.sh printed, on both outputs. */
  readonly said: string;
  /** What ran meanwhile printed. */
  readonly meanwhile: string;
  /** How serve.sh ended. */
  readonly code: number;
  /** What is left in /tmp. */
  readonly left: string;
}

interface ServeOptions {
  /** Runs while it serves. */
  readonly meanwhile?: string;
  readonly bundle?: string;
  /** Runs before. */
  readonly first?: string;
}

/** Starts serve.sh, waits until it serves or has ended, runs what is to run meanwhile, then ends it as systemd would. */
async function serve(site: Site, flags: string, options: ServeOptions = {}): Promise<Serving> {
  const { meanwhile = ':', bundle: folder = '/b', first = ':' } = options;
  const { stdout, stderr } = await site.run(`mkdir -p /out; : >/out/said; cd ${folder} || exit
${first}
sh kit/serve.sh ${flags} >/out/said 2>&1 &
pid=$!
until grep -q '^Ctrl-C ends it' /out/said || ! kill -0 $pid 2>/dev/null; do sleep 0.1; done
( ${meanwhile} ) >/out/meanwhile 2>&1
kill -TERM $pid 2>/dev/null
wait $pid
echo "code $?"
ls -A /tmp`);
  const [, code, left = ''] = /^code (\d+)\n([^]*)$/.exec(stdout) ?? [];
  if (code === undefined) throw new Error(`no exit code: ${stdout}${stderr}`);
  const printed = (name: string): Promise<string> => readFile(path.join(site.root, 'out', name), 'utf8');
  return {
    said: await printed('said'),
    meanwhile: await printed('meanwhile'),
    code: Number(code),
    left: left.trim(),
  };
}

/** The PATH of a site without some programs. */
const without = (...programs: readonly string[]): string => `rm -rf /less; mkdir /less
for file in /bin/*; do case $file in ${programs.map((name) => `*/${name}`).join(' | ')}) ;; *) ln -s $file /less/; esac; done
PATH=/less`;
/** Without those that could ask zot, but for one. */
const onlyClient = (client: string): string =>
  without(...['curl', 'wget', 'openssl', 'skopeo'].filter((name) => name !== client));

/** Prints the sha256 of each manifest as wget gets it. */
const hashesOf = (...names: readonly string[]): string =>
  names
    .map((name) => `http://127.0.0.1:5000/v2/${name.replace(/:([^:]*)$/, '/manifests/$1')}`)
    .map((url) => `wget -q -O - ${url} | sha256sum | cut -c 1-64`)
    .join('\n');
const hexOf = (...digests: readonly string[]): string =>
  digests.map((digest) => `${digest.slice('sha256:'.length)}\n`).join('');

/** What the machine's user has for the internet. */
const PROXIES = 'export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9';

describe('V7: kit/serve.sh', () => {
  it('on busybox alone, from read-only media: checks, serves each name, ends, leaves nothing', async () => {
    if (!hasZot()) return noteNotOnZot();
    const names = [`${HUB}:1`, 'library/one:1', 'localhost_5000/chart:4', 'quay.io/acme/idx:3'];
    const run = await serve(busybox, '', { meanwhile: hashesOf(...names, 'docker.io/quay.io/x:5') });
    const digests = [ONE, ONE, chart(), idx(small), ODD].map(({ top }) => top);
    expect(run).toMatchObject({ code: 143, left: '', meanwhile: hexOf(...digests) });
    expect(run.said).toContain('Checked: docker.io/acme/app:2 is served with its digest.');
    expect(run.said).toContain(`  ${ONE.top.slice(0, 19)}  127.0.0.1:5000/${HUB}:1\n`);
    expect(run.said).toContain('Not so below quay.io: a registry has the name.');
    const wide = run.said.split('\n').filter((line) => line.length > 80 && !line.includes('127.0.0.1'));
    expect(wide).toEqual([]);
    expect(await filesOf(bundle)).toEqual(before);
  });

  it('J3: serves from blobs/ what has no blobs of its own, as where hard links are not known', async () => {
    if (!hasZot()) return noteNotOnZot();
    const part = path.join(work.path, 'part');
    await cp(bundle, part, { recursive: true });
    // One repository as a copy has it, one that lacks a blob, others without any; and nothing that is not needed.
    await rm(path.join(part, 'registry/quay.io/acme/idx/blobs'), { recursive: true });
    await rm(path.join(part, 'registry/localhost_5000/chart/blobs'), { recursive: true });
    await rm(path.join(part, 'registry', HUB, 'blobs/sha256', ONE.top.slice(7)));
    for (const name of ['report.html', 'manifest.json', 'registry/quay.io/acme/idx/oci-layout'])
      await rm(path.join(part, name));
    const names = [`${HUB}:1`, 'library/one:1', 'localhost_5000/chart:4', 'quay.io/acme/idx:3', 'acme/app:2'];
    const where = { bundle: '/work/part' };
    const run = await serve(dash, '', { ...where, meanwhile: hashesOf(...names) });
    const digests = [ONE, ONE, chart(), idx(small), APP].map(({ top }) => top);
    expect(run).toMatchObject({ code: 143, left: '', meanwhile: hexOf(...digests) });
    expect(run.said).toContain('theirs are served from blobs/');
    // Now the pool is damaged, then it lacks the blob.
    const blob = path.join(part, 'blobs/sha256', chart().top.slice(7));
    await writeFile(blob, 'x');
    const damaged = await serve(dash, '', where);
    expect(damaged).toMatchObject({ code: 1, left: '' });
    expect(damaged.said).toMatch(new RegExp(`^blobs/sha256/${chart().top.slice(7)} `, 'm'));
    // Where nothing says what belongs there, nothing was compared, and nothing is served.
    const sums = path.join(part, 'SHA256SUMS');
    await rename(sums, `${sums}.away`);
    expect(await serve(dash, '', where)).toMatchObject({
      code: 1,
      left: '',
      said: expect.stringContaining('nothing is served'),
    });
    await rename(`${sums}.away`, sums);
    await rm(blob);
    const lacking = await serve(dash, '--no-verify', where);
    expect(lacking).toMatchObject({ code: 1, left: '' });
    expect(lacking.said).toContain(`\n  localhost_5000/chart: ${chart().top}\n`);
  });

  it.for(['folder', 'file'])('serves no %s elsewhere to which a link in registry/ leads', async (kind) => {
    if (!hasZot()) return noteNotOnZot();
    const evil = path.join(work.path, `evil-${kind}`);
    await cp(bundle, evil, { recursive: true });
    const place = path.join(evil, 'registry', ...(kind === 'folder' ? ['theirs'] : ['theirs', 'index.json']));
    await mkdir(path.dirname(place), { recursive: true });
    await symlink(kind === 'folder' ? '/work' : '/work/ca.crt', place);
    for (const flags of ['', '--no-verify']) {
      const run = await serve(busybox, flags, { bundle: `/work/evil-${kind}` });
      expect(run).toMatchObject({
        code: 2,
        left: '',
        said: expect.stringContaining('leads out of this folder'),
      });
    }
    // Within the bundle it may be a link.
    await rm(place);
    await symlink('../../oci-layout', path.join(evil, 'registry/docker.io/more'));
    expect((await serve(busybox, '--no-verify', { bundle: `/work/evil-${kind}` })).code).toBe(143);
  });

  it('V10: users and HTTPS, from read-only media: pulls with a login alone, and no pushes', async () => {
    if (!hasZot()) return noteNotOnZot();
    const ask = 'curl -s -o /dev/null -w "%{http_code}\\n" --cacert /work/ca.crt';
    const top = `https://127.0.0.1:5000/v2/${HUB}`;
    const meanwhile = [
      `${ask} ${top}/manifests/1`,
      `${ask} -u anna:wrong ${top}/manifests/1`,
      `${ask} -u anna:secret ${top}/manifests/1`,
      `${ask} -u anna:secret https://127.0.0.1:5000/v2/library/one/manifests/1`,
      `${ask} -u anna:secret -X POST ${top}/blobs/uploads/`,
      `${ask} http://127.0.0.1:5000/v2/`,
    ].join('\n');
    const run = await serve(dash, `--listen=0.0.0.0:5000 --no-verify ${USERS} ${HTTPS}`, { meanwhile });
    expect(run).toMatchObject({ code: 143, left: '', meanwhile: '401\n401\n200\n200\n403\n400\n' });
    expect(run.said).toContain('Checked: docker.io/acme/app:2 is served with its digest.');
    expect(run.said).toContain('Checked: nobody pulls without a login (401).');
    expect(run.said).not.toContain('plain HTTP');
  });

  const noLogin = 'Checked: nobody pulls without a login (401).';
  // The only program of a site that could ask zot; '' where there is none.
  it.for([
    ['wget', HTTPS, ''],
    ['openssl', `--listen [::1]:0 ${HTTPS}`, ''],
    ['', HTTPS, 'Not checked: an answer over https'],
    ['skopeo', USERS, noLogin],
    ['wget', `--listen [::]:0 ${USERS}`, noLogin],
  ] as const)('asks for a known tag by "%s" with %s', async ([client, flags, said]) => {
    if (!hasZot()) return noteNotOnZot();
    const run = await serve(dash, `--no-verify --listen 127.0.0.1:0 ${flags}`, {
      first: `${onlyClient(client)}\n${PROXIES}`,
    });
    expect(run).toMatchObject({ code: 143, left: '', said: expect.stringContaining(said) });
    expect(/^Checked: .* is served with its digest/m.test(run.said)).toBe(client !== '');
  });

  it('tells a taken port, also where only zot itself can notice it', async () => {
    if (!hasZot()) return noteNotOnZot();
    const again = 'sh kit/serve.sh --no-verify; echo "code $?"';
    const blind = `${onlyClient('')}\n${again}`;
    const run = await serve(busybox, '--no-verify', { meanwhile: again });
    expect(run).toMatchObject({ code: 143, left: '' });
    expect(run.meanwhile).toMatch(
      /^error: this bundle, or .*, is served already at 127\.0\.0\.1:5000\n.*\ncode 2\n$/,
    );
    const other = await serve(dash, '--no-verify', { meanwhile: blind });
    expect(other).toMatchObject({ code: 143, left: '' });
    expect(other.meanwhile).toMatch(/^error: zot has ended:\n {2}zot: .*address already in use\ncode 1\n$/);
  });

  it('keeps its state on another disk, under any name, for one at a time, and uses it again', async () => {
    if (!hasZot()) return noteNotOnZot();
    const state = String.raw`/work/a "b\ c`;
    const flags = `--no-verify ${USERS} --state '${state}'`;
    for (const turn of ['once', 'again']) {
      const meanwhile = `sh kit/serve.sh --listen 5001 --state '${state}'; echo "code $?"`;
      const run = await serve(busybox, flags, { meanwhile });
      expect([turn, run.said]).toEqual([
        turn,
        expect.stringContaining(`The log of zot is ${state}/zot.log\n`),
      ]);
      expect(run.meanwhile).toMatch(/^error: --state: process \d+ serves from .*\n.*\ncode 2\n$/);
    }
    const names = await readdir(path.join(work.path, 'a "b\\ c'));
    expect(names.toSorted()).toEqual(['oci-save-state', 'root', 'zot.json', 'zot.log']);
  });

  it('follows a link above the bundle that moves to another one while it serves', async () => {
    if (!hasZot()) return noteNotOnZot();
    const site = path.join(work.path, 'releases');
    for (const [name, image] of [
      ['old', ONE],
      ['new', APP],
    ] as const) {
      const resolved = await bench.resolve(image, 'one:1');
      await cp(await writeBundle(bench, bench.lock(resolved), name, ['oci', 'zot']), path.join(site, name), {
        recursive: true,
      });
    }
    await runProgram('ln', ['-s', 'old', path.join(site, 'current')]);
    const meanwhile = `${hashesOf(`${HUB}:1`)}\nln -sfn new /work/releases/current\n${hashesOf(`${HUB}:1`)}`;
    const run = await serve(busybox, '--no-verify', { bundle: '/work/releases/current', meanwhile });
    expect(run).toMatchObject({ code: 143, meanwhile: hexOf(ONE.top, APP.top) });
  });

  // They refuse each key that they do not know (their source); what they serve is not tried here.
  it.for([
    ['2.1.16', 'Timeout', ''],
    ['2.1.1', 'Timeout|compat', 'note: this zot is older than 2.1.2'],
  ] as const)('takes the newest configuration that zot %s takes', async ([version, unknown, said]) => {
    if (!hasZot()) return noteNotOnZot();
    const old = `#!/bin/sh\n[ "$1" != verify ] || ! grep -Eq '${unknown}' "$2" || exit 1\nexec zot "$@"\n`;
    await writeFile(path.join(work.path, `zot-${version}`), old, { mode: 0o755 });
    const flags = `--no-verify --zot /work/zot-${version} --state /work/state-${version}`;
    const run = await serve(busybox, flags);
    expect(run).toMatchObject({ code: 143, said: expect.stringContaining(said) });
    const taken = await readFile(path.join(work.path, `state-${version}/zot.json`), 'utf8');
    expect(JSON.parse(taken)).toMatchObject({ storage: { gc: false, dedupe: false } });
    expect(taken).not.toMatch(new RegExp(unknown));
  });

  it('ends with zot where nobody reads what it prints', async () => {
    if (!hasZot()) return noteNotOnZot();
    const { stdout } = await busybox.run(
      'sh kit/serve.sh --no-verify | true; wget -q -O - http://127.0.0.1:5000/v2/ && echo serves; ls -A /tmp',
      { cwd: '/b' },
    );
    expect(stdout).toBe('');
  });

  it('serves nothing where a known tag means something else', async () => {
    if (!hasZot()) return noteNotOnZot();
    const moved = path.join(work.path, 'moved');
    await cp(bundle, moved, { recursive: true });
    const [from, to] = [HUB, 'docker.io/acme/app'].map((name) => path.join(moved, 'registry', name));
    await cp(`${from}/blobs`, `${to}/blobs`, { recursive: true });
    const index = await readFile(`${from}/index.json`, 'utf8');
    await writeFile(`${to}/index.json`, index.replace('"1"', '"2"'));
    const run = await serve(busybox, '--no-verify', { bundle: '/work/moved' });
    expect(run).toMatchObject({ code: 1, left: '' });
    expect(run.said).toContain(`error: docker.io/acme/app:2 is served, but not as ${APP.top}`);
    // A join brings an index.json before the sums: it is no damage.
    await mkdir(path.join(moved, '.oci-save-update'));
    const unfinished = await serve(busybox, '', { bundle: '/work/moved' });
    expect(unfinished).toMatchObject({ code: 1, left: '' });
    expect(unfinished.said).toContain(
      'error: nothing is served, since an update of the bundle is not finished',
    );
  });

  it('says which files another user could not read, and keeps no state in a bundle', async () => {
    if (!hasZot()) return noteNotOnZot();
    const closed = path.join(work.path, 'closed');
    await cp(bundle, closed, { recursive: true });
    await runProgram('chmod', ['-R', 'go=', closed]);
    const said = await serve(busybox, '--no-verify', { bundle: '/work/closed' });
    expect(said).toMatchObject({
      code: 143,
      said: expect.stringMatching(/^note: \d+ files and folders are for/),
    });
    const inside = await serve(busybox, '--state kit/a/b', { bundle: '/work/closed' });
    expect(inside).toMatchObject({ code: 2, said: expect.stringContaining('is in the bundle') });
    expect(await readdir(path.join(closed, 'kit'))).not.toContain('a');
  });

  it('runs a zot of the kit on a medium on which nothing can be executed', async () => {
    if (!hasZot()) return noteNotOnZot();
    const own = path.join(work.path, 'own');
    await cp(bundle, own, { recursive: true });
    await runProgram('cp', [toolPath('zot'), path.join(own, 'kit/zot')]);
    await chmod(path.join(own, 'kit/zot'), 0o644);
    const first = without('zot');
    expect(await serve(busybox, '--no-verify', { bundle: '/work/own', first })).toMatchObject({
      code: 143,
      left: '',
      said: expect.stringContaining('is served with its digest'),
    });
  });
});

/** Starts serve.sh on this machine, in a group of its own as a terminal does; `said` has the lines until it serves. */
async function startServing(shell: readonly string[], temp: string, kit = path.join(bundle, 'kit')) {
  const [program = '', ...args] = shell;
  const child = spawn(program, [...args, path.join(kit, 'serve.sh'), '--listen', '127.0.0.1:0'], {
    detached: true,
    env: { ...process.env, TMPDIR: temp, ZOT_BIN: toolPath('zot') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const group = child.pid ?? 0;
  const errors = text(child.stderr);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let said = '';
  for await (const chunk of child.stdout) if ((said += String(chunk)).includes('Ctrl-C ends it')) break;
  return { said, group, ended, errors };
}
const inGroup = async (group: number): Promise<string[]> =>
  (await runProgram('pgrep', ['-g', String(group)])).stdout.split('\n').filter((line) => line !== '');
const SHELLS = { busybox: ['busybox', 'sh'], dash: ['dash'] } as const;

describe('kit/serve.sh of a terminal', () => {
  it.for(SITE_SHELLS)('ends with 130 at Ctrl-C, zot with it, and leaves nothing, in %s', async (shell) => {
    if (!hasZot()) return noteNotOnZot();
    await using temp = await tempFolder('tmp');
    const { group, ended, errors } = await startServing(SHELLS[shell], temp.path);
    // The script, zot, and what the script sleeps in.
    expect((await inGroup(group)).length).toBeGreaterThanOrEqual(2);
    // A terminal signals the whole group.
    process.kill(-group, 'SIGINT');
    expect([await ended, await readdir(temp.path), await inGroup(group)]).toEqual([130, [], []]);
    expect(await errors).not.toContain('error');
  });

  it.for(SITE_SHELLS)('ends at a signal while it checks the bundle, in %s', async (shell) => {
    if (!hasZot()) return noteNotOnZot();
    // A check that takes as long as it likes.
    const slow = path.join(work.path, `slow-${shell}`);
    await cp(bundle, slow, { recursive: true });
    await outputOf('mkfifo', [path.join(slow, 'fifo')]);
    const check = `kit=\${0%/*}
. "$kit/lib/common.sh"
temporary
at_end() { kill "$child"; }
cat "$kit/../fifo" &
child=$!
note checks
wait "$child"
`;
    await writeFile(path.join(slow, 'kit/verify.sh'), check);
    const site = shell === 'busybox' ? busybox : dash;
    const { stdout } = await site.run(
      `sh kit/serve.sh 2>/tmp/said & pid=$!
until grep -q ^checks /tmp/said; do sleep 0.1; done
kill -TERM $pid; wait $pid; echo "code $?"; grep '^interrupted: ' /tmp/said; rm /tmp/said; ls -A /tmp`,
      { cwd: `/work/slow-${shell}` },
    );
    expect(stdout).toBe('code 143\ninterrupted: nothing is served\n');
  });

  it('docker finds the images of Docker Hub with it as a mirror, which has no path', async () => {
    if (!hasZot()) return noteNotOnZot();
    await using temp = await tempFolder('tmp');
    const { said, group, ended } = await startServing(SHELLS.dash, temp.path);
    const [, address = ''] = /^Serving .* at (\S+) /m.exec(said) ?? [];
    try {
      await using daemon = await startDockerd(['--registry-mirror', address]);
      await daemon.docker('pull', '--quiet', 'one:1');
      await daemon.docker('pull', '--quiet', 'acme/app:2');
      const names = (await daemon.images()).map(({ name }) => name);
      expect(names.toSorted()).toEqual(['acme/app:2', 'one:1']);
    } finally {
      process.kill(group, 'SIGTERM');
      await ended;
    }
  });
});

describe('V17: what a join brings is served without a restart', () => {
  it('also below a registry that no image had before, and for dockerd’s mirrors', async () => {
    if (!hasZot()) return noteNotOnZot();
    const asked = (name: string): string => `n=0
until wget -q -O /dev/null http://127.0.0.1:5000/v2/${name} 2>/dev/null; do n=$((n + 1)); [ $n -lt 200 ] || exit 1; sleep 0.1; done; echo ${name}`;
    // A link that is put there meanwhile leads to nothing.
    const meanwhile = `cd /tmp/s/registry; cp -r quay.io /tmp/s/theirs; ln -s ../theirs aaa.example; cp -r quay.io new.example; cp -r docker.io/acme docker.io/later
${asked('new.example/acme/idx/manifests/3')}
${asked('later/app/manifests/2')}
wget -q -O - http://127.0.0.1:5000/v2/aaa.example/acme/idx/manifests/3 2>&1`;
    const first = 'rm -rf /tmp/s; cp -a /b /tmp/s; cd /tmp/s';
    const said = await serve(busybox, '', { first, meanwhile });
    expect(said.meanwhile).toBe(
      'new.example/acme/idx/manifests/3\nlater/app/manifests/2\nwget: server returned error: HTTP/1.1 404 Not Found\n',
    );
    await busybox.run('rm -rf /tmp/s');
  });
});

describe('kit/serve.sh without zot', () => {
  const run = (flags: string, env: Readonly<Record<string, string>> = {}) =>
    busybox.run(`sh kit/serve.sh ${flags}`, { cwd: '/b', env });

  it('lists what can be pulled, and says what is wrong with a call', async () => {
    const listed = await run('--list --listen 0.0.0.0:5001');
    expect([listed.exitCode, listed.stdout.split('\n')]).toEqual([
      0,
      expect.arrayContaining([
        expect.stringMatching(/^ {2}sha256:[0-9a-f]{12} {2}\S+:5001\/docker\.io\/library\/one:1$/),
      ]),
    ]);
    for (const flags of [
      '--listen',
      '--listen=',
      '--listen x',
      '--listen :70000',
      '--listen ::1:5000',
      "--listen 'a b:1'",
      '--nosuch',
      '-- x',
      '--cert /work/server.crt',
      '--users /work/absent',
      '--users /work/ca.crt',
      '--zot /b/README.txt',
    ])
      expect([flags, await run(flags)]).toEqual([
        flags,
        expect.objectContaining({ exitCode: 2, stdout: '' }),
      ]);
    expect(await run('--help')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^usage: .*^examples:/ms),
    });
  });

  it('says what else works there', async () => {
    const { exitCode, stdout, stderr } = await dash.run(`${without('zot')}\nsh kit/serve.sh`, { cwd: '/b' });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^error: zot is not here.*docker-registry \(is not here\).*kit\/push\.sh.*kit\/load\.sh.*oci-save serve/s,
    );
  });
});
