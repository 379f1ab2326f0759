import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_FILE_BYTES, type ReleasePolicy } from '../../src/github-release/index.ts';
import type { StoredRelease } from '../support/release-service/index.ts';
import {
  archiveOf,
  type ArchiveSettings,
  assetOf,
  assetsOf,
  type Sending,
  startSending,
  TAG,
  type TestArchive,
} from './sending.ts';

const PARTS = { partSize: 10 };
const [OLD, NEW] = ['a'.repeat(25), 'b'.repeat(15)];
const PARTS_OF_OLD = ['site.tar.001', 'site.tar.002', 'site.tar.003'];

let bench: Sending;
let old: TestArchive;
let other: TestArchive;
beforeEach(async () => {
  bench = await startSending();
  old = await archiveOf(OLD, PARTS);
  other = await archiveOf(NEW, { ...PARTS, run: '4712' });
});
afterEach(async () => {
  const { violations } = bench.service;
  await bench.close();
  expect(violations).toEqual([]);
});

type State = 'draft of a person' | 'draft of ours' | 'published' | 'immutable';
const MARK = '<!-- oci-save: published when whole -->';

/** A release that has the old archive. */
async function releaseWith(state: State, settings: ArchiveSettings = {}): Promise<StoredRelease> {
  return bench.service.add({
    tag: TAG,
    draft: state.startsWith('draft'),
    immutable: state === 'immutable',
    body: state === 'draft of ours' ? MARK : 'Notes',
    assets: await assetsOf(await archiveOf(OLD, { ...PARTS, ...settings })),
  });
}
const drop = ({ assets }: StoredRelease, pattern: RegExp): void =>
  void assets.splice(0, assets.length, ...assets.filter(({ name }) => !pattern.test(name)));
const isUntouched = (): boolean => bench.service.calls().every(({ method }) => method === 'GET');

const REPLACE =
  /^unsupported: release v1\.2\.3 has other content, and nothing was sent: site\.tar\.001, site\.tar\.002, .*site\.sha256, .*\| Release under a new tag, or replace what is there: --release-policy replace\. .*--archive-name/;
const NEW_TAG =
  /^unsupported: release v1\.2\.3 has other content, and nothing was sent: site\.tar\.001, .*\| What is published there cannot change any more: release under a new tag\. .*--archive-name/;
const IMMUTABLE =
  /^unsupported: release v1\.2\.3 is published and immutable: .* nothing was sent: http\S+ \| What is published there cannot change any more/;

