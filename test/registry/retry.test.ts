import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-type.ts';
import { isTemporary, type RegistryClient, type Repository } from '../../src/registry/index.ts';
import { jsonBytes } from '../support/image.ts';
import { answerError, answerManifest, startStub } from '../support/registry-stub.ts';
import { clientOf, failureOf, repositoryAt } from './support.ts';

const index = { mediaType: OCI_INDEX, bytes: jsonBytes({ schemaVersion: 2, manifests: [] }) };
const digest = digestOf(index.bytes);
const large = { ...index, bytes: new Uint8Array(1024 * 1024) };

describe('retries', () => {
  it.each([500, 502, 503, 408])('case A6: go on after %s', async (status) => {
    await using stub = await startStub((request, response, nth) =>
      nth < 3 ? void response.writeHead(status).end('busy') : answerManifest(request, response, index),
    );
    using client = clientOf([stub]);
    expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digest);
    expect((await client.headManifest(repositoryAt(stub), '1'))?.digest).toBe(digest);
    expect(stub.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'HEAD', 'HEAD', 'HEAD']);
  });

  it('go on after a connection that is closed without an answer', async () => {
    await using stub = await startStub((request, response, nth) =>
      nth < 3 ? void response.destroy() : answerManifest(request, response, index),
    );
    using client = clientOf([stub]);
    expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digest);
    expect(stub.requests.length).toBeGreaterThanOrEqual(3);
  });

  it('are counted, and end in network with the words of the registry', async () => {
    await using stub = await startStub((_, response) =>
      answerError(response, 503, 'UNAVAILABLE', 'come\u0007 back'),
    );
    using client = clientOf([stub], { retries: 2 });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('network');
    expect(error.message).toBe(
      `${stub.host}/team/app:1: ${stub.host} answered 503 (UNAVAILABLE: come back), in attempt 3 of 3`,
    );
    expect(stub.requests).toHaveLength(3);
  });

  it.each([
    [400, 'unsupported'],
    [403, 'denied'],
    [404, 'not-found'],
    [501, 'unsupported'],
  ])('are not made for %s, which is %s', async (status, code) => {
    await using stub = await startStub((_, response) => void response.writeHead(status).end());
    using client = clientOf([stub]);
    expect((await failureOf(client.getManifest(repositoryAt(stub), '1'))).code).toBe(code);
    expect(stub.requests).toHaveLength(1);
  });

  it('give up on an answer that does not begin in time', async () => {
    await using stub = await startStub(() => {});
    using client = clientOf([stub], { requestMilliseconds: 40, retries: 1 });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('network');
    expect(isTemporary(error)).toBe(true);
    expect(error.message).toContain('gave no answer within');
    expect(stub.requests).toHaveLength(2);
  });

  it('read an error body without end only in part', async () => {
    await using stub = await startStub((_, response) => {
      response.writeHead(404);
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    using client = clientOf([stub]);
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('not-found');
    expect(error.message.length).toBeLessThan(500);
  });

  it('read an error body that stalls only until it stalls', async () => {
    await using stub = await startStub((_, response) => void response.writeHead(404).write('gone for good'));
    using client = clientOf([stub], { stallMilliseconds: 40 });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('not-found');
    expect(error.message).toContain('gone for good');
  });

  it('end at once with the reason of the signal', async () => {
    const asked = Promise.withResolvers<void>();
    await using stub = await startStub(() => asked.resolve());
    using client = clientOf([stub]);
    const controller = new AbortController();
    const reason = new OciSaveError({ code: 'interrupted', message: 'enough' });
    const failure = failureOf(client.getManifest(repositoryAt(stub), '1', controller.signal));
    await asked.promise;
    controller.abort(reason);
    expect(await failure).toBe(reason);
  });

  it('case A6: reach a registry that is not there yet, and name one that never comes', async () => {
    const placeholder = createServer();
    await new Promise<void>((resolve) => placeholder.listen(0, '127.0.0.1', resolve));
    const address = placeholder.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    await new Promise<void>((resolve) => placeholder.close(() => resolve()));
    const host = `127.0.0.1:${port}`;
    using client = clientOf([host], { retries: 1 });
    const error = await failureOf(client.getManifest({ domain: host, path: 'a' }, '1'));
    expect(error.code).toBe('network');
    expect(error.message).toContain('ECONNREFUSED');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect((await failureOf(client.getManifest({ domain: host, path: 'a' }, '1'))).code).toBe('not-found');
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
});

describe('connections', () => {
  it('are kept alive through HEAD, GET and refusals', async () => {
    await using stub = await startStub((request, response) =>
      request.path.endsWith('/gone')
        ? answerError(response, 404, 'MANIFEST_UNKNOWN', 'unknown')
        : answerManifest(request, response, request.path.endsWith('/large') ? large : index),
    );
    using client = clientOf([stub]);
    await client.headManifest(repositoryAt(stub), '1');
    const before = stub.connections();
    // Larger than what is read of an unwanted body: HEAD has none.
    await client.headManifest(repositoryAt(stub), 'large');
    for (let nth = 0; nth < 10; nth += 1) {
      await client.headManifest(repositoryAt(stub), `v${nth}`);
      await client.getManifest(repositoryAt(stub), `v${nth}`);
      await failureOf(client.getManifest(repositoryAt(stub), 'gone'));
    }
    expect(stub.connections()).toBe(before);
  });

  it('are as many as allowed, and no more', async () => {
    let open = 0;
    let most = 0;
    await using stub = await startStub((request, response) => {
      most = Math.max(most, (open += 1));
      setImmediate(() => {
        open -= 1;
        answerManifest(request, response, index);
      });
    });
    using client = clientOf([stub], { sockets: 3 });
    const tags = Array.from({ length: 30 }, (_, nth) => `v${nth}`);
    await Promise.all(tags.map((tag) => client.getManifest(repositoryAt(stub), tag)));
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
  });

  it('that the server closed while idle cost no attempt', async () => {
    const bytes = Buffer.from('a blob');
    let stale = true;
    await using stub = await startStub((_, response, nth) => {
      // The second request arrives on the kept connection, and finds it reset.
      if (nth === 2 && stale) {
        stale = false;
        return void response.socket?.resetAndDestroy();
      }
      return void response.end(bytes);
    });
    using client = clientOf([stub], { retries: 0 });
    const blob = { digest: digestOf(bytes), size: bytes.length };
    for (let nth = 0; nth < 2; nth += 1) {
      expect(await buffer((await client.getBlob(repositoryAt(stub), blob)).body)).toEqual(bytes);
    }
    expect(stub.requests).toHaveLength(3);
  });

  it('are closed with the client', async () => {
    await using stub = await startStub(() => {});
    const client = clientOf([stub], { retries: 0 });
    const failure = failureOf(client.getManifest(repositoryAt(stub), '1'));
    while (stub.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    client.close();
    expect((await failure).code).toBe('interrupted');
  });
});

describe('a request that always fails (found A13, B15)', () => {
  const bytes = Buffer.from('a blob');
  const content = {
    digest: digestOf(bytes),
    size: bytes.length,
    open: (start: number, end: number) => Readable.from([bytes.subarray(start, end)]),
  };
  const refuse = (status: number, response: ServerResponse): void =>
    void response.writeHead(status, { 'retry-after': '0' }).end();

  it.each<[string, number, (client: RegistryClient, repository: Repository) => Promise<unknown>]>([
    ['HEAD of a manifest', 503, (client, repository) => client.headManifest(repository, '1')],
    ['HEAD of a manifest', 429, (client, repository) => client.headManifest(repository, '1')],
    ['GET of a manifest', 429, (client, repository) => client.getManifest(repository, '1')],
    ['HEAD of a blob', 503, (client, repository) => client.headBlob(repository, content.digest)],
    ['the start of an upload', 503, (client, repository) => client.beginUpload(repository)],
    ['a blob that is sent', 429, (client, repository) => client.sendBlob(repository, content)],
  ])('costs retries + 1 requests: %s, %s', async (_, status, call) => {
    await using stub = await startStub((__, response) => refuse(status, response));
    using client = clientOf([stub], { retries: 2 });
    expect((await failureOf(call(client, repositoryAt(stub)))).code).toBe('network');
    expect(stub.requests).toHaveLength(3);
  });
});
