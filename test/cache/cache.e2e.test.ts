import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { entriesOf, TOKEN } from '../support/cache-server/index.ts';
import { buildImage, filledLayer, idx, one, zst } from '../support/fixtures/index.ts';
import { basic } from '../support/http.ts';
import type { Image } from '../support/image.ts';
import { pushImage } from '../support/push.ts';
import type { Runner, StepResult } from '../support/runner.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { filesOf, isThere } from '../support/whole-bundle.ts';
import { asked, type Machines, startMachines } from './machines.ts';

const MIB = 1024 * 1024;

let registry: DockerRegistry;
let machines: Machines;

/** An image of one layer that all have, and one of its own. */
const layered = (own: string, bytes = 300_000): Image =>
  buildImage({ layers: [filledLayer('base', 2 * MIB), filledLayer(own, bytes)] });

beforeAll(async () => {
  registry = await startDockerRegistry();
  await pushImage(registry.target, 'acme/web', layered('web 1'), '1');
  await pushImage(registry.target, 'acme/api', layered('api 1'), '1');
  await pushImage(registry.target, 'acme/idx', idx(), '2');
  await pushImage(registry.target, 'acme/zst', zst(), '3');
});
afterAll(() => registry.close());
beforeEach(async () => {
  machines = await startMachines(() => registry);
});
afterEach(() => machines.close());

const ALL = ['web:1', 'api:1', 'idx:2', 'zst:3'];

const heads = (names: readonly string[]): string[] =>
  names.map((name) => `HEAD /v2/acme/${name.replace(':', '/manifests/')}`).toSorted();

const blobsIn = (requests: readonly string[]): string[] =>
  requests.filter((line) => line.includes('/blobs/'));

/** Both runs made the same bundle. */
async function expectSameBundle(a: Runner, b: Runner): Promise<void> {
  expect(await filesOf(b.file('oci-bundle'))).toEqual(await filesOf(a.file('oci-bundle')));
}