describe('a release with another archive', () => {
  it.each<[State, ReleasePolicy, 'new' | 'kept' | RegExp]>([
    ['draft of a person', 'auto', 'new'],
    ['draft of a person', 'replace', 'new'],
    ['draft of a person', 'keep', 'kept'],
    ['draft of a person', 'fail', REPLACE],
    ['draft of ours', 'auto', 'new'],
    ['draft of ours', 'replace', 'new'],
    ['draft of ours', 'keep', 'kept'],
    ['draft of ours', 'fail', REPLACE],
    ['published', 'auto', REPLACE],
    ['published', 'replace', 'new'],
    ['published', 'keep', 'kept'],
    ['published', 'fail', REPLACE],
    ['immutable', 'auto', NEW_TAG],
    ['immutable', 'replace', IMMUTABLE],
    ['immutable', 'keep', 'kept'],
    ['immutable', 'fail', NEW_TAG],
  ])('(%s) under the policy %s has %s', async (state, policy, result) => {
    await releaseWith(state);
    const { sent, told } = await bench.send(other, { policy });
    if (result instanceof RegExp) expect(told).toMatch(result);
    else expect(told).toBe('');
    expect(bench.archive()).toBe(result === 'new' ? NEW : OLD);
    const statuses = new Set(sent?.files.map(({ status }) => status));
    if (result === 'new') expect(statuses).toEqual(new Set(['replaced']));
    if (result === 'kept') expect(statuses).toEqual(new Set(['kept']));
    // A draft of ours is published, though nothing is sent to it.
    if (result !== 'new' && state !== 'draft of ours') expect(isUntouched()).toBe(true);
    expect(bench.names().filter((name) => /new|claim/.test(name))).toEqual([]);
    expect(bench.service.releases[0]?.draft).toBe(
      state === 'draft of a person' || (state === 'draft of ours' && result instanceof RegExp),
    );
  });

  it('that is published loses the parts that its own list or its sums name, and no others', async () => {
    for (const lost of [/parts\.json/, /sha256/, /nothing/]) {
      (bench.service.releases as unknown[]).splice(0);
      const release = await releaseWith('published');
      drop(release, lost);
      release.assets.push(assetOf('site.tar.004'));
      const { sent, logs } = await bench.send(other, { policy: 'replace' });
      expect(sent?.removed).toEqual(['site.tar.003']);
      expect(logs).toEqual([
        'warning: the release has site.tar.004, which is not a file of this archive; it is left as it is',
      ]);
    }
  });

  it('that is a draft of ours loses every part, whether its list is there or not', async () => {
    const release = await releaseWith('draft of ours');
    drop(release, /parts\.json|sha256/);
    release.assets.push(assetOf('site.tar.004'));
    const { sent, logs } = await bench.send(other);
    expect([sent?.removed, logs]).toEqual([['site.tar.003', 'site.tar.004'], []]);
  });

  it('of the same bytes and a part too many loses that part in a draft of ours alone', async () => {
    const mine = await releaseWith('draft of ours');
    mine.assets.push(assetOf('site.tar.009'));
    const { sent, events } = await bench.send(old);
    expect([sent?.removed, sent?.draft, bench.names().length]).toEqual([['site.tar.009'], false, 10]);
    expect(events[0]).toMatchObject({ bytes: 0 });
    // What is removed is claimed as well.
    expect(bench.uploads()).toEqual(['site.claim.json']);
  });
});

describe('an immutable release', () => {
  it('that has all is a success, under every policy', async () => {
    await releaseWith('immutable');
    for (const policy of ['auto', 'replace', 'keep', 'fail'] as const) {
      const { told, sent } = await bench.send(old, { policy });
      expect([told, sent?.draft]).toEqual(['', false]);
    }
    expect(isUntouched()).toBe(true);
  });

  it('that lacks a file gets none, and says so', async () => {
    const release = await releaseWith('immutable');
    drop(release, /join/);
    for (const policy of ['auto', 'replace', 'keep', 'fail'] as const)
      expect((await bench.send(old, { policy })).told).toMatch(IMMUTABLE);
    expect(isUntouched()).toBe(true);
  });

  it('from which something would be removed is left, and says so', async () => {
    const release = await releaseWith('immutable');
    release.assets.push(assetOf('site.tar.001.new'));
    expect((await bench.send(old, { policy: 'replace' })).told).toMatch(IMMUTABLE);
    expect((await bench.send(old)).told).toBe('');
  });
});

