import { describe, expect, it } from 'vitest';
import { findLacking, unfinishedBeside } from '../../src/github-release/completeness.ts';
import { readRecord } from '../../src/github-release/draft/record.ts';
import { readAsset } from '../../src/github-release/service/read-asset.ts';
import type { Asset, ReleaseService } from '../../src/github-release/service/service.ts';
import { digestOf } from '../../src/oci/digest.ts';

const SITE = { base: 'site', suffix: 'tar' } as const;

/** What a release has, by name: assets, and a service that reads them. */
interface Held {
  readonly present: Asset[];
  readonly service: Pick<ReleaseService, 'read'>;
}
function holding(files: Readonly<Record<string, string>>, change: Partial<Asset> = {}): Held {
  const texts = Object.entries(files);
  return {
    present: texts.map(([name, text], id) => {
      const bytes = Buffer.from(text);
      return { id, name, size: bytes.length, state: 'uploaded', digest: digestOf(bytes), ...change };
    }),
    service: {
      // oxlint-disable-next-line typescript/require-await -- a source of bytes, as those that read files
      async *read({ id }) {
        yield Buffer.from(texts[id]?.[1] ?? '');
      },
    },
  };
}

const hex = (text: string): string => digestOf(Buffer.from(text)).slice(7);
const sums = (...names: readonly string[]): string => names.map((name) => `${hex(name)}  ${name}\n`).join('');
const BESIDE = { 'site.lock.json': '{}', 'site.report.html': 'page' };
const WHOLE = { ...BESIDE, 'site.tar': 'site.tar', 'site.sha256': sums('site.tar') };
const PARTS = {
  ...BESIDE,
  'site.tar.001': 'site.tar.001',
  'site.tar.002': 'site.tar.002',
  'site.parts.json': '{}',
  'site.join.sh': 'cat',
  'site.sha256': sums('site.tar.001', 'site.tar.002'),
};

const lackingIn = ({ present, service }: Held): Promise<string[]> => findLacking(present, SITE, service);
const without = (files: Readonly<Record<string, string>>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(files).filter(([one]) => one !== name));

describe('found L7: an archive in a release', () => {
  it.each([
    ['of one file', WHOLE],
    ['in parts', PARTS],
  ])('%s is whole with all its files, and not without any one of them', async (_, files) => {
    expect(await lackingIn(holding(files))).toEqual([]);
    for (const name of Object.keys(files)) {
      const lacking = await lackingIn(holding(without(files, name)));
      expect([name, lacking]).toEqual([name, expect.arrayContaining([`${name} is missing`])]);
    }
  });

  it('needs no list of parts and no join script where it is one file', async () => {
    expect(Object.keys(WHOLE).filter((name) => /parts|join/.test(name))).toEqual([]);
    expect(await lackingIn(holding(WHOLE))).toEqual([]);
  });

  it('is not whole where a piece has other bytes than its sums say, whoever tells the digest', async () => {
    for (const change of [{}, { digest: null }]) {
      const held = holding({ ...PARTS, 'site.tar.002': 'other' }, change);
      expect(await lackingIn(held)).toEqual(['site.tar.002 is of another archive']);
      expect(await lackingIn(holding(PARTS, change))).toEqual([]);
    }
  });

  it('does not count what a broken upload left', async () => {
    const { present, service } = holding(WHOLE);
    const broken = present.map((asset) =>
      asset.name === 'site.tar' ? { ...asset, state: 'starter' } : asset,
    );
    expect(await findLacking(broken, SITE, service)).toEqual(['site.tar is missing']);
  });

  it('of another name beside it is unfinished while it is claimed or has no sums', () => {
    const beside = (...names: readonly string[]): string[] =>
      unfinishedBeside(holding(Object.fromEntries(names.map((name) => [name, 'x']))).present, SITE);
    expect(beside('site.tar', 'site.claim.json')).toEqual([]);
    expect(beside('a.tar', 'a.sha256', 'b.tar.001', 'b.tar.002', 'b.sha256', 'notes.txt')).toEqual([]);
    expect(beside('a.tar', 'b.tar.001', 'b.tar.002')).toEqual(['a.tar', 'b.tar']);
    expect(beside('a.tar', 'a.sha256', 'a.claim.json', 'b.claim.json')).toEqual(['a.tar', 'b.tar']);
  });
});

describe('found L7: the record of a run in a release', () => {
  const read = (text: string): ReturnType<typeof readRecord> => {
    const { present, service } = holding({ 'site.report.json': text });
    return readRecord(present, SITE, service);
  };
  const nothing = { writer: undefined, lacksImages: false };

  it.each(['', 'no JSON', '{', '[]', 'null', '7', '{"failed":"x"}', '{"workflow":7,"failed":{}}'])(
    'that is not one tells nothing: %s',
    async (text) => {
      expect(await read(text)).toEqual(nothing);
    },
  );

  it('that is not there tells nothing', async () => {
    const { present, service } = holding({ 'other.report.json': '{"failed":[1]}' });
    expect(await readRecord(present, SITE, service)).toEqual(nothing);
  });

  it('tells the job and missing images, each without the other', async () => {
    const asked = digestOf(Buffer.from('list'));
    const job = { run: '4711', attempt: 2, job: 'bundle' };
    const writer = { archive: 'site', list: asked, ...job };
    expect(await read(JSON.stringify({ workflow: { ...job, asked }, failed: [] }))).toEqual({
      writer,
      lacksImages: false,
    });
    expect(await read(JSON.stringify({ workflow: { ...job, asked: 'x' }, failed: [{}] }))).toEqual({
      writer: undefined,
      lacksImages: true,
    });
  });
});

describe('a small file of a release', () => {
  const [asset] = holding({ a: 'abc' }).present;
  const serving = (text: string): Pick<ReleaseService, 'read'> => holding({ a: text }).service;
  it.each<[string, Partial<Asset>, string, number | undefined]>([
    ['is larger than what is read', {}, 'abc', 2],
    ['was not uploaded whole', { state: 'starter' }, 'abc', undefined],
    ['has more bytes than its size', {}, 'abcd', undefined],
    ['has fewer bytes than its size', { digest: null }, 'ab', undefined],
    ['has other bytes than its digest', {}, 'abd', undefined],
  ])('that %s is not one', async (_, change, served, most) => {
    expect(await readAsset({ ...asset!, ...change }, serving(served), most)).toBe(undefined);
  });

  it('is read up to the bound, with or without a digest', async () => {
    expect(await readAsset(asset, serving('abc'), 3)).toEqual(Buffer.from('abc'));
    expect(await readAsset({ ...asset!, digest: null }, serving('abc'))).toEqual(Buffer.from('abc'));
    expect(await readAsset(undefined, serving('abc'))).toBe(undefined);
  });
});
