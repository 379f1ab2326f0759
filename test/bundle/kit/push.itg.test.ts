import { createServer } from 'node:http';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveImages } from '../../../src/api.ts';
import { type Lock, lockSchema } from '../../../src/lock/index.ts';
import { hexOf } from '../../../src/oci/digest.ts';
import { brokenTags, tagsOf } from '../../support/broken-tags.ts';
import { closable } from '../../support/closable.ts';
import {
  att,
  chart,
  cosignSignature,
  d2,
  dlist,
  fallbackIndex,
  idx,
  nested,
  one,
  ref,
  SBOM_TYPE,
  sbomOf,
  SIGNATURE_TYPE,
  typed,
  zst,
} from '../../support/fixtures/index.ts';
import { basic, call } from '../../support/http.ts';
import { listen } from '../../support/listen.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { outputOf, type ProgramResult, runProgram } from '../../support/program.ts';
import { pushImage } from '../../support/push.ts';
import { startPushRegistry } from '../../support/push-registry.ts';
import {
  hasZot,
  startDockerRegistry,
  startProxy,
  startZot,
  writeCertsDir,
} from '../../support/servers/index.ts';
import { type Site, type SiteShell, startSite } from '../../support/site.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const small = { layerBytes: 1000 };
const { subject, signature, sbom } = ref(small);
const cosign = cosignSignature(subject);
const SITE = 'site.example/x';
/** Every kind of image, with the platforms that are taken of it. */
const KINDS = {
  one: [one(small), 'all'],
  d2: [d2(small), 'all'],
  dlist: [dlist(small), 'all'],
  idx: [idx(small), 'all'],
  nested: [nested(small), 'all'],
  att: [att(small), 'all'],
  zst: [zst(small), 'all'],
  chart: [chart(), 'all'],
  ref: [subject, 'all'],
  sparse: [idx({ seed: 'sparse', ...small }), 'linux/amd64'],
  several: [idx({ seed: 'several', ...small }), 'linux/amd64,linux/arm64'],
  typed: [typed(small), 'all'],
} as const;

let temp: TempFolder;
let bundle: string;
let lock: Lock;

beforeAll(async () => {
  temp = await tempFolder('push-kit');
  bundle = path.join(temp.path, 'bundle');
  await using registry = await startDockerRegistry();
  for (const [name, [image]] of Object.entries(KINDS)) await pushImage(registry.target, name, image, '1');
  for (const image of [signature, sbom]) await pushImage(registry.target, 'ref', image);
  const index = fallbackIndex(subject, [
    { image: signature, artifactType: SIGNATURE_TYPE },
    { image: sbom, artifactType: SBOM_TYPE },
  ]);
  for (const { tag, image } of [cosign, index]) await pushImage(registry.target, 'ref', image, tag);
  const lines = Object.entries(KINDS).map(
    ([name, [, platforms]]) => `--platform=${platforms} ${registry.host}/${name}:1 => ${SITE}/${name}:1`,
  );
  await saveImages([...lines, `${registry.host}/one@${KINDS.one[0].top} => ${SITE}/pinned`], bundle, 'all', {
    env: { HOME: temp.path, XDG_CACHE_HOME: temp.path },
    insecureRegistries: [registry.host],
    copier: 'direct',
    referrers: 'all',
    layout: ['oci', 'zot'],
    naming: ['keep-domain'],
  });
  lock = lockSchema.parse(JSON.parse(await readFile(path.join(bundle, 'oci-save.lock.json'), 'utf8')));
  // And one with a damaged layer, a damaged manifest and without a layer.
  await outputOf('cp', ['-a', bundle, `${temp.path}/damaged`]);
  const blob = (hex: string): string => path.join(temp.path, 'damaged/blobs/sha256', hex);
  await writeFile(blob(layerOf('d2')), Buffer.alloc(1000));
  await writeFile(blob(hexOf(KINDS.zst[0].top)), '{}');
  await rm(blob(layerOf('idx')));
});
afterAll(() => temp.close());

/** The first layer of an image. */
const layerOf = (name: string): string =>
  hexOf(
    lock.images.find(({ names }) => names.includes(`${SITE}/${name}:1`))?.leaves[0]?.layers[0] ?? 'sha256:',
  );

