import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseLock } from '../../src/lock/index.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { barrier } from '../support/barrier.ts';
import { one } from '../support/fixtures/index.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { workplace } from '../support/oci-save.ts';
import type { ProgramResult } from '../support/program.ts';
import {
  type FaultRule,
  type ReleaseService,
  startReleaseService,
  type StoredRelease,
  WRITER,
} from '../support/release-service/index.ts';

const TAG = 'v1.2.3';
const BASE = 'oci-bundle-v1.2.3';
const SECOND = 'ghs_second0123456789abcdefghijklmnopqrstuv';
const TOKENS = { a: WRITER, b: SECOND };
const LISTS = { a: 'acme/one', b: 'acme/two' };
const FIRST_RUN = { GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '1', GITHUB_JOB: 'bundle' };

let registry: BadRegistry;
let service: ReleaseService;
let base: Readonly<Record<string, string>>;
beforeAll(async () => {
  registry = await startBadRegistry();
});
afterAll(() => registry.close());
beforeEach(async () => {
  registry.put('acme/one', one({ seed: 'one', layerBytes: 150 * 1024 }), '1');
  registry.put('acme/two', one({ seed: 'two', layerBytes: 90 * 1024 }), '1');
  service = await startReleaseService({ tokens: { [WRITER]: 'write', [SECOND]: 'write' } });
  base = {
    GITHUB_API_URL: service.url,
    GITHUB_REPOSITORY: 'org/site',
    GITHUB_REF_TYPE: 'tag',
    GITHUB_REF_NAME: TAG,
  };
});
afterEach(async () => {
  const { violations } = service;
  await service.close();
  expect(violations).toEqual([]);
});

type Job = keyof typeof LISTS;
interface Settings {
  readonly env?: Readonly<Record<string, string>>;
  readonly more?: readonly string[];
}

/** A job of one matrix: each has its list, and its own machine. */
async function job(name: Job, { env = {}, more = [] }: Settings = {}): Promise<ProgramResult> {
  await using place = await workplace({ ...base, ...FIRST_RUN, GH_TOKEN: TOKENS[name], ...env });
  const options = { env: place.env, input: '' };
  // Without an output the report is written into the working folder. Jobs at the same time have one working folder.
  if (more.includes('none'))
    return await inThisProcess(jobArgs(name, more), { ...options, cwd: place.folder });
  const output = ['--output', place.file('oci-bundle')];
  return await inThisProcess(jobArgs(name, [...output, ...more]), { ...options, cwd: tmpdir() });
}

function jobArgs(name: Job, more: readonly string[] = []): string[] {
  const image = [`${registry.host}/${LISTS[name]}:1`, '-p', 'linux/amd64', '--copier', 'direct'];
  const hosts = ['--insecure-registries', registry.host];
  return ['save', ...image, ...hosts, '--release', 'auto', '--retries', '2', ...more];
}

const release = (): StoredRelease | undefined => service.releases.find(({ tag }) => tag === TAG);
const bytesOf = (file: string): Buffer =>
  release()?.assets.find(({ name }) => name === file)?.bytes ?? Buffer.alloc(0);

/** Whose list the archive in the release is of; undefined where it is not whole. */
function holds(base = BASE): Job | undefined {
  const names = release()?.assets.map(({ name }) => name) ?? [];
  const wanted = ['lock.json', 'report.html', 'report.json', 'sha256', 'tar'].map((end) => `${base}.${end}`);
  const own = names.filter((name) => name.startsWith(`${base}.`)).toSorted();
  if (own.join() !== wanted.join()) return undefined;
  const tar = release()?.assets.find(({ name }) => name === `${base}.tar`);
  if (!bytesOf(`${base}.sha256`).includes(`${tar?.sha256}  ${base}.tar`)) return undefined;
  const lock = parseLock(bytesOf(`${base}.lock.json`), 'lock');
  return (['a', 'b'] as const).find((name) => lock.images[0]?.ref.includes(LISTS[name]));
}

