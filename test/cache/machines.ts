import { expect } from 'vitest';
import { type CacheServer, type Protocol, startCacheServer } from '../support/cache-server/index.ts';
import { closable, type Closable } from '../support/closable.ts';
import { type Runner, startRunner, type StepOptions, type StepResult } from '../support/runner.ts';
import type { DockerRegistry } from '../support/servers/index.ts';
import { checkBundle, isThere } from '../support/whole-bundle.ts';

export interface Machines extends Closable {
  readonly cache: CacheServer;
  /** A machine that nothing was saved on: a workspace, a home and a store of its own. */
  readonly fresh: (protocol?: Protocol, env?: Readonly<Record<string, string>>) => Promise<Runner>;
  /** Runs a step over `names`, each `repository:tag`, on a machine. */
  readonly step: (
    machine: Runner,
    names: readonly string[],
    inputs?: Readonly<Record<string, string>>,
    options?: StepOptions,
  ) => Promise<StepResult>;
  /** The same, which has to succeed with a whole bundle and leave nothing behind in the workspace. */
  readonly save: (
    machine: Runner,
    names: readonly string[],
    inputs?: Readonly<Record<string, string>>,
  ) => Promise<StepResult>;
}

/** Hosted machines around one cache. */
export async function startMachines(registry: () => DockerRegistry): Promise<Machines> {
  const cache = await startCacheServer();
  const machines: Runner[] = [];
  const step: Machines['step'] = async (machine, names, inputs = {}, options = {}) => {
    const { host } = registry();
    await machine.write('images.txt', names.map((name) => `${host}/acme/${name}`).join('\n'));
    return machine.step(
      {
        'image-list': 'images.txt',
        platforms: 'linux/amd64',
        'insecure-registries': host,
        copier: 'direct',
        ...inputs,
      },
      options,
    );
  };
  return closable<Omit<Machines, keyof Closable>>(
    {
      cache,
      async fresh(protocol = 'v2', env = {}) {
        const machine = await startRunner({ ...cache.env(protocol), ...env });
        machines.push(machine);
        return machine;
      },
      step,
      async save(machine, names, inputs) {
        const result = await step(machine, names, inputs);
        expect([result.exitCode, result.exitCode === 0 ? '' : result.raw]).toEqual([0, '']);
        await checkBundle(machine.file('oci-bundle'));
        expect(await isThere(machine.file('.oci-save'))).toBe(false);
        return result;
      },
    },
    async () => {
      await Promise.all(machines.map((machine) => machine.close()));
      await cache.close();
    },
  );
}

/** What a registry was asked for, apart from the client's first knock. */
export async function asked(registry: DockerRegistry, method?: string): Promise<string[]> {
  const requests = await registry.requests(method === undefined ? {} : { method });
  return requests.filter(({ path }) => path !== '/v2/').map((request) => `${request.method} ${request.path}`);
}
