import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import type {
  FaultRule,
  ReleaseFault,
  StoredAsset,
  StoredRelease,
} from '../support/release-service/index.ts';
import { archiveOf, assetOf, type Sending, startSending, TAG, type TestArchive } from './sending.ts';

let bench: Sending;
let archive: TestArchive;
let other: TestArchive;
beforeEach(async () => {
  bench = await startSending();
  archive = await archiveOf('a'.repeat(25));
  other = await archiveOf('b'.repeat(25), { run: '4712' });
});
afterEach(async () => {
  const { violations } = bench.service;
  await bench.close();
  expect(violations).toEqual([]);
});

const WHOLE = ['site.lock.json', 'site.report.html', 'site.report.json', 'site.sha256', 'site.tar'];
const PUBLISHING = { method: 'PATCH', path: /releases\/\d+$/ } as const;
const READING = { method: 'GET', path: /releases\/\d+$/ } as const;
const LAST = { method: 'POST', path: /site\.sha256/ } as const;
const failing = (status: number): ReleaseFault => ({ kind: 'status', status, message: 'no' });
const first = (): StoredRelease => bench.service.releases[0]!;
const stored = (name: string): StoredAsset => first().assets.find((one) => one.name === name)!;
const drop = (name: string): void => void first().assets.splice(first().assets.indexOf(stored(name)), 1);
/** Somebody does something while a request of the run waits. */
const meanwhile = (rule: Omit<FaultRule, 'fault'>, act: () => unknown): void =>
  // oxlint-disable-next-line typescript/require-await -- a moment of another job
  bench.service.misbehave({ ...rule, fault: { kind: 'held', until: async () => act() } });
const page = (release = first()): string => bench.service.pageOf(release);

describe('a release that does not have in the end what was sent', () => {
  it.each<[string, () => void]>([
    [
      'was damaged later',
      () => bench.service.misbehave({ method: 'POST', path: /site\.tar/, fault: { kind: 'damaged later' } }),
    ],
    ['was removed', () => meanwhile(LAST, () => drop('site.tar'))],
    ['is only begun', () => meanwhile(LAST, () => (stored('site.tar').state = 'starter'))],
    ['has another size', () => meanwhile(LAST, () => (stored('site.tar').size = 3))],
  ])('since a file %s stays a draft, names it, and gets it alone from the next run', async (_, happen) => {
    happen();
    const { told } = await bench.send(archive);
    expect(told).toBe(
      'digest: release v1.2.3 does not hold what was sent: site.tar | A draft stays one. Run it again: what is whole is not sent again.',
    );
    expect(first().draft).toBe(true);
    bench.service.clear();
    const { sent } = await bench.send(archive);
    expect(sent?.draft).toBe(false);
    expect(bench.uploads().filter((name) => /tar|sha256|lock|html/.test(name))).toHaveLength(1);
    expect([bench.names(), bench.archive()]).toEqual([WHOLE, 'a'.repeat(25)]);
  });

  it.each<[string, string, () => unknown]>([
    ['is gone', 'told by name', () => drop('site.tar')],
    [
      'is another one',
      'told by name',
      () => first().assets.splice(0, 1, { ...assetOf('site.tar', 'x'.repeat(25)), id: 7 }),
    ],
    ['was sent again with the same bytes', 'a success', () => first().assets.splice(0, 1, again('site.tar'))],
    ['is its record, of another run', 'a success', () => drop('site.report.json')],
  ])('since a file %s as it is published is %s', async (_, end, act) => {
    meanwhile(PUBLISHING, act);
    const { told } = await bench.send(archive);
    expect(first().draft).toBe(false);
    if (end === 'a success') return expect(told).toBe('');
    expect(told).toMatch(
      /^unsupported: release v1\.2\.3 was published, and another run replaced what was sent: site\.tar \| .*--archive-name/,
    );
  });
  const again = (name: string): StoredAsset => ({ ...stored(name), id: 7 });

  it('as it is published is told so where the service tells no digest and the file is another', async () => {
    bench.service.set({ digests: false });
    meanwhile(PUBLISHING, () => first().assets.splice(0, 1, again('site.tar')));
    expect((await bench.send(archive)).told).toMatch(/another run replaced what was sent: site\.tar/);
    bench.service.misbehave();
    expect((await bench.send(archive)).told).toBe('');
  });
});