/** One of two has released all its files, and the other has failed and says what to do. */
function winnerOf(results: Record<Job, ProgramResult>, draft = false): Job {
  const green = (['a', 'b'] as const).filter((name) => results[name].exitCode === 0);
  const words = Object.values(results).map(({ exitCode, stderr }) => (exitCode === 0 ? '' : stderr));
  expect([green.length, words.join('')]).toEqual([1, expect.stringContaining('--archive-name')]);
  const [winner] = green as [Job];
  expect([holds(), words.join('')]).toEqual([winner, expect.stringContaining(`${BASE}.tar`)]);
  expect(service.releases.map(({ tag, draft: isDraft }) => [tag, isDraft])).toEqual([[TAG, draft]]);
  if (!draft) expect(release()?.body).not.toContain('<!--');
  return winner;
}

/** Releases list b in an earlier run, and clears what it asked. */
async function releasedBefore(): Promise<void> {
  const { exitCode, stderr } = await job('b', { env: { GITHUB_RUN_ID: '4710' } });
  expect([exitCode, stderr]).toEqual([0, stderr]);
  service.clear();
}

const held = (until: () => Promise<unknown>, rule: Partial<FaultRule>): FaultRule => ({
  ...rule,
  fault: { kind: 'held', until },
});

/** Job a stops at its call, job b runs from its beginning to its end, and job a goes on. */
async function interleaved(
  rule: Partial<FaultRule>,
  settings: Settings = {},
): Promise<{ results: Record<Job, ProgramResult>; reached: boolean }> {
  let second: Promise<ProgramResult> | undefined;
  const until = (): Promise<ProgramResult> => (second = job('b', settings));
  service.misbehave(held(until, { ...rule, token: TOKENS.a }));
  const a = await job('a', settings);
  const reached = second !== undefined;
  return { results: { a, b: await (second ?? job('b', settings)) }, reached };
}

describe('found K1: two jobs of one run with different lists and one archive name', () => {
  const together = async (settings: Settings = {}): Promise<Record<Job, ProgramResult>> => {
    const [a, b] = await Promise.all([job('a', settings), job('b', settings)]);
    return { a, b };
  };

  it('make a draft at the same moment: one is released, the other fails', async () => {
    service.misbehave(held(barrier(2), { method: 'POST', path: /releases$/, times: 2 }));
    expect(winnerOf(await together())).toMatch(/^[ab]$/);
  });

  it.each([3, 99])(
    'make a draft each, and %i lists show neither: one is released, the other fails',
    async (listLag) => {
      service.set({ listLag });
      service.misbehave(held(barrier(2), { method: 'POST', path: /releases$/, times: 2 }));
      expect(winnerOf(await together())).toMatch(/^[ab]$/);
    },
  );

  it('claim the archive in a person’s draft at the same moment: one is sent, the other fails', async () => {
    service.add({ tag: TAG, draft: true, body: 'Notes' });
    service.misbehave(held(barrier(2), { method: 'POST', path: /claim/, times: 2 }));
    expect(winnerOf(await together(), true)).toMatch(/^[ab]$/);
    expect(release()?.body).toBe('Notes');
  });

  it('start at the same moment, one after the other: the second fails', async () => {
    expect(winnerOf({ a: await job('a'), b: await job('b') })).toBe('a');
  });

  const CALLS = 28;
  it.each(Array.from({ length: CALLS }, (_, at) => at))(
    'one stopping at its call %i while the other runs: one is released, the other fails',
    async (at) => {
      const { results, reached } = await interleaved({ skip: at });
      expect(winnerOf(results)).toMatch(/^[ab]$/);
      // After its last call there is nothing to stop at.
      if (at === CALLS - 1) expect(reached).toBe(false);
    },
  );

  const POINTS: [string, Partial<FaultRule>][] = [
    ['before it lists the files', { method: 'GET', path: /\/assets\?page/ }],
    ['before it claims the archive', { method: 'POST', path: /claim/ }],
    ['before its first file', { method: 'POST', path: /\.tar/ }],
    ['before its sums', { method: 'POST', path: /\.sha256/ }],
    ['when all its files are there', { method: 'GET', path: /\/assets\?page/, skip: 2 }],
  ];
  it.each(POINTS)('in a person’s draft, one stopping %s: one is sent, the other fails', async (_, rule) => {
    service.add({ tag: TAG, draft: true, body: 'Notes' });
    expect(winnerOf((await interleaved(rule)).results, true)).toMatch(/^[ab]$/);
  });

  it.each(POINTS)(
    'in a published release that they replace, one stopping %s: one is sent, the other fails',
    async (_, rule) => {
      await releasedBefore();
      registry.put('acme/two', one({ seed: 'moved', layerBytes: 80 * 1024 }), '1');
      expect(winnerOf((await interleaved(rule, { more: ['--release-policy', 'replace'] })).results)).toMatch(
        /^[ab]$/,
      );
    },
  );

  it('the first with missing images: the draft stays that job’s own', async () => {
    const more = [`${registry.host}/acme/absent:1`, '--on-error', 'warn'];
    const a = await job('a', { more });
    const b = await job('b', { more });
    expect(winnerOf({ a, b }, true)).toBe('a');
    expect(b.stderr).toContain('another job of this run (job bundle, attempt 1) writes');
  });
});

