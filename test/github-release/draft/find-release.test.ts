import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRelease } from '../../../src/github-release/index.ts';
import { failureOf } from '../../support/failure.ts';
import type { StoredRelease } from '../../support/release-service/index.ts';
import { archiveOf, assetOf, type Outcome, type Sending, startSending, TAG } from '../sending.ts';

const LOST = 'untagged-0123456789abcdef0123';
const TEXT = 'Container images for places without internet.';
const OLD_MARK = '<!-- oci-save: published when whole -->';
const MARK = `<!-- oci-save: published when whole {"tag":"${TAG}"} -->`;

let bench: Sending;
beforeEach(async () => {
  bench = await startSending();
});
afterEach(async () => {
  const { violations } = bench.service;
  await bench.close();
  expect(violations).toEqual([]);
});

type Kind = Partial<Omit<StoredRelease, 'id'>>;
const add = (kind: Kind): StoredRelease => bench.service.add({ tag: TAG, ...kind });

describe('the release of a tag', () => {
  it.each<[string, Kind[], number | undefined]>([
    ['is the published one, beside drafts', [{ draft: true }, {}, { draft: true, body: MARK }], 1],
    ['is a draft of the tag, whoever made it', [{ tag: 'v9' }, { draft: true, body: 'Notes' }], 1],
    [
      'is the older of two drafts of ours',
      [
        { draft: true, body: MARK },
        { draft: true, body: MARK },
      ],
      0,
    ],
    [
      'is a draft of ours that lost its tag, by its mark',
      [{ tag: LOST, draft: true, title: 'x', body: MARK }],
      0,
    ],
    [
      'is a draft of an earlier version that lost its tag, by its title',
      [{ tag: LOST, draft: true, title: TAG, body: OLD_MARK }],
      0,
    ],
    [
      'is none where a person’s draft lost its tag',
      [{ tag: LOST, draft: true, title: TAG, body: 'x' }],
      undefined,
    ],
    [
      'is none where a draft of ours was for another tag',
      [{ tag: LOST, draft: true, title: TAG, body: MARK.replace(TAG, 'v9') }],
      undefined,
    ],
    [
      'is none where an earlier version’s draft has another title',
      [{ tag: LOST, draft: true, title: 'v9', body: OLD_MARK }],
      undefined,
    ],
    [
      'is none where other tags have releases',
      [{ tag: 'v9' }, { tag: 'v8', draft: true, body: MARK }],
      undefined,
    ],
    [
      'is no draft whose tag only begins as a lost one',
      [{ tag: 'untagged-x', draft: true, title: TAG, body: MARK }],
      undefined,
    ],
  ])('%s', async (_, kinds, at) => {
    const releases = kinds.map(add);
    const found = await findRelease(bench.clientOf(), TAG);
    expect(found?.id).toBe(at === undefined ? undefined : releases[at]?.id);
  });

  it('is found on any page of the list', async () => {
    const { id } = add({ draft: true, body: MARK });
    for (let at = 0; at < 200; at += 1) add({ tag: `other-${at}`, draft: true });
    expect((await findRelease(bench.clientOf(), TAG))?.id).toBe(id);
    expect(bench.service.calls().map(({ path }) => path.split('?')[1])).toEqual([
      undefined,
      'page=1&per_page=100',
      'page=2&per_page=100',
      'page=3&per_page=100',
    ]);
  });

  it('is asked for with the tag as one part of the address', async () => {
    add({ tag: 'site/v1 #?' });
    expect((await findRelease(bench.clientOf(), 'site/v1 #?'))?.tag).toBe('site/v1 #?');
  });

  it('is not chosen among several drafts that are not all ours', async () => {
    const drafts = [add({ draft: true, body: MARK }), add({ draft: true, body: 'Notes' })];
    const failure = await failureOf(findRelease(bench.clientOf(), TAG));
    expect(failure).toMatchObject({ code: 'unsupported', hint: 'Remove all but one of them.' });
    for (const draft of drafts) expect(failure.message).toContain(bench.service.pageOf(draft));
  });

  it('that was published without it is told, and no other one', async () => {
    const stray = add({ tag: LOST, title: TAG, body: `${TEXT}\nMore of a person` });
    add({ tag: 'untagged-ff', title: TAG, body: 'Of somebody else' });
    add({ tag: 'untagged-fe', title: 'v9', body: TEXT });
    add({ tag: 'untagged-fd', title: TAG, body: TEXT, draft: true });
    add({ tag: 'v9', title: TAG, body: TEXT });
    const strays: number[] = [];
    expect(await findRelease(bench.clientOf(), TAG, ({ id }) => strays.push(id))).toBe(undefined);
    expect(strays).toEqual([stray.id]);
  });
});