describe('the record of an earlier run that a release keeps', () => {
  const again = () => archiveOf('a'.repeat(25), { run: '471300' });

  it.each<[string, () => unknown]>([
    ['whose digest the service does not tell', () => bench.service.set({ digests: false })],
    [
      'which another job replaces meanwhile',
      () =>
        meanwhile({ method: 'GET', path: /\/assets\?page/, skip: 1 }, () => {
          drop('site.report.json');
          first().assets.push(assetOf('site.report.json', 'of another run'));
        }),
    ],
  ])('is no file that this run has to have sent: one %s', async (_, happen) => {
    await bench.send(archive);
    bench.service.clear();
    happen();
    const { sent, told } = await bench.send(await again());
    expect([told, sent?.files.map(({ name, status }) => `${name} ${status}`).toSorted()]).toEqual([
      '',
      WHOLE.map((name) => `${name} there`),
    ]);
    expect(bench.uploads()).toEqual([]);
  });
});

describe('a draft that somebody removes', () => {
  it.each([
    ['before its first file is sent', 0],
    ['before it is published', 1],
  ])('%s ends the run with its address', async (_, skip) => {
    let address = '';
    meanwhile({ ...READING, skip }, () => {
      address = page();
      (bench.service.releases as StoredRelease[]).splice(0);
    });
    const { told, logs } = await bench.send(archive);
    expect(told).toBe(
      `unsupported: release v1.2.3 is gone, though this run had found it: ${address} | Somebody removed it meanwhile. Run it again.`,
    );
    expect([logs, bench.uploads().length]).toEqual([[], skip === 0 ? 1 : 6]);
  });
});

describe('a claim', () => {
  const claimOf = ({ list, run }: TestArchive, id: number): StoredAsset => {
    const writer = { archive: 'site', run, attempt: 1, job: 'bundle', list };
    return { ...assetOf('site.claim.json', JSON.stringify(writer)), id };
  };
  const rivalOf = ({ run }: TestArchive): Promise<TestArchive> => archiveOf('c'.repeat(25), { run });

  it.each([
    ['older', 1, true],
    ['newer', 1_000_000, false],
  ])('of another job that is %s than our own makes us end: only one of two goes on', async (_, id, ends) => {
    const rival = claimOf(await rivalOf(archive), id);
    meanwhile(READING, () => first().assets.push(rival));
    const { told } = await bench.send(archive);
    if (!ends) return expect(told).toBe('');
    expect(told).toMatch(/^unsupported: another job of this run \(job bundle, attempt 1\) writes site\.tar/);
    // Ours is gone, the other is left.
    expect(first().assets).toEqual([rival]);
  });

  it('of a job that ends for another one goes; where the service refuses that, a warning says so', async () => {
    const rival = await rivalOf(archive);
    bench.service.misbehave(
      { ...READING, fault: { kind: 'held', until: async () => first().assets.push(...(await record())) } },
      { method: 'DELETE', fault: failing(403) },
    );
    const record = async (): Promise<StoredAsset[]> => [
      assetOf('site.tar', 'other'),
      assetOf('site.report.json', await textOf(rival, 'site.report.json')),
    ];
    const { told, logs } = await bench.send(archive);
    expect(told).toMatch(/^unsupported: another job of this run/);
    expect(logs).toEqual([
      expect.stringMatching(
        /^warning: site\.claim\.json stays in release v1\.2\.3: .*site\.claim\.json cannot be removed: .*403/,
      ),
    ]);
  });

  const textOf = async ({ files }: TestArchive, wanted: string): Promise<string> => {
    for await (const chunk of files.find(({ name }) => name === wanted)!.open())
      return Buffer.from(chunk).toString();
    return '';
  };

  it.each<[string, FaultRule]>([
    ['whose answer is lost', { method: 'POST', path: /claim/, fault: { kind: 'lost' } }],
    ['that breaks', { method: 'POST', path: /claim/, fault: { kind: 'broken', answer: 'none' } }],
    ['that is refused for a moment', { method: 'POST', path: /claim/, fault: failing(502) }],
  ])('%s is made again where it has to be, and is gone in the end', async (_, rule) => {
    bench.service.misbehave(rule);
    const { told, sent } = await bench.send(archive);
    expect([told, sent?.draft, bench.names()]).toEqual(['', false, WHOLE]);
  });

  it('whose name counts as taken for a moment is made again', async () => {
    bench.service.add({ tag: TAG, draft: true, body: 'Notes' });
    bench.service.set({ nameLag: 1 });
    await bench.send(archive);
    const { told } = await bench.send(other);
    expect([told, bench.names()]).toEqual(['', WHOLE]);
  });

  it('of its own that an earlier attempt left is used, beside files of others', async () => {
    const assets = [assetOf('notes.txt'), claimOf(archive, 5)];
    bench.service.add({ tag: TAG, draft: true, body: 'Notes', assets });
    const { told } = await bench.send(archive);
    expect([told, bench.names()]).toEqual(['', ['notes.txt', ...WHOLE]]);
    expect(bench.uploads().filter((name) => name.includes('claim'))).toHaveLength(1);
  });

  it('that is alone to be removed, beside a whole archive, is claimed first', async () => {
    await bench.send(archive);
    first().assets.push(claimOf(other, 5));
    const { told, sent } = await bench.send(archive);
    expect([told, sent?.files.map(({ status }) => status)]).toEqual(['', Array(5).fill('there')]);
    expect(bench.names()).toEqual(WHOLE);
  });

  it('that its job has just removed is no foreign file', async () => {
    const assets = [assetOf('site.claim.json', 'notes')];
    bench.service.add({ tag: TAG, draft: true, body: 'Notes', assets });
    meanwhile({ method: 'GET', path: /assets\?page/, skip: 2 }, () => drop('site.claim.json'));
    expect((await bench.send(archive)).told).toBe('');
  });
});

