import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import type { SaveEvent } from '../../src/events.ts';
import {
  createReleaseService,
  type ReleasePolicy,
  type SentRelease,
  sendRelease,
} from '../../src/github-release/index.ts';
import { draftNotes } from '../../src/github-release/draft/notes.ts';
import type { Writer } from '../../src/github-release/draft/writer.ts';
import { inMemory } from '../../src/github-release/release-files.ts';
import type { ReleaseFile } from '../../src/github-release/service/upload.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { barrier } from '../support/barrier.ts';
import {
  type FaultRule,
  type ReleaseFault,
  type ReleaseService,
  startReleaseService,
  type StoredAsset,
  type StoredRelease,
  WRITER,
} from '../support/release-service/index.ts';

const TAG = 'v1.2.3';
const SECOND = 'ghs_second0123456789abcdefghijklmnopqrstuv';
const TOKENS = { a: WRITER, b: SECOND };
type Job = keyof typeof TOKENS;

let service: ReleaseService;
beforeEach(async () => {
  service = await startReleaseService({ tokens: { [WRITER]: 'write', [SECOND]: 'write' } });
});
afterEach(async () => {
  const { violations } = service;
  await service.close();
  expect(violations).toEqual([]);
});

const list = (name: string): Digest => digestOf(new TextEncoder().encode(name));

/** The files of an archive of one part. */
function filesOf(base: string, content: string, run?: string): ReleaseFile[] {
  const tar = inMemory(`${base}.tar`, `the bytes of ${content}`);
  return [
    tar,
    inMemory(`${base}.sha256`, `${tar.digest?.slice(7)}  ${base}.tar\n`),
    inMemory(`${base}.lock.json`, `{"lock of":"${content}"}`),
    inMemory(`${base}.report.html`, content),
    inMemory(`${base}.report.json`, recordOf(content, run), true),
  ];
}
const recordOf = (content: string, run = '4711'): string =>
  JSON.stringify({ workflow: { run, attempt: 1, job: 'bundle', asked: list(content) }, failed: [] });

interface Settings {
  readonly base?: string;
  readonly content?: string;
  readonly retries?: number;
  /** Empty: outside of a workflow. */
  readonly run?: string;
  readonly policy?: ReleasePolicy;
  /** Of a tag that is not there. */
  readonly commit?: string;
}

interface Result {
  readonly sent?: SentRelease;
  readonly error?: OciSaveError;
  readonly logs: readonly string[];
}

const writerOf = ({ base = 'site', content = 'a', run = '4711' }: Settings): Writer => ({
  archive: base,
  run,
  attempt: 1,
  job: 'bundle',
  list: list(content),
});

function clientOf(
  name: Job,
  { retries = 2, commit }: Settings = {},
): ReturnType<typeof createReleaseService> {
  const target = { api: new URL(service.url), owner: 'org', repo: 'site', tag: TAG, commit };
  const retry = { retries, retryMilliseconds: 1 };
  return createReleaseService({ ...target, token: TOKENS[name] }, { env: {}, retry, onWait: () => {} });
}

/** A job of one run: those of a matrix have a list each. */
async function job(name: Job, settings: Settings = {}): Promise<Result> {
  const { base = 'site', content = name, retries = 2 } = settings;
  const logs: string[] = [];
  const emit = (event: SaveEvent): void => void (event.type === 'log' && logs.push(event.message));
  try {
    const sent = await sendRelease({
      service: clientOf(name, settings),
      tag: TAG,
      policy: settings.policy ?? 'auto',
      archive: { base, suffix: 'tar' },
      writer: settings.run === '' ? undefined : writerOf({ ...settings, content }),
      files: filesOf(base, content, settings.run),
      complete: true,
      dryRun: false,
      retry: { retries, retryMilliseconds: 1 },
      emit,
    });
    return { sent, logs };
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    return { error, logs };
  }
}

/** What a job leaves that is killed when GitHub has created its draft. */
const killedJob = (): Promise<unknown> =>
  clientOf('a').createDraft(TAG, TAG, draftNotes({ tag: TAG, writer: writerOf({}) }));

