import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailureClass } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import {
  type BadRegistry,
  type BadSwitches,
  type Failure,
  type Fault,
  MANIFESTS,
  startBadRegistry,
} from '../support/bad-registry.ts';
import { buildImage, filledLayer, one, schema1 } from '../support/fixtures/index.ts';
import { basic } from '../support/http.ts';
import { descriptorOf, type Image, largestBlobOf, topOf } from '../support/image.ts';
import { expectExit } from '../support/expect-exit.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import type { ProgramResult } from '../support/program.ts';
import { type Certificates, makeCertificates } from '../support/servers/index.ts';
import { type TempFolder, tempFolder } from '../support/temp.ts';
import { checkBundle, filesOf, isThere } from '../support/whole-bundle.ts';

const USER = { username: 'puller', password: 'correct horse battery staple' };
const AUTH = { scheme: 'basic', users: [USER] } as const;
const KIB = 1024;

let bad: BadRegistry;
let work: Workplace;
let earlier: Map<string, string>;
let count = 0;

beforeAll(async () => {
  bad = await startBadRegistry({ auth: AUTH });
  work = await workplace({ REGISTRY_AUTH_FILE: 'auth.json' }, inThisProcess);
  const auth = Buffer.from(`${USER.username}:${USER.password}`).toString('base64');
  await writeFile(work.file('auth.json'), JSON.stringify({ auths: { [bad.host]: { auth } } }));
  bad.put('good', one({ seed: 'good', layerBytes: 10 * KIB }), '1');
  await writeFile(work.file('good.txt'), `${bad.host}/good:1\n`);
  await work.succeed(...ARGS(), '-f', 'good.txt', '-o', 'earlier');
  earlier = await filesOf(work.file('earlier'));
});
afterAll(async () => {
  await work.close();
  await bad.close();
});

const ARGS = (): string[] => [
  'save',
  '-p',
  'linux/amd64',
  '--retries',
  '1',
  '--insecure-registries',
  bad.host,
  '--insecure-registries',
  bad.otherHost,
];

/** Saves a good image and, from line 3 of the list, one that the registry serves as `switches` say. */
async function saveBad(
  switches: BadSwitches,
  image: Image,
  ...args: readonly string[]
): Promise<{ result: ProgramResult; name: string }> {
  count += 1;
  const name = `bad${count}`;
  bad.put(name, image, '1');
  const only = (fault: NonNullable<BadSwitches['faults']>[number]): typeof fault => ({
    ...fault,
    path: fault.path.source.startsWith('^') ? fault.path : new RegExp(`^/v2/${name}${fault.path.source}`),
  });
  bad.misbehave({ auth: AUTH, ...switches, faults: (switches.faults ?? []).map(only) });
  bad.clear();
  await writeFile(work.file('list.txt'), `# two images\n${bad.host}/good:1\n${bad.host}/${name}:1\n`);
  const result = await work.run(...ARGS(), '-f', 'list.txt', ...args);
  bad.misbehave({ auth: AUTH });
  expectNoSecret(result);
  return { result, name };
}

function expectNoSecret({ stdout, stderr }: ProgramResult): void {
  for (const secret of [USER.password, basic(USER).slice('Basic '.length)]) {
    expect(stdout + stderr).not.toContain(secret);
  }
}

/** The run failed for one image, said so once with all that a reader needs, and left the earlier bundle alone. */
async function expectFailure(
  { result, name }: { result: ProgramResult; name: string },
  failureClass: FailureClass,
  words: RegExp,
): Promise<void> {
  const { stderr, exitCode } = result;
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(words)]);
  const ref = `${bad.host}/${name}:1`;
  const blamed = stderr.slice(stderr.indexOf('Failed: 1 of 2'));
  expect(blamed).toMatch(new RegExp(`  list.txt:3: ${ref}\n    ${failureClass}: .+\n    hint: .+\n`));
  const report = await work.report('earlier.report.json');
  expect(report.outcome).toBe('failed');
  expect(report.failed).toEqual([
    {
      ref,
      origins: [{ file: 'list.txt', line: 3 }],
      class: failureClass,
      message: expect.stringMatching(words),
      hint: expect.stringMatching(/\w/),
    },
  ]);
  expect(await filesOf(work.file('earlier'))).toEqual(earlier);
}

