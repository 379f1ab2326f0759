import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SaveEvent } from '../../src/events.ts';
import { barrier } from '../support/barrier.ts';
import { archiveOf, assetOf, type Outcome, type Sending, startSending, TAG } from './sending.ts';

const PARTS = { partSize: 10 };
/** Three parts, and two. */
const [LONG, SHORT] = ['a'.repeat(25), 'b'.repeat(15)];
const BESIDE = ['join.ps1', 'join.sh', 'lock.json', 'parts.json', 'report.html', 'report.json', 'sha256'].map(
  (end) => `site.${end}`,
);
const IN_THREE = [...BESIDE, 'site.tar.001', 'site.tar.002', 'site.tar.003'];
const IN_TWO = IN_THREE.slice(0, -1);
const WHOLE = ['site.lock.json', 'site.report.html', 'site.report.json', 'site.sha256', 'site.tar'];

let bench: Sending;
beforeEach(async () => {
  bench = await startSending();
});
afterEach(async () => {
  const { violations } = bench.service;
  await bench.close();
  expect(violations).toEqual([]);
});

const statusesOf = ({ sent }: Outcome): Record<string, string> =>
  Object.fromEntries((sent?.files ?? []).map(({ name, status }) => [name, status]));
const stepsOf = ({ events }: Outcome): Extract<SaveEvent, { type: 'step' }>[] =>
  events.filter((event) => event.type === 'step');
const movedBy = ({ events }: Outcome): number =>
  events.reduce((sum, event) => sum + (event.type === 'bytes' ? event.delta : 0), 0);
const changes = (): string[] =>
  bench.service.calls().flatMap(({ method, path }) => (method === 'GET' ? [] : `${method} ${path}`));
const each = (names: readonly string[], status: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, status]));
const draftOfPerson = (...names: readonly string[]): void =>
  void bench.service.add({
    tag: TAG,
    draft: true,
    body: 'Notes',
    assets: names.map((name) => assetOf(name)),
  });