const told = ({ error }: Result): string => `${error?.code}: ${error?.message} | ${error?.hint}`;
const NAMES = (base: string): string[] =>
  ['lock.json', 'report.html', 'report.json', 'sha256', 'tar'].map((end) => `${base}.${end}`);
const state = ({ draft, tag, assets }: StoredRelease): unknown => ({
  draft,
  tag,
  names: assets.map(({ name }) => name).toSorted(),
});
const states = (): unknown[] => service.releases.map(state);
const whole = (...bases: readonly string[]): unknown => ({
  draft: false,
  tag: TAG,
  names: bases.flatMap(NAMES).toSorted(),
});
const draft = (...bases: readonly string[]): unknown => ({
  draft: true,
  tag: TAG,
  names: bases.flatMap(NAMES).toSorted(),
});
const uploads = (): string[] => service.calls().flatMap(({ host, path }) => (host === 'uploads' ? path : []));
const creations = (): number => service.calls('POST').filter(({ path }) => path.endsWith('/releases')).length;
const CREATION = { method: 'POST', path: /releases$/ } as const;
const PUBLISHING = { method: 'PATCH', path: /releases\/\d+$/ } as const;
const failing = (status: number, message: string): ReleaseFault => ({ kind: 'status', status, message });

describe('found E2: a release that may not be published', () => {
  it.each([
    ['ruleset', /422 \(.*Cannot create ref due to creations being restricted.*\)/],
    ['protection', /422 \(.*You're not authorized to create a tag.*\)/],
    ['workflows', /403 \(Resource not accessible by integration\)/],
  ] as const)(
    'for its tag (%s) is a whole draft whose address and way out are told, and is published when the tag is there',
    async (tagRule, words) => {
      service.set({ tagRule });
      const refused = await job('a');
      const [release] = service.releases;
      expect(states()).toEqual([draft('site')]);
      expect(told(refused)).toMatch(words);
      expect(told(refused)).toContain(
        `all files are in its draft: ${service.pageOf(release!)} | GitHub does not let this token create the tag ${TAG}. Push the tag first`,
      );
      service.pushTag(TAG);
      service.clear();
      const { sent } = await job('a', { run: '4712' });
      expect(sent?.draft).toBe(false);
      // The record of the second run alone, under its claim.
      expect(uploads().filter((path) => !/claim|report\.json/.test(path))).toEqual([]);
      expect(states()).toEqual([whole('site')]);
    },
  );

  it('for a tag that an immutable release had is a whole draft, and another tag is the way out', async () => {
    service.set({ tagRule: 'used' });
    const refused = await job('a');
    expect(states()).toEqual([draft('site')]);
    expect(told(refused)).toMatch(/tag_name was used by an immutable release.*release under a new tag/);
    expect(told(refused)).toContain(service.pageOf(service.releases[0]!));
  });

  it('nor created, for a commit that changes workflows, says which rights may be missing', async () => {
    service.set({ tagRule: 'workflows' });
    expect(told(await job('a', { commit: '0'.repeat(40) }))).toMatch(
      /^denied: release v1.2.3 cannot be created: .*403.*contents: write.* commit that changes workflows.*push the tag/,
    );
    expect(states()).toEqual([]);
  });

  it.each<[string, ReleaseFault, RegExp]>([
    [
      'a token that has ended',
      failing(401, 'Bad credentials'),
      /^denied: .*401.*The token is wrong or has ended/,
    ],
    ['a service that fails', failing(502, 'x'), /^network: .*502.*Run it again/],
    ['a limit', failing(429, 'slow down'), /^quota: .*429.*Run it again later/],
  ])('for %s is a whole draft whose address is told', async (_, fault, words) => {
    service.misbehave({ ...PUBLISHING, times: 9, fault });
    const refused = await job('a', { retries: 0 });
    expect(told(refused)).toMatch(words);
    expect(told(refused)).toContain(service.pageOf(service.releases[0]!));
    expect(states()).toEqual([draft('site')]);
    service.misbehave();
    expect((await job('a')).sent?.draft).toBe(false);
  });
});

describe('a release whose publishing', () => {
  it('is done although its answer is lost, is published', async () => {
    service.misbehave({ ...PUBLISHING, fault: { kind: 'lost' } });
    expect((await job('a', { retries: 0 })).sent?.draft).toBe(false);
    expect(states()).toEqual([whole('site')]);
  });

  const publishedBySomebody = (): FaultRule => ({
    ...PUBLISHING,
    fault: {
      kind: 'held',
      until: async () => void (service.add({ tag: TAG, body: 'Of somebody' }).immutable = immutable),
    },
  });
  let immutable = false;

  it('comes second goes on with the one that somebody published under the tag, and leaves no draft', async () => {
    immutable = false;
    service.misbehave(publishedBySomebody());
    const { sent, error } = await job('a');
    expect([sent?.draft, error]).toEqual([false, undefined]);
    expect(states()).toEqual([whole('site')]);
    expect(service.releases[0]?.body).toBe('Of somebody');
  });

  it('comes second to an immutable release fails, gives its address, and leaves no draft', async () => {
    immutable = true;
    service.misbehave(publishedBySomebody());
    const result = await job('a');
    expect(told(result)).toMatch(/^unsupported: release v1.2.3 is published and immutable/);
    expect(told(result)).toContain(service.pageOf(service.releases[0]!));
    expect(states()).toEqual([{ draft: false, tag: TAG, names: [] }]);
  });
});

it('a release whose tag leads to it only a moment later is published', async () => {
  service.set({ tagLag: 2 });
  expect((await job('a')).sent?.draft).toBe(false);
  service.releases[0]!.tag = 'v0';
  service.set({ tagLag: 3 });
  expect(told(await job('a'))).toMatch(
    /^unsupported: release v1.2.3 was published, and its tag does not name it/,
  );
});

it('a release that was published without its tag is told with its address', async () => {
  service.set({ untagged: 'always' });
  const result = await job('a');
  expect(told(result)).toMatch(
    /^unsupported: release v1.2.3 was published as untagged-.* choose the tag v1.2.3/,
  );
  expect(told(result)).toContain(service.pageOf(service.releases[0]!));
});

/** Lists that do not show a new release; all that a run asks for, and more. */
const LAGS = [0, 1, 2, 3, 4, 5, 99];

describe('a list that lags behind the creation of a draft', () => {
  it.each(LAGS)('for %i lists: one draft is created, filled by its id, and published', async (listLag) => {
    service.set({ listLag });
    expect((await job('a')).sent?.draft).toBe(false);
    expect([creations(), states()]).toEqual([1, [whole('site')]]);
  });

  it.each(LAGS)(
    'for %i lists: two jobs that create one each at once end with one release, whole',
    async (listLag) => {
      service.set({ listLag });
      service.misbehave({ ...CREATION, times: 2, fault: { kind: 'held', until: barrier(2) } });
      const results = await Promise.all([job('a', { base: 'one' }), job('b', { base: 'two' })]);
      expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
      expect([creations(), states()]).toEqual([2, [whole('one', 'two')]]);
    },
  );

  it.each(LAGS)(
    'for %i lists: of two jobs with one archive name and other lists one releases, and the other fails and leaves nothing',
    async (listLag) => {
      service.set({ listLag });
      service.misbehave({ ...CREATION, times: 2, fault: { kind: 'held', until: barrier(2) } });
      const results = await Promise.all([job('a'), job('b')]);
      const [failed, ...others] = results.filter(({ error }) => error !== undefined);
      expect(others).toEqual([]);
      expect(told(failed!)).toMatch(/another job of this run .*--archive-name/);
      expect(states()).toEqual([whole('site')]);
    },
  );

  it.each(LAGS)(
    'for %i lists: two jobs of the same archive and list end with one release, whole',
    async (listLag) => {
      service.set({ listLag });
      service.misbehave({ ...CREATION, times: 2, fault: { kind: 'held', until: barrier(2) } });
      const results = await Promise.all([job('a', { content: 'x' }), job('b', { content: 'x' })]);
      const failed = results.filter(({ error }) => error !== undefined);
      expect(failed.map(told)).toEqual([]);
      expect(states()).toEqual([whole('site')]);
    },
  );

  it('a job that stops at any of its calls while another runs ends with it in one release, whole', async () => {
    for (let at = 0, reached = true; reached; at += 1) {
      service.set({ listLag: [0, 2, 99][at % 3]! });
      let second: Promise<Result> | undefined;
      const until = (): Promise<Result> => (second = job('b', { base: 'two' }));
      service.misbehave({ skip: at, token: TOKENS.a, fault: { kind: 'held', until } });
      const first = await job('a', { base: 'one' });
      reached = second !== undefined;
      const results = [first, await (second ?? job('b', { base: 'two' }))];
      expect([at, results.map(({ error }) => error?.message), states()]).toEqual([
        at,
        [undefined, undefined],
        [whole('one', 'two')],
      ]);
      (service.releases as StoredRelease[]).splice(0);
    }
  });

  it.each(LAGS)(
    'for %i lists: a person who makes a draft meanwhile keeps it, filled, and no other draft stays',
    async (listLag) => {
      service.set({ listLag });
      const until = async (): Promise<void> =>
        void service.add({ tag: TAG, draft: true, title: 'By hand', body: 'Notes' });
      service.misbehave({ ...CREATION, fault: { kind: 'held', until } });
      const { sent, error } = await job('a');
      expect([sent?.draft, error]).toEqual([true, undefined]);
      expect(states()).toEqual([draft('site')]);
      expect(service.releases[0]?.body).toBe('Notes');
    },
  );
});

describe('a draft whose creation', () => {
  it.each<[string, ReleaseFault]>([
    ['the connection breaks after', { kind: 'lost' }],
    ['a gateway answers', { kind: 'lost', status: 502 }],
  ])('%s is found in the list, though that lags, and no second one is created', async (_, fault) => {
    service.set({ listLag: 2 });
    service.misbehave({ ...CREATION, fault });
    expect((await job('a')).sent?.draft).toBe(false);
    expect([creations(), states()]).toEqual([1, [whole('site')]]);
  });

  it('is not answered and that no list shows is told as one that may be there; the next run fills it', async () => {
    service.set({ listLag: 3 });
    service.misbehave({ ...CREATION, fault: { kind: 'lost' } });
    const lost = await job('a');
    expect(told(lost)).toMatch(
      /^network: org\/site: release v1.2.3 cannot be created: .*may have been created.*Run it again/,
    );
    expect([creations(), states()]).toEqual([1, [draft()]]);
    expect((await job('a', { run: '4712' })).sent?.draft).toBe(false);
    expect([creations(), states()]).toEqual([1, [whole('site')]]);
  });

  it('fails is not told as one that may have been created where the service refused it', async () => {
    service.misbehave({ ...CREATION, fault: failing(422, 'Validation Failed') });
    expect(told(await job('a'))).not.toMatch(/may have been created/);
  });

  it.each(LAGS)(
    'was the last that a killed job did is filled by the next, where that sees it, for %i lists that do not show it',
    async (listLag) => {
      service.set({ listLag });
      await killedJob();
      const { sent, error } = await job('a', { run: '4712' });
      expect([sent?.draft, error]).toEqual([false, undefined]);
      // A job reads the list three times: of what none of them shows it cannot learn.
      expect(states()).toEqual(listLag >= 3 ? [draft(), whole('site')] : [whole('site')]);
    },
  );

  it('was the last that two killed jobs did: the older is filled, and the other is named', async () => {
    await killedJob();
    await killedJob();
    const { sent, logs } = await job('a', { run: '4712' });
    expect([sent?.draft, states()]).toEqual([false, [whole('site'), draft()]]);
    expect(logs).toContainEqual(
      expect.stringContaining(`has another draft, ${service.pageOf(service.releases[1]!)}`),
    );
  });
});

it('a draft that a person took over meanwhile is not removed for an older one', async () => {
  service.set({ listLag: 2 });
  await killedJob();
  service.set({ listLag: 0 });
  const until = async (): Promise<void> => void (service.releases[1]!.body = 'Mine now');
  service.misbehave({ method: 'POST', path: /sha256/, fault: { kind: 'held', until } });
  expect((await job('a')).sent?.draft).toBe(true);
  expect([states(), service.releases[1]?.body]).toEqual([[draft(), draft('site')], 'Mine now']);
});

it('two drafts that persons made meanwhile are refused by name, with our own', async () => {
  const until = async (): Promise<void> => {
    for (const body of ['Mine', 'Hers']) service.add({ tag: TAG, draft: true, body });
  };
  service.misbehave({ ...CREATION, fault: { kind: 'held', until } });
  const result = await job('a');
  expect(told(result)).toMatch(/^unsupported: there are 3 drafts of release v1.2.3: .*Remove all but one/);
  for (const release of service.releases) expect(told(result)).toContain(service.pageOf(release));
});

it('a draft with files of another archive is not removed for an older one: both are named', async () => {
  service.set({ listLag: 1 });
  await killedJob();
  const until = async (): Promise<void> => {
    const other = {
      id: 7,
      name: 'other.tar',
      state: 'uploaded',
      size: 1,
      sha256: '',
      bytes: undefined,
    } as const;
    service.releases[1]?.assets.push(other);
  };
  service.misbehave({ method: 'GET', path: /assets\?page/, fault: { kind: 'held', until } });
  const result = await job('a');
  const [older, own] = service.releases.map((release) => service.pageOf(release));
  expect(told(result)).toMatch(
    /^unsupported: .*files of other archives: other\.tar \| Remove the second one/,
  );
  expect(told(result)).toContain(`was created twice, ${older} and ${own}, and`);
  expect(states()).toEqual([draft(), { draft: true, tag: TAG, names: ['other.tar'] }]);
});

describe('a draft with a claim', () => {
  let id = 0;
  const held = (name: string, text: string, state: StoredAsset['state'] = 'uploaded'): StoredAsset => {
    const bytes = Buffer.from(text);
    const sha256 = digestOf(bytes).slice(7);
    return { id: (id += 1), name, state, size: bytes.length, sha256, bytes };
  };
  const withClaim = (text: string, state?: StoredAsset['state'], body = 'Notes'): void =>
    void service.add({ tag: TAG, draft: true, body, assets: [held('site.claim.json', text, state)] });
  const claimOf = (settings: Settings): string => JSON.stringify(writerOf(settings));

  it.each<[string, string, StoredAsset['state']]>([
    ['of an earlier run', claimOf({ run: '4710', content: 'b' }), 'uploaded'],
    ['of its own', claimOf({}), 'uploaded'],
    ['that a broken upload left', '', 'starter'],
  ])('%s is filled, and the claim is gone', async (_, text, claimState) => {
    withClaim(text, claimState);
    expect((await job('a')).error).toBe(undefined);
    expect(states()).toEqual([draft('site')]);
  });

  it.each<[string, string, RegExp]>([
    [
      'of another list in the same run',
      claimOf({ content: 'b' }),
      /another job of this run .*--archive-name/,
    ],
    ['that this tool did not make', 'notes', /has a file site\.claim\.json that was not made by this tool/],
  ])('%s is left as it is', async (_, text, words) => {
    withClaim(text);
    expect(told(await job('a'))).toMatch(words);
    expect(states()).toEqual([{ draft: true, tag: TAG, names: ['site.claim.json'] }]);
  });

  it('of another job is left as it is by its note alone, and the record of an ended job counts as well', async () => {
    service.add({
      tag: TAG,
      draft: true,
      body: draftNotes({ tag: TAG, writer: writerOf({ content: 'b' }) }),
    });
    expect(told(await job('a'))).toMatch(/another job of this run/);
    service.releases[0]!.body = 'Notes';
    service.releases[0]!.assets.push(held('site.tar', 'other'), held('site.report.json', recordOf('b')));
    expect(told(await job('a'))).toMatch(/another job of this run/);
    expect(service.releases[0]?.assets).toHaveLength(2);
  });

  it('is refused at once where the claim is refused for another reason than its name', async () => {
    withClaim(claimOf({ run: '4710' }));
    service.misbehave({ method: 'POST', path: /claim/, times: 9, fault: failing(403, 'no') });
    expect(told(await job('a'))).toMatch(/^denied: site\.claim\.json cannot be uploaded/);
    expect(uploads()).toHaveLength(1);
  });

  it('is kept where its job fails after it, so that the next attempt goes on', async () => {
    service.misbehave({ method: 'POST', path: /sha256/, times: 9, fault: failing(403, 'no') });
    expect((await job('a')).error?.code).toBe('denied');
    expect(service.releases[0]?.assets.map(({ name }) => name)).toContain('site.claim.json');
  });

  it.each<[string, boolean, string, ReleasePolicy, string[]]>([
    ['a draft', true, '4711', 'auto', ['site.report.json replaced']],
    ['a published release that may be replaced', false, '4711', 'replace', ['site.report.json replaced']],
    ['a published release', false, '4711', 'auto', []],
    ['a draft that may not be replaced', true, '4711', 'fail', []],
    ['a draft, outside of a workflow', true, '', 'auto', []],
    ['a draft, in the same run', true, '4710', 'auto', []],
  ])(
    'has its record sent again for an archive of an earlier run where another job may replace that: %s',
    async (_, isDraft, run, policy, sent) => {
      const release = service.add({ tag: TAG, draft: true, body: 'Notes' });
      await job('a', { run: '4710' });
      release.draft = isDraft;
      service.clear();
      const files = (await job('a', { run, policy })).sent?.files ?? [];
      const other = files.filter(({ status }) => !['there', 'kept'].includes(status));
      expect(other.map(({ name, status }) => `${name} ${status}`)).toEqual(sent);
      expect([files.length, uploads().filter((path) => !path.includes('claim')).length]).toEqual([
        5,
        sent.length,
      ]);
    },
  );

  it('outside of a workflow loses it, and is filled', async () => {
    withClaim(claimOf({ content: 'b' }));
    expect((await job('a', { run: '' })).error).toBe(undefined);
    expect(states()).toEqual([draft('site')]);
  });

  it('outside of a workflow keeps a file of its name that this tool did not make', async () => {
    withClaim('notes');
    expect((await job('a', { run: '' })).error).toBe(undefined);
    expect(service.releases[0]?.assets.map(({ name }) => name)).toContain('site.claim.json');
  });
});

describe('files beside an archive in a release', () => {
  it('that look like its pieces and are not are left and named; others are not named', async () => {
    const [id, state, size, sha256, bytes] = [7, 'uploaded', 1, '', undefined] as const;
    const names = ['site.tar.007', 'notes.txt', 'other.tar.001'];
    const assets = names.map((name, at) => ({ id: id + at, name, state, size, sha256, bytes }));
    service.add({ tag: TAG, draft: true, body: 'Notes', assets });
    const { logs } = await job('a');
    expect(service.releases[0]?.assets.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(logs.filter((line) => line.includes('is not a file of this archive'))).toEqual([
      'the release has site.tar.007, which is not a file of this archive; it is left as it is',
    ]);
  });
});

describe('an upload to a release', () => {
  it.each<[string, ReleaseFault]>([
    ['breaks and leaves an empty file', { kind: 'broken', answer: 502 }],
    ['breaks without an answer', { kind: 'broken', answer: 'none' }],
    ['arrives although its answer is lost', { kind: 'lost' }],
    ['arrives damaged', { kind: 'damaged' }],
  ])('that %s is made again where it has to be, and the release is whole', async (_, fault) => {
    service.misbehave({ method: 'POST', path: /site\.tar/, fault });
    expect((await job('a')).error).toBe(undefined);
    expect(states()).toEqual([whole('site')]);
    expect(uploads().filter((path) => path.includes('site.tar')).length).toBe(fault.kind === 'lost' ? 1 : 2);
  });

  it('that always arrives damaged fails, and leaves nothing of it', async () => {
    service.misbehave({ method: 'POST', path: /site\.tar/, times: 9, fault: { kind: 'damaged' } });
    expect(told(await job('a'))).toMatch(/^digest: site\.tar arrived as other bytes/);
    expect(service.releases[0]?.assets.map(({ name }) => name)).not.toContain('site.tar');
  });
});
