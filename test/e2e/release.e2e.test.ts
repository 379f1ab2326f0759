import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { until } from '../support/deadline.ts';
import { expectExit } from '../support/expect-exit.ts';
import { one } from '../support/fixtures/index.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import type { ProgramResult } from '../support/program.ts';
import { type ReleaseService, type StoredRelease, WRITER } from '../support/release-service/index.ts';
import { type Releasing, startReleasing } from '../support/releasing.ts';
import { filesOf, isThere } from '../support/whole-bundle.ts';

const KIB = 1024;
const TAG = 'v1.2.3';
const PART = 320 * KIB;

let registry: BadRegistry;
let service: ReleaseService;
let work: Workplace;
let close: Releasing['close'];

beforeAll(async () => {
  registry = await startBadRegistry();
});
afterAll(() => registry.close());
beforeEach(async () => {
  registry.clear();
  registry.put('acme/one', one({ seed: 'first', layerBytes: 500 * KIB }), '1');
  ({ service, work, close } = await startReleasing(inThisProcess));
});
afterEach(async () => {
  expect(await close()).toEqual([]);
});

const args = (...more: readonly string[]): string[] => [
  'save',
  `${registry.host}/acme/one:1`,
  '-p',
  'linux/amd64',
  '--copier',
  'direct',
  '--insecure-registries',
  registry.host,
  '--release',
  TAG,
  '--split-size',
  String(PART),
  ...more,
];

const NAMES = [
  'oci-bundle-v1.2.3.join.ps1',
  'oci-bundle-v1.2.3.join.sh',
  'oci-bundle-v1.2.3.lock.json',
  'oci-bundle-v1.2.3.parts.json',
  'oci-bundle-v1.2.3.report.html',
  'oci-bundle-v1.2.3.report.json',
  'oci-bundle-v1.2.3.sha256',
  'oci-bundle-v1.2.3.tar.001',
  'oci-bundle-v1.2.3.tar.002',
  'oci-bundle-v1.2.3.tar.003',
];
const BASE = 'oci-bundle-v1.2.3';

const release = (tag = TAG): StoredRelease => {
  const found = service.releases.filter((one) => one.tag === tag);
  if (found.length !== 1) throw new Error(`${found.length} releases of ${tag}`);
  return found[0]!;
};
const nameOf = (entry: string): string => entry.replace(/ [^ ]+$/, '');
const names = (tag = TAG): string[] => service.files(tag).map(nameOf);
const bytesOf = (name: string, tag = TAG): Buffer => {
  const asset = release(tag).assets.find((one) => one.name === name);
  if (asset?.bytes === undefined) throw new Error(`no bytes of ${name}`);
  return asset.bytes;
};
const uploads = (): string[] =>
  service
    .calls('POST')
    .flatMap(({ host, path }) =>
      host === 'uploads' ? [new URL(path, 'http://x').searchParams.get('name') ?? ''] : [],
    );
/** Requests that change something; the notes that a token is tried by are kept nowhere. */
const changes = (): string[] =>
  service
    .calls()
    .flatMap(({ method, path }) =>
      method === 'GET' || path.endsWith('/generate-notes') ? [] : [`${method} ${path}`],
    );
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Content that differs, with fewer and smaller layers. */
const moveContent = (layerBytes = 300 * KIB): void =>
  registry.put('acme/one', one({ seed: 'second', layerBytes }), '1');