describe('a draft that cannot be published', () => {
  it('since the service answers and leaves it a draft is told with its address', async () => {
    bench.service.misbehave({ ...PUBLISHING, fault: { kind: 'ignored' } });
    expect((await bench.send(archive)).told).toBe(
      `unsupported: release v1.2.3 is a draft still, though it was to be published: ${page()} | All files are in it. Edit it on its page: choose the tag v1.2.3, and publish it. Then run it again.`,
    );
  });

  it('alone under its tag, which names another release then, is told with both addresses', async () => {
    meanwhile({ method: 'GET', path: /tags\//, skip: 1 }, () => {
      first().tag = 'v0';
      bench.service.add({ tag: TAG, body: 'Of somebody' });
    });
    const { told } = await bench.send(archive);
    const [mine, theirs] = bench.service.releases;
    expect(told).toMatch(/^unsupported: release v1\.2\.3 is another one than the one that got the files: /);
    expect(told).toContain(page(theirs));
    expect(mine?.assets).toHaveLength(5);
  });

  it('is told with the service’s words, its address and the way out', async () => {
    bench.service.misbehave({ ...PUBLISHING, times: 9, fault: failing(500) });
    expect((await bench.send(archive, { retries: 0 })).told).toMatch(
      /^network: release v1\.2\.3 cannot be published: org\/site on \S+: it answered 500 \(no\); all files are in its draft: http\S+ \| Run it again: what is there is not sent again/,
    );
  });

  it('and cannot be read then either is told so as well', async () => {
    bench.service.misbehave(
      { ...PUBLISHING, fault: failing(500) },
      { ...READING, skip: 2, times: 9, fault: failing(401) },
    );
    expect((await bench.send(archive, { retries: 0 })).told).toMatch(/^network: .*it answered 500 \(no\)/);
  });

  it('since the run is interrupted is told as that alone', async () => {
    const reasons = [new Error('by Ctrl-C'), new OciSaveError({ code: 'interrupted', message: 'by Ctrl-C' })];
    for (const reason of reasons) {
      (bench.service.releases as StoredRelease[]).splice(0);
      const controller = new AbortController();
      meanwhile(PUBLISHING, () => controller.abort(reason));
      const { told } = await bench.send(archive, { service: bench.clientOf(0, controller.signal) });
      expect(told).toMatch(/^(?:Error|interrupted): by Ctrl-C(?: \| undefined)?$/);
    }
  });
});

describe('a draft whose creation is not answered', () => {
  const CREATION = { method: 'POST', path: /releases$/ } as const;

  it('is looked for as often as anything is tried, and no longer than the service answers', async () => {
    bench.service.set({ listLag: 99 });
    bench.service.misbehave({ ...CREATION, fault: { kind: 'lost' } });
    const lists = (): number => bench.service.calls().filter(({ path }) => /releases\?/.test(path)).length;
    expect((await bench.send(archive)).told).toMatch(/^network: .*the draft may have been created/);
    // Before the creation, and three times after it.
    expect(lists()).toBe(4);
    (bench.service.releases as StoredRelease[]).splice(0);
    bench.service.clear();
    bench.service.misbehave(
      { ...CREATION, fault: { kind: 'lost' } },
      { method: 'GET', path: /releases\?/, skip: 1, times: 9, fault: failing(401) },
    );
    expect((await bench.send(archive)).told).toMatch(/^denied: releases cannot be listed/);
    expect(lists()).toBe(2);
  });
});
