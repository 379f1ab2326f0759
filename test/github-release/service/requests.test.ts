import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createReleaseService,
  type Release,
  type ReleaseService,
} from '../../../src/github-release/index.ts';
import { failureOf as errorOf } from '../../support/failure.ts';
import { listen, type Listening } from '../../support/listen.ts';
import { asset, release, TOKEN, WHOLE } from './samples.ts';

let server: Listening;
afterEach(() => server.end());

async function failureOf(work: Promise<unknown>): Promise<string> {
  const { code, message } = await errorOf(work);
  return `${code}: ${message}`;
}

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Asking {
  readonly client: ReleaseService;
  readonly seen: readonly Seen[];
  /** Milliseconds that were told as a wait. */
  readonly waits: readonly number[];
}

/** A client with settings, of a server that answers each request by its number, from 0. */
async function asking(
  answer: (number: number, response: ServerResponse, request: IncomingMessage) => void,
  {
    path = '',
    commit,
    retries = 0,
    signal,
  }: { path?: string; commit?: string; retries?: number; signal?: AbortSignal } = {},
): Promise<Asking> {
  const seen: Seen[] = [];
  const waits: number[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url, headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    answer(seen.length - 1, response, request);
  };
  server = await listen(createServer((request, response) => void respond(request, response)));
  const api = new URL(`http://${server.host}${path}`);
  const client = createReleaseService(
    { api, owner: 'org', repo: 'site', tag: 'v1', commit, token: TOKEN },
    {
      env: {},
      retry: { retries, retryMilliseconds: 1 },
      signal,
      onWait: (milliseconds) => waits.push(milliseconds),
    },
  );
  return { client, seen, waits };
}

const answerWith = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(value === undefined ? undefined : JSON.stringify(value));
};
const stored = (more: object = {}): object => ({
  id: 5,
  tag_name: 'v1',
  draft: true,
  html_url: 'https://page',
  upload_url: 'https://up{?name}',
  ...more,
});

describe('a request to the service', () => {
  const calls: [string, (client: ReleaseService) => Promise<unknown>, string, unknown?][] = [
    ['looks a tag up', (client) => client.published('v1'), 'GET /tags/v1'],
    ['reads a release again', (client) => client.reread(release), 'GET /1'],
    [
      'creates a draft',
      (client) => client.createDraft('v1', 'Title', 'Notes'),
      'POST ',
      { tag_name: 'v1', name: 'Title', body: 'Notes', draft: true },
    ],
    ['gives a draft its tag', (client) => client.bind(release, 'v1'), 'PATCH /1', { tag_name: 'v1' }],
    [
      'publishes a draft',
      (client) => client.publish(release, 'v1', 'Notes'),
      'PATCH /1',
      { tag_name: 'v1', draft: false, body: 'Notes' },
    ],
    ['removes a draft', (client) => client.removeDraft(release), 'DELETE /1'],
    ['removes a file', (client) => client.remove(asset), 'DELETE /assets/9'],
    ['renames a file', (client) => client.rename(asset, 'b'), 'PATCH /assets/9', { name: 'b' }],
  ];

  it.each(calls)(
    'that %s goes to its address below that of the API, with token and version',
    async (_, call, place, body) => {
      const answer = { ...stored(), name: 'b', size: 1, state: 'uploaded' };
      for (const path of ['/api/v3', '/api/v3/']) {
        const { client, seen } = await asking((_number, response) => answerWith(response, answer), { path });
        await call(client);
        await server.end();
        const [method = '', rest = ''] = place.split(' ');
        expect(seen).toEqual([
          {
            method,
            url: `/api/v3/repos/org/site/releases${rest}`,
            headers: expect.objectContaining({
              authorization: `Bearer ${TOKEN}`,
              accept: 'application/vnd.github+json',
              'x-github-api-version': '2022-11-28',
            }),
            body: body === undefined ? '' : JSON.stringify(body),
          },
        ]);
        expect(seen[0]?.headers['content-type']).toBe(body === undefined ? undefined : 'application/json');
      }
    },
  );

  it.each(calls)('that %s and is refused names what was asked, and where', async (_, call) => {
    const { client } = await asking((_number, response) => answerWith(response, { message: 'no' }, 403));
    expect(await failureOf(call(client))).toMatch(
      /^denied: .*(?:v1|a\.lock\.json|x\/y).* cannot be .*: org\/site on 127\.0\.0\.1:\d+: it answered 403 \(no\)$/,
    );
  });

  it('for what is not there finds nothing, and has nothing to remove', async () => {
    const { client } = await asking((_number, response) =>
      answerWith(response, { message: 'Not Found' }, 404),
    );
    expect(await client.published('v1')).toBe(undefined);
    expect(await client.reread(release)).toBe(undefined);
    await client.remove(asset);
    await client.removeDraft(release);
    expect(await failureOf(client.rename(asset, 'b'))).toMatch(/^not-found/);
    expect(await failureOf(client.assets(release))).toMatch(/^not-found/);
  });

  it('that creates a draft names the commit where there is one', async () => {
    const { client, seen } = await asking((_number, response) => answerWith(response, stored(), 201), {
      commit: 'abc',
    });
    await client.createDraft('v1', 'v1', '');
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ target_commitish: 'abc' });
  });

  it('is not made after the run was interrupted', async () => {
    const controller = new AbortController();
    const { client, seen } = await asking((_number, response) => answerWith(response, stored()), {
      signal: controller.signal,
    });
    controller.abort(new Error('by Ctrl-C'));
    await expect(client.published('v1')).rejects.toThrow('by Ctrl-C');
    expect(seen).toEqual([]);
  });
});