describe('an archive that is to be kept', () => {
  it.each<[State, RegExp, RegExp]>([
    ['published', /tar\.003/, /site\.tar\.003 is missing \| Replace it \(--release-policy replace\)/],
    ['draft of a person', /join/, /site\.join\.sh is missing \| Replace it/],
    ['immutable', /lock\.json/, /site\.lock\.json is missing \| What is published there cannot change/],
  ])('in a release (%s) is not kept where %s is missing: that is told', async (state, lost, words) => {
    drop(await releaseWith(state), lost);
    const { told } = await bench.send(other, { policy: 'keep' });
    expect(told).toMatch(
      /^unsupported: release v1\.2\.3 has another archive, which cannot be kept as it is not whole/,
    );
    expect(told).toMatch(words);
    expect(isUntouched()).toBe(true);
  });

  it('in a draft of ours is replaced where it is not whole, and published', async () => {
    drop(await releaseWith('draft of ours'), /sha256/);
    const { sent, told } = await bench.send(other, { policy: 'keep' });
    expect([told, sent?.draft, bench.archive()]).toEqual(['', false, NEW]);
  });

  it.each<[State, string]>([
    ['draft of ours', NEW],
    ['draft of a person', OLD],
    ['published', OLD],
  ])('without some images in a release (%s) has the bytes %s then', async (state, bytes) => {
    await releaseWith(state, { failed: ['registry.example/gone:1'] });
    const { told } = await bench.send(other, { policy: 'keep' });
    expect([told, bench.archive()]).toEqual(['', bytes]);
  });

  it('and has the same bytes gets the files that it lacks', async () => {
    drop(await releaseWith('published'), /lock/);
    const { told } = await bench.send(old, { policy: 'keep' });
    expect([told, bench.uploads()]).toEqual(['', ['site.claim.json', 'site.lock.json']]);
  });
});

describe('a file of a release', () => {
  it.each([
    [MAX_FILE_BYTES, ''],
    [2 ** 31, 'unsupported: big.bin has 2147483648 bytes; a release takes less than 2 GiB in one file'],
  ])('of %i bytes ends so before anything is sent: "%s"', async (size, words) => {
    const [file] = old.files;
    const files = [{ ...file!, name: 'big.bin', size, digest: undefined }];
    const { told } = await bench.send({ ...old, files }, { dryRun: true });
    expect(told.split(' | ')[0]).toBe(words);
    if (words !== '') expect(told).toContain('Take smaller parts: --split-size');
    expect(isUntouched()).toBe(true);
  });
});

describe('the number of files in a release', () => {
  const filled = (count: number, ...more: readonly string[]): void => {
    const assets = Array.from({ length: count - more.length }, (_, at) => assetOf(`f${at}`));
    bench.service.add({
      tag: TAG,
      draft: true,
      body: MARK,
      assets: [...assets, ...more.map((name) => assetOf(name))],
    });
  };

  it.each<[number, string[], string]>([
    [990, [], ''],
    [991, [], 'would hold 1001 files; 1000 is the limit, and nothing was sent'],
    // What is replaced or removed makes no more of them.
    [991, ['site.tar.001'], ''],
    [992, ['site.tar.001', 'site.tar.009'], ''],
    [993, ['site.tar.001', 'site.tar.009'], 'would hold 1001 files; 1000 is the limit'],
  ])('of %i before, with %j among them, ends ten more so: "%s"', async (count, more, words) => {
    filled(count, ...more);
    const { told } = await bench.send(old, { dryRun: true });
    if (words === '') expect(told).toBe('');
    else expect(told).toContain(words);
  });
});

describe('a dry run of a release', () => {
  const planned = (status: string): string[] => old.files.map(({ name }) => `${name} ${status}`);
  const filesOf = async (archive: TestArchive, policy: ReleasePolicy = 'auto'): Promise<unknown[]> => {
    const { sent, told } = await bench.send(archive, { dryRun: true, policy });
    expect([told, isUntouched()]).toEqual(['', true]);
    return [sent?.url, sent?.draft, sent?.files.map(({ name, status }) => `${name} ${status}`)];
  };

  it('that is not there tells all its files as planned', async () => {
    expect(await filesOf(old)).toEqual([undefined, true, planned('planned')]);
    expect(bench.service.releases).toEqual([]);
  });

  it('that is there tells its page, whether it is a draft, and what would be sent or removed', async () => {
    const release = await releaseWith('draft of a person');
    const url = bench.service.pageOf(release);
    expect(await filesOf(old)).toEqual([url, true, planned('there')]);
    expect((await bench.send(other, { dryRun: true })).sent?.removed).toEqual(['site.tar.003']);
    release.draft = false;
    drop(release, /join/);
    const page = bench.service.pageOf(release);
    const files = planned('there').map((line) => line.replace(/(join\.\w+) there/, '$1 planned'));
    expect(await filesOf(old)).toEqual([page, false, files]);
  });

  it('fails as the run would', async () => {
    await releaseWith('published');
    expect((await bench.send(other, { dryRun: true })).told).toMatch(REPLACE);
  });

  it('that does not know the bytes yet tells no digest, and no conflict', async () => {
    await releaseWith('published');
    const files = other.files.map((file) => ({ ...file, digest: undefined }));
    const { sent, told } = await bench.send({ ...other, files }, { dryRun: true });
    expect([told, sent?.files[0]]).toEqual(['', { name: 'site.tar.001', size: 10, status: 'planned' }]);
  });
});

