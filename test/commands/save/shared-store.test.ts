import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { save } from '../../../src/commands/save/save.ts';
import type { Lock } from '../../../src/lock/index.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-type.ts';
import { parseOptions } from '../../../src/options/index.ts';
import type { CredentialStore } from '../../../src/registry/index.ts';
import type { RunReport } from '../../../src/report/index.ts';
import { openStore } from '../../../src/store/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { buildIndex, d2, dlist, idx, one } from '../../support/fixtures/index.ts';
import {
  descriptorOf,
  type Image,
  imageOf,
  jsonBytes,
  largestBlobOf,
  type WrittenDescriptor,
} from '../../support/image.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { checkBundle } from '../../support/whole-bundle.ts';

const USER = { username: 'puller', password: 'correct horse' };
const layered = one({ seed: 'private', layerBytes: 2000 });
const IMAGE = buildIndex([{ image: layered, platform: { os: 'linux', architecture: 'amd64' } }]);
const LAYER = largestBlobOf(IMAGE);

let owner: BadRegistry;
let temp: TempFolder;
let runs = 0;
beforeEach(async () => {
  owner = await startBadRegistry({
    images: { 'team/app:1': IMAGE, 'team/twin:1': IMAGE },
    auth: { scheme: 'basic', users: [USER] },
  });
  temp = await tempFolder('shared');
});
afterEach(async () => {
  await owner.close();
  await temp.close();
});

const loggedIn: CredentialStore = {
  find: async ({ domain }) => (domain === owner.host ? USER : undefined),
};
const pinned = (host: string, repository = 'team/app'): string =>
  `${host}/${repository}@${IMAGE.top} => app:1`;

interface Job {
  readonly credentials?: CredentialStore;
  /** As in the action; a command line's store is its user's own. */
  readonly sharesStore?: boolean;
  readonly given?: object;
}

/** One job after another with the same store; its result, with the path of its bundle. */
async function job(
  images: string,
  { credentials, sharesStore = true, given }: Job = {},
): Promise<Omit<RunReport, 'lock'> & { readonly place: string; readonly lock: Lock }> {
  const place = path.join(temp.path, `bundle-${(runs += 1)}`);
  const hosts = [...new Set(images.split('\n').map((ref) => ref.split('/')[0] ?? ''))];
  const options = parseOptions({
    images,
    platforms: 'linux/amd64',
    output: place,
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    retries: 0,
    insecureRegistries: hosts,
    ...given,
  });
  const { report, lock } = await save(options, { env: {}, emit: () => {}, credentials, sharesStore });
  return { ...report, place, lock };
}

const causesOf = ({ failed }: Pick<RunReport, 'failed'>): string[] => failed.map((one) => one.class);

describe('found B9: content that came with credentials', () => {
  it('is given from the store after one HEAD with the credentials of today', async () => {
    await job(pinned(owner.host), { credentials: loggedIn });
    owner.clear();
    const { place } = await job(pinned(owner.host), { credentials: loggedIn });
    expect(await checkBundle(place)).toHaveLength(1);
    const asked = owner.requests().filter(({ path: at }) => at !== '/v2/');
    expect(asked.map(({ method, path: at, status }) => [method, at, status])).toEqual([
      ['HEAD', `/v2/team/app/manifests/${IMAGE.top}`, 401],
      ['HEAD', `/v2/team/app/manifests/${IMAGE.top}`, 200],
    ]);
  });

  it('is not given to a job without a login, nor to a tag that names it elsewhere', async () => {
    await job(pinned(owner.host), { credentials: loggedIn });
    expect(causesOf(await job(pinned(owner.host)))).toEqual(['denied']);
    // The other registry has the manifests, which anybody may know, and no blob; or it lies about them.
    const blobs = /\/blobs\//;
    for (const [failure, cause] of [
      [{ kind: 'status', status: 404 }, 'not-found'],
      [{ kind: 'flip' }, 'digest'],
    ] as const) {
      await using evil = await startBadRegistry({
        images: { 'evil/app:1': IMAGE },
        faults: [{ path: blobs, failure }],
      });
      for (const ref of [`${evil.host}/evil/app:1`, pinned(evil.host, 'evil/app')]) {
        for (let time = 0; time < 2; time += 1) expect(causesOf(await job(ref))).toEqual([cause]);
      }
    }
    await using liar = await startBadRegistry({
      images: { 'evil/app:1': IMAGE },
      faults: [{ method: 'GET', path: /./, failure: { kind: 'status', status: 404 } }],
    });
    expect(causesOf(await job(pinned(liar.host, 'evil/app')))).toEqual(['not-found']);
    // What they tried has opened nothing.
    expect(causesOf(await job(pinned(owner.host)))).toEqual(['denied']);
  });

  it('is fetched once more where another repository gives it, and once only', async () => {
    await job(pinned(owner.host), { credentials: loggedIn });
    await using open = await startBadRegistry({ images: { 'open/app:1': IMAGE } });
    for (const times of [1, 0]) {
      open.clear();
      expect(causesOf(await job(pinned(open.host, 'open/app')))).toEqual([]);
      expect(open.requests({ kind: 'blob', reference: LAYER })).toHaveLength(times);
    }
    for (const times of [0, 0]) {
      owner.clear();
      expect(causesOf(await job(pinned(owner.host, 'team/twin'), { credentials: loggedIn }))).toEqual([]);
      expect(owner.requests({ kind: 'blob', reference: LAYER })).toHaveLength(times);
    }
  });

  it('of one repository is fetched again for another one of the same registry', async () => {
    await job(pinned(owner.host), { credentials: loggedIn });
    const onlyTwin: CredentialStore = {
      find: async ({ path: at }) => (at === 'team/twin' ? USER : undefined),
    };
    for (const times of [1, 0]) {
      owner.clear();
      expect(causesOf(await job(pinned(owner.host, 'team/twin'), { credentials: onlyTwin }))).toEqual([]);
      expect(owner.requests({ kind: 'blob', reference: LAYER })).toHaveLength(times);
    }
  });

  it('needs no request where the store is one user’s own', async () => {
    await job(pinned(owner.host), { credentials: loggedIn });
    owner.clear();
    const { place } = await job(pinned(owner.host), { sharesStore: false });
    expect(await checkBundle(place)).toHaveLength(1);
    expect(owner.requests()).toEqual([]);
  });
});