describe('an archive that is sent to a release', () => {
  it('claims its name, brings its parts, then the files beside them and last the sums, and is published', async () => {
    const archive = await archiveOf(LONG, PARTS);
    const { sent, told } = await bench.send(archive);
    const release = bench.service.releases[0]!;
    const placeOf = (name: string): object => ({
      id: release.assets.find((asset) => asset.name === name)?.id,
      // Where it is under the tag: a draft's files are elsewhere.
      url: expect.stringMatching(`/releases/download/${TAG}/${name}$`),
    });
    expect([told, sent]).toEqual([
      '',
      {
        tag: TAG,
        id: release.id,
        url: bench.service.pageOf(release),
        draft: false,
        published: true,
        files: archive.files.map(({ name, size, digest }) => ({
          name,
          size,
          digest,
          status: 'sent',
          ...placeOf(name),
        })),
        removed: [],
      },
    ]);
    expect([bench.names(), bench.archive()]).toEqual([IN_THREE, LONG]);
    const [claim, ...rest] = bench.uploads();
    expect(claim).toBe('site.claim.json');
    expect(rest.slice(0, 3).toSorted()).toEqual(['site.tar.001', 'site.tar.002', 'site.tar.003']);
    expect(rest.slice(3)).toEqual(
      ['parts.json', 'join.sh', 'join.ps1', 'lock.json', 'report.html', 'report.json', 'sha256'].map(
        (end) => `site.${end}`,
      ),
    );
    expect(changes().filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
  });

  it('is told as so many files and bytes, each file as it comes', async () => {
    const archive = await archiveOf(LONG, PARTS);
    const outcome = await bench.send(archive);
    const bytes = archive.files.reduce((sum, { size }) => sum + size, 0);
    expect(outcome.events[0]).toEqual({ type: 'stage', stage: 'release', total: 10, bytes });
    expect(movedBy(outcome)).toBe(bytes);
    const steps = stepsOf(outcome).toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
    expect(steps).toEqual(
      archive.files
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, size }) => ({
          type: 'step',
          stage: 'release',
          subject: name,
          outcome: 'sent',
          fetched: { blobs: 1, bytes: size },
        })),
    );
    expect(outcome.logs).toEqual([]);
  });

  it('and is there already is not sent, not claimed and not changed', async () => {
    const archive = await archiveOf(LONG, PARTS);
    await bench.send(archive);
    bench.service.clear();
    const again = await bench.send(archive);
    expect(changes()).toEqual([]);
    expect(statusesOf(again)).toEqual(each(IN_THREE, 'there'));
    expect(again.events[0]).toEqual({ type: 'stage', stage: 'release', total: 10, bytes: 0 });
    expect(stepsOf(again)[0]).toEqual({
      type: 'step',
      stage: 'release',
      subject: 'site.tar.001',
      outcome: 'stored',
    });
    expect(stepsOf(again)).toHaveLength(10);
  });

  it('outside of a workflow needs no claim, and its draft names no job', async () => {
    const archive = await archiveOf(LONG, { ...PARTS, run: '' });
    bench.service.misbehave({
      method: 'POST',
      path: /sha256/,
      fault: { kind: 'status', status: 403, message: 'no' },
    });
    expect((await bench.send(archive)).told).toMatch(/^denied/);
    expect(bench.service.releases[0]?.body).toMatch(/published when whole \{"tag":"v1.2.3"\} -->/);
    bench.service.clear();
    const { told } = await bench.send(archive);
    expect([told, bench.uploads()]).toEqual(['', ['site.sha256']]);
    expect(bench.service.releases[0]).toMatchObject({
      draft: false,
      title: TAG,
      body: 'Container images for places without internet.',
    });
  });

  it('takes the place of another one: each new file comes before the old one goes, and surplus parts go', async () => {
    draftOfPerson();
    await bench.send(await archiveOf(LONG, PARTS));
    bench.service.clear();
    const archive = await archiveOf(SHORT, { ...PARTS, run: '4712' });
    const outcome = await bench.send(archive);
    expect([outcome.told, bench.names(), bench.archive()]).toEqual(['', IN_TWO, SHORT]);
    expect(statusesOf(outcome)).toEqual({
      ...each(IN_TWO, 'replaced'),
    });
    expect(outcome.sent?.removed).toEqual(['site.tar.003']);
    const sent = archive.files.reduce((sum, { size }) => sum + size, 0);
    expect([outcome.events[0], movedBy(outcome)]).toEqual([
      { type: 'stage', stage: 'release', total: 9, bytes: sent },
      sent,
    ]);
    const uploads = bench.uploads().filter((name) => !name.includes('claim'));
    expect(uploads.toSorted()).toEqual(IN_TWO.map((name) => `${name}.new`));
    // The sums name what is there alone.
    expect(uploads.at(-1)).toBe('site.sha256.new');
    expect(bench.service.releases[0]).toMatchObject({ draft: true, body: 'Notes', tag: TAG });
  });

  it('takes the place of one that is cut otherwise, and no file of the other form stays', async () => {
    draftOfPerson('notes.txt');
    for (const [settings, names] of [
      [{}, WHOLE],
      [PARTS, IN_THREE],
      [{}, WHOLE],
    ] as const) {
      const { told } = await bench.send(await archiveOf(LONG, settings));
      expect([told, bench.names(), bench.archive()]).toEqual(['', ['notes.txt', ...names], LONG]);
    }
  });

  it('leaves a list of parts and scripts of these names that it did not make', async () => {
    draftOfPerson('site.parts.json', 'site.join.sh', 'site.join.ps1');
    const { told } = await bench.send(await archiveOf(LONG));
    expect([told, bench.names()]).toEqual([
      '',
      [...WHOLE, 'site.join.ps1', 'site.join.sh', 'site.parts.json'].toSorted(),
    ]);
  });

  it('gets what a published release lacks of it, and no more', async () => {
    const archive = await archiveOf(LONG, PARTS);
    await bench.send(archive);
    const { assets } = bench.service.releases[0]!;
    assets.splice(0, assets.length, ...assets.filter(({ name }) => !/002|join|report.json/.test(name)));
    bench.service.clear();
    const outcome = await bench.send(archive);
    const lacking = ['site.join.ps1', 'site.join.sh', 'site.report.json', 'site.tar.002'];
    expect(bench.uploads().toSorted()).toEqual(['site.claim.json', ...lacking]);
    expect(statusesOf(outcome)).toEqual({ ...each(IN_THREE, 'there'), ...each(lacking, 'sent') });
    expect(bench.names()).toEqual(IN_THREE);
  });

  it('renames what an earlier run sent and did not rename, whether the old file is there or not', async () => {
    for (const old of [['site.tar'], []]) {
      (bench.service.releases as unknown[]).splice(0);
      draftOfPerson(...old);
      bench.service.releases[0]?.assets.push(assetOf('site.tar.new', LONG));
      bench.service.clear();
      const outcome = await bench.send(await archiveOf(LONG));
      expect([outcome.told, bench.names(), bench.archive()]).toEqual(['', WHOLE, LONG]);
      expect(statusesOf(outcome)['site.tar']).toBe(old.length === 0 ? 'sent' : 'replaced');
      expect(bench.uploads().filter((name) => name.startsWith('site.tar'))).toEqual([]);
      expect(stepsOf(outcome)[0]).toMatchObject({ subject: 'site.tar', outcome: 'stored' });
    }
  });

  it('replaces what an earlier run sent of something else, and removes what is of no use', async () => {
    draftOfPerson('site.tar', 'site.tar.new', 'site.lock.json.new', 'notes.txt.new');
    const { told } = await bench.send(await archiveOf(LONG));
    expect([told, bench.names(), bench.archive()]).toEqual(['', ['notes.txt.new', ...WHOLE], LONG]);
  });

  it('is renamed again where the name of a removed file counts as taken for a moment', async () => {
    draftOfPerson('site.tar');
    bench.service.set({ nameLag: 1 });
    const { told } = await bench.send(await archiveOf(LONG));
    expect([told, bench.names()]).toEqual(['', WHOLE]);
  });

  it('renames nothing a second time where the service refuses it', async () => {
    draftOfPerson('site.tar');
    const fault = { kind: 'status', status: 403, message: 'no' } as const;
    bench.service.misbehave({ method: 'PATCH', path: /assets/, times: 9, fault });
    expect((await bench.send(await archiveOf(LONG))).told).toMatch(
      /^denied: site\.tar\.new cannot be renamed to site\.tar: /,
    );
    expect(bench.service.calls('PATCH')).toHaveLength(1);
  });
});