describe('a manifest', () => {
  const manifests = (failure: Failure, method?: 'GET'): BadSwitches => ({
    faults: [{ path: MANIFESTS, failure, ...(method === undefined ? {} : { method }) }],
  });
  it.each<[string, BadSwitches, FailureClass, RegExp]>([
    ['that is a web page', manifests({ kind: 'html' }), 'unsupported', /web page was served/],
    ['that never ends', manifests({ kind: 'endless' }, 'GET'), 'unsupported', /more than \d+ bytes/],
    ['that is cut', manifests({ kind: 'cut', at: 0.5 }, 'GET'), 'network', /closed the connection/],
    ['behind a 500 for ever', manifests({ kind: 'status', status: 500 }), 'network', /answered 500/],
    ['that is gone', manifests({ kind: 'status', status: 404 }), 'not-found', /answered 404/],
    ['that is forbidden', manifests({ kind: 'status', status: 403 }), 'denied', /answered 403/],
    [
      'behind a used-up quota',
      // Of pulls: where HEAD is refused, too, the host gives nothing to anybody.
      manifests({ kind: 'status', status: 429, headers: { 'retry-after': '21600' } }, 'GET'),
      'quota',
      /a quota is used up.*come back in 6 h/,
    ],
  ])('%s fails its image alone', async (_, switches, failureClass, words) => {
    const saved = await saveBad(switches, one({ seed: 'm', layerBytes: KIB }), '-o', 'earlier');
    await expectFailure(saved, failureClass, words);
    expect(bad.requests({ repository: saved.name, kind: 'blob' })).toEqual([]);
  });

  it('of Docker schema 1 is refused with the name of the format', async () => {
    const saved = await saveBad({}, schema1(), '-o', 'earlier');
    await expectFailure(saved, 'unsupported', /schema 1 manifest/);
    expect(bad.requests({ repository: saved.name, kind: 'blob' })).toEqual([]);
  });

  it('is fetched after two failures and a 429, with a Content-Type that does not say its kind', async () => {
    const image = one({ seed: 'patient', layerBytes: KIB });
    const wait = { 'retry-after': '1' };
    const { result, name } = await saveBad(
      {
        type: { value: 'application/octet-stream' },
        faults: [
          { path: MANIFESTS, times: 2, failure: { kind: 'status', status: 500 } },
          { path: MANIFESTS, times: 1, failure: { kind: 'status', status: 429, headers: wait } },
        ],
      },
      image,
      '-o',
      'patient',
      '--retries',
      '3',
    );
    expectExit(result, 0);
    expect(await checkBundle(work.file('patient'))).toContain(`${bad.host}/${name}:1`);
    expect((await work.lock('patient/oci-save.lock.json')).images.map(({ digest }) => digest)).toContain(
      image.top,
    );
  });

  it('behind a challenge that repeats for ever is denied after a few requests', async () => {
    const loop = { auth: { ...AUTH, loop: true } };
    const { result, name } = await saveBad(loop, one({ seed: 'loop', layerBytes: KIB }), '-o', 'earlier');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/denied: .*answered 401; credentials were sent and refused/);
    expect(result.stderr).toContain(`  list.txt:3: ${bad.host}/${name}:1\n`);
    expect(bad.requests({ repository: name }).length).toBeLessThan(5);
    expect(await filesOf(work.file('earlier'))).toEqual(earlier);
  });
});