describe('what the service tells of a release', () => {
  const read = async (more: object): Promise<Release | undefined> => {
    const { client } = await asking((_number, response) => answerWith(response, stored(more)));
    return client.published('v1');
  };

  it('is read with what it may leave out', async () => {
    expect(await read({ name: null, body: null })).toEqual({
      id: 5,
      tag: 'v1',
      title: '',
      draft: true,
      immutable: false,
      url: 'https://page',
      uploadUrl: 'https://up{?name}',
      body: '',
    });
  });

  it('is read as it stands there', async () => {
    expect(await read({ name: 'Title', body: 'Notes', immutable: true, draft: false })).toMatchObject({
      title: 'Title',
      body: 'Notes',
      immutable: true,
      draft: false,
    });
  });

  it('may have a substitute for the tag of a draft, and of no other', async () => {
    const tag_name = 'untagged-0123abcd';
    expect(await read({ tag_name })).toMatchObject({ tag: tag_name });
    await server.end();
    expect(await failureOf(read({ tag_name, draft: false }))).toMatch(/not a response of GitHub's API/);
  });

  it('has files whose digest it may leave out', async () => {
    const entry = { id: 1, name: 'a', size: 3, state: 'uploaded', more: 1 };
    const { client } = await asking((_number, response) =>
      answerWith(response, [entry, { ...entry, digest: 'd' }]),
    );
    const { more: _, ...wanted } = entry;
    expect(await client.assets(release)).toEqual([
      { ...wanted, digest: null },
      { ...wanted, digest: 'd' },
    ]);
  });
});

describe('a list of the service', () => {
  const page = (count: number): object[] => Array.from({ length: count }, (_, id) => stored({ id }));

  it.each([
    [[3], 3],
    [[100, 0], 100],
    [[100, 100, 7], 207],
  ])('of pages with %j entries is read to its end', async (counts, all) => {
    const { client, seen } = await asking((number, response) =>
      answerWith(response, page(counts[number] ?? 0)),
    );
    expect(await client.listed('v1')).toHaveLength(all);
    expect(seen.map(({ url }) => url)).toEqual(
      counts.map((_, at) => `/repos/org/site/releases?page=${at + 1}&per_page=100`),
    );
  });

  it('that never ends is read up to ten thousand entries', async () => {
    const entries = JSON.stringify(page(100));
    const { client, seen } = await asking((_number, response) => void response.end(entries));
    expect(await client.listed('v1')).toHaveLength(10_000);
    expect(seen).toHaveLength(100);
  });

  it('is read for a tag, and for what lost its tag', async () => {
    const tags = ['v1', 'v2', 'untagged-0a', 'untagged-x', 'v1'];
    const { client } = await asking((_number, response) =>
      answerWith(
        response,
        tags.map((tag_name, id) => stored({ tag_name, id })),
      ),
    );
    expect((await client.listed('v1')).map(({ id }) => id)).toEqual([0, 2, 4]);
  });
});

describe('the address of an upload', () => {
  const answered = { id: 1, name: 'a b.tar', size: 3, state: 'uploaded' };
  const file = {
    name: 'a b.tar',
    size: 3,
    open: async function* () {
      yield Buffer.from('abc');
    },
  };

  it.each(['/up{?name,label}', '/up?x=1{&name}', '/up'])('%s gets the name of the file', async (place) => {
    const { client, seen } = await asking((_number, response) => answerWith(response, answered, 201));
    const uploadUrl = `http://${server.host}${place}`;
    expect(await client.upload({ ...release, uploadUrl }, file)).toEqual({ ...answered, digest: null });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: place.includes('?x=1') ? '/up?x=1&name=a+b.tar' : '/up?name=a+b.tar',
        body: 'abc',
        headers: {
          'content-length': '3',
          'content-type': 'application/octet-stream',
          'x-github-api-version': '2022-11-28',
          authorization: `Bearer ${TOKEN}`,
        },
      },
    ]);
  });

  it.each(['', 'no address', 'ftp://x/up'])('%j cannot be used', async (uploadUrl) => {
    const { client } = await asking((_number, response) => answerWith(response, answered));
    expect(await failureOf(client.upload({ ...release, uploadUrl }, file))).toMatch(
      /^unsupported: 127\.0\.0\.1:\d+ names an address for uploads that cannot be used$/,
    );
  });

  it('in https is used whatever the API has', async () => {
    const { client } = await asking((_number, response) => answerWith(response, answered));
    const uploadUrl = `https://${server.host}/up`;
    expect(await failureOf(client.upload({ ...release, uploadUrl }, file))).toMatch(/^network: .*TLS/);
  });
});