describe('a release', () => {
  it('is a draft until all files are there and read back, and is then published', async () => {
    await work.succeed(...args());
    expect(names()).toEqual(NAMES);
    expect(release()).toMatchObject({ draft: false, title: TAG, body: expect.not.stringContaining('<!--') });
    const calls = service.calls().map(({ host, method, path, status }) => {
      const place = path.replace(/\/repos\/org\/site\/releases/, '').replaceAll(/\d{4,}/g, 'ID');
      return `${host} ${method} ${place} ${status}`;
    });
    const list = 'api GET ?page=1&per_page=100 200';
    const look = ['api GET /tags/v1.2.3 404', list];
    const send = (name: string): string => `uploads POST /ID/assets?name=${BASE}.${name} 201`;
    expect(calls.slice(0, 8)).toEqual([
      ...look,
      // Whether the token may write, before any image is fetched.
      'api POST /generate-notes 200',
      ...look,
      'api POST  201',
      // Another job may have created one at the same time.
      list,
      'api GET /ID/assets?page=1&per_page=100 200',
    ]);
    expect(calls.slice(8, 11).toSorted()).toEqual(['tar.001', 'tar.002', 'tar.003'].map(send));
    expect(calls.slice(11)).toEqual([
      ...['parts.json', 'join.sh', 'join.ps1', 'lock.json', 'report.html', 'report.json', 'sha256'].map(send),
      'api GET /ID/assets?page=1&per_page=100 200',
      // As a person may have edited the draft meanwhile; and its tag has to name it, with all its files, in the end.
      'api GET /ID 200',
      // The list may not have shown what another job created.
      list,
      'api PATCH /ID 200',
      'api GET /tags/v1.2.3 200',
      'api GET /ID/assets?page=1&per_page=100 200',
    ]);
  });

  it('has the same archive as on the disk, without one on the disk, and prints what it did', async () => {
    const { stderr } = await work.succeed(...args());
    expect(await isThere(work.file(`${BASE}.tar`))).toBe(false);
    expect(await isThere(work.file(`${BASE}.tar.001`))).toBe(false);
    const parts = Buffer.concat([1, 2, 3].map((at) => bytesOf(`${BASE}.tar.00${at}`)));
    await work.succeed(
      ...args('--archive', 'tar', '--split-size', '0', '--archive-name', 'whole', '--release', ''),
    );
    expect(sha(await readFile(work.file('whole.tar')))).toBe(sha(parts));
    expect(JSON.parse(bytesOf(`${BASE}.parts.json`).toString()).archive).toMatchObject({
      name: `${BASE}.tar`,
      size: parts.length,
      digest: `sha256:${sha(parts)}`,
    });
    expect(stderr).toMatch(
      /Release {2}v1\.2\.3 of org\/site, published: 10 files, \d+ KiB; 10 sent\n +http:.*\/releases\/tag\/v1\.2\.3\n/,
    );
    expect(stderr).toMatch(/^sent oci-bundle-v1\.2\.3\.tar\.001 {2}320 KiB$/m);
  });

  it('is described in the report, and the token is shown nowhere', async () => {
    const { stdout, stderr } = await work.succeed(...args('--json', '--verbose'));
    const report = await work.report();
    expect(report.release).toMatchObject({
      repository: 'org/site',
      tag: TAG,
      url: service.pageOf(release()),
      draft: false,
      removed: [],
    });
    const told = report.release?.assets.map(
      ({ name, digest, size, status }) => `${name} ${size} ${digest} ${status}`,
    );
    const stored = release().assets.map(({ name, size, sha256 }) => `${name} ${size} sha256:${sha256} sent`);
    expect(told?.toSorted()).toEqual(stored.toSorted());
    expect(JSON.parse(stdout).release).toEqual(report.release);
    const files = await Promise.all(
      [...(await filesOf(work.folder)).keys()].map((name) => readFile(work.file(name), 'latin1')),
    );
    for (const text of [stdout, stderr, ...files]) expect(text).not.toContain(WRITER);
  });

  it('that is complete is not sent again: a second run uploads nothing and changes nothing', async () => {
    await work.succeed(...args());
    const before = service.files(TAG);
    service.clear();
    await work.succeed(...args());
    expect(changes()).toEqual([]);
    expect(service.files(TAG)).toEqual(before);
    const statuses = (await work.report()).release?.assets.map(({ status }) => status) ?? [];
    expect(new Set(statuses)).toEqual(new Set(['there']));
  });

  it('has one file where it fits, beside files on the disk', async () => {
    await work.succeed(...args('--split-size', '0', '--archive', 'tar', '--archive-name', 'site'));
    expect(names()).toEqual([
      'site.lock.json',
      'site.report.html',
      'site.report.json',
      'site.sha256',
      'site.tar',
    ]);
    expect(sha(await readFile(work.file('site.tar')))).toBe(
      release().assets.find(({ name }) => name === 'site.tar')?.sha256,
    );
  });

  it('can hold several archives', async () => {
    service.set({ immutableReleases: false });
    await work.succeed(...args('--archive-name', 'a'));
    await work.succeed(...args('--archive-name', 'b'));
    expect(names().filter((name) => name.endsWith('.sha256'))).toEqual(['a.sha256', 'b.sha256']);
  });

  it('without an output folder is made from the store', async () => {
    await work.succeed(...args('-o', 'none', '--archive-name', 'x'));
    expect(names()).toContain('x.tar.003');
    expect(await isThere(work.file('oci-bundle'))).toBe(false);
  });
});