describe.each(['skopeo', 'direct'])('by the copier %s, a layer', (copier) => {
  const layerBytes = 1300 * KIB;
  const large = (seed: string): Image => one({ seed: `${copier} ${seed}`, layerBytes });
  /** The layer alone fails, not the config, so that the image resolves. */
  const failing = (image: Image, failure: Failure, times = Infinity): BadSwitches => ({
    faults: [{ path: new RegExp(`/blobs/${largestBlobOf(image)}`), failure, times }],
  });
  const args = ['--copier', copier];
  const COMPLETES = 'the built-in client completes it';

  it.each<[string, Failure, FailureClass, RegExp]>([
    ['of other bytes', { kind: 'flip' }, 'digest', /bytes that hash to sha256:/],
    ['longer than it is', { kind: 'length', by: 10 }, 'digest', /the manifest says \d+/],
    ['shorter than it is', { kind: 'length', by: -10 }, 'network', /ended the body after/],
    ['that never ends', { kind: 'endless' }, 'digest', /sends more than the \d+ bytes/],
    ['that is gone', { kind: 'status', status: 404 }, 'not-found', /answered 404/],
    ['behind a 500 for ever', { kind: 'status', status: 500 }, 'network', /answered 500/],
    ['that is a web page', { kind: 'html' }, 'network', /ended the body after/],
  ])('%s fails its image alone', async (what, failure, failureClass, words) => {
    const image = large(what);
    const saved = await saveBad(failing(image, failure), image, '-o', 'earlier', ...args);
    await expectFailure(saved, failureClass, words);
    const asked = bad.requests({ reference: largestBlobOf(image), skopeo: true }).length;
    if (copier === 'skopeo') expect(asked).toBeGreaterThan(0);
    else expect(asked).toBe(0);
    expect(saved.result.stderr.includes(COMPLETES)).toBe(copier === 'skopeo');
  });

  it.each<[string, Failure]>([
    ['reset', { kind: 'reset', at: 0.5 }],
    ['cut', { kind: 'cut', at: 0.5 }],
  ])('case A4: %s twice comes whole: our client goes on where it was cut', async (what, failure) => {
    const image = large(what);
    const saved = await saveBad(
      failing(image, failure, 2),
      image,
      '-o',
      `${copier}-${what}`,
      ...args,
      '--retries',
      '2',
    );
    expectExit(saved.result, 0);
    expect(await checkBundle(work.file(`${copier}-${what}`))).toHaveLength(2);
    const ours = bad.requests({ reference: largestBlobOf(image), skopeo: false });
    expect(ours.filter(({ range }) => range === undefined)).toHaveLength(1);
    expect(ours.at(-1)?.range).toMatch(/^bytes=[1-9]\d*-$/);
    const theirs = bad.requests({ reference: largestBlobOf(image), skopeo: true });
    expect(theirs).toHaveLength(copier === 'skopeo' ? 1 : 0);
    expect(saved.result.stderr.includes(COMPLETES)).toBe(copier === 'skopeo');
  });

  it('case B4: is fetched from the host of a redirect, which gets no credentials', async () => {
    const image = large('moved');
    const redirect = { of: 'blobs', refuses: 'authorization' } as const;
    const { result } = await saveBad({ redirect }, image, '-o', `${copier}-moved`, ...args);
    expectExit(result, 0);
    expect(await checkBundle(work.file(`${copier}-moved`))).toHaveLength(2);
    const elsewhere = bad.requests({ reference: largestBlobOf(image) });
    expect(elsewhere.filter(({ port, authorization }) => port === 'second' && authorization)).toEqual([]);
    expect(elsewhere.filter(({ port, status }) => port === 'second' && status === 200)).toHaveLength(1);
  });

  it('behind a signed URL that does not respond fails without showing the signature', async () => {
    const image = large('signed');
    // The discard port: nobody listens there.
    const headers = { location: 'http://127.0.0.1:9/blob?X-Signature=do-not-show-me' };
    const failure = { kind: 'status', status: 307, headers } as const;
    const saved = await saveBad(failing(image, failure), image, '-o', 'earlier', ...args, '--verbose');
    await expectFailure(saved, 'network', /refuses the connection/);
    expect(saved.result.stderr).not.toContain('do-not-show-me');
    expect(JSON.stringify(await work.report('earlier.report.json'))).not.toContain('do-not-show-me');
  });
});

it('a pull quota that is used up during the run fails as `quota`, and no more requests are made', async () => {
  const image = one({ seed: 'quota', layerBytes: KIB });
  const failure = { kind: 'status', status: 429, body: 'You have reached your pull rate limit' } as const;
  const switches = { faults: [{ path: new RegExp(`/blobs/${largestBlobOf(image)}`), failure }] };
  await expectFailure(await saveBad(switches, image, '-o', 'earlier'), 'quota', /pull rate limit/);
  expect(bad.requests({ reference: largestBlobOf(image) })).toHaveLength(1);
});