const push = (site: Site, args: string, input = ''): Promise<ProgramResult> =>
  site.run(`sh kit/push.sh ${args}`, { cwd: '/bundle', input });

const startAt = (shell: SiteShell, programs: readonly string[]): Promise<Site> =>
  startSite({
    shell,
    programs,
    network: true,
    mounts: { '/bundle': `${bundle}:ro`, '/damaged': `${temp.path}/damaged:ro` },
  });

/** What a target that takes no sparse index has of some kinds, by the names below a prefix. */
const wanted = (prefix: string, kinds: readonly string[]): Map<string, string> =>
  new Map(
    lock.images
      .flatMap(({ names, root }) => names.map((name) => [`${prefix}${name}`, root] as const))
      .filter(([name]) => kinds.some((kind) => name.includes(`/${kind}:`))),
  );

const ALL = [...Object.keys(KINDS), 'pinned'];
/** What a program is tried with at one registry that is tried with all kinds at the other one. */
const FEW = ['ref', 'nested', 'd2', 'sparse', 'typed'];
/** Without those that are for skopeo what others are. */
const MOST = ALL.filter((kind) => !['one', 'pinned', 'dlist'].includes(kind));
const patterns = (kinds: readonly string[]): string => kinds.map((kind) => `'*/${kind}'`).join(' ');