describe('a draft of ours that lost its tag', () => {
  const titled = (): StoredRelease =>
    add({ tag: LOST, draft: true, title: 'Renamed', body: `What is new\n\n${MARK}\n` });

  it('is filled and published under its tag, with the notes that a person wrote', async () => {
    const { id } = titled();
    const { told, sent } = await bench.send(await archiveOf('a'));
    expect([told, sent?.tag, sent?.draft]).toEqual(['', TAG, false]);
    expect(bench.service.releases).toMatchObject([{ id, tag: TAG, title: 'Renamed', body: 'What is new' }]);
  });

  it('gets its tag again before anything is sent, though it stays a draft', async () => {
    titled();
    await bench.send(await archiveOf('a'), { complete: false });
    expect(bench.service.releases).toMatchObject([{ tag: TAG, draft: true }]);
    const [change] = bench.service.calls().filter(({ method }) => method !== 'GET');
    expect(change?.method).toBe('PATCH');
  });

  it('is left as it is by a dry run', async () => {
    titled();
    const { sent } = await bench.send(await archiveOf('a'), { dryRun: true });
    expect(sent?.url).toBe(bench.service.pageOf(bench.service.releases[0]!));
    expect(bench.service.calls().every(({ method }) => method === 'GET')).toBe(true);
  });

  it('while it is filled is published under its tag', async () => {
    const until = async (): Promise<void> => void (bench.service.releases[0]!.tag = LOST);
    bench.service.misbehave({ method: 'POST', path: /sha256/, fault: { kind: 'held', until } });
    expect((await bench.send(await archiveOf('a'))).told).toBe('');
    expect(bench.service.releases).toMatchObject([{ tag: TAG, draft: false, body: TEXT }]);
  });

  it('from the beginning is created once, and published under its tag', async () => {
    bench.service.set({ untagged: 'at first' });
    expect((await bench.send(await archiveOf('a'))).told).toBe('');
    expect(bench.service.releases).toMatchObject([{ tag: TAG, draft: false, title: TAG, body: TEXT }]);
  });
});

describe('a second draft of ours, which an older one comes before,', () => {
  /** Its run sees the older one only after it has created its own. */
  async function seenLate(assets: readonly string[]): Promise<Outcome> {
    bench.service.set({ listLag: 1 });
    await bench.clientOf().createDraft(TAG, TAG, `${TEXT}\n${MARK}`);
    const until = async (): Promise<void> =>
      void bench.service.releases[1]?.assets.push(...assets.map((name) => assetOf(name)));
    bench.service.set({ listLag: 0 });
    bench.service.misbehave({ method: 'GET', path: /assets\?/, fault: { kind: 'held', until } });
    return bench.send(await archiveOf('a'.repeat(25), { partSize: 10 }));
  }

  it('is removed with the files of its own archive, which the older one gets', async () => {
    const { told, sent, logs } = await seenLate(['site.tar.007', 'site.tar.001.new']);
    expect([told, sent?.draft, bench.service.releases.length]).toEqual(['', false, 1]);
    expect(bench.names()).toHaveLength(10);
    expect(logs.filter((line) => line.includes('twice'))).toEqual([
      expect.stringMatching(/^info: release v1\.2\.3 was created twice; going on with http/),
    ]);
  });
});