describe('a draft release', () => {
  it('of a person is found on any page of the list, filled, and stays a draft', async () => {
    service.add({ tag: TAG, draft: true, title: 'Ours', body: 'Notes of a person', prerelease: true });
    for (let at = 0; at < 130; at += 1) service.add({ tag: `other-${at}`, draft: at % 2 === 0 });
    const { stderr } = await work.succeed(...args());
    expect(names()).toEqual(NAMES);
    expect(release()).toMatchObject({
      draft: true,
      title: 'Ours',
      body: 'Notes of a person',
      prerelease: true,
    });
    expect(stderr).toContain('v1.2.3 of org/site, a draft');
    expect(service.calls().some(({ path }) => path.includes('page=2'))).toBe(true);
  });

  it('gets new content in place of the old, and loses surplus parts', async () => {
    service.add({ tag: TAG, draft: true });
    await work.succeed(...args());
    moveContent();
    service.clear();
    await work.succeed(...args());
    expect(names()).toEqual(NAMES.filter((name) => !name.endsWith('.003')));
    const parts = Buffer.concat([1, 2].map((at) => bytesOf(`${BASE}.tar.00${at}`)));
    expect(JSON.parse(bytesOf(`${BASE}.parts.json`).toString()).archive.digest).toBe(`sha256:${sha(parts)}`);
    // The old one goes when the new one is there, under another name.
    expect(uploads()).toContain(`${BASE}.tar.001.new`);
    const report = (await work.report()).release;
    expect(report?.removed).toEqual([`${BASE}.tar.003`]);
    expect(report?.assets.find(({ name }) => name.endsWith('.tar.001'))?.status).toBe('replaced');
  });

  it('changes from one file to parts and back, without files of the other form', async () => {
    service.add({ tag: TAG, draft: true });
    await work.succeed(...args('--split-size', '0'));
    await work.succeed(...args());
    expect(names()).toEqual(NAMES);
    await work.succeed(...args('--split-size', '0'));
    expect(names()).not.toContain(`${BASE}.tar.001`);
    expect(names()).toContain(`${BASE}.tar`);
  });

  it('keeps foreign files, and one that cat would take for a part is refused by name', async () => {
    const asset = {
      id: 1,
      state: 'uploaded',
      size: 3,
      sha256: sha(Buffer.from('abc')),
      bytes: Buffer.from('abc'),
    } as const;
    const strangers = [`${BASE}.tar.009`, 'notes.txt', 'other.tar.001'];
    service.add({
      tag: TAG,
      draft: true,
      assets: strangers.map((name, at) => ({ ...asset, id: at + 1, name })),
    });
    const { stderr } = await work.succeed(...args());
    expect(names()).toEqual(expect.arrayContaining(strangers));
    expect(stderr).toContain(`warning: the release has ${BASE}.tar.009, which is not a file of this archive`);
  });

  it('is one in the end where two jobs made it at once', async () => {
    const both = await Promise.all([
      work.run(...args('-o', 'a', '--cache-dir', 'store-a')),
      work.run(...args('-o', 'b', '--cache-dir', 'store-b')),
    ]);
    expect(both.map(({ exitCode, stderr }) => (exitCode === 0 ? '' : stderr))).toEqual(['', '']);
    expect(release().draft).toBe(false);
    expect(names().filter((name) => name.endsWith('.sha256'))).toEqual([
      'a-v1.2.3.sha256',
      'b-v1.2.3.sha256',
    ]);
  });

  it('of ours is published by the run that ends last, where another archive is still being sent', async () => {
    service.set({ immutableReleases: true });
    service.misbehave({
      method: 'POST',
      path: /b-.*sha256/,
      fault: { kind: 'status', status: 500, message: 'no' },
    });
    const broken = await work.run(...args('-o', 'b', '--retries', '0'));
    expect(broken.exitCode).toBe(1);
    const { stderr } = await work.succeed(...args('-o', 'a'));
    expect(stderr).toContain('stays a draft, because another archive in it is not whole yet, b-v1.2.3.tar');
    expect(release().draft).toBe(true);
    await work.succeed(...args('-o', 'b'));
    expect(release().draft).toBe(false);
    expect(names().filter((name) => name.endsWith('.sha256'))).toHaveLength(2);
  });

  it('is refused by name where there are several that are not ours', async () => {
    const [a, b] = [service.add({ tag: TAG, draft: true }), service.add({ tag: TAG, draft: true })];
    const { exitCode, stderr } = await work.run(...args());
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`there are 2 drafts of release v1.2.3: `);
    for (const draft of [a, b]) expect(stderr).toContain(service.pageOf(draft));
    expect(registry.requests({ kind: 'blob' })).toEqual([]);
  });

  it('stays a draft where images are missing with --on-error warn', async () => {
    await work.succeed(...args(`${registry.host}/acme/absent:1`, '--on-error', 'warn'));
    expect(release().draft).toBe(true);
    expect(names()).toEqual(NAMES);
    // The image is there at last: the draft is filled and published.
    registry.put('acme/absent', one({ seed: 'late', layerBytes: KIB }), '1');
    await work.succeed(...args(`${registry.host}/acme/absent:1`, '--on-error', 'warn'));
    expect(release().draft).toBe(false);
  });
});

