import { afterAll } from 'vitest';
import { messageOf } from '../../src/errors.ts';
import type { SaveEvent } from '../../src/events.ts';
import type { Credentials } from '../../src/registry/index.ts';
import type { Resolution } from '../../src/resolve/index.ts';
import { createSkopeoEnvironment, findSkopeo } from '../../src/skopeo/index.ts';
import { always } from '../registry/support.ts';
import {
  type BadRegistry,
  type BadSwitches,
  type Failure,
  startBadRegistry,
} from '../support/bad-registry.ts';
import type { Image } from '../support/image.ts';
import { systemTrust } from '../support/trust.ts';
import { type Copied, startCopying } from './copying.ts';

export interface Saving extends BadSwitches {
  readonly copier?: 'skopeo' | 'direct';
  readonly pin?: boolean;
  readonly retries?: number;
  readonly platforms?: string;
  /** How it misbehaves once all is resolved. */
  readonly later?: BadSwitches;
  readonly login?: Credentials;
  readonly stallMilliseconds?: number;
}

export interface Saved extends Resolution {
  readonly copied: Copied;
  /** `level: message` of what was said, but for debug. */
  readonly said: readonly string[];
}

export interface BadSource {
  readonly registry: BadRegistry;
  /** Resolves and copies images into a new store, from the registry as it misbehaves. */
  readonly save: (images: Image | readonly Image[], given?: Saving) => Promise<Saved>;
}

/** A misbehaving registry for all tests of a file, from which each copies with a store of its own. */
export async function startBadSource(): Promise<BadSource> {
  const registry = await startBadRegistry();
  const trust = await systemTrust();
  let count = 0;
  afterAll(() => registry.close());
  return {
    registry,
    async save(images, given = {}) {
      const { copier = 'direct', pin = false, retries = 1, platforms = 'all', ...others } = given;
      const { later, login, stallMilliseconds, ...switches } = others;
      const entries = [images].flat().map((image) => {
        count += 1;
        registry.put(`case${count}`, image, '1');
        return `${registry.host}/case${count}:1${pin ? `@${image.top}` : ''}`;
      });
      registry.misbehave(switches);
      registry.clear();
      const credentials = login === undefined ? {} : { credentials: always(login) };
      const stall = stallMilliseconds === undefined ? {} : { stallMilliseconds };
      const client = { retries, ...credentials, ...stall };
      await using bench = await startCopying([registry.host, registry.otherHost], client);
      const said: string[] = [];
      const emit = (event: SaveEvent): void => {
        if (event.type === 'log' && event.level !== 'debug') said.push(`${event.level}: ${event.message}`);
      };
      const resolution = await bench.resolve(entries, { emit, parallel: 32, retries }, platforms);
      if (later !== undefined) registry.misbehave(later);
      const environment = createSkopeoEnvironment(bench.store.runFolder, process.env, trust);
      const copied = await bench.copy(resolution.resolved, {
        copier,
        retries,
        ...credentials,
        ...stall,
        skopeoTools: async () => ({
          skopeo: await findSkopeo({ kind: 'auto' }, process.env),
          environment: await environment,
        }),
      });
      await environment;
      copied.events.forEach(emit);
      return { ...resolution, copied, said };
    },
  };
}

/** GETs of a path fail so, the first `times`. */
export function failing(path: RegExp, failure: Failure, times = Infinity): BadSwitches {
  return { faults: [{ method: 'GET', path, failure, times }] };
}

export function whyNot({ failed }: Resolution): string[] {
  return failed.map(({ error }) => messageOf(error));
}
