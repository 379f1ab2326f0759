import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { components } from '@octokit/openapi-types';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { OciSaveError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { createReleaseService } from '../../../src/github-release/index.ts';
import type { assetSchema, releaseSchema } from '../../../src/github-release/service/schemas.ts';
import type { Asset, ReleaseService } from '../../../src/github-release/service/service.ts';
import { withDigest } from '../../../src/github-release/service/upload.ts';
import { listen, type Listening } from '../../support/listen.ts';
import { asset, release, TOKEN, WHOLE } from './samples.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Listening;
afterEach(() => server.end());

/** A client of a server that answers so. */
async function clientOf(
  handler: Handler,
  retries = 0,
  stallMilliseconds = 200,
  protocol = 'http',
): Promise<ReleaseService> {
  server = await listen(createServer(handler));
  const api = new URL(`${protocol}://${server.host}`);
  const target = { api, owner: 'org', repo: 'site', tag: 'v1', commit: undefined, token: TOKEN };
  return createReleaseService(target, {
    env: {},
    retry: { retries, retryMilliseconds: 1 },
    stallMilliseconds,
    onWait: () => {},
  });
}

const json =
  (value: unknown, status = 200): Handler =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OciSaveError)) throw new Error(`no failure of ours: ${String(error)}`);
  return `${error.code}: ${error.message}`;
}

/** Bytes as fast as they are taken, until the client goes away; counted. */
function endless(response: ServerResponse, onBytes: (count: number) => void): void {
  const chunk = Buffer.alloc(1 << 20, 'a');
  const send = (): void => {
    while (!response.destroyed) {
      onBytes(chunk.length);
      if (!response.write(chunk)) return void response.once('drain', send);
    }
  };
  send();
}

