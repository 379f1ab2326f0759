import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CacheServer, type Protocol, startCacheServer } from '../support/cache-server/index.ts';
import { idx, one, sharing, zst } from '../support/fixtures/index.ts';
import { pushImage } from '../support/push.ts';
import { type Runner, startRunner, type StepResult } from '../support/runner.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';
import { checkBundle, filesOf, isThere } from '../support/whole-bundle.ts';

let registry: DockerRegistry;
let cache: CacheServer;
const machines: Runner[] = [];

beforeAll(async () => {
  registry = await startDockerRegistry();
  const [first, second] = sharing(2);
  await pushImage(registry.target, 'acme/first', first!, '1');
  await pushImage(registry.target, 'acme/second', second!, '1');
  await pushImage(registry.target, 'acme/idx', idx(), '2');
  await pushImage(registry.target, 'acme/zst', zst(), '3');
});
afterAll(() => registry.close());
beforeEach(async () => {
  cache = await startCacheServer();
});
afterEach(async () => {
  await Promise.all(machines.splice(0).map((machine) => machine.close()));
  await cache.close();
});

/** A machine that nothing was saved on: a workspace, a home and a store of its own. */
async function freshMachine(protocol: Protocol = 'v2'): Promise<Runner> {
  const machine = await startRunner(cache.env(protocol));
  machines.push(machine);
  return machine;
}

const listOf = (...names: readonly string[]): string =>
  names.map((name) => `${registry.host}/acme/${name}`).join('\n');

const ALL = ['first:1', 'second:1', 'idx:2', 'zst:3'];

/** Saves a list on a machine; the step has to succeed with a whole bundle. */
async function save(
  machine: Runner,
  names: readonly string[] = ALL,
  inputs: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  await machine.write('images.txt', listOf(...names));
  const result = await machine.step({
    'image-list': 'images.txt',
    platforms: 'linux/amd64',
    'insecure-registries': registry.host,
    copier: 'direct',
    ...inputs,
  });
  expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
  await checkBundle(machine.file('oci-bundle'));
  expect(await isThere(machine.file('.oci-save'))).toBe(false);
  return result;
}

/** What the registry was asked for, apart from the client's first knock. */
async function asked(): Promise<string[]> {
  const requests = await registry.requests();
  return requests.filter(({ path }) => path !== '/v2/').map(({ method, path }) => `${method} ${path}`);
}

describe.each(['v1', 'v2'] as const)('the cache by %s', (protocol) => {
  it('lets a fresh machine save an unchanged list with nothing but HEADs', async () => {
    const before = await freshMachine(protocol);
    const first = await save(before);
    console.log(
      first.log,
      cache.calls().map((c) => [c.call, c.status, c.received]),
    );
    expect(first.outputs).toMatchObject({ 'cached-bytes': '0', 'cache-hit': 'false' });
    expect([cache.packs().length, cache.catalogues().length]).toEqual([1, 1]);

    await registry.clear();
    const after = await freshMachine(protocol);
    const second = await save(after);
    expect((await asked()).toSorted()).toEqual(
      ALL.map((name) => `HEAD /v2/acme/${name.replace(':', '/manifests/')}`).toSorted(),
    );
    expect(second.outputs).toMatchObject({ 'fetched-bytes': '0', 'cache-hit': 'true' });
    expect(second.outputs['digest']).toBe(first.outputs['digest']);
    expect(second.outputs['cached-bytes']).toBe(second.outputs['size']);
    expect(await filesOf(after.file('oci-bundle'))).toEqual(await filesOf(before.file('oci-bundle')));
    // Nothing changed, so nothing was saved.
    expect([cache.packs().length, cache.catalogues().length]).toEqual([1, 1]);
    console.log(second.summary, second.log);
  });
});
