import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-type.ts';
import { jsonBytes } from '../support/image.ts';
import { answerManifest, startStub } from '../support/registry-stub.ts';
import { always, basicOf, clientOf, failureOf, repositoryAt } from './support.ts';

const bytes = Buffer.from('a blob');
const blob = { digest: digestOf(bytes), size: bytes.length };
const credentials = always({ username: 'u', password: 'p' });
const CHALLENGE = { 'www-authenticate': 'Basic realm="r"' };
const index = { mediaType: OCI_INDEX, bytes: jsonBytes({ schemaVersion: 2, manifests: [] }) };

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    'leave the credentials behind on the way to another port (%s)',
    async (status) => {
      await using storage = await startStub(
        ({ headers }, response) =>
          void response.writeHead(headers.authorization === undefined ? 200 : 400).end(bytes),
      );
      await using stub = await startStub(({ headers }, response) => {
        if (headers.authorization === undefined) return void response.writeHead(401, CHALLENGE).end();
        return void response.writeHead(status, { location: `${storage.url}/x?sig=1` }).end();
      });
      using client = clientOf([stub], { credentials });
      expect(await buffer((await client.getBlob(repositoryAt(stub), blob)).body)).toEqual(bytes);
      expect(storage.lines()).toEqual(['GET /x']);
      expect(storage.requests[0]?.headers.authorization).toBeUndefined();
    },
  );

  it('keep the credentials, and the range, on one origin', async () => {
    await using stub = await startStub(({ path, headers }, response) => {
      if (headers.authorization === undefined) return void response.writeHead(401, CHALLENGE).end();
      if (path !== '/other/path') return void response.writeHead(307, { location: '/other/path' }).end();
      return void response.writeHead(206, { 'content-range': 'bytes 2-5/6' }).end(bytes.subarray(2));
    });
    using client = clientOf([stub], { credentials });
    const { body, offset } = await client.getBlob(repositoryAt(stub), blob, { offset: 2 });
    expect([offset, await buffer(body)]).toEqual([2, bytes.subarray(2)]);
    expect(stub.requests.at(-1)?.headers.authorization).toBe(basicOf('u', 'p'));
    expect(stub.requests.at(-1)?.headers.range).toBe('bytes=2-');
  });

  it('never bring credentials back once they were left behind', async () => {
    await using stub = await startStub(({ path, headers }, response) => {
      if (path === '/back') return void response.end(bytes);
      if (headers.authorization === undefined) return void response.writeHead(401, CHALLENGE).end();
      return void response.writeHead(307, { location: `${other.url}/there` }).end();
    });
    await using other = await startStub(
      (_, response) => void response.writeHead(307, { location: `${stub.url}/back` }).end(),
    );
    using client = clientOf([stub], { credentials });
    expect(await buffer((await client.getBlob(repositoryAt(stub), blob)).body)).toEqual(bytes);
    expect(stub.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('case B4: are followed for manifests', async () => {
    await using stub = await startStub((request, response) => {
      if (request.path !== '/elsewhere')
        return void response.writeHead(302, { location: '/elsewhere' }).end();
      return answerManifest(request, response, index);
    });
    using client = clientOf([stub]);
    expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digestOf(index.bytes));
    expect((await client.headManifest(repositoryAt(stub), '1'))?.digest).toBe(digestOf(index.bytes));
  });

  it('are followed five times, not six', async () => {
    await using stub = await startStub(({ query }, response) => {
      const left = Number(query.get('left') ?? 5);
      if (left === 0) return void response.end(bytes);
      return void response.writeHead(307, { location: `?left=${left - 1}` }).end();
    });
    using client = clientOf([stub]);
    expect(await buffer((await client.getBlob(repositoryAt(stub), blob)).body)).toEqual(bytes);
    expect(stub.requests).toHaveLength(6);
    await using loop = await startStub(
      ({ path }, response) => void response.writeHead(307, { location: path }).end(),
    );
    using looping = clientOf([loop]);
    const error = await failureOf(looping.getManifest(repositoryAt(loop), '1'));
    expect(error.code).toBe('unsupported');
    expect(loop.requests).toHaveLength(6);
  });

  it('case B5: with 403 for HEAD at their end mean that a GET decides', async () => {
    await using storage = await startStub((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(403).end();
      return answerManifest(request, response, index);
    });
    await using stub = await startStub(
      (_, response) => void response.writeHead(307, { location: `${storage.url}/x` }).end(),
    );
    using client = clientOf([stub]);
    expect(await client.headManifest(repositoryAt(stub), '1')).toBeUndefined();
    expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digestOf(index.bytes));
    expect(await client.headManifest(repositoryAt(stub), '2')).toBeUndefined();
    expect(stub.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  it('with 401 at their end are answered by no credentials', async () => {
    await using storage = await startStub((_, response) => void response.writeHead(401, CHALLENGE).end());
    await using stub = await startStub(
      (_, response) => void response.writeHead(307, { location: `${storage.url}/x` }).end(),
    );
    using client = clientOf([stub], { credentials });
    const error = await failureOf(client.getBlob(repositoryAt(stub), blob));
    expect(error.code).toBe('denied');
    expect(error.message).toContain(storage.host);
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});