describe('found K1: a job that releases', () => {
  /** The first attempt of job a ends with its archive half sent. */
  async function brokenOff(): Promise<void> {
    service.misbehave({ method: 'POST', path: /sha256/, times: 9, fault: { kind: 'status', status: 403 } });
    expect((await job('a')).exitCode).toBe(1);
    service.misbehave();
    expect(release()?.assets.map(({ name }) => name)).toContain(`${BASE}.claim.json`);
  }

  it('goes on where it stopped when it is run again, and keeps its claim until then', async () => {
    await brokenOff();
    const b = await job('b', { env: { GITHUB_RUN_ATTEMPT: '2' } });
    const a = await job('a', { env: { GITHUB_RUN_ATTEMPT: '2' } });
    expect(winnerOf({ a, b })).toBe('a');
  });

  it.each([0, 4])(
    'and is killed when GitHub has created its draft leaves it to the next run, though %i lists do not show it',
    async (listLag) => {
      await using place = await workplace({ ...base, ...FIRST_RUN, GH_TOKEN: TOKENS.a });
      service.set({ listLag });
      const until = async (): Promise<void> => {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      };
      // It looks at the list at its start, and before and after the creation.
      service.misbehave(held(until, { method: 'GET', path: /releases\?page/, skip: 2 }));
      const child = place.start(...jobArgs('a'));
      await once(child, 'exit');
      expect(service.releases.map(({ draft, assets }) => [draft, assets.length])).toEqual([[true, 0]]);
      const { exitCode, stderr } = await job('a', { env: { GITHUB_RUN_ID: '4712' } });
      expect([exitCode, stderr, holds()]).toEqual([0, stderr, 'a']);
      expect(service.releases.map(({ draft }) => draft)).toEqual([false]);
    },
  );

  it('of the next run replaces the files of an earlier run, with the same list or another', async () => {
    await brokenOff();
    const { exitCode, stderr } = await job('b', { env: { GITHUB_RUN_ID: '4712' } });
    expect([exitCode, stderr, holds()]).toEqual([0, stderr, 'b']);
    expect(release()?.draft).toBe(false);
  });

  it('fails and disturbs nothing when it is run again while another job still writes', async () => {
    let second: Promise<ProgramResult> | undefined;
    const until = (): Promise<ProgramResult> => (second = job('b', { env: { GITHUB_RUN_ATTEMPT: '2' } }));
    service.misbehave(held(until, { method: 'POST', path: /\.sha256/, token: TOKENS.a }));
    const a = await job('a');
    expect(winnerOf({ a, b: await second! })).toBe('a');
  });

  it('outside of a workflow removes the claim of a killed one', async () => {
    await brokenOff();
    const { exitCode, stderr } = await job('b', { env: { GITHUB_RUN_ID: '' } });
    expect([exitCode, stderr, holds()]).toEqual([0, stderr, 'b']);
  });

  it('does not remove a foreign file that has the name of a claim', async () => {
    const asset = { id: 1, state: 'uploaded', size: 3, sha256: '', bytes: Buffer.from('abc') } as const;
    service.add({ tag: TAG, draft: true, assets: [{ ...asset, name: `${BASE}.claim.json` }] });
    const { exitCode, stderr } = await job('a');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('that was not made by this tool')]);
    expect(release()?.assets).toHaveLength(1);
  });
});