describe('the parts of an archive', () => {
  const inFive = (): ReturnType<typeof archiveOf> => archiveOf('c'.repeat(50), PARTS);
  const parts = (): string[] => bench.uploads().filter((name) => name.includes('.tar'));

  it('are sent two at once', async () => {
    let atOnce: string[] = [];
    const both = barrier(2);
    const until = async (): Promise<void> => {
      await both();
      atOnce = atOnce.length === 0 ? parts() : atOnce;
    };
    bench.service.misbehave({ method: 'POST', path: /tar/, times: 2, fault: { kind: 'held', until } });
    expect((await bench.send(await inFive())).told).toBe('');
    expect(atOnce.toSorted()).toEqual(['site.tar.001', 'site.tar.002']);
  });

  it('are not begun any more after one failed, and what is under way is ended', async () => {
    const { promise: failed, resolve } = Promise.withResolvers<void>();
    bench.service.misbehave(
      { method: 'POST', path: /tar\.001/, fault: { kind: 'held', until: () => failed } },
      { method: 'POST', path: /tar\.002/, fault: { kind: 'status', status: 403, message: 'no' } },
    );
    // What was counted of it is taken back then.
    const emit = (event: SaveEvent): void => {
      if (event.type === 'bytes' && event.delta <= 0) resolve();
    };
    const { told } = await bench.send(await inFive(), { emit });
    expect(told).toMatch(/^denied: site\.tar\.002 cannot be uploaded/);
    expect(parts().toSorted()).toEqual(['site.tar.001', 'site.tar.002']);
    expect(bench.names()).toEqual(['site.claim.json', 'site.tar.001']);
  });

  it('are not begun any more after the run was interrupted', async () => {
    const controller = new AbortController();
    const emit = (event: SaveEvent): void => {
      if (event.type === 'step') controller.abort(new Error('by Ctrl-C'));
    };
    const { told } = await bench.send(await inFive(), { signal: controller.signal, emit });
    expect(told).toBe('Error: by Ctrl-C');
    expect(parts().length).toBeLessThan(4);
    expect(bench.service.releases[0]?.draft).toBe(true);
  });
});

