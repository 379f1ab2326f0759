import { describe, expect, it } from 'vitest';
import { registryPort } from '../../src/image/index.ts';
import { MAX_TAGS, MAX_TAGS_BYTES } from '../../src/registry/lists/tags.ts';
import { type BadSwitches, startBadRegistry } from '../support/bad-registry.ts';
import { one } from '../support/fixtures/index.ts';
import { answerJson, startStub, type StubHandler } from '../support/registry-stub.ts';
import { clientOf, failureOf, repositoryAt } from './support.ts';

const image = one({ layerBytes: 100 });
const TAGS = Array.from({ length: 250 }, (_, at) => `v${String(at).padStart(3, '0')}`);
const images = Object.fromEntries(TAGS.map((tag) => [`team/app:${tag}`, image]));

describe('N7, case B6: the tags of a repository', () => {
  it.each<NonNullable<NonNullable<BadSwitches['tags']>['link']>>([
    'relative',
    'absolute',
    'bare',
    'lostprefix',
  ])('are read over all pages where the link to the next one is %s', async (link) => {
    await using registry = await startBadRegistry({ images, tags: { link } });
    using client = clientOf([registry]);
    expect(await client.listTags(repositoryAt(registry))).toEqual(TAGS);
    expect(
      registry.requests({ method: 'GET' }).filter(({ path }) => path.includes('/tags/list')),
    ).toHaveLength(3);
  });

  it('that end in a loop are refused after a page that brings nothing', async () => {
    await using registry = await startBadRegistry({ images, tags: { link: 'loop' } });
    using client = clientOf([registry]);
    const error = await failureOf(client.listTags(repositoryAt(registry)));
    expect([error.code, error.message]).toEqual(['unsupported', expect.stringContaining('without an end')]);
  });

  it('are listed with their manifests, those that do not exist left out', async () => {
    await using registry = await startBadRegistry({
      images: { 'team/app:1': image },
      tags: { junk: ['deleted'] },
    });
    using client = clientOf([registry]);
    const port = registryPort(client, repositoryAt(registry));
    expect(await port.tags()).toEqual(['1', 'deleted']);
    expect(await port.list()).toMatchObject([{ digest: image.top }]);
  });

  it.each<[string, StubHandler]>([
    ['null', (_, response) => answerJson(response, 200, { name: 'team/app', tags: null })],
    ['not there', (_, response) => answerJson(response, 200, { name: 'team/app' })],
    ['empty', (_, response) => answerJson(response, 200, { name: 'team/app', tags: [] })],
  ])('are none where they are %s', async (_, handler) => {
    await using stub = await startStub(handler);
    using client = clientOf([stub]);
    expect(await client.listTags(repositoryAt(stub))).toEqual([]);
  });

  const page = (tags: unknown, link?: string): [unknown, Record<string, string>] => [
    { name: 'team/app', tags },
    link === undefined ? {} : { link: `<${link}>; rel="next"` },
  ];
  const endless = (nth: number): string => `/v2/team/app/tags/list?last=${nth}`;
  it.each<{ what: string; handler: StubHandler; why: string }>([
    {
      what: 'go on at another host',
      handler: (_, response) =>
        answerJson(response, 200, ...page(['1'], 'http://127.0.0.2:1/v2/team/app/tags/list')),
      why: 'at another host',
    },
    {
      what: 'go on at an address that cannot be read',
      handler: (_, response) => answerJson(response, 200, ...page(['1'], 'http://[')),
      why: 'at another host',
    },
    {
      what: 'have no end, each page with new ones',
      handler: (_, response, nth) => {
        const tags = Array.from({ length: 1000 }, (__, at) => `v${nth}-${at}`);
        answerJson(response, 200, ...page(tags, endless(nth)));
      },
      why: `more than ${MAX_TAGS} tags`,
    },
    {
      what: 'have no end, each page empty',
      handler: (_, response, nth) => answerJson(response, 200, ...page([], endless(nth))),
      why: 'without an end',
    },
    {
      what: 'are more bytes than is reasonable, over several pages',
      handler: (_, response, nth) => {
        const [body, headers] = page([`v${nth}`], endless(nth));
        answerJson(
          response,
          200,
          { body, ...Object(body), padding: 'x'.repeat(MAX_TAGS_BYTES / 4) },
          headers,
        );
      },
      why: `more than ${MAX_TAGS_BYTES} bytes`,
    },
    {
      what: 'are not text',
      handler: (_, response) => answerJson(response, 200, ...page([1])),
      why: 'something else than tags',
    },
    {
      what: 'are a web page',
      handler: (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      why: 'something else than tags',
    },
  ])('are refused where they $what', async ({ handler, why }) => {
    await using stub = await startStub(handler);
    using client = clientOf([stub]);
    const error = await failureOf(client.listTags(repositoryAt(stub)));
    expect([error.code, error.message]).toEqual(['unsupported', expect.stringContaining(why)]);
    expect(stub.requests.length).toBeLessThan(20);
    expect(stub.requests.every(({ path }) => path === '/v2/team/app/tags/list')).toBe(true);
  });

  it('case B7: are read without names that no tag can have, with a warning', async () => {
    await using stub = await startStub((_, response) =>
      answerJson(response, 200, ...page(['2', '../../other/manifests/1', '', '1', '1'])),
    );
    using client = clientOf([stub]);
    expect(await client.listTags(repositoryAt(stub))).toEqual(['1', '2']);
    expect(client.warnings).toEqual([expect.stringContaining('2 names of its list cannot be tags')]);
  });

  it('of a repository that is not there are not found', async () => {
    await using registry = await startBadRegistry({ images });
    using client = clientOf([registry]);
    expect((await failureOf(client.listTags(repositoryAt(registry, 'team/other')))).code).toBe('not-found');
  });
});