describe('a draft of ours with --release-policy keep', () => {
  const digestIn = (name: string): unknown =>
    JSON.parse(bytesOf(`${BASE}.parts.json`).toString())[name].digest;

  it.each([
    ['its first part', /tar\.00[23]/, []],
    ['its first and last part', /tar\.002/, []],
    ['one file', /\.sha256/, ['--split-size', '0']],
    ['all but the sums', /\.sha256/, []],
  ])('that has %s of older content is replaced, and published whole', async (_, path, more) => {
    service.misbehave({ method: 'POST', path, times: 99, fault: { kind: 'status', status: 403 } });
    expectExit(await work.run(...args(...more)), 1);
    service.misbehave();
    moveContent();
    await work.succeed(...args('--release-policy', 'keep', ...more));
    expect(release().draft).toBe(false);
    const whole = ['lock.json', 'report.html', 'report.json', 'sha256', 'tar'].map((end) => `${BASE}.${end}`);
    expect(names()).toEqual(more.length > 0 ? whole : NAMES.filter((name) => !name.endsWith('.003')));
    if (more.length > 0) return;
    const parts = Buffer.concat([1, 2].map((at) => bytesOf(`${BASE}.tar.00${at}`)));
    expect(digestIn('archive')).toBe(`sha256:${sha(parts)}`);
  });

  it('that has a whole older archive is published as it is', async () => {
    service.misbehave({ method: 'PATCH', times: 99, fault: { kind: 'status', status: 403 } });
    expectExit(await work.run(...args()), 1);
    service.misbehave();
    moveContent();
    const before = service.files(TAG);
    await work.succeed(...args('--release-policy', 'keep'));
    expect(release().draft).toBe(false);
    expect(service.files(TAG)).toEqual(before);
  });

  it('that has an older archive without some images is replaced', async () => {
    await work.succeed(...args(`${registry.host}/acme/later:1`, '--on-error', 'warn'));
    expect(release().draft).toBe(true);
    registry.put('acme/later', one({ seed: 'late', layerBytes: KIB }), '1');
    await work.succeed(...args(`${registry.host}/acme/later:1`, '--release-policy', 'keep'));
    expect(release().draft).toBe(false);
    expect(JSON.parse(bytesOf(`${BASE}.lock.json`).toString()).images).toHaveLength(2);
  });
});