describe('a release that stays a draft, or gets less than it should, says why', () => {
  it('for images that are missing', async () => {
    const { sent, logs } = await bench.send(old, { complete: false });
    expect([sent?.draft, bench.service.releases[0]?.draft]).toEqual([true, true]);
    expect(logs).toEqual(['info: release v1.2.3 stays a draft, because images are missing']);
    expect((await bench.send(old)).sent?.draft).toBe(false);
  });

  it('for a person whose draft it is', async () => {
    bench.service.add({ tag: TAG, draft: true, body: 'Notes' });
    const { logs } = await bench.send(old);
    expect(logs).toEqual(['info: release v1.2.3 stays a draft, as it was']);
    // Nothing of it but files was changed.
    expect(bench.service.calls('PATCH')).toEqual([]);
  });

  it('for another archive that is not whole', async () => {
    const assets = [assetOf('next.tar.001'), assetOf('done.tar'), assetOf('done.sha256')];
    const draft = bench.service.add({ tag: TAG, draft: true, body: MARK, assets });
    const { logs, sent } = await bench.send(old);
    expect([logs, sent?.draft]).toEqual([
      [
        'info: release v1.2.3 stays a draft, because another archive in it is not whole yet, next.tar: the run that sends it publishes both',
      ],
      true,
    ]);
    draft.assets.push(assetOf('next.sha256'));
    expect(await bench.send(old)).toMatchObject({ logs: [], sent: { draft: false } });
  });

  it('for a published one that gets an archive without some images', async () => {
    const warning = 'warning: release v1.2.3 is published, and gets a bundle that lacks images';
    await releaseWith('published');
    expect((await bench.send(old, { complete: false })).logs).toEqual([warning]);
    expect((await bench.send(old)).logs).toEqual([]);
  });
});

describe('a service that tells no digests', () => {
  beforeEach(() => bench.service.set({ digests: false }));
  const downloads = (): number => bench.service.calls().filter(({ host }) => host === 'storage').length;

  it('has each file read back, and gets none a second time', async () => {
    const archive = await archiveOf(OLD, { ...PARTS, run: '' });
    expect((await bench.send(archive)).told).toBe('');
    // Once after its upload, and once in the end.
    expect(downloads()).toBe(20);
    bench.service.clear();
    expect((await bench.send(archive)).told).toBe('');
    // The record is left as it is: only what it has is compared.
    expect([bench.uploads(), downloads()]).toEqual([[], 19]);
  });

  it('has nothing read that cannot be one of these files', async () => {
    const assets = [...PARTS_OF_OLD, 'notes.txt'].map((name) => assetOf(name, 'x'.repeat(500)));
    bench.service.add({ tag: TAG, draft: true, body: 'Notes', assets });
    await bench.send(await archiveOf(OLD, { ...PARTS, run: '' }), { dryRun: true });
    expect(downloads()).toBe(0);
  });

  it('has other bytes of the same size replaced', async () => {
    await releaseWith('draft of a person');
    const same = await archiveOf('c'.repeat(25), { ...PARTS, run: '4712' });
    const { told } = await bench.send(same);
    expect([told, bench.archive()]).toEqual(['', 'c'.repeat(25)]);
  });
});