describe.each([
  ['curl', 'busybox', ['curl'], ALL, FEW],
  ['skopeo', 'dash', ['skopeo', 'curl'], FEW, MOST],
] as const)('V7: kit/push.sh by %s in a root of %s', (engine, shell, programs, atRegistry, atZot) => {
  let site: Site;
  beforeAll(async () => {
    site = await startAt(shell, [...programs, 'script', 'stty']);
  });
  afterAll(() => site.close());

  it('pushes images of all kinds and what refers to them into docker-registry, and sends nothing again', async () => {
    await using registry = await startDockerRegistry();
    const line = `--plain-http ${registry.host}/mirror ${patterns(atRegistry)}`;
    const count = atRegistry.length;
    const first = await push(site, line);
    const words = `${count} pushed of ${count} images`;
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(words) });
    const tags = await tagsOf(registry.url);
    for (const [name, root] of wanted('mirror/', atRegistry)) {
      expect([name, tags.get(name)]).toEqual([name, root]);
      expect(first.stdout).toMatch(new RegExp(`^pushed +${root.slice(0, 19)} +\\S+/${name}$`, 'm'));
    }
    expect(first.stdout).toMatch(/\/sparse:1\n {4}without the platforms/);
    expect(tags.get(`mirror/${SITE}/ref:${cosign.tag}`)).toBe(cosign.image.top);
    const listed = await call(
      new URL(`/v2/mirror/${SITE}/ref/manifests/sha256-${hexOf(subject.top)}`, registry.url),
      { headers: { accept: 'application/vnd.oci.image.index.v1+json' } },
    );
    expect(JSON.parse(listed.body.toString()).manifests).toMatchObject([
      { digest: expect.any(String), artifactType: expect.stringMatching(/sig|spdx/) },
      { digest: expect.any(String), artifactType: expect.stringMatching(/sig|spdx/) },
    ]);
    expect(await brokenTags(registry.url)).toEqual([]);
    await registry.clear();
    const again = await push(site, line);
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`${count} unchanged of ${count} images`),
    });
    const writing = (await registry.requests()).filter(({ method }) => !['GET', 'HEAD'].includes(method));
    expect(writing).toEqual([]);
    expect(await readdir(path.join(site.root, 'tmp'))).toEqual([]);
  });

  it('pushes images of all kinds into zot, which lists what refers to one', async () => {
    if (!hasZot()) return noteNotOnZot();
    await using zot = await startZot();
    const { exitCode, stdout } = await push(site, `--plain-http ${zot.host} ${patterns(atZot)}`);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('3 signatures and other referrers')]);
    const tags = await tagsOf(zot.url);
    for (const [name, root] of wanted('', atZot)) expect([name, tags.get(name)]).toEqual([name, root]);
    const answer = await call(new URL(`/v2/${SITE}/ref/referrers/${subject.top}`, zot.url));
    expect(JSON.parse(answer.body.toString()).manifests).toHaveLength(2);
    expect(tags.has(`${SITE}/ref:sha256-${hexOf(subject.top)}`)).toBe(false);
    expect(await brokenTags(zot.url)).toEqual([]);
  });

  it('says that a zot needs its compat setting for Docker images, and pushes the rest', async () => {
    if (!hasZot()) return noteNotOnZot();
    await using zot = await startZot({ compat: false });
    const { exitCode, stdout, stderr } = await push(site, `--plain-http ${zot.host} '*/d2' '*/one'`);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('1 failed, 1 pushed of 2 images')]);
    expect(stderr).toContain('"compat": ["docker2s2"]');
  });

  it('checks the certificate by a private authority, and logs in without showing the password', async () => {
    const users = { robot: 'pass "word\\1' };
    await using registry = await startDockerRegistry({ tls: 'server', users });
    await copyFile(registry.certificates?.ca ?? '', path.join(site.root, 'root/ca.crt'));
    // Variables of an environment stay in it, whatever a script assigns to them.
    const names = ['login', 'login_user', 'login_password', 'login_line', 'login_found', 'token'];
    const taken = Object.fromEntries([...names, 'http_authorization'].map((name) => [name, 'x']));
    // Every program that is started tells its arguments and its environment.
    const told =
      'mkdir /w; for p in curl skopeo; do [ ! -e /bin/$p ] || { ' +
      `printf '#!/bin/sh\\n{ echo "$0 $*"; env; } >>/root/told\\nexec /bin/%s "$@"\\n' $p >/w/$p; chmod 755 /w/$p; }; done; ` +
      'export PATH=/w:/bin; ';
    const pushAs = (args: string, input = ''): Promise<ProgramResult> =>
      site.run(`${told}sh kit/push.sh ${args} ${registry.host} '*/one:1'`, {
        cwd: '/bundle',
        input,
        env: taken,
      });
    expect(await pushAs('')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--ca FILE') });
    const anonymous = await pushAs('--ca /root/ca.crt');
    const named = /--user-from FILE[^]*--auth-file FILE/;
    expect([anonymous.exitCode, anonymous.stderr]).toEqual([1, expect.stringContaining('may want a login')]);
    expect(anonymous.stderr).toMatch(named);
    const wrong = await pushAs('--ca /root/ca.crt --user-from -', 'robot:no\n');
    expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringContaining('the password may be wrong')]);
    expect(wrong.stderr).toMatch(named);
    const right = await pushAs('--ca /root/ca.crt --user-from -', `robot:${users.robot}\n`);
    expect([right.exitCode, right.stdout]).toEqual([0, expect.stringContaining('1 pushed of 1 images')]);
    const auth = Buffer.from(`robot:${users.robot}`).toString('base64');
    const auths = { 'other.example': { auth: 'eDp5' }, [`https://${registry.host}/v1/`]: { auth } };
    await writeFile(
      path.join(site.root, 'root/auth.json'),
      JSON.stringify({ auths: { ...auths, [registry.host]: { auth } } }),
    );
    const byFile = await pushAs('--insecure --auth-file /root/auth.json');
    expect([byFile.exitCode, byFile.stdout]).toEqual([0, expect.stringContaining('1 unchanged of 1 images')]);
    const seen = await readFile(path.join(site.root, 'root/told'), 'utf8');
    expect(seen).toContain(`/w/${engine}`);
    expect(seen).not.toContain('pass "word');
    expect(seen).not.toContain(auth);
    expect(anonymous.stderr + right.stderr + right.stdout).not.toContain('pass "word');
  });

  it('shows the certificate of a client that is set up for the registry', async () => {
    await using registry = await startDockerRegistry({ tls: 'mutual' });
    if (registry.certificates === undefined) throw new Error('it has certificates');
    for (const place of ['containers', 'docker'])
      await rm(path.join(site.root, 'etc', place), { recursive: true, force: true });
    const line = `--with ${engine} ${registry.host} '*/one'`;
    expect(await push(site, line)).toMatchObject({ exitCode: 1 });
    await writeCertsDir(
      path.join(site.root, 'etc/docker/certs.d'),
      registry.host,
      registry.certificates,
      true,
    );
    expect(await push(site, line)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('1 pushed of 1 images'),
    });
  });

  it('asks at the terminal for a login that is wanted', async () => {
    await using registry = await startDockerRegistry({ users: { robot: 'pass word' } });
    const line = `sh kit/push.sh --with ${engine} --plain-http ${registry.host} '*/one'`;
    const { exitCode, stdout } = await site.run(`script -qec "${line}" /dev/null`, {
      cwd: '/bundle',
      input: 'robot\npass word\n',
    });
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('1 pushed of 1 images')]);
  });

  it('names a damaged blob and an absent one, sends neither, and pushes the rest', async () => {
    await using registry = await startDockerRegistry();
    const { exitCode, stdout, stderr } = await site.run(
      `sh kit/push.sh --plain-http ${registry.host} '*/d2' '*/zst' '*/idx' '*/one'`,
      { cwd: '/damaged' },
    );
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('3 failed, 1 pushed of 4 images')]);
    for (const hex of [layerOf('d2'), hexOf(KINDS.zst[0].top)])
      expect(stderr).toContain(`blobs/sha256/${hex} is damaged`);
    expect(stderr).toContain(`blobs/sha256/${layerOf('idx')} is not in the bundle`);
    expect([...(await tagsOf(registry.url)).keys()]).toEqual([`${SITE}/one:1`]);
  });
});