describe('a published release', () => {
  /** Releases, then moves the content. */
  async function published(): Promise<string[]> {
    await work.succeed(...args());
    moveContent();
    service.clear();
    return service.files(TAG);
  }

  it('with other content is left as it is: the run fails before any upload, and the bundle stays', async () => {
    const before = await published();
    const { exitCode, stderr } = await work.run(...args());
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /Release failed: v1\.2\.3 of org\/site\n {2}unsupported: release v1\.2\.3 has other content, and nothing was sent: oci-bundle-v1\.2\.3\.tar\.001, /,
    );
    expect(stderr).toMatch(
      /hint: Release under a new tag, or replace what is there: --release-policy replace/,
    );
    expect(stderr).toContain('Failed: the release, for the cause given above; the bundle is complete.');
    expect(changes()).toEqual([]);
    expect(service.files(TAG)).toEqual(before);
    expect(await isThere(work.file('oci-bundle/oci-save.lock.json'))).toBe(true);
    expect(await work.report()).toMatchObject({
      outcome: 'failed',
      release: { failure: { class: 'unsupported' } },
    });
  });

  it('is replaced with --release-policy replace', async () => {
    await published();
    await work.succeed(...args('--release-policy', 'replace'));
    expect(names()).toEqual(NAMES.filter((name) => !name.endsWith('.003')));
    expect(release().draft).toBe(false);
  });

  it('is kept whole with --release-policy keep: no new part beside old ones', async () => {
    const before = await published();
    await work.succeed(...args('--release-policy', 'keep'));
    expect(service.files(TAG)).toEqual(before);
    const report = (await work.report()).release;
    expect(report?.assets.find(({ name }) => name.endsWith('.tar.001'))?.status).toBe('kept');
  });

  it('is not kept where its archive is not whole: the run fails, names the missing files, and sends nothing', async () => {
    const before = await published();
    const { assets } = release();
    assets.splice(0, assets.length, ...assets.filter(({ name }) => !name.endsWith('.tar.003')));
    const { exitCode, stderr } = await work.run(...args('--release-policy', 'keep'));
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(
        /unsupported: release v1\.2\.3 has another archive.*: oci-bundle-v1\.2\.3\.tar\.003 is missing\n/,
      ),
    ]);
    expect(stderr).toMatch(/hint: Replace it \(--release-policy replace\)/);
    expect(changes()).toEqual([]);
    expect(service.files(TAG)).toEqual(before.filter((name) => !name.includes('.tar.003')));
  });

  it('is not kept where a replacing run left it incomplete', async () => {
    await published();
    service.misbehave({ method: 'PATCH', path: /assets/, times: 99, fault: { kind: 'status', status: 403 } });
    expectExit(await work.run(...args('--release-policy', 'replace')), 1);
    service.misbehave();
    const { exitCode, stderr } = await work.run(...args('--release-policy', 'keep'));
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/\.tar\.001 is missing/)]);
    await work.succeed(...args('--release-policy', 'replace'));
    expect(names()).toEqual(NAMES.filter((name) => !name.endsWith('.003')));
  });

  it('gets the files that it lacks', async () => {
    await work.succeed(...args());
    const { assets } = release();
    assets.splice(0, assets.length, ...assets.filter(({ name }) => !/002|join/.test(name)));
    service.clear();
    await work.succeed(...args());
    expect(uploads().toSorted()).toEqual([`${BASE}.join.ps1`, `${BASE}.join.sh`, `${BASE}.tar.002`]);
  });

  it('that is immutable and complete is a success', async () => {
    service.set({ immutableReleases: true });
    await work.succeed(...args());
    expect(release()).toMatchObject({ draft: false, immutable: true });
    await work.succeed(...args());
  });

  it.each(['auto', 'replace'])(
    'that is immutable refuses other content before any upload, with policy %s',
    async (policy) => {
      service.set({ immutableReleases: true });
      await published();
      const { exitCode, stderr } = await work.run(...args('--release-policy', policy));
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringMatching(/v1\.2\.3 (?:has other content|is published and immutable)/),
      ]);
      expect(stderr).toContain(
        'hint: What is published there cannot change any more: release under a new tag.',
      );
      expect(changes()).toEqual([]);
    },
  );
});

