import { readdir, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { fetchFile, type FetchOptions } from '../../src/http/index.ts';
import { startStub, type Stub, type StubHandler } from '../support/registry-stub.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { basicOf, failureOf } from '../registry/support.ts';

const LIMITS = { bytes: 1000, milliseconds: 60_000, stallMilliseconds: 10_000, retries: 0 };
const never = (): void => {};

let temp: TempFolder;
let stub: Stub;
let file: string;
beforeEach(async () => {
  temp = await tempFolder('fetch');
  file = path.join(temp.path, 'fetched');
});
afterEach(async () => {
  await stub.close();
  await temp.close();
});

/** Fetches `/tool` from a server with these rules. */
async function fetchFrom(
  handler: StubHandler,
  options: Partial<FetchOptions> = {},
  where = '',
): Promise<void> {
  stub = await startStub(handler);
  const address = where === '' ? `${stub.url}/tool` : where.replace('HOST', stub.host);
  await fetchFile(address, file, {
    subject: 'the tool',
    env: {},
    limits: LIMITS,
    ...options,
  });
}

/** The error's words, without the port; nothing of the file is left. */
async function wordsOf(fetching: Promise<void>): Promise<string> {
  const { code, message } = await failureOf(fetching);
  expect(await readdir(temp.path)).toEqual([]);
  return `${code}: ${message.replaceAll(stub.host, 'HOST')}`;
}

const begin = (response: ServerResponse, length: number): void => {
  response.writeHead(200, { 'content-length': length }).write('begun');
};

describe('a file from an address', () => {
  it('is not asked for where it cannot be written, and nothing stays open', async () => {
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    file = path.join(temp.path, 'missing', 'fetched');
    await expect(fetchFrom((_, response) => response.end('tool'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(stub.requests).toEqual([]);
    // One of an earlier test may end meanwhile.
    const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    expect(after).toBeLessThanOrEqual(timers);
  });

  it.each([
    ['sends the whole again', 200],
    ['refuses to send the rest (416)', 416],
  ])('is written anew where the server %s after a cut', async (_, status) => {
    await fetchFrom(
      ({ headers }, response, nth) => {
        if (nth === 1) {
          response.writeHead(200, { 'content-length': 4 });
          return void response.write('to', () => response.destroy());
        }
        if (headers.range !== undefined && status === 416) return void response.writeHead(416).end();
        response.writeHead(200, { 'content-length': 4 }).end('next');
      },
      { limits: { ...LIMITS, retries: 2 } },
    );
    expect(await readFile(file, 'utf8')).toBe('next');
  });

  it('is written, and its progress told', async () => {
    const told: unknown[] = [];
    await fetchFrom((_, response) => response.writeHead(200, { 'content-length': 4 }).end('tool'), {
      onProgress: (received, total) => told.push([received, total]),
    });
    expect(await readFile(file, 'utf8')).toBe('tool');
    expect(told).toEqual([[4, 4]]);
  });

  it('is asked for with the user and the password of its address, wherever they are encoded', async () => {
    await fetchFrom((_, response) => response.end('x'), {}, 'http://m%40e:p%C3%A4ss%zz@HOST/tool?sig=1');
    expect(stub.requests[0]?.headers['authorization']).toBe(basicOf('m@e', 'päss%zz'));
    expect(stub.requests[0]?.query.get('sig')).toBe('1');
  });

  it('is followed elsewhere, without the password', async () => {
    await using other = await startStub((_, response) => response.end('from elsewhere'));
    const location = `${other.url}/there?sig=2`;
    await fetchFrom(
      (_, response) => response.writeHead(302, { location }).end(),
      {},
      'http://me:secret@HOST/tool',
    );
    expect(await readFile(file, 'utf8')).toBe('from elsewhere');
    expect(other.requests[0]?.headers['authorization']).toBeUndefined();
  });

  it('is resumed where the first attempt broke off and the server gives the rest', async () => {
    await fetchFrom(
      ({ headers }, response, nth) => {
        if (nth === 1) {
          response.writeHead(200, { 'content-length': 10 });
          return void response.write('begun', () => response.destroy());
        }
        const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
        const range = `bytes ${start}-9/10`;
        return void response.writeHead(206, { 'content-range': range }).end('begun here'.slice(start));
      },
      { limits: { ...LIMITS, retries: 1 } },
    );
    expect(await readFile(file, 'utf8')).toBe('begun here');
    expect(stub.requests[1]?.headers.range).toBe('bytes=5-');
  });

  it('comes at the second attempt where the first broke off', async () => {
    await fetchFrom(
      (_, response, nth) => {
        if (nth > 1) return void response.end('whole');
        begin(response, 100);
        response.destroy();
      },
      { limits: { ...LIMITS, retries: 1 } },
    );
    expect(await readFile(file, 'utf8')).toBe('whole');
  });
});

describe('a file that does not come', () => {
  it('costs retries + 1 requests (found A13, B15)', async () => {
    const refuse: StubHandler = (_, response) => void response.writeHead(503, { 'retry-after': '0' }).end();
    expect(await wordsOf(fetchFrom(refuse, { limits: { ...LIMITS, retries: 1 } }))).toBe(
      'network: the tool: HOST answered 503, in attempt 2 of 2',
    );
    expect(stub.requests).toHaveLength(2);
  });

  it.each<[string, StubHandler, string]>([
    [
      'is not there',
      (_, response) => response.writeHead(404).end('no such <file>'),
      'not-found: the tool: HOST answered 404 (no such <file>)',
    ],
    [
      'is too large by its own word',
      (_, response) => begin(response, 1001),
      'unsupported: the tool: HOST sends more than 0 MiB',
    ],
    [
      'is too large without a word',
      (_, response) => void response.writeHead(200).end('x'.repeat(1001)),
      'unsupported: the tool: HOST sends more than 0 MiB',
    ],
    [
      'is sent on for ever',
      (_, response) => response.writeHead(302, { location: '/tool' }).end(),
      'unsupported: the tool: HOST redirects more than 5 times',
    ],
    [
      'is sent on to another protocol',
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'unsupported: the tool: HOST redirects to the protocol file:, which is not followed',
    ],
  ])('since it %s', async (_, handler, words) => {
    expect(await wordsOf(fetchFrom(handler))).toBe(words);
    expect(stub.requests.length).toBeLessThan(8);
  });

  it.each<[string, Partial<typeof LIMITS>, StubHandler, string]>([
    [
      'says nothing at all',
      { stallMilliseconds: 50 },
      never,
      'network: the tool: HOST gave no answer within 0 s',
    ],
    [
      'stops in its midst',
      { stallMilliseconds: 50 },
      (_, response) => begin(response, 100),
      'network: the tool: HOST went silent: no byte for 0 s',
    ],
    [
      'takes too long in all',
      { milliseconds: 50, retries: 5 },
      (_, response) => begin(response, 100),
      'network: the tool: it did not arrive within 0 min',
    ],
  ])('since the server %s', async (_, limits, handler, words) => {
    expect(await wordsOf(fetchFrom(handler, { limits: { ...LIMITS, ...limits } }))).toBe(words);
  });

  it('since it was given up', async () => {
    const stop = new AbortController();
    const reason = new OciSaveError({ code: 'interrupted', message: 'stopped' });
    const fetching = fetchFrom((_, response) => begin(response, 100), {
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });
    expect(await failureOf(fetching)).toBe(reason);
    expect(await readdir(temp.path)).toEqual([]);
  });

  it.each<[string, (sent: string) => string]>([
    ['its password, decoded', () => 'pä"ss&w%rd'],
    ['in JSON', () => JSON.stringify('pä"ss&w%rd').slice(1, -1)],
    ['what was sent, without its scheme', (sent) => sent.slice('Basic '.length)],
    ['a value of the query, decoded', () => 'sig+n/ature='],
  ])('T7: never shows what its address keeps secret, though the server repeats %s', async (_, words) => {
    const fetching = fetchFrom(
      ({ headers }, response) => response.writeHead(403).end(`no ${words(headers.authorization ?? '')} here`),
      {},
      'http://someone:p%C3%A4%22ss%26w%25rd@HOST/tool?sig=sig%2Bn%2Fature%3D',
    );
    expect(await wordsOf(fetching)).toContain('answered 403 (no *** here)');
  });

  it('never shows what its address keeps secret, though the server repeats it', async () => {
    const words = await wordsOf(
      fetchFrom(
        ({ headers, query }, response) =>
          response.writeHead(403).end(`${headers.authorization} ${query.toString()} s3cret-of-me`),
        {},
        'http://me:s3cret-of-me@HOST/tool?sig=signature',
      ),
    );
    expect(words).toBe(
      'denied: the tool: HOST answered 403 (*** *** ***); credentials were sent and refused',
    );
  });
});