describe('an upload of a file', () => {
  it('that cannot be read fails for that cause, once', async () => {
    const archive = await archiveOf(LONG);
    const files = archive.files.map((file) => ({
      ...file,
      // oxlint-disable-next-line require-yield -- it fails before its first byte
      open: async function* (): AsyncGenerator<Uint8Array> {
        throw new Error('the disk is broken');
      },
    }));
    expect((await bench.send({ ...archive, files })).told).toBe('Error: the disk is broken');
    expect(bench.uploads().length).toBeLessThan(3);
  });

  it('that is interrupted ends between two chunks', async () => {
    const controller = new AbortController();
    const archive = await archiveOf(LONG);
    let read = 0;
    const files = archive.files.map((file) => ({
      ...file,
      open: async function* () {
        for await (const chunk of file.open()) {
          for (const byte of chunk) {
            read += 1;
            yield Uint8Array.of(byte);
          }
        }
      },
    }));
    const emit = (event: SaveEvent): void => {
      if (event.type === 'bytes') controller.abort(new Error('by Ctrl-C'));
    };
    const { told } = await bench.send({ ...archive, files }, { signal: controller.signal, emit });
    expect([told, read]).toEqual(['Error: by Ctrl-C', 2]);
  });

  it.each([
    ['breaks', { kind: 'broken', answer: 502 }],
    ['arrives as other bytes', { kind: 'damaged' }],
    ['loses its answer', { kind: 'lost' }],
    ['is refused for a name that is taken for a moment', { kind: 'taken' }],
  ] as const)('that %s is not counted twice, and what was left is gone', async (_, fault) => {
    if (fault.kind === 'taken') {
      draftOfPerson('site.tar');
      bench.service.set({ nameLag: 1 });
      await bench.clientOf().remove(assetIn('site.tar'));
    } else bench.service.misbehave({ method: 'POST', path: /site\.tar/, fault });
    const archive = await archiveOf(LONG);
    const outcome = await bench.send(archive);
    expect([outcome.told, bench.names(), bench.archive()]).toEqual(['', WHOLE, LONG]);
    expect(bench.uploads().filter((name) => name === 'site.tar').length).toBe(fault.kind === 'lost' ? 1 : 2);
  });

  const assetIn = (name: string): Parameters<ReturnType<Sending['clientOf']>['remove']>[0] => {
    const found = bench.service.releases[0]?.assets.find((one) => one.name === name);
    return { id: found?.id ?? 0, name, size: 1, state: 'uploaded', digest: null };
  };

  it('that breaks takes its bytes back from the progress', async () => {
    bench.service.misbehave({ method: 'POST', path: /site\.tar/, fault: { kind: 'broken', answer: 502 } });
    const archive = await archiveOf(LONG);
    const outcome = await bench.send(archive);
    expect(movedBy(outcome)).toBe(archive.files.reduce((sum, { size }) => sum + size, 0));
    expect(outcome.events).toContainEqual({ type: 'bytes', stage: 'release', delta: -LONG.length });
  });
});