describe('a failed upload to a release', () => {
  it.each([
    ['ends in 502', { kind: 'broken', answer: 502 }],
    ['is cut', { kind: 'broken', after: 64 * KIB, answer: 'none' }],
    ['only loses its answer', { kind: 'lost' }],
    ['arrives as other bytes', { kind: 'damaged' }],
    [
      'meets a limit for a second',
      {
        kind: 'status',
        status: 403,
        message: 'You have exceeded a secondary rate limit',
        headers: { 'retry-after': '1' },
      },
    ],
  ] as const)('that %s is repeated, and leaves nothing behind', async (what, fault) => {
    service.misbehave({ method: 'POST', path: /tar\.002/, fault });
    await work.succeed(...args());
    expect(names()).toEqual(NAMES);
    expect(release().assets.every(({ state }) => state === 'uploaded')).toBe(true);
    const sent = uploads().filter((name) => name.endsWith('.002'));
    expect(sent).toHaveLength(what.startsWith('only') ? 1 : 2);
  });

  it('that fails every time leaves a draft, which the next run completes with the missing files', async () => {
    service.misbehave({
      method: 'POST',
      path: /tar\.003/,
      times: 99,
      fault: { kind: 'broken', answer: 502 },
    });
    const { exitCode, stderr } = await work.run(...args('--retries', '1'));
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(
        /network: oci-bundle-v1\.2\.3\.tar\.003 cannot be uploaded: org\/site on .*: it answered 502 \(Server Error\)/,
      ),
    ]);
    expect(release().draft).toBe(true);
    service.misbehave();
    service.clear();
    await work.succeed(...args());
    expect(uploads()).not.toContain(`${BASE}.tar.001`);
    expect(uploads()).toContain(`${BASE}.tar.003`);
    expect(names()).toEqual(NAMES);
    expect(release().draft).toBe(false);
  });

  it('that brings other bytes every time fails the run, and is never published', async () => {
    service.misbehave({ method: 'POST', path: /tar\.001/, times: 99, fault: { kind: 'damaged' } });
    const { exitCode, stderr } = await work.run(...args('--retries', '1'));
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/digest: oci-bundle-v1\.2\.3\.tar\.001 arrived as other bytes/),
    ]);
    expect(release().draft).toBe(true);
    expect(names()).not.toContain(`${BASE}.tar.001`);
  });

  it('that only the release’s list of files shows is found before the release is published', async () => {
    service.misbehave({ method: 'POST', path: /tar\.002/, fault: { kind: 'damaged later' } });
    const { exitCode, stderr } = await work.run(...args());
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`digest: release v1.2.3 does not hold what was sent: ${BASE}.tar.002`),
    ]);
    expect(release().draft).toBe(true);
    service.clear();
    await work.succeed(...args());
    expect(uploads()).toEqual([`${BASE}.tar.002.new`, `${BASE}.report.json.new`]);
    expect(release().draft).toBe(false);
  });

  it('that was interrupted leaves a draft, which the next run completes', async () => {
    service.misbehave({ method: 'POST', path: /tar\.002/, fault: { kind: 'silent' } });
    const child = work.start(...args());
    await until('the upload', () => uploads().find((name) => name.endsWith('.002')));
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(release().draft).toBe(true);
    expect(await isThere(work.file('oci-bundle/oci-save.lock.json'))).toBe(true);
    await work.succeed(...args());
    expect(names()).toEqual(NAMES);
    expect(release().draft).toBe(false);
  });

  it('that was interrupted while it replaced a file goes on in the next run: the new file has an interim name', async () => {
    service.add({ tag: TAG, draft: true });
    await work.succeed(...args());
    moveContent();
    service.misbehave({ method: 'PATCH', times: 99, fault: { kind: 'status', status: 502 } });
    expectExit(await work.run(...args('--retries', '0')), 1);
    expect(names()).toContain(`${BASE}.tar.001.new`);
    service.misbehave();
    service.clear();
    await work.succeed(...args());
    expect(uploads()).not.toContain(`${BASE}.tar.001.new`);
    expect(names()).toEqual(NAMES.filter((name) => !name.endsWith('.003')));
  });

  it('whose name still counts as taken by a removed file is repeated', async () => {
    service.add({ tag: TAG, draft: true });
    await work.succeed(...args('--split-size', '0'));
    moveContent();
    service.set({ nameLag: 1 });
    await work.succeed(...args('--split-size', '0'));
    expect(names()).toHaveLength(5);
    expect(names().filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});

describe('a release service', () => {
  it('without digests of its files has each file read back', async () => {
    service.set({ digests: false });
    await work.succeed(...args());
    const storage = service.calls().filter(({ host }) => host === 'storage');
    expect(storage.length).toBeGreaterThanOrEqual(NAMES.length);
    service.clear();
    await work.succeed(...args());
    expect(uploads()).toEqual([]);
  });

  it('that fails a request for a moment gets it again', async () => {
    service.misbehave({ method: 'GET', times: 2, fault: { kind: 'status', status: 503 } });
    await work.succeed(...args());
    expect(names()).toEqual(NAMES);
  });

  it.each<[string, string[], Record<string, string>, RegExp, RegExp]>([
    [
      'a token that may not write',
      [],
      { GH_TOKEN: 'reader' },
      /\(denied\): release v1\.2\.3 cannot be written: .*403 \(Resource not accessible by integration\)/,
      /permissions: contents: write/,
    ],
    [
      'a token that is none',
      [],
      { GH_TOKEN: 'nobody' },
      /denied.*401 \(Bad credentials\)/,
      /In a workflow leave the input token out/,
    ],
    [
      'a repository that is not there',
      [],
      { GITHUB_REPOSITORY: 'org/none' },
      /not-found.*org\/none on .*404/,
      /Check the repository/,
    ],
  ])('says clearly: %s', async (_, more, env, message, hint) => {
    service.set({ tokens: { [WRITER]: 'write', reader: 'read' } });
    await using place = await workplace({ ...work.env, ...env }, inThisProcess);
    const { exitCode, stderr } = await place.run(...args(...more));
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(stderr).toMatch(hint);
  });

  it('that limits requests for an hour is not waited for', async () => {
    const reset = Math.floor(Date.now() / 1000) + 3500;
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
    service.misbehave({
      times: 99,
      fault: { kind: 'status', status: 403, message: 'API rate limit exceeded', headers },
    });
    const { exitCode, stderr } = await work.run(...args());
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/API rate limit exceeded[^]*Run it again later, in 5\d min/),
    ]);
    expect(service.calls()).toHaveLength(1);
  });

  it('gets no request where the release would hold too many files', async () => {
    const asset = { state: 'uploaded', size: 1, sha256: '', bytes: undefined } as const;
    const assets = Array.from({ length: 995 }, (_, id) => ({ ...asset, id, name: `f${id}` }));
    service.add({ tag: TAG, draft: true, assets });
    const { exitCode, stderr } = await work.run(...args());
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/would hold 1005 files; 1000 is the limit, and nothing was sent/),
    ]);
    expect(uploads()).toEqual([]);
  });

  it('that accepts smaller files than we think gives the hint to make smaller parts', async () => {
    service.set({ maxFileBytes: 100 * KIB });
    const { exitCode, stderr } = await work.run(...args());
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(
        /size must be less than or equal to 102400[^]*hint: Take smaller parts: --split-size/,
      ),
    ]);
  });
});