describe('a Docker-Content-Digest header that names another manifest of the repository', () => {
  // Both manifests have the same length and type: nothing but their bytes tells them apart.
  const pair = ['header a', 'header b'].map((seed) => one({ seed, layerBytes: 64 }));
  const save = (list: string, ...args: readonly string[]): Promise<ProgramResult> =>
    work.run(...ARGS(), '-f', list, '-o', 'headers', '--cache-dir', 'header-store', ...args);
  const digests = async (): Promise<string[]> =>
    (await work.lock('headers/oci-save.lock.json')).images.map(({ digest }) => digest);

  it('changes no tag, whatever the store has, and gives a warning; a pinned image fails unless the store has it', async () => {
    const [a, b] = pair;
    if (a === undefined || b === undefined) throw new Error('no pair');
    expect(topOf(a).bytes.length).toBe(topOf(b).bytes.length);
    bad.put('header-a', a, '1');
    bad.put('header-b', b, '1');
    await writeFile(work.file('tags.txt'), `${bad.host}/header-a:1\n${bad.host}/header-b:1\n`);
    await writeFile(work.file('pin.txt'), `${bad.host}/header-a:1@${a.top}\n`);
    const lie = { auth: AUTH, digest: 'none', headers: { 'docker-content-digest': b.top } } as const;

    bad.misbehave(lie);
    const cold = await save('tags.txt');
    expectExit(cold, 0);
    expect(await digests()).toEqual([a.top, b.top]);
    expect(cold.stderr).toContain(`which counts`);
    const warm = await save('tags.txt');
    expectExit(warm, 0);
    expect(await digests()).toEqual([a.top, b.top]);
    expect(warm.stderr).toContain(`which counts`);

    const pinned = await save('pin.txt', '--cache-dir', 'empty-store');
    expect(pinned.exitCode).toBe(1);
    expect(pinned.stderr).toMatch(/ {2}pin.txt:1: .*\/header-a:1\n {4}digest: .*says that the digest is/);
    expect(await digests()).toEqual([a.top, b.top]);
    bad.clear();
    expectExit(await save('pin.txt'), 0);
    expect(await digests()).toEqual([a.top]);
    expect(bad.requests()).toEqual([]);

    bad.misbehave({ auth: AUTH, digest: 'none' });
    for (const list of ['tags.txt', 'pin.txt']) {
      for (let run = 0; run < 2; run += 1) {
        expectExit(await save(list), 0);
        expect(await digests()).toEqual(list === 'pin.txt' ? [a.top] : [a.top, b.top]);
      }
    }
    bad.misbehave({ auth: AUTH });
  });

  it('is not trusted although the store was filled while the header was right', async () => {
    const [a, b] = pair;
    if (a === undefined || b === undefined) throw new Error('no pair');
    expectExit(await save('tags.txt'), 0);
    bad.misbehave({ auth: AUTH, digest: 'none', headers: { 'docker-content-digest': b.top } });
    expectExit(await save('tags.txt'), 0);
    expect(await digests()).toEqual([a.top, b.top]);
    bad.misbehave({ auth: AUTH });
  });
});

describe('over TLS', () => {
  const image = one({ seed: 'tls', layerBytes: KIB });
  let folder: TempFolder;
  let certificates: Certificates;
  beforeAll(async () => {
    folder = await tempFolder('tls');
    certificates = await makeCertificates(folder.path);
  });
  afterAll(() => folder.close());

  // skopeo follows such redirects of the large layers that it copies, without credentials; nothing keeps it from that.
  it.each([
    ['a manifest', 'manifests/1'],
    ['a layer', `blobs/${largestBlobOf(image)}`],
  ])('a redirect of %s to plain HTTP is not followed', async (_, what) => {
    await using plain = await startBadRegistry({ images: { 'a:1': image } });
    const headers = { location: `${plain.url}/v2/a/${what}` };
    const fault: Fault = { path: new RegExp(what), failure: { kind: 'status', status: 307, headers } };
    await using secure = await startBadRegistry({ certificates, images: { 'a:1': image }, faults: [fault] });
    await writeFile(work.file('tls.txt'), `${secure.host}/a:1\n`);
    const hosts = [secure.host, plain.host].flatMap((host) => ['--insecure-registries', host]);
    const result = await work.run('save', '-p', 'linux/amd64', ...hosts, '-f', 'tls.txt', '-o', 'tls');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(
      / {2}tls.txt:1: .*a:1\n {4}unsupported: .*redirects from https to plain HTTP/,
    );
    expect(await isThere(work.file('tls'))).toBe(false);
    expect(plain.requests()).toEqual([]);
  });
});