describe('found B9: what is made of content that came with credentials, or comes inside it', () => {
  /** What a job without a login gets of blobs that an artifact of another registry names, and nobody has there. */
  async function gets(...digests: Digest[]): Promise<string[]> {
    const store = await openStore(path.join(temp.path, 'store'));
    const blobs = await Promise.all(
      digests.map(async (digest) => (await store.read(digest, 1e6)) ?? expect.fail('not in the store')),
    );
    await store.close();
    const layers = blobs.map((bytes) => descriptorOf('text/plain', bytes));
    const empty = jsonBytes({});
    const config = descriptorOf(OCI_EMPTY, empty);
    const artifact = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/x',
      config,
      layers,
    };
    const image = imageOf({ mediaType: OCI_MANIFEST, bytes: jsonBytes(artifact) }, [empty]);
    await using evil = await startBadRegistry({ images: { 'evil/x:1': image } });
    return causesOf(await job(`${evil.host}/evil/x:1 => x:1`));
  }

  it('as an embedded config, layer or manifest', async () => {
    const [layer, config] = ['layer', 'config'].map((text) => jsonBytes({ secret: text }));
    if (layer === undefined || config === undefined) expect.fail();
    const embeds = (type: string, bytes: Uint8Array, more: object = {}): WrittenDescriptor =>
      descriptorOf(type, bytes, { data: Buffer.from(bytes).toString('base64'), ...more });
    const child = jsonBytes({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/x',
      config: embeds('application/x-config', config),
      layers: [embeds('text/plain', layer)],
    });
    const manifests = [embeds(OCI_MANIFEST, child, { platform: { os: 'linux', architecture: 'amd64' } })];
    const index = jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    owner.put('team/embeds', imageOf({ mediaType: OCI_INDEX, bytes: index }, []), '1');
    expect(causesOf(await job(`${owner.host}/team/embeds:1`, { credentials: loggedIn }))).toEqual([]);
    for (const bytes of [config, layer, child]) expect(await gets(digestOf(bytes))).toEqual(['not-found']);
  });

  it.each<[string, Image, object]>([
    ['converted manifests', d2({ seed: 'converted', layerBytes: 200 }), { format: 'oci' }],
    ['converted indexes', dlist({ seed: 'converted', layerBytes: 200 }), { format: 'oci', platforms: 'all' }],
    [
      'narrowed indexes',
      idx({ seed: 'narrowed', layerBytes: 200 }),
      { platforms: 'linux/amd64,linux/arm64' },
    ],
  ])('as %s', async (_, image, given) => {
    owner.put('team/made', image, '1');
    const { lock } = await job(`${owner.host}/team/made:1`, { credentials: loggedIn, given });
    const [{ digest, root } = expect.fail()] = lock.images;
    const made = new Set([digest, root]);
    made.delete(image.top);
    expect(made.size).toBeGreaterThan(0);
    for (const one of made) expect(await gets(one)).toEqual(['not-found']);
  });
});

describe('content that came without credentials', () => {
  it('is given from the store without a request', async () => {
    await using open = await startBadRegistry({ images: { 'open/app:1': IMAGE } });
    await job(pinned(open.host, 'open/app'));
    open.clear();
    expect(causesOf(await job(pinned(open.host, 'open/app')))).toEqual([]);
    expect(open.requests()).toEqual([]);
  });
});