describe('wrong options for a release', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    [
      'auto without a tag',
      ['--release', 'auto'],
      { GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' },
      /runs for the branch main\n.*hint: Name the tag/s,
    ],
    ['no token', [], { GH_TOKEN: '' }, /a release needs a token, and there is none\n.*gh auth token/s],
    ['no repository', [], { GITHUB_REPOSITORY: '' }, /the repository of the release is not known/],
    ['a tag that is not valid', ['--release', 'a b'], {}, /'a b' is not a valid tag/],
    [
      'a name that GitHub would change',
      ['--archive-name', 'a b'],
      {},
      /cannot be named 'a b': GitHub would rename them/,
    ],
    ['parts of 3 GiB', ['--split-size', '3GiB'], {}, /a release takes less than 2 GiB in one file/],
    [
      'a Gitea',
      [],
      { GITHUB_API_URL: 'https://git.example/api/v1' },
      /git\.example is a Gitea or a Forgejo.*\n.*--archive tar/s,
    ],
  ])('is told before anything is asked: %s', async (_, more, env, message) => {
    registry.clear();
    await using place = await workplace({ ...work.env, ...env }, inThisProcess);
    const { exitCode, stderr } = await place.run(...args(...more));
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect([...registry.requests(), ...service.calls()]).toEqual([]);
  });
});

describe('a dry run of a release', () => {
  it('lists the files to send and those that are there, and changes nothing', async () => {
    await work.succeed(...args());
    moveContent();
    await work.succeed(...args('--release', ''));
    service.clear();
    const { stderr } = await work.succeed(...args('--dry-run', '--release-policy', 'replace'));
    expect(stderr).toMatch(
      /Release {2}v1\.2\.3 of org\/site: 9 files, .*to be sent.*1 of an earlier archive removed/,
    );
    expect(changes()).toEqual([]);
  });

  it('that would fetch blobs gives sizes without digests', async () => {
    const { stderr } = await work.succeed(...args('--dry-run'));
    expect(stderr).toMatch(/Release {2}v1\.2\.3 of org\/site, a draft: 10 files, \d+ KiB; 10 to be sent/);
    expect(service.releases).toEqual([]);
  });
});

