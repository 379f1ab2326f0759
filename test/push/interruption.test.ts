import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import type { Lock } from '../../src/lock/index.ts';
import type { RegistryClient } from '../../src/registry/index.ts';
import { type Resolving, startResolving } from '../resolve/resolving.ts';
import { buildImage, buildIndex, filledLayer, idx } from '../support/fixtures/index.ts';
import { startPushRegistry } from '../support/push-registry.ts';
import { lockOfImages, type PushingOptions, pushTo } from './pushing.ts';

let bench: Resolving;
beforeAll(async () => {
  bench = await startResolving();
});
afterAll(() => bench.close());

type Switches = Parameters<typeof startPushRegistry>[0];
const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });

/**
 * Pushes, and interrupts that when the client is called the nth time: just before the call, or while its request is under
 * way. False where it is not called as often.
 */
async function interruptAt(
  nth: number,
  place: 'before' | 'in',
  { lock, switches = {}, ...options }: PushingOptions & { readonly lock: Lock; readonly switches?: Switches },
): Promise<boolean> {
  await using registry = await startPushRegistry(switches);
  const controller = new AbortController();
  let calls = 0;
  const wrap = (client: RegistryClient): RegistryClient =>
    new Proxy(client, {
      get(target, name, receiver) {
        const method: unknown = Reflect.get(target, name, receiver);
        if (typeof method !== 'function') return method;
        return (...given: unknown[]): unknown => {
          calls += 1;
          if (calls === nth && place === 'before') controller.abort(reason);
          const result: unknown = Reflect.apply(method, target, given);
          if (calls === nth) controller.abort(reason);
          return result;
        };
      },
    });
  const pushing = pushTo(registry, lock, bench.store, {
    ...options,
    wrap,
    signal: controller.signal,
    client: { retries: 0 },
  });
  const [ended] = await Promise.allSettled([pushing]);
  expect(registry.contents.broken(true)).toEqual([]);
  if (calls < nth) return false;
  expect(ended).toEqual({ status: 'rejected', reason });
  return true;
}

/** Interrupts a push at each of its calls, one after the other. Returns how many there were. */
async function interruptEach(
  place: 'before' | 'in',
  given: Parameters<typeof interruptAt>[2],
): Promise<number> {
  let nth = 1;
  while (await interruptAt(nth, place, given)) nth += 1;
  return nth - 1;
}

describe('an interruption of a push', () => {
  const layers = [filledLayer('shared', 100)];
  const images = {
    'r.example/a:1': buildIndex([{ image: buildImage({ layers, flavour: 'docker' }) }]),
    'r.example/b:1': buildImage({ layers }),
  };

  it.each<readonly [string, Switches, PushingOptions]>([
    ['at a registry that takes all', {}, {}],
    ['at one that does not mount', { mount: false }, {}],
    ['at one that lacks a repository', { missing: (name) => name.endsWith('b') }, { onError: 'warn' }],
    ['of one that only asks', {}, { dryRun: true }],
    [
      'at one that does not say what it has',
      { faults: [{ method: 'HEAD', path: /./, times: 99, status: 500 }] },
      {},
    ],
    [
      'at one that refuses tags',
      { faults: [{ method: 'PUT', path: /manifests\/1$/, times: 99, status: 400 }] },
      {},
    ],
    [
      'at one that fails for all that is put',
      { faults: [{ method: 'PUT', path: /./, times: 99, status: 503 }] },
      {},
    ],
  ])(
    'ends it before any of its requests, and leaves no tag that is not whole: %s',
    async (_, switches, options) => {
      const lock = await lockOfImages(bench, images);
      expect(await interruptEach('before', { lock, switches, parallel: 1, ...options })).toBeGreaterThan(3);
    },
  );

  it('ends it while any of its requests is under way', async () => {
    expect(
      await interruptEach('in', { lock: await lockOfImages(bench, images), parallel: 1 }),
    ).toBeGreaterThan(3);
  });

  it.each(['none', 'all'] as const)(
    'ends that of a sparse index, where %s absent children pass',
    async (sparse) => {
      const image = await bench.resolve(idx({ layerBytes: 100 }), 'r.example/x:1', {
        platforms: 'linux/amd64',
      });
      expect(
        await interruptEach('before', { lock: bench.lock(image), switches: { sparse } }),
      ).toBeGreaterThan(3);
    },
  );
});