it('V7: kit/push.sh by skopeo where curl is not: nobody looks which referrers are listed, which a note says', async () => {
  await using registry = await startDockerRegistry();
  await using site = await startAt('busybox', ['skopeo']);
  // A folder of a session that cannot be read, as a user has it who is not logged in: skopeo fails at that.
  const { exitCode, stdout, stderr } = await site.run(
    `sh kit/push.sh --plain-http ${registry.host} '*/ref' '*/sparse'`,
    { cwd: '/bundle', env: { XDG_RUNTIME_DIR: '/etc/passwd' } },
  );
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('3 signatures and other referrers')]);
  expect(stderr).toContain('is not known: curl did not ask');
  const found = await call(new URL(`/v2/${SITE}/ref/manifests/${sbom.top}`, registry.url), {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  expect(found.status).toBe(200);
  expect((await tagsOf(registry.url)).get(`${SITE}/sparse:1`)).toBe(
    wanted('', ['sparse']).get(`${SITE}/sparse:1`),
  );
});

it('V7: an index that skopeo would write anew is sent as it is, or it is said what that needs', async () => {
  await using registry = await startDockerRegistry();
  await using site = await startAt('dash', ['skopeo']);
  const { exitCode, stderr } = await push(site, `--plain-http ${registry.host} '*/typed'`);
  const tags = await tagsOf(registry.url);
  // Which skopeo knows every field is not ours to choose.
  if (exitCode === 0) expect(tags).toEqual(wanted('', ['typed']));
  else expect([exitCode, stderr]).toEqual([1, expect.stringContaining('install curl')]);
});