describe('case C8: a foreign layer', () => {
  const FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
  const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  const outside = filledLayer('outside', 8 * KIB);
  const own = filledLayer('own', 1300 * KIB);
  const digest = digestOf(outside.bytes);
  const withUrls = (...urls: string[]): Image => {
    const layers = [descriptorOf(FOREIGN, outside.bytes, { urls }), descriptorOf(LAYER, own.bytes)];
    return buildImage({ flavour: 'docker', layers: [outside, own], manifest: { layers } });
  };
  /** What registries hold of it where its publisher alone may distribute it. */
  const withoutLayer = (image: Image): Image => ({
    ...image,
    blobs: new Map([...image.blobs].filter(([blob]) => blob !== digest)),
  });
  const addressOf = (name: string): string => `http://${bad.otherHost}/v2/${name}/blobs/${digest}`;
  const dead = 'http://127.0.0.1:9/layer';

  it('is in the bundle where the registry serves it, although skopeo leaves it out', async () => {
    const { result } = await saveBad({}, withUrls(dead), '-o', 'foreign-held');
    expectExit(result, 0);
    expect(await checkBundle(work.file('foreign-held'))).toHaveLength(2);
    expect(bad.requests({ reference: digest, skopeo: false })).toHaveLength(1);
    expect(bad.requests({ reference: largestBlobOf(withUrls()), skopeo: true })).toHaveLength(1);
    expect(result.stderr).toContain('it has foreign layers: they are in the bundle, but containerd asks');
  });

  it('is in the bundle where only one of its urls has it, and that host gets no credentials', async () => {
    bad.put('publisher', withUrls(), '1');
    const image = withoutLayer(withUrls('http://example.com/not-allowed', addressOf('publisher')));
    const path = /^\/v2\/publisher\//;
    const faults = [{ path, times: 1, failure: { kind: 'status', status: 503 } }] as const;
    const { result } = await saveBad({ faults }, image, '-o', 'foreign-url', '--cache-dir', 'foreign-store');
    expectExit(result, 0);
    expect(await checkBundle(work.file('foreign-url'))).toHaveLength(2);
    const asked = bad.requests({ repository: 'publisher', reference: digest });
    expect(asked.map(({ port, status, authorization }) => [port, status, authorization])).toEqual([
      ['second', 503, false],
      ['second', 200, false],
    ]);
  });

  it.each([
    ['nobody has it', 'nowhere', 'not-found'],
    ['its address is plain HTTP, which was not allowed', 'http://example.com/layer', 'not-found'],
  ] as const)('fails its image where %s, and the message names the URL', async (_, place, failureClass) => {
    const address = place === 'nowhere' ? addressOf('nowhere') : place;
    const image = withoutLayer(withUrls(address));
    const saved = await saveBad({}, image, '-o', 'earlier', '--cache-dir', 'nowhere-store');
    await expectFailure(saved, failureClass, new RegExp(`neither in the registry nor at ${address}`));
    expect(bad.requests({ reference: digest, status: 200 })).toEqual([]);
  });

  it('fails its image where its publisher cannot be reached, and the message names the URL', async () => {
    const image = withoutLayer(withUrls(dead));
    const insecure = ['--insecure-registries', '127.0.0.1:9', '--cache-dir', 'nowhere-store'];
    const saved = await saveBad({}, image, '-o', 'earlier', ...insecure);
    await expectFailure(saved, 'network', new RegExp(`neither in the registry nor at ${dead}`));
    expect(bad.requests({ reference: digest, status: 200 })).toEqual([]);
  });
});
