import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { type Digest, digestOf, shortDigest } from '../../src/oci/digest.ts';
import { createSkopeoEnvironment, findSkopeo, type SkopeoTools } from '../../src/skopeo/index.ts';
import { type BadRegistry, type Fault, MANIFESTS, startBadRegistry } from '../support/bad-registry.ts';
import { failureOf } from '../support/failure.ts';
import { buildImage, filledLayer, one } from '../support/fixtures/index.ts';
import { largestBlobOf } from '../support/image.ts';
import { systemTrust } from '../support/trust.ts';
import { always } from '../registry/support.ts';
import { type Copied, type Copying, startCopying } from './copying.ts';

const LARGE = 1_200_000;
const large = one({ layerBytes: LARGE });
/** Two images over one large layer, each with a small one of its own. */
const base = filledLayer('base', LARGE);
const [first, second] = ['a', 'b'].map((own) => buildImage({ layers: [base, filledLayer(own, 100)] }));
const shared = largestBlobOf(first!);

let registry: BadRegistry;
let bench: Copying;
let tools: SkopeoTools;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'large:1': large, 'a:1': first!, 'b:1': second! } });
});
afterAll(() => registry.close());
beforeEach(async () => {
  registry.misbehave({});
  bench = await startCopying([registry.host]);
  tools = {
    skopeo: await findSkopeo({ kind: 'auto' }, process.env),
    environment: await createSkopeoEnvironment(bench.store.runFolder, process.env, await systemTrust()),
  };
  return () => bench.close();
});

const copy = async (
  names: readonly string[],
  given: Parameters<Copying['copy']>[1] = {},
): Promise<Copied> => {
  const images = await bench.images(names.map((name) => `${registry.host}/${name}`));
  registry.clear();
  return bench.copy(images, { copier: 'skopeo', skopeoTools: async () => tools, ...given });
};
const saidIn = ({ events }: Copied, level: string): string[] =>
  events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));
const gets = (digest: Digest): number =>
  registry.requests({ method: 'GET', kind: 'blob' }).filter(({ path }) => path.endsWith(digest)).length;