describe.each(['v1', 'v2'] as const)('with a cache of %s', (protocol) => {
  it('a fresh machine saves an unchanged list with nothing but HEADs, and saves nothing to the cache', async () => {
    const { cache, fresh, save } = machines;
    const before = await fresh(protocol);
    const first = await save(before, ALL, { copier: 'skopeo' });
    expect(first.outputs).toMatchObject({ 'cached-bytes': '0', 'cache-hit': 'false' });
    expect([cache.packs().length, cache.catalogues().length]).toEqual([1, 1]);

    await registry.clear();
    cache.clear();
    const after = await fresh(protocol);
    const second = await save(after, ALL, { copier: 'skopeo' });
    expect((await asked(registry)).toSorted()).toEqual(heads(ALL));
    expect(second.outputs).toMatchObject({
      'fetched-bytes': '0',
      'cache-hit': 'true',
      'cached-bytes': second.outputs['size'],
      digest: first.outputs['digest'],
      'skopeo-version': '',
    });
    await expectSameBundle(before, after);
    expect(cache.calls('reserve')).toEqual([]);
    expect(second.summary).toMatch(/\| cached \|/);
    expect(second.summary).toMatch(/### Cache\n\n- 15 blobs, .* came from it\n- 2 entries, /);
    const { cache: told, totals } = await after.report();
    expect(told).toMatchObject({
      restored: { blobs: 15, bytes: totals.bytes },
      saved: { packs: 0 },
      entries: 2,
      troubles: [],
    });
    expect(totals).toMatchObject({ fetchedBytes: 0, storedBytes: 0 });
  });

  it('a moved tag costs its unseen blobs, and one new pack with these alone', async () => {
    const { cache, fresh, save } = machines;
    await pushImage(registry.target, 'acme/moving', layered('moving 1'), 'latest');
    await save(await fresh(protocol), ['web:1', 'moving:latest']);
    const [known] = cache.packs();
    const moved = layered('moving 2');
    await pushImage(registry.target, 'acme/moving', moved, 'latest');

    await registry.clear();
    const after = await fresh(protocol);
    const result = await save(after, ['web:1', 'moving:latest']);
    const got = blobsIn(await asked(registry));
    // The new layer, and the new config.
    expect(got).toHaveLength(2);
    const [, layer] = [...moved.blobs.keys()].filter((digest) => got.some((line) => line.includes(digest)));
    expect(layer).toBeDefined();
    expect(cache.packs()).toHaveLength(2);
    expect(cache.packs()[1]!.bytes.length).toBeLessThan(known!.bytes.length / 4);
    expect(result.outputs['cache-hit']).toBe('false');
    expect(result.summary).toMatch(/moving:latest.*\| partly cached \|/);

    await registry.clear();
    await save(await fresh(protocol), ['web:1', 'moving:latest']);
    expect((await asked(registry)).toSorted()).toEqual(heads(['moving:latest', 'web:1']));
  });
});

describe('a list of pinned images', () => {
  it('needs no registry once the cache has them', async () => {
    const own = await startDockerRegistry();
    const { fresh, save } = await startMachines(() => own);
    const image = layered('pinned');
    await pushImage(own.target, 'acme/pinned', image, '1');
    const names = [`pinned@${image.top}`];
    const before = await fresh();
    await save(before, names);
    await own.close();
    const after = await fresh();
    const result = await save(after, names);
    expect(result.outputs['cache-hit']).toBe('true');
    await expectSameBundle(before, after);
  });
});

describe('a cache that has a part of the blobs', () => {
  it('restores that part; the rest is fetched, and packed once', async () => {
    const { cache, fresh, save } = machines;
    await save(await fresh(), ['web:1']);
    const grown = await save(await fresh(), ['web:1', 'zst:3']);
    expect(grown.outputs['cached-bytes']).not.toBe('0');
    expect(cache.packs()).toHaveLength(2);
    const [, second] = cache.packs();
    cache.entries.evict((entry) => entry.id === second?.id);

    await registry.clear();
    const partly = await save(await fresh(), ['web:1', 'zst:3']);
    const layers = [...zst().blobs.keys()];
    const got = blobsIn(await asked(registry));
    expect(got.every((line) => layers.some((digest) => line.includes(digest)))).toBe(true);
    expect(got).toHaveLength(2);
    expect(partly.log).toContain('is no longer in the cache');
    expect(cache.packs().map(({ key }) => key)).toContain(second?.key);
  });

  it('grows by what is new: over ten runs in which a tag moves, each blob is kept about once', async () => {
    const { cache, fresh, save } = machines;
    const seen = new Map<string, number>();
    const names = Array.from({ length: 20 }, (_, at) => `part${at}:1`);
    const push = async (at: number, content: string): Promise<void> => {
      const image = layered(content);
      for (const [digest, bytes] of image.blobs) seen.set(digest, bytes.length);
      await pushImage(registry.target, `acme/part${at}`, image, '1');
    };
    for (const at of names.keys()) await push(at, `part ${at}`);
    for (let run = 0; run < 10; run += 1) {
      if (run > 0) await push(run, `part ${run}, moved`);
      await save(await fresh(), names);
    }
    const unique = [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
    const kept = cache.entries.all().reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(cache.packs()).toHaveLength(10);
    expect(unique).toBeGreaterThan(10 * MIB);
    expect(kept / unique).toBeLessThan(1.1);
  });
});

describe('modes of the cache', () => {
  it('`cache: off` makes no request to the cache', async () => {
    const { cache, fresh, save } = machines;
    const machine = await fresh();
    const result = await save(machine, ['web:1'], { cache: 'off' });
    expect(cache.calls()).toEqual([]);
    expect(result.summary).not.toContain('### Cache');
    expect((await machine.report()).cache).toBeUndefined();
  });

  it('`cache-mode: read` saves nothing, `write` reads nothing, a dry run saves nothing', async () => {
    const { cache, fresh, save, step } = machines;
    await save(await fresh(), ['web:1'], { 'cache-mode': 'read' });
    const dry = await step(await fresh(), ['web:1'], { 'dry-run': 'true' });
    expect(dry.exitCode).toBe(0);
    expect(cache.calls('reserve')).toEqual([]);
    await save(await fresh(), ['web:1'], { 'cache-mode': 'write' });
    expect(cache.packs()).toHaveLength(1);
    cache.clear();
    const again = await save(await fresh(), ['web:1'], { 'cache-mode': 'write' });
    expect(cache.calls('download')).toEqual([]);
    expect(again.outputs['cached-bytes']).toBe('0');
  });

  it.each(['none', 'read'])('a job whose mode is %s writes nothing', async (mode) => {
    const { cache, fresh, save } = machines;
    await save(await fresh('v2', { ACTIONS_CACHE_MODE: mode }), ['web:1']);
    expect(cache.calls('reserve')).toEqual([]);
    expect(cache.calls('lookup').length > 0).toBe(mode === 'read');
  });

  it('no service is a line in the log, and a warning where the cache was asked for', async () => {
    const { fresh, save } = machines;
    const without = { ACTIONS_RESULTS_URL: '', ACTIONS_CACHE_SERVICE_V2: '' };
    const quiet = await save(await fresh('v2', without), ['web:1']);
    expect(quiet.log).toContain('The Actions cache is not used: this runner names no cache service');
    expect(quiet.annotations).toEqual([]);
    const asking = await save(await fresh('v2', without), ['web:1'], { cache: 'actions' });
    expect(asking.annotations).toEqual([expect.objectContaining({ kind: 'warning' })]);
    expect(asking.summary).toContain('- not used: this runner names no cache service');
  });
});

describe('images in the cache that need credentials', () => {
  const user = { username: 'reader', password: 'a secret of nobody' };
  let closed: DockerRegistry;
  let guarded: Machines;

  beforeEach(async () => {
    closed = await startDockerRegistry({ users: { [user.username]: user.password } });
    await pushImage(closed.target, 'acme/private', one({ seed: 'private' }), '1');
    guarded = await startMachines(() => closed);
  });
  afterEach(async () => {
    await guarded.close();
    await closed.close();
  });

  /** One image that needs credentials beside one that needs none. */
  async function saveBoth(
    visibility: object | undefined,
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<StepResult> {
    const machine = await guarded.fresh();
    await machine.write(
      'auth.json',
      JSON.stringify({ auths: { [closed.host]: { auth: basic(user).replace('Basic ', '') } } }),
    );
    if (visibility) await writeFile(`${machine.temp}/event.json`, JSON.stringify({ repository: visibility }));
    const result = await guarded.step(
      machine,
      ['private:1'],
      {
        'auth-file': 'auth.json',
        images: `${registry.host}/acme/web:1`,
        'insecure-registries': `${registry.host},${closed.host}`,
        ...inputs,
      },
      visibility ? { env: { GITHUB_EVENT_PATH: `${machine.temp}/event.json` } } : {},
    );
    expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
    return result;
  }

  /** Digests of the private image that anything in the cache tells of. */
  async function leaked(): Promise<string[]> {
    const image = one({ seed: 'private' });
    const digests = [...image.blobs.keys(), ...image.manifests.keys()].map((digest) => digest.slice(7));
    const texts = await Promise.all(
      guarded.cache.entries.all().map(async ({ key, bytes }) => {
        const entries = await entriesOf(bytes);
        const names = entries.map(({ header }) => header.name).join('\n');
        const catalogue = key.includes('-catalogue-')
          ? entries.map(({ data }) => Buffer.from(data ?? []).toString()).join('')
          : '';
        return names + catalogue;
      }),
    );
    return digests.filter((hex) => texts.some((text) => text.includes(hex)));
  }

  it.each([
    ['a public repository', { private: false, visibility: 'public' }],
    ['one whose visibility nobody tells', undefined],
  ])('are not saved from %s, which is said', async (_name, visibility) => {
    const result = await saveBoth(visibility);
    expect(guarded.cache.packs()).toHaveLength(1);
    expect(await leaked()).toEqual([]);
    expect(result.log).toMatch(/1 image, 1\.\d MiB, not saved to the cache: fetched with credentials/);
    expect(result.summary).toMatch(/- not saved: 1 image, .* fetched with credentials/);
  });

  it('are saved from a private repository, and where `cache: actions` asks for it', async () => {
    await saveBoth({ private: true, visibility: 'private' });
    expect(await leaked()).toHaveLength(3);
    guarded.cache.entries.evict(() => true);
    await saveBoth({ private: false }, { cache: 'actions' });
    expect(await leaked()).toHaveLength(3);
  });
});

describe('secrets and traces of the cache', () => {
  it('neither the token nor a signed address is shown or written', async () => {
    const { fresh, save } = machines;
    await save(await fresh(), ['web:1']);
    const machine = await fresh('v2', { RUNNER_DEBUG: '1' });
    const result = await save(machine, ['web:1', 'zst:3']);
    for (const text of [
      result.log,
      result.summary,
      await readFile(machine.file('oci-bundle.report.json'), 'utf8'),
    ]) {
      expect(text).not.toContain(TOKEN);
      expect(text).not.toContain('signature-of-');
    }
  });

  it('found K3: a run that is cancelled while it saves ends at once, and leaves nothing in the workspace', async () => {
    const { cache, fresh, step } = machines;
    cache.misbehave([{ on: 'upload', fault: { holdAfter: 0 } }]);
    const machine = await fresh();
    const result = await step(machine, ['web:1'], {}, { cancelAt: /Saving to the cache/ });
    // All but the cache is done, and was said: outputs are set.
    expect(result.exitCode).toBe(0);
    expect(result.outputs['count']).toBe('1');
    expect(result.log).toContain('interrupted while the cache was saved');
    expect(await isThere(machine.file('.oci-save'))).toBe(false);
    expect(await isThere(machine.file('oci-bundle'))).toBe(true);
  });

  it('saves each image of a run that failed for another one', async () => {
    const { cache, fresh, step, save } = machines;
    const failed = await step(await fresh(), ['web:1', 'absent:1']);
    expect(failed.exitCode).toBe(1);
    expect(cache.packs()).toHaveLength(1);
    await registry.clear();
    await save(await fresh(), ['web:1']);
    expect(blobsIn(await asked(registry))).toEqual([]);
  });
});
