import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSignatureType } from '../../src/oci/referrer.ts';
import { createSources } from '../../src/registry/index.ts';
import { type BadRegistry, type BadSwitches, startBadRegistry } from '../support/bad-registry.ts';
import { ref } from '../support/fixtures/index.ts';
import { descriptorOfImage, type Image } from '../support/image.ts';
import { answerJson, startStub, type StubHandler } from '../support/registry-stub.ts';
import { clientOf, failureOf, repositoryAt, type TestClient } from './support.ts';

const { subject, signature, sbom } = ref({ layerBytes: 100 });
let registry: BadRegistry;
let client: TestClient;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'team/app:1': subject } });
  registry.put('team/app', signature);
  registry.put('team/app', sbom);
  client = clientOf([registry]);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await registry.close();
});

describe('F6: the referrers of a manifest', () => {
  it('are what the registry lists', async () => {
    registry.misbehave({});
    const found = await client.listReferrers(repositoryAt(registry), subject.top);
    expect(found?.map(({ digest }) => digest).toSorted()).toEqual([signature.top, sbom.top].toSorted());
    expect(await client.listReferrers(repositoryAt(registry), signature.top)).toEqual([]);
  });

  it.each<[string, BadSwitches, string | undefined]>([
    ['404', { referrers: 404 }, undefined],
    ['case B11: a redirect to a page that is 404', { referrers: '303' }, undefined],
    ['a web page', { referrers: 'html' }, 'unsupported'],
    ['401', { referrers: 401 }, 'denied'],
    ['403', { referrers: 403 }, 'denied'],
    ['400', { referrers: 400 }, 'unsupported'],
    ['405', { referrers: 405 }, 'unsupported'],
    ['500', { referrers: 500 }, 'network'],
    ['429', { referrers: 429 }, 'network'],
  ])('are unknown to a registry that answers %s; only 404 says that it has no list', async (_, bad, code) => {
    registry.misbehave(bad);
    using once = clientOf([registry], { retries: 0 });
    const listed = once.listReferrers(repositoryAt(registry), subject.top);
    if (code === undefined) expect(await listed).toBeUndefined();
    else expect((await failureOf(listed)).code).toBe(code);
  });

  const listOf = (images: readonly Image[]): unknown => ({
    schemaVersion: 2,
    manifests: images.map((image) => descriptorOfImage(image)),
  });
  const next = (nth: number): Record<string, string> => ({
    link: `</v2/team/app/referrers/${subject.top}?last=${nth}>; rel="next"`,
  });

  it('are read over all pages', async () => {
    const pages = [listOf([signature]), listOf([sbom])];
    await using stub = await startStub((_, response, nth) =>
      answerJson(response, 200, pages[nth - 1], nth < pages.length ? next(nth) : {}),
    );
    using own = clientOf([stub]);
    expect(await own.listReferrers(repositoryAt(stub), subject.top)).toHaveLength(2);
    expect(stub.requests).toHaveLength(2);
  });

  it.each<[string, StubHandler, string]>([
    [
      'go on for ever',
      (_, response, nth) => answerJson(response, 200, listOf([signature]), next(nth)),
      'end',
    ],
    [
      'go on at another host',
      (_, response) =>
        answerJson(response, 200, listOf([signature]), { link: '<http://127.0.0.2:1/>; rel="next"' }),
      'at another host',
    ],
    [
      'stop at a page that is 404',
      (_, response, nth) =>
        nth === 1
          ? answerJson(response, 200, listOf([signature]), next(1))
          : answerJson(response, 404, { errors: [] }),
      '404',
    ],
    ['are no list', (_, response) => answerJson(response, 200, { errors: [] }), 'something else'],
    ['are cut', (_, response) => void response.writeHead(200).end('{"manifests":[{'), 'something else'],
    [
      'are more than any image has',
      (_, response) => {
        const manifests = Array.from({ length: 1001 }, (__, at) => ({
          ...descriptorOfImage(signature),
          digest: `sha256:${String(at).padStart(64, '0')}`,
        }));
        answerJson(response, 200, { manifests });
      },
      'more than 1000',
    ],
    [
      'have one that is not valid',
      (_, response) => answerJson(response, 200, { manifests: [{ digest: 'sha256:1' }] }),
      'not valid',
    ],
  ])('are refused where they %s', async (_, handler, why) => {
    await using stub = await startStub(handler);
    using own = clientOf([stub]);
    const error = await failureOf(own.listReferrers(repositoryAt(stub), subject.top));
    expect(error.message).toContain(why);
    expect(stub.requests.length).toBeLessThan(5);
  });

  it.each<[string, BadSwitches]>([
    ['has none of any', { referrers: 404 }],
    ['fails', { referrers: 403 }],
  ])('are asked of the registry itself where a mirror %s', async (_, bad) => {
    registry.misbehave({});
    await using mirror = await startBadRegistry({ images: { 'team/app:1': subject }, ...bad });
    using own = clientOf([registry, mirror]);
    const warnings: string[] = [];
    const mirrors = [{ prefix: registry.host, location: mirror.host }];
    const sources = createSources(own, mirrors, (message) => warnings.push(message));
    expect(await sources.client.listReferrers(repositoryAt(registry), subject.top)).toHaveLength(2);
    expect(warnings).toHaveLength(bad.referrers === 403 ? 1 : 0);
    expect(await sources.client.findTagged(repositoryAt(registry), 'none')).toBeUndefined();
  });
});

describe('F6: the manifest of a tag', () => {
  it.each([404, 403, 500])('that a registry answers with %i', async (status) => {
    await using stub = await startStub((_, response) =>
      // The code of a manifest that is not there does not count: the status does.
      answerJson(response, status, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'gone' }] }),
    );
    using own = clientOf([stub], { retries: 0 });
    const found = own.findTagged(repositoryAt(stub), 'sha256-0.sig');
    const failed = found.then(
      (manifest) => manifest === undefined,
      () => 'failed',
    );
    expect(await failed).toBe(status === 404 ? true : 'failed');
  });
});

it.each([
  ['application/vnd.dev.cosign.artifact.sig.v1+json', true],
  ['application/vnd.dev.sigstore.bundle.v0.3+json', true],
  ['application/vnd.dev.sigstore.bundle+json;version=0.2', true],
  ['application/vnd.cncf.notary.signature', true],
  ['application/vnd.dev.sigstore.bundles', false],
  ['application/spdx+json', false],
  ['application/vnd.dev.cosign.artifact.sbom.v1+json', false],
])('F6: the type %s is a signature: %s', (type, isOne) => {
  expect(isSignatureType(type)).toBe(isOne);
});