describe('V7: kit/push.sh and what registries do', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startAt('busybox', ['curl']);
  });
  afterAll(() => site.close());

  const pushTo = (registry: { readonly host: string }, args: string): Promise<ProgramResult> =>
    push(
      site,
      `--plain-http ${args.includes('--') ? args.replace('HOST', registry.host) : `${registry.host} ${args}`}`,
    );

  it('V14: pushes what a pattern names, with or without its tag, and refuses one that names nothing', async () => {
    await using registry = await startPushRegistry();
    const { exitCode, stdout } = await pushTo(registry, "'*ested' site.example/x/one:*");
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('2 pushed of 2 images')]);
    registry.clear();
    const none = await pushTo(registry, "'*/one' nothing");
    expect([none.exitCode, none.stderr]).toEqual([
      2,
      expect.stringContaining('no image of the bundle matches nothing'),
    ]);
    expect(registry.requests()).toEqual([]);
  });

  it('replaces a tag that has another image there, and says so; with --keep it stays', async () => {
    await using registry = await startDockerRegistry();
    const other = one({ seed: 'other', ...small });
    await pushImage(registry.target, `${SITE}/one`, other, '1');
    const planned = await pushTo(registry, "--dry-run HOST '*/one' '*/zst'");
    expect(planned.stdout).toMatch(/^to replace .*\n {4}now sha256:\w{12}\nto push /m);
    const kept = await pushTo(registry, "--keep HOST '*/one'");
    expect([kept.exitCode, kept.stdout]).toEqual([0, expect.stringContaining('1 kept of 1 images')]);
    expect(await tagsOf(registry.url)).toEqual(new Map([[`${SITE}/one:1`, other.top]]));
    const replaced = await pushTo(registry, "'*/one'");
    expect([replaced.exitCode, replaced.stdout]).toEqual([
      0,
      expect.stringContaining(`was ${other.top.slice(0, 19)}\n`),
    ]);
    expect((await tagsOf(registry.url)).get(`${SITE}/one:1`)).toBe(KINDS.one[0].top);
  });

  it('adds referrers to those that others wrote, and leaves a signature of cosign with more than is here', async () => {
    await using registry = await startDockerRegistry();
    const into = `${SITE}/ref`;
    const theirs = sbomOf(one({ seed: 'theirs', ...small }));
    const { tag, image } = fallbackIndex(subject, [{ image: theirs, artifactType: 'text/theirs' }]);
    await pushImage(registry.target, into, subject, '1');
    await pushImage(registry.target, into, image, tag);
    const others = one({ seed: 'others', ...small });
    await pushImage(registry.target, into, others, cosign.tag);
    const { exitCode, stdout, stderr } = await pushTo(registry, "'*/ref'");
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('1 unchanged of 1 images')]);
    expect(stderr).toContain(`${cosign.tag} has ${others.top.slice(0, 19)} there, with what is not here`);
    const listed = await call(new URL(`/v2/${into}/manifests/${tag}`, registry.url), {
      headers: { accept: 'application/vnd.oci.image.index.v1+json' },
    });
    expect(JSON.parse(listed.body.toString())).toEqual({
      ...JSON.parse(new TextDecoder().decode(image.manifests.get(image.top)?.bytes)),
      manifests: expect.arrayContaining([
        expect.objectContaining({ digest: theirs.top, artifactType: 'text/theirs' }),
        expect.objectContaining({ digest: signature.top, artifactType: SIGNATURE_TYPE }),
        expect.objectContaining({ digest: sbom.top, artifactType: SBOM_TYPE }),
      ]),
    });
    expect((await tagsOf(registry.url)).get(`${into}:${cosign.tag}`)).toBe(others.top);
  });

  it('puts the original index of a sparse image where the registry takes it', async () => {
    await using registry = await startPushRegistry({ sparse: 'all' });
    const { exitCode, stdout } = await pushTo(registry, "'*/sparse'");
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(KINDS.sparse[0].top.slice(0, 19))]);
  });

  it('takes a blob that images share from the repository that has it', async () => {
    await using registry = await startPushRegistry();
    await pushTo(registry, "'*/one' '*/pinned'");
    expect(registry.requests({ method: 'PATCH' })).toHaveLength(2);
    expect(
      registry.requests({ method: 'POST' }).filter(({ path: at }) => at.includes('mount=')),
    ).toHaveLength(2);
  });

  it('sends a blob again whose connection was cut or that the registry forgot', async () => {
    await using registry = await startPushRegistry({
      cut: { times: 1, after: 100, keeps: false },
      location: 'absolute',
    });
    expect(await pushTo(registry, "'*/one'")).toMatchObject({ exitCode: 0 });
    registry.misbehave({ forget: { times: 1 } });
    expect(await pushTo(registry, "'*/zst'")).toMatchObject({ exitCode: 0 });
    expect(registry.contents.broken()).toEqual([]);
  });

  it('sends a login to no other host than the registry', async () => {
    await using elsewhere = await startPushRegistry();
    const authorization = basic({ username: 'robot', password: 'secret' });
    await using registry = await startPushRegistry({ authorization, location: { origin: elsewhere.url } });
    const { exitCode } = await site.run(
      `sh kit/push.sh --plain-http --user-from - ${registry.host} '*/one'`,
      {
        cwd: '/bundle',
        input: 'robot:secret',
      },
    );
    expect(exitCode).toBe(1);
    const [first] = elsewhere.requests();
    expect([first?.method, first?.headers.authorization]).toEqual(['PATCH', undefined]);
    expect(registry.requests().some(({ headers }) => headers.authorization === authorization)).toBe(true);
  });

  it.each([
    [
      'a repository that does not exist',
      { missing: () => true },
      'want a repository or project to be made before',
    ],
    [
      'a refusal',
      { faults: [{ method: 'POST', path: /./, times: 9, status: 403, code: 'DENIED' }] },
      'or only serve pulls',
    ],
  ])('ends with what can be done about %s', async (_, switches, words) => {
    await using registry = await startPushRegistry(switches);
    const { exitCode, stdout, stderr } = await pushTo(registry, "'*/one'");
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(words)]);
    expect(stdout).toContain('1 failed of 1 images');
    expect([...registry.contents.repositories.values()].flatMap(({ tags }) => [...tags])).toEqual([]);
  });

  it('tells once what all images have in common, and stops after a few of them', async () => {
    await using registry = await startPushRegistry({ readOnly: true });
    const { exitCode, stdout, stderr } = await pushTo(registry, "'*/one' '*/zst' '*/idx' '*/d2' '*/chart'");
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('3 failed, 2 not tried of 5 images')]);
    expect(stderr.match(/answers 405/g)).toHaveLength(1);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('asks for tokens with the login, for the repositories alone that a push is about', async () => {
    const login = basic({ username: 'robot', password: 'secret' });
    const asked: string[][] = [];
    await using registry = await startPushRegistry();
    await using front = await startProxy(registry.host, {
      intercept({ url = '', headers: { host = '', authorization } }) {
        const { pathname, searchParams } = new URL(url, `http://${host}`);
        const scopes = searchParams.getAll('scope');
        if (pathname === '/token') {
          if (authorization !== login) return { status: 401 };
          asked.push(scopes);
          return {
            status: 200,
            body: JSON.stringify({ token: Buffer.from(`.${scopes.join()}`).toString('base64url') }),
          };
        }
        const granted = Buffer.from(authorization?.split(' ')[1] ?? '', 'base64url').toString();
        const repository = /^\/v2\/(.+?)\/(?:blobs|manifests|referrers)\//.exec(pathname)?.[1] ?? '';
        if (authorization?.startsWith('Bearer ') === true && granted.includes(repository)) return undefined;
        const challenge = `Bearer realm="http://${host}/token",service="a registry",scope="x"`;
        return { status: 401, headers: { 'www-authenticate': challenge } };
      },
    });
    const { exitCode, stderr } = await site.run(
      `sh kit/push.sh --plain-http --user-from - ${front.host} '*/one' '*/pinned'`,
      { cwd: '/bundle', input: 'robot:secret\n' },
    );
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/pushed .*\n.*pushed /)]);
    const [one, pinned] = ['one', 'pinned'].map((name) => `repository:${SITE}/${name}`);
    expect(asked).toContainEqual([`${pinned}:pull,push`, `${one}:pull`]);
    expect(asked.flat()).not.toContain(`${one}:pull,push,delete`);
    expect(registry.contents.broken()).toEqual([]);
  });

  it('speaks plain HTTP only where that is asked for, and says how', async () => {
    await using registry = await startPushRegistry();
    const { exitCode, stderr } = await push(site, registry.host);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`sh kit/push.sh --plain-http ${registry.host}`),
    ]);
    expect(await push(site, '127.0.0.1:1')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('does not answer'),
    });
  });

  it('names the variable of a proxy that leads away from a registry of the site, and no password in it', async () => {
    const by = (variables: string): Promise<ProgramResult> =>
      site.run(`${variables} sh kit/push.sh registry.example:5000`, { cwd: '/bundle' });
    const { exitCode, stderr } = await by('HTTPS_PROXY=http://user:secret@127.0.0.1:1');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/HTTPS_PROXY is set here: .* add to NO_PROXY: registry\.example\n/),
    ]);
    expect(stderr).not.toContain('secret');
    const without = await by('NO_PROXY=registry.example HTTPS_PROXY=http://127.0.0.1:1');
    expect([without.exitCode, without.stderr]).toEqual([1, expect.not.stringContaining('is set here')]);
  });

  it.each([
    ['', 'a registry is needed'],
    ['http://registry.example', 'without http://'],
    ['registry', 'registry:443'],
    ['registry.example/UPPER', 'the prefix is not'],
    ['--with=docker registry.example', '--with takes'],
    ['--with skopeo registry.example', 'no skopeo'],
    ['--ca /nowhere registry', '/nowhere is not a file'],
    ['--plain-http --insecure registry.example', 'no certificate to check'],
    ['--what registry.example', 'is not an option'],
    ['--keep=yes registry.example', 'takes no value'],
    ['registry.example --keep', 'options come first'],
  ])('refuses "%s" before anything is started', async (args, words) => {
    const { exitCode, stderr } = await push(site, args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  it('takes no table that names what is none: a path, a header, another option', async () => {
    for (const [table, from, to] of [
      ['images.tsv', 'site.example/x/one', '../x/one'],
      ['images.tsv', '\t1\t', '\t-K\t'],
      ['manifests.tsv', 'application/vnd', 'a b: c/vnd'],
      ['manifests.tsv', 'sha256:', 'sha256:../'],
    ] as const) {
      await using folder = await tempFolder('tables');
      await outputOf('cp', ['-a', path.join(bundle, 'kit'), folder.path]);
      const file = path.join(folder.path, 'kit', table);
      await writeFile(file, (await readFile(file, 'utf8')).replaceAll(from, to));
      const { exitCode, stderr } = await runProgram('sh', [
        path.join(folder.path, 'kit/push.sh'),
        '127.0.0.1:1',
      ]);
      expect([table, exitCode, stderr]).toEqual([
        table,
        2,
        expect.stringContaining('are not what was saved'),
      ]);
    }
  });

  it('takes no table whose names are others than those that were saved, by one bit or by hand', async () => {
    for (const [table, from, to] of [
      ['images.tsv', 'site.example/x/one', 'site.example/x/ono'],
      ['manifests.tsv', /(\t\d+)\t/, '$10\t'],
    ] as const) {
      await using folder = await tempFolder('tables');
      await outputOf('cp', ['-a', path.join(bundle, 'kit'), path.join(bundle, 'SHA256SUMS'), folder.path]);
      const file = path.join(folder.path, 'kit', table);
      await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
      const run = await runProgram('sh', [path.join(folder.path, 'kit/push.sh'), '127.0.0.1:1']);
      expect(run).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(`kit/${table} is not what SHA256SUMS says`),
      });
    }
  });

  it('puts no tag before all is there, and sends the rest alone when it is pushed again', async () => {
    const faults = [{ method: 'PUT', path: /manifests\/1$/, times: 1, status: 403, code: 'DENIED' }];
    await using registry = await startPushRegistry({ faults });
    expect(await pushTo(registry, "'*/idx'")).toMatchObject({ exitCode: 1 });
    expect([...registry.contents.at(`${SITE}/idx`).tags]).toEqual([]);
    expect(registry.requests({ method: 'PATCH' })).toHaveLength(6);
    registry.clear();
    expect(await pushTo(registry, "'*/idx'")).toMatchObject({ exitCode: 0 });
    expect(registry.requests({ method: 'PATCH' })).toEqual([]);
    expect(registry.contents.broken()).toEqual([]);
  });

  it('is ended by a signal at once, and leaves no tag and no file', async () => {
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    // It takes uploads and never says that it has them.
    const server = createServer((request, response) => {
      const status = { HEAD: 404, POST: 202, GET: 200 }[request.method ?? ''];
      if (status === undefined) reach();
      else response.writeHead(status, { location: '/v2/up' }).end();
    });
    const { host, end } = await listen(server);
    await using _ = closable({}, end);
    const daemon = site.start(`exec sh /bundle/kit/push.sh --plain-http ${host}`);
    await reached;
    await daemon.close();
    expect(await readdir(path.join(site.root, 'tmp'))).toEqual([]);
  });
});