describe('the rest of a file that was cut', () => {
  const cut = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-length': WHOLE.length });
    response.write(WHOLE.subarray(0, 5), () => response.destroy());
  };
  const part = (response: ServerResponse, from: number): void => {
    response.writeHead(206, { 'content-range': `bytes ${from}-${WHOLE.length - 1}/${WHOLE.length}` });
    response.end(WHOLE.subarray(from));
  };
  const readAll = async (client: ReleaseService): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.read(asset)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it('is asked for from its first byte on', async () => {
    const { client, seen } = await asking(
      (number, response) => (number === 0 ? cut(response) : part(response, 5)),
      { retries: 1 },
    );
    expect(await readAll(client)).toBe(Buffer.from(WHOLE).toString());
    expect(seen.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=5-']);
    expect(seen[0]).toMatchObject({
      url: '/repos/org/site/releases/assets/9',
      headers: { accept: 'application/octet-stream', authorization: `Bearer ${TOKEN}` },
    });
  });

  it('comes with the whole where the service cannot give it', async () => {
    const { client, seen } = await asking(
      (number, response) => {
        if (number === 0) cut(response);
        else if (number === 1) response.writeHead(416).end();
        else response.end(WHOLE);
      },
      { retries: 1 },
    );
    expect(await readAll(client)).toBe(Buffer.from(WHOLE).toString());
    expect(seen.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=5-', undefined]);
  });

  it('that begins elsewhere is no answer', async () => {
    const { client, seen } = await asking(
      (number, response) => (number === 0 ? cut(response) : part(response, 7)),
      { retries: 3 },
    );
    expect(await failureOf(readAll(client))).toMatch(/^unsupported: .* not a response of GitHub's API$/);
    expect(seen).toHaveLength(2);
  });

  it('is refused with the name of the file', async () => {
    const { client } = await asking((_number, response) => answerWith(response, { message: 'no' }, 403));
    expect(await failureOf(readAll(client))).toMatch(/^denied: a\.lock\.json cannot be read: org\/site on /);
  });
});

describe('a limit', () => {
  it('of a second is told and waited for, and the request is made again', async () => {
    const { client, waits } = await asking(
      (number, response) => {
        if (number > 0) return answerWith(response, stored());
        response.writeHead(429, { 'retry-after': '1' }).end('{}');
      },
      { retries: 1 },
    );
    expect(await client.published('v1')).toMatchObject({ id: 5 });
    expect(waits).toEqual([1000]);
  });

  it('of an hour is an error at once, with its end', async () => {
    const reset = String(Math.floor(Date.now() / 1000) + 3500);
    const { client, seen, waits } = await asking(
      (_number, response) => {
        response.writeHead(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset });
        response.end(JSON.stringify({ message: 'API rate limit exceeded' }));
      },
      { retries: 3 },
    );
    const failure = await client.published('v1').catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'quota',
      hint: expect.stringMatching(/^Run it again later, in 5\d min: /),
    });
    expect([seen.length, waits]).toEqual([1, []]);
    // Nor does what is asked next wait for it.
    expect(await failureOf(client.reread(release))).toMatch(/^quota/);
  });

  it('that is no error is no wait', async () => {
    const { client, waits } = await asking(
      (number, response) => answerWith(response, stored(), number === 0 ? 502 : 200),
      { retries: 1 },
    );
    await client.published('v1');
    expect(waits).toEqual([]);
  });
});
