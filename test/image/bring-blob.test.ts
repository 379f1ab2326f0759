import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bringBlob, registryPort } from '../../src/image/index.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { clientOf, failureOf, repositoryAt } from '../registry/support.ts';
import { answerError, answerJson, startStub, type StubHandler } from '../support/registry-stub.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';

const bytes = Buffer.alloc(100_000, 'a blob');
const blob = { digest: digestOf(bytes), size: bytes.length };

let temp: TempFolder;
let store: Store;
beforeEach(async () => {
  temp = await tempFolder('bring-blob');
  store = await openStore(temp.path);
});
afterEach(async () => {
  await store.close();
  await temp.close();
});

/** Brings the blob from a registry that responds so; returns how the requests were, and how it ended. */
async function bring(handler: StubHandler, retries: number, options = {}) {
  await using stub = await startStub(handler);
  using client = clientOf([stub], { retries, stallMilliseconds: 100, requestMilliseconds: 5000, ...options });
  const source = registryPort(client, repositoryAt(stub));
  const deltas: number[] = [];
  const bringing = bringBlob(source, blob, store, {
    retries,
    retryMilliseconds: 1,
    onBytes: (delta) => deltas.push(delta),
  });
  const failure = await bringing.then(
    () => undefined,
    () => failureOf(bringing),
  );
  const blobs = stub.requests.filter(({ path }) => path.includes('/blobs/'));
  return { failure, stub, blobs, counted: deltas.reduce((sum, delta) => sum + delta, 0) };
}

describe('bringBlob', () => {
  it.each([
    ['ignores the range', (response: ServerResponse): void => void response],
    ['refuses the range with 416', (response: ServerResponse): void => void response.writeHead(416).end()],
  ])(
    'takes the whole anew from a registry that %s, and nothing of the wrong bytes before',
    async (_, refuse) => {
      const { failure, counted } = await bring(({ headers }, response, nth) => {
        if (nth === 1) {
          response.writeHead(200, { 'content-length': bytes.length });
          return void response.write(Buffer.alloc(40_000, 'wrong'), () => response.destroy());
        }
        if (headers.range !== undefined) refuse(response);
        if (!response.writableEnded) response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
      }, 2);
      expect(failure).toBeUndefined();
      expect(counted).toBe(bytes.length);
      expect(await store.has(blob)).toBe(true);
    },
  );

  it('fetches many blobs from a registry that lets few requests through, within the attempts of each', async () => {
    const many = Array.from({ length: 40 }, (__, index) => Buffer.from(`blob ${index}`));
    // It lets two requests at once through, and is done with each a moment after its response.
    let underWay = 0;
    await using stub = await startStub(({ path }, response) => {
      if (underWay === 2) return answerError(response, 429, 'TOOMANYREQUESTS', 'Rate exceeded');
      underWay += 1;
      setImmediate(() => setImmediate(() => (underWay -= 1)));
      response.end(many.find((content) => path.endsWith(digestOf(content))));
    });
    using client = clientOf([stub], { retries: 5 });
    const source = registryPort(client, repositoryAt(stub));
    const warnings: string[] = [];
    const options = { retries: 5, retryMilliseconds: 1, onRetry: (text: string) => warnings.push(text) };
    await Promise.all(
      many.map((content) =>
        bringBlob(source, { digest: digestOf(content), size: content.length }, store, options),
      ),
    );
    for (const content of many) {
      expect(await store.has({ digest: digestOf(content), size: content.length })).toBe(true);
    }
    expect(warnings).toEqual([]);
  });

  it('case A4: resumes after a cut, and waits where the registry is throttled', async () => {
    const { failure, blobs, counted } = await bring(({ headers }, response, nth) => {
      if (nth === 1) {
        response.writeHead(200, { 'content-length': bytes.length });
        return void response.write(bytes.subarray(0, 40_000), () => response.destroy());
      }
      if (nth === 2) return answerError(response, 429, 'TOOMANYREQUESTS', 'Rate exceeded');
      const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]);
      const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
      return void response.writeHead(206, { 'content-range': range }).end(bytes.subarray(start));
    }, 2);
    expect(failure).toBeUndefined();
    expect(blobs).toHaveLength(3);
    expect(blobs[2]?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(counted).toBe(bytes.length);
    expect(await store.has(blob)).toBe(true);
  });

  it('counts no byte twice where the registry cannot resume', async () => {
    const { failure, counted } = await bring((_, response, nth) => {
      response.writeHead(200, { 'content-length': bytes.length });
      if (nth === 1) response.write(bytes.subarray(0, 40_000), () => response.destroy());
      else response.end(bytes);
    }, 1);
    expect(failure).toBeUndefined();
    expect(counted).toBe(bytes.length);
  });

  it.each<[string, StubHandler, number?]>([
    ['429', (_, response) => answerError(response, 429, 'TOOMANYREQUESTS', 'Rate exceeded')],
    ['429 with a time', (_, response) => void response.writeHead(429, { 'retry-after': '0' }).end()],
    ['503', (_, response) => void response.writeHead(503).end()],
    // The first time it may be the kept connection that had ended: it is opened once more (RFC 9110, 9.2.2).
    ['a closed connection', (_, response) => void response.destroy(), 4],
    ['a body that is cut', (_, response) => void response.write('x', () => response.destroy())],
    ['a body that stalls', (_, response) => void response.write('x')],
    ['a mixture of failures', (_, response, nth) => void response.writeHead(nth % 2 === 0 ? 429 : 503).end()],
  ])(
    'makes retries + 1 requests of a blob that always ends in %s (found A13, B15)',
    async (_, handler, requests = 3) => {
      const { failure, blobs, counted } = await bring(handler, 2);
      expect(failure?.code).toBe('network');
      expect(blobs).toHaveLength(requests);
      expect(counted).toBe(0);
    },
  );

  it('makes retries + 1 requests of a token service that always refuses (found A13, B15)', async () => {
    const { failure, stub, blobs } = await bring((request, response) => {
      if (request.path === '/token') return void response.writeHead(503).end();
      response.setHeader('www-authenticate', `Bearer realm="http://${request.headers.host}/token"`);
      return answerJson(response, 401, {});
    }, 2);
    expect(failure?.code).toBe('network');
    expect(blobs).toHaveLength(1);
    expect(stub.requests.filter(({ path }) => path === '/token')).toHaveLength(3);
  });
});