describe('oci-save release', () => {
  const save = (...more: readonly string[]): Promise<ProgramResult> =>
    work.succeed(...args('--release', '', '--split-size', '0', ...more));

  it('releases a bundle with the bytes that its archive had when it was saved', async () => {
    await save('--archive', 'tar', '--archive-name', 'saved');
    const { stderr, stdout } = await work.succeed('release', 'oci-bundle', TAG, '--json');
    expect(release()).toMatchObject({ draft: false });
    expect(names()).toEqual(
      ['lock.json', 'report.html', 'report.json', 'sha256', 'tar'].map((end) => `${BASE}.${end}`),
    );
    const tar = await readFile(work.file('saved.tar'));
    expect(release().assets.find(({ name }) => name.endsWith('.tar'))?.sha256).toBe(sha(tar));
    expect(JSON.parse(stdout)).toMatchObject({ tag: TAG, draft: false, url: service.pageOf(release()) });
    expect(stderr).toMatch(/oci-bundle-v1\.2\.3\.tar +\d+ KiB {2}sent/);
    service.clear();
    await work.succeed('release', 'oci-bundle', TAG);
    expect(uploads()).toEqual([]);
  });

  it.each(['zot', 'oci'])(
    'releases a bundle of the view %s with the bytes of its archive',
    async (layout) => {
      await save('--archive', 'tar', '--archive-name', 'saved', '--layout', layout);
      await work.succeed('release', 'oci-bundle', TAG);
      const tar = await readFile(work.file('saved.tar'));
      expect(release().assets.find(({ name }) => name.endsWith('.tar'))?.sha256).toBe(sha(tar));
    },
  );

  it('releases an archive on the disk, whole or in parts, as it was cut', async () => {
    await work.succeed(...args('--release', '', '--archive', 'tar', '--archive-name', 'lying'));
    await rm(work.file('oci-bundle'), { recursive: true });
    await work.succeed('release', 'lying.tar.002', TAG, '--repository', 'org/site');
    expect(names()).toContain('lying.tar.003');
    const parts = Buffer.concat([1, 2, 3].map((at) => bytesOf(`lying.tar.00${at}`)));
    await work.succeed('release', 'lying.parts.json', 'v2', '--split-size', '1GiB');
    expect(service.files('v2').map(nameOf)).toContain('lying.tar');
    const whole = service.releases
      .find(({ tag }) => tag === 'v2')
      ?.assets.find(({ name }) => name === 'lying.tar');
    expect(whole?.sha256).toBe(sha(parts));
  });

  it('leaves out the report of a failed run that is not this bundle’s, and says so', async () => {
    await save();
    const gone = `${registry.host}/acme/gone:1`;
    expectExit(await work.run(...args('--release', '', gone)), 1);
    const { stderr } = await work.succeed('release', 'oci-bundle', TAG);
    expect(stderr).toMatch(/warning: .*oci-bundle\.report\.json is of another run/);
    expect(names()).toEqual(['lock.json', 'report.html', 'sha256', 'tar'].map((end) => `${BASE}.${end}`));
  });

  it('sends the report of a run that left images out', async () => {
    await save('--on-error', 'warn', `${registry.host}/acme/gone:1`);
    const { stderr } = await work.succeed('release', 'oci-bundle', TAG);
    expect(stderr).not.toContain('is of another run');
    expect(JSON.parse(bytesOf(`${BASE}.report.json`).toString()).outcome).toBe('warned');
  });

  it('sends nothing where the bundle or its parts are damaged', async () => {
    await save();
    const lock = await work.lock();
    const [layer = ''] = lock.images[0]?.leaves[0]?.layers ?? [];
    const blob = work.file(`oci-bundle/blobs/sha256/${layer.slice(7)}`);
    const bytes = await readFile(blob);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    await rm(blob);
    await writeFile(blob, bytes);
    const { exitCode, stderr } = await work.run('release', 'oci-bundle', TAG);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/is damaged: it does not hash to sha256:/)]);
    expect(service.releases).toEqual([]);
  });

  it('lists in a dry run what it would do', async () => {
    await save();
    const { stderr } = await work.succeed('release', 'oci-bundle', TAG, '--dry-run');
    expect(stderr).toMatch(/oci-bundle-v1\.2\.3\.tar .*to be sent/);
    expect(service.releases).toEqual([]);
  });

  it.each<[string, string[], number, RegExp]>([
    ['no bundle', ['release', '.', TAG], 2, / is not a bundle: there is no lock in it/],
    ['a part without its list', ['release', 'x.tar.001', TAG], 2, /x\.parts\.json is missing/],
    ['a token as a flag', ['release', '.', TAG, '--token', 'x'], 2, /unknown option '--token'/],
  ])('refuses %s', async (_, line, code, message) => {
    const { exitCode, stderr } = await work.run(...line);
    expect([exitCode, stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(service.calls()).toEqual([]);
  });
});
