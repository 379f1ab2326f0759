import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createManifestReader, registryPort } from '../../src/image/index.ts';
import { parsePlatformChoice } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { anonymous, createRegistryClient } from '../../src/registry/index.ts';
import { resolveImage } from '../../src/resolve/resolve-image.ts';
import { namesOf } from '../../src/resolve/wanted.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { failureOf } from '../support/failure.ts';
import { one } from '../support/fixtures/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

let registry: BadRegistry;
let temp: TempFolder;
let store: Store;
beforeAll(async () => {
  registry = await startBadRegistry();
  temp = await tempFolder('stall');
  store = await openStore(temp.path);
});
afterAll(async () => {
  await store.close();
  await temp.close();
  await registry.close();
});

/** Resolves an image of this seed, with a client that loses patience soon. Only its config tells its platform. */
async function resolve(seed: string): ReturnType<typeof resolveImage> {
  registry.put(seed, one({ seed, layerBytes: 100 }), '1');
  const client = createRegistryClient({
    credentials: anonymous,
    insecureRegistries: [registry.host],
    userAgent: 'oci-save/test',
    retries: 1,
    retryMilliseconds: 1,
    stallMilliseconds: 300,
    requestMilliseconds: 20_000,
  });
  try {
    const reference = parseReference(`${registry.host}/${seed}:1`);
    const wanted = {
      ref: `${registry.host}/${seed}:1`,
      source: { transport: 'docker' as const, reference },
      origins: [],
      platforms: parsePlatformChoice('linux/amd64'),
      names: namesOf(reference, [{ kind: 'keep-domain' }]),
      pin: undefined,
    };
    const manifests = createManifestReader(store);
    const options = {
      store,
      manifests,
      onMissingPlatform: 'fail',
      index: 'auto',
      format: 'keep',
      retries: 1,
    } as const;
    return await resolveImage(wanted, '1', registryPort(client, reference), options);
  } finally {
    client.close();
  }
}

describe.each([
  ['a manifest', /\/manifests\//],
  ['a config', /\/blobs\//],
])('%s that stops in its midst', (what, path) => {
  const seed = what.replace(' ', '-');

  it('is asked for once more', async () => {
    registry.misbehave({ faults: [{ path, method: 'GET', times: 1, failure: { kind: 'stall', at: 0.5 } }] });
    expect((await resolve(`${seed}-once`)).platforms).toEqual(['linux/amd64']);
  });

  it('fails the image where it does so again: no run waits for it', async () => {
    registry.misbehave({ faults: [{ path, method: 'GET', failure: { kind: 'stall', at: 0.5 } }] });
    expect(await failureOf(resolve(`${seed}-always`))).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/went silent: no byte for 0 s/),
    });
  });
});
