import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createManifestReader,
  type ManifestReader,
  type ReadPort,
  registryPort,
} from '../../src/image/index.ts';
import { OciSaveError } from '../../src/errors.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { clientOf, repositoryAt } from '../registry/support.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { failureOf } from '../support/failure.ts';
import { one } from '../support/fixtures/index.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const image = one({ layerBytes: 100 });
let registry: BadRegistry;
let temp: TempFolder;
let store: Store;
let port: ReadPort;
let reader: ManifestReader;
let client: ReturnType<typeof clientOf>;
beforeEach(async () => {
  registry = await startBadRegistry({ images: { 'team/app:1': image } });
  temp = await tempFolder('manifests');
  store = await openStore(temp.path);
  client = clientOf([registry], { retries: 0 });
  port = registryPort(client, repositoryAt(registry));
  reader = createManifestReader(store);
});
afterEach(async () => {
  client.close();
  await store.close();
  await registry.close();
  await temp.close();
});

const gets = (): number => registry.requests({ method: 'GET', kind: 'manifest' }).length;
const failing: ReadPort = {
  name: 'failing',
  has: () => Promise.resolve(false),
  open: () => Promise.reject(new Error('unused')),
  manifest: () => Promise.reject(new OciSaveError({ code: 'denied', message: 'no' })),
  list: async () => [],
  tags: async () => [],
};

describe('a manifest of a run', () => {
  it('is fetched once and parsed once, whoever asks for it, and then is in the store', async () => {
    const both = await Promise.all([reader.read(image.top, port), reader.read(image.top, port)]);
    expect(gets()).toBe(1);
    const again = await reader.read(image.top, failing);
    const stored = await reader.stored(image.top);
    for (const read of [...both, again, stored]) {
      expect(read?.digest).toBe(image.top);
      expect(read?.manifest).toBe(both[0].manifest);
    }
    expect(gets()).toBe(1);
    // Another run parses it anew.
    const other = createManifestReader(store);
    const first = await other.stored(image.top);
    expect(first?.manifest).toEqual(both[0].manifest);
    expect((await other.stored(image.top))?.manifest).toBe(first?.manifest);
  });

  it('is asked of the next source where that of another image, which asked first, does not give it', async () => {
    const first = failureOf(reader.read(image.top, failing));
    const second = reader.read(image.top, port);
    expect((await first).code).toBe('denied');
    expect((await second).digest).toBe(image.top);
    expect(gets()).toBe(1);
  });

  it('is not there where nobody has read it', async () => {
    expect(await reader.stored(image.top)).toBeUndefined();
    expect((await failureOf(reader.read(image.top, failing))).code).toBe('denied');
    // What failed is tried again.
    expect((await reader.read(image.top, port)).digest).toBe(image.top);
  });

  it('of a tag is fetched each time', async () => {
    expect((await reader.fetch('1', port)).digest).toBe(image.top);
    expect((await reader.fetch('1', port)).digest).toBe(image.top);
    expect(gets()).toBe(2);
  });
});