describe('an answer of the service', () => {
  it.each(['application/json', 'text/html'])('of %s that never ends is no answer', async (type) => {
    let sent = 0;
    const pour: Handler = (_, response) => {
      response.writeHead(200, { 'content-type': type });
      endless(response, (count) => (sent += count));
    };
    const client = await clientOf(pour, 0, 60_000);
    expect(await failureOf(client.published('v1'))).toMatch(
      /^unsupported: .* not a response of GitHub's API$/,
    );
    expect(sent).toBeLessThan(100 << 20);
  });

  it('that is cut is asked for again, and is told as one that did not come', async () => {
    let asked = 0;
    const client = await clientOf((_, response) => {
      asked += 1;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('[', () => response.destroy());
    }, 1);
    expect(await failureOf(client.listed('v1'))).toMatch(
      /^network: org\/site: releases cannot be listed: 127\.0\.0\.1:\d+ closed the connection \(ECONNRESET\), in attempt 2 of 2$/,
    );
    expect(asked).toBe(2);
  });

  it.each([[null], [{ x: 1 }], ['text'], [7], [[null]]])('that is no list is told so: %j', async (value) => {
    const client = await clientOf(json(value));
    for (const asking of [client.assets(release), client.listed('v1')])
      expect(await failureOf(asking)).toMatch(/^unsupported: .* not a response of GitHub's API$/);
  });

  it('for another tag is not taken', async () => {
    const other = { id: 1, tag_name: 'other', draft: true, html_url: 'x', upload_url: 'x' };
    const client = await clientOf(json(other));
    const asking = [client.published('v1'), client.createDraft('v1', 'v1', '')];
    for (const one of asking)
      expect(await failureOf(one)).toMatch(/^unsupported: .* not a response of GitHub's API$/);
  });

  it('whose words repeat the token is shown without it', async () => {
    const client = await clientOf(json({ message: `bad ${TOKEN}`, errors: [{ message: TOKEN }] }, 422));
    const failure = await failureOf(client.published('v1'));
    expect(failure).toContain('(bad ***; ***)');
    expect(failure).not.toContain(TOKEN);
  });
});

it('the schemas of what is read take what GitHub describes', () => {
  expectTypeOf<components['schemas']['release']>().toExtend<z.input<typeof releaseSchema>>();
  expectTypeOf<components['schemas']['release-asset']>().toExtend<z.input<typeof assetSchema>>();
});

describe('the bytes of an asset', () => {
  it('are hashed where no digest is told', async () => {
    const client = await clientOf((_, response) => response.end(WHOLE));
    expect(await withDigest(asset, client)).toEqual({ ...asset, digest: digestOf(WHOLE) });
  });

  it('that do not end are other bytes', async () => {
    const client = await clientOf((_, response) => {
      response.write(WHOLE);
      endless(response, () => {});
    });
    expect((await withDigest(asset, client)).digest).not.toBe(digestOf(WHOLE));
  });

  it.each<[string, Handler]>([
    ['are cut', (_, response) => void response.write(WHOLE.subarray(0, 5), () => response.destroy())],
    ['go silent', (_, response) => void response.write(WHOLE.subarray(0, 5))],
    ['are too few', (_, response) => void response.end(WHOLE.subarray(0, 5))],
    ['do not begin', (_, response) => void response.destroy()],
  ])('that %s are asked for again, and no byte counts twice', async (_, fault) => {
    let asked = 0;
    const client = await clientOf((request, response) => {
      asked += 1;
      if (asked === 1) fault(request, response);
      else response.end(WHOLE);
    }, 1);
    expect((await withDigest(asset, client)).digest).toBe(digestOf(WHOLE));
    expect(asked).toBe(2);
  });

  it.each<[string, RegExp, Handler]>([
    ['are cut', /SOCKET|RESET/, (_, response) => void response.write('x', () => response.destroy())],
    ['go silent', /silent: no byte for 0 s/, (_, response) => void response.write('x')],
    ['are too few', /ended after 1 of \d+ bytes/, (_, response) => void response.end('x')],
  ])('that always %s fail as the network does', async (_, words, handler) => {
    const client = await clientOf(handler);
    const failure = await failureOf(withDigest(asset, client));
    expect(failure).toMatch(/^network: org\/site: a\.lock\.json cannot be read: /);
    expect(failure).toMatch(words);
  });
});

describe('an upload', () => {
  const SIZE = 64 << 20;
  async function* zeros(): AsyncGenerator<Uint8Array> {
    const chunk = new Uint8Array(1 << 20);
    for (let sent = 0; sent < SIZE; sent += chunk.length) yield chunk;
  }
  const upload = (client: ReleaseService): Promise<Asset> =>
    client.upload(
      { ...release, uploadUrl: `http://${server.host}/up` },
      { name: 'a.tar', size: SIZE, open: zeros },
    );

  it.each<[string, Handler]>([
    ['no byte', (request) => void request.pause()],
    ['a part', (request) => void request.once('data', () => request.pause())],
  ])('of which the service takes %s, and no more, ends as a network’s fault', async (_, handler) => {
    const client = await clientOf(handler);
    expect(await failureOf(upload(client))).toMatch(
      /^network: org\/site: a\.tar cannot be uploaded: 127\.0\.0\.1:\d+ took no byte for 0 s$/,
    );
  });

  it('goes with its token to no address in plain HTTP that an API over https names', async () => {
    let asked = 0;
    const client = await clientOf(() => void (asked += 1), 0, 200, 'https');
    expect(await failureOf(upload(client))).toMatch(
      /^unsupported: 127\.0\.0\.1:\d+ names an address for uploads/,
    );
    expect(asked).toBe(0);
  });

  it('that is taken may be processed for longer than that', async () => {
    const answered = { id: 1, name: 'a.tar', size: 3, state: 'uploaded' };
    const client = await clientOf(
      (request, response) => {
        request.resume();
        request.once('end', () => void setTimeout(() => json(answered)(request, response), 100));
      },
      0,
      50,
    );
    const file = {
      name: 'a.tar',
      size: 3,
      open: async function* () {
        yield Buffer.from('abc');
      },
    };
    expect(await client.upload({ ...release, uploadUrl: `http://${server.host}/up` }, file)).toMatchObject(
      answered,
    );
  });
});

describe('a call that always fails', () => {
  it.each<[string, Handler]>([
    ['503', json({ message: 'busy' }, 503)],
    ['429', (_, response) => void response.writeHead(429, { 'retry-after': '0' }).end('{}')],
    ['a closed connection', (_, response) => void response.write('x', () => response.destroy())],
    ['a body that stalls', (_, response) => void response.write('x')],
  ])('by %s costs retries + 1 requests, of an asset as well (found A13, B15)', async (_, fault) => {
    let asked = 0;
    const client = await clientOf((request, response) => {
      asked += 1;
      fault(request, response);
    }, 1);
    expect(await failureOf(client.published('v1'))).toMatch(/^(network|quota): /);
    expect(asked).toBe(2);
    expect(await failureOf(withDigest(asset, client))).toMatch(/^(network|quota): /);
    expect(asked).toBe(4);
  });

  it('is not sent again where it must not be done twice, unless a limit held it back', async () => {
    let asked = 0;
    let status = 503;
    const client = await clientOf((_, response) => {
      asked += 1;
      response.writeHead(status, { 'retry-after': '0' }).end('{}');
    }, 1);
    await failureOf(client.createDraft('v1', 'v1', ''));
    expect(asked).toBe(1);
    status = 429;
    await failureOf(client.createDraft('v1', 'v1', ''));
    expect(asked).toBe(3);
  });
});