describe('a copy with skopeo', () => {
  it('gives it the large layers, each once, while our own client brings the small ones', async () => {
    const copied = await copy(['a:1', 'b:1']);
    expect(copied.failures.size).toBe(0);
    const small = [first!, second!].flatMap(({ blobs }) =>
      copied.missing.blobs.filter(({ digest }) => digest !== shared && blobs.has(digest)),
    );
    expect(copied.movers).toEqual(
      new Map([[shared, 'skopeo'], ...small.map(({ digest }) => [digest, 'direct'] as const)]),
    );
    expect(small).toHaveLength(2);
    expect(gets(shared)).toBe(1);
    expect(saidIn(copied, 'debug').filter((message) => message.startsWith('skopeo'))).toEqual([
      expect.stringMatching(/^skopeo copies [\d.]+ [KM]iB, 1 layer of sha256:/),
    ]);
    const moved = copied.events.reduce((sum, event) => sum + (event.type === 'bytes' ? event.delta : 0), 0);
    expect(moved).toBe(copied.missing.blobs.reduce((sum, { size }) => sum + size, 0));
    expect(copied.landed.toSorted()).toEqual(copied.missing.blobs.map(({ digest }) => digest));
  });

  it('that skopeo cannot finish is completed by our own client, and the log says so', async () => {
    const fault: Fault = {
      method: 'GET',
      path: new RegExp(shared),
      times: 1,
      failure: { kind: 'status', status: 404 },
    };
    const images = ['a:1'];
    registry.misbehave({ faults: [fault] });
    const copied = await copy(images);
    expect(copied.failures.size).toBe(0);
    expect(copied.movers.get(shared)).toBe('direct');
    expect(saidIn(copied, 'warning')).toEqual([
      expect.stringMatching(/skopeo failed .*; the built-in client completes it$/),
    ]);
  });

  it('that nobody can finish fails the image, and the next leaf over the layer tries it again', async () => {
    registry.misbehave({
      faults: [{ method: 'GET', path: new RegExp(shared), failure: { kind: 'status', status: 404 } }],
    });
    const copied = await copy(['a:1', 'b:1']);
    expect([...copied.failures.keys()]).toEqual([shared]);
    expect(copied.failures.get(shared)).toMatchObject({ code: 'not-found' });
    const failed = copied.events.filter((event) => event.type === 'step' && event.outcome === 'failed');
    expect(failed).toHaveLength(2);
    expect(copied.landed).toHaveLength(2);
  });

  it.each([
    ['toomanyrequests: pull rate limit', 'quota', /pull rate limit/],
    // What skopeo says of this machine's disk has the same words.
    ['write: no space left on device', 'local', /^the disk is full: blob sha256:\w+ could not be written/],
  ])('that would fail again by our own client is not tried by it: %s', async (message, code, said) => {
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message }] });
    const images = await bench.images([`${registry.host}/a:1`]);
    // Our own client has the manifest already.
    registry.misbehave({
      faults: [{ method: 'GET', path: MANIFESTS, failure: { kind: 'status', status: 403, body } }],
    });
    const copied = await bench.copy(images, { copier: 'skopeo', skopeoTools: async () => tools });
    expect(copied.failures.get(shared)).toMatchObject({ code, message: expect.stringMatching(said) });
    expect(saidIn(copied, 'warning')).toEqual([]);
    expect(copied.movers.size).toBe(1);
  });

  it('gives skopeo the credentials of the registry', async () => {
    const credentials = { username: 'me', password: 'secret' };
    const images = await bench.images([`${registry.host}/large:1`]);
    registry.misbehave({ auth: { scheme: 'basic', users: [credentials] } });
    const copied = await bench.copy(images, {
      copier: 'skopeo',
      skopeoTools: async () => tools,
      credentials: always(credentials),
    });
    expect(copied.movers).toEqual(new Map([[largestBlobOf(large), 'skopeo']]));
    expect(saidIn(copied, 'warning')).toEqual([]);
  });

  it('fails before anything is fetched where there is no skopeo', async () => {
    const none = new OciSaveError({ code: 'machine', message: 'no skopeo' });
    expect(await failureOf(copy(['a:1'], { skopeoTools: () => Promise.reject(none) }))).toBe(none);
    expect(registry.requests()).toEqual([]);
  });

  it('found J9: a large layer that stands twice in a manifest is fetched once, and skopeo copies the others', async () => {
    const other = filledLayer('beside', LARGE);
    const twice = buildImage({ layers: [filledLayer('twice', LARGE), other, filledLayer('twice', LARGE)] });
    const alone = buildImage({ layers: [filledLayer('alone', LARGE), filledLayer('alone', LARGE)] });
    registry.put('twice', twice, '1');
    registry.put('alone', alone, '1');
    const copied = await copy(['twice:1', 'alone:1']);
    expect(copied.failures.size).toBe(0);
    const layers = [...copied.missing.blobs].filter(({ size }) => size >= LARGE);
    expect(layers.map(({ digest }) => gets(digest))).toEqual([1, 1, 1]);
    expect([...copied.movers].filter(([, mover]) => mover === 'skopeo')).toEqual([
      [digestOf(other.bytes), 'skopeo'],
    ]);
  });

  it('links what is here for skopeo, which then does not fetch it', async () => {
    const both = buildImage({ layers: [base, filledLayer('upper', LARGE)] });
    registry.put('both', both, '1');
    await copy(['a:1']);
    const copied = await copy(['both:1']);
    expect(gets(shared)).toBe(0);
    expect(copied.movers.size).toBe(1);
    expect(copied.failures.size).toBe(0);
    expect(saidIn(copied, 'debug').join()).toMatch(
      new RegExp(`skopeo copies [\\d.]+ [KM]iB, 1 layer of ${shortDigest(both.top)}`),
    );
  });
});