describe('found K1: several jobs of one run', () => {
  it('share a release with one archive name each, three at once', async () => {
    service.set({ immutableReleases: true });
    service.misbehave(held(barrier(3), { method: 'POST', path: /releases$/, times: 3 }));
    const results = await Promise.all([
      job('a', { more: ['--archive-name', 'a'] }),
      job('b', { more: ['--archive-name', 'b'] }),
      job('a', { more: ['--archive-name', 'c'] }),
    ]);
    expect(results.map(({ exitCode, stderr }) => (exitCode === 0 ? '' : stderr))).toEqual(['', '', '']);
    expect([holds('a'), holds('b'), holds('c')]).toEqual(['a', 'b', 'a']);
    expect(release()?.draft).toBe(false);
  });

  it('do not disturb a third job with its own archive name, where two have the same', async () => {
    service.misbehave(held(barrier(3), { method: 'POST', path: /releases$/, times: 3 }));
    const [a, b, third] = await Promise.all([
      job('a'),
      job('b'),
      job('a', { more: ['--archive-name', 'third'] }),
    ]);
    expect([third.exitCode, third.stderr]).toEqual([0, third.stderr]);
    expect(holds('third')).toBe('a');
    expect(winnerOf({ a, b })).toMatch(/^[ab]$/);
  });

  it('release one of two bundles with the same name, and the other fails', async () => {
    const release = async (name: Job): Promise<ProgramResult> => {
      await using place = await workplace({ ...base, ...FIRST_RUN, GH_TOKEN: TOKENS[name] });
      const image = [`${registry.host}/${LISTS[name]}:1`, '-p', 'linux/amd64', '--copier', 'direct'];
      await place.succeed('save', ...image, '--insecure-registries', registry.host);
      return await place.run('release', 'oci-bundle', TAG, '--retries', '2');
    };
    service.misbehave(held(barrier(2), { method: 'POST', path: /releases$/, times: 2 }));
    const [a, b] = await Promise.all([release('a'), release('b')]);
    expect(winnerOf({ a, b })).toMatch(/^[ab]$/);
  });

  it.each([
    ['a published release that may be replaced', false, []],
    ['a draft of a person', true, []],
    ['a published release, and nothing else is wanted', false, ['--output', 'none', '--archive-name', BASE]],
  ])(
    'end well where the first finds its files there since an earlier run, in %s',
    async (_, draft, alone) => {
      if (draft) service.add({ tag: TAG, draft: true, body: 'Notes' });
      const more = [...alone, ...(draft ? [] : ['--release-policy', 'replace'])];
      expect((await job('a', { more, env: { GITHUB_RUN_ID: '4710' } })).exitCode).toBe(0);
      const a = await job('a', { more });
      const b = await job('b', { more });
      expect(winnerOf({ a, b }, draft)).toBe('a');
      // A job of the next run may have another list.
      expect((await job('b', { more, env: { GITHUB_RUN_ID: '4712' } })).exitCode).toBe(0);
      expect(holds()).toBe('b');
    },
  );

  it('make no more requests than before where nothing changed', async () => {
    await job('a');
    service.clear();
    expect((await job('a')).exitCode).toBe(0);
    // The notes that a token is tried by are kept nowhere.
    const asked = (): string[] =>
      service.calls().map(({ method, path }) => (path.endsWith('/generate-notes') ? 'notes' : method));
    const inside = asked();
    service.clear();
    await job('a', { env: { GITHUB_RUN_ID: '' } });
    expect(inside).toEqual(asked());
    expect(inside.filter((method) => method !== 'GET')).toEqual(['notes']);
  });

  it('claim the archive before its first file, and leave no claim in the release', async () => {
    expect((await job('a')).exitCode).toBe(0);
    const calls = service.calls().map(({ host, method, path }) => {
      const place = path.replace('/repos/org/site/releases', '').replaceAll(/\d{4,}/g, 'ID');
      return `${host} ${method} ${place}`;
    });
    const list = 'api GET /ID/assets?page=1&per_page=100';
    expect(calls.slice(7)).toEqual([
      list,
      `uploads POST /ID/assets?name=${BASE}.claim.json`,
      // Under the claim all is looked at again.
      'api GET /ID',
      list,
      ...['tar', 'lock.json', 'report.html', 'report.json', 'sha256'].map(
        (name) => `uploads POST /ID/assets?name=${BASE}.${name}`,
      ),
      'api DELETE /assets/ID',
      list,
      'api GET /ID',
      // The list of releases may not have shown at first what another job created.
      'api GET ?page=1&per_page=100',
      'api PATCH /ID',
      `api GET /tags/${TAG}`,
      list,
    ]);
    expect(holds()).toBe('a');
  });
});
