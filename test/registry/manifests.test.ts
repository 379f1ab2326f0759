import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../../src/oci/manifest.ts';
import { ACCEPTED_MANIFESTS, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts';
import { jsonBytes } from '../support/image.ts';
import {
  answerError,
  answerManifest,
  startStub,
  type Stub,
  type StubRequest,
} from '../support/registry-stub.ts';
import { clientOf, failureOf, repositoryAt } from './support.ts';

const blob = { mediaType: 'application/octet-stream', digest: digestOf(jsonBytes('x')), size: 3 };
const image = {
  mediaType: OCI_MANIFEST,
  bytes: jsonBytes({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob, layers: [] }),
};
const docker = {
  mediaType: DOCKER_MANIFEST,
  bytes: jsonBytes({ schemaVersion: 2, mediaType: DOCKER_MANIFEST, config: blob, layers: [] }),
};
const index = { mediaType: OCI_INDEX, bytes: jsonBytes({ schemaVersion: 2, manifests: [] }) };
const digest = digestOf(image.bytes);

const PATH = '/v2/team/app/manifests/';

describe('getManifest', () => {
  it('found C2: tells the sentence by which a policy holds an image back, and whose matter it is', async () => {
    const words = 'The image is not signed by cosign.';
    await using stub = await startStub((_, response) =>
      answerError(response, 412, 'PROJECTPOLICYVIOLATION', words),
    );
    using client = clientOf([stub]);
    expect(await client.headManifest(repositoryAt(stub), '1')).toBeUndefined();
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('denied');
    expect(error.message).toContain(words);
    expect(error.hint).toMatch(/policy of the registry/);
    expect(error.hint).not.toContain('docker login');
    expect(stub.requests).toHaveLength(2);
  });

  it('gives the exact bytes with their own hash and the type of the body', async () => {
    await using stub = await startStub((request, response) => answerManifest(request, response, image));
    using client = clientOf([stub]);
    const served = await client.getManifest(repositoryAt(stub), '1');
    const manifest = parseManifest(image.bytes, OCI_MANIFEST);
    expect(served).toEqual({
      digest,
      mediaType: OCI_MANIFEST,
      size: image.bytes.length,
      bytes: image.bytes,
      manifest,
    });
    expect(stub.lines()).toEqual([`GET ${PATH}1`]);
  });

  it('asks for all four types in one header, for bytes as stored, under its own name', async () => {
    await using stub = await startStub((request, response) => answerManifest(request, response, image));
    using client = clientOf([stub]);
    await client.getManifest(repositoryAt(stub), '1');
    const [request] = stub.requests;
    expect(request?.headers.accept?.split(', ').sort()).toEqual([...ACCEPTED_MANIFESTS].sort());
    expect(request?.headers['accept-encoding']).toBe('identity');
    expect(request?.headers['user-agent']).toBe('oci-save/test');
    expect(request?.headers.authorization).toBeUndefined();
  });

  it.each([
    ['octet-stream', index, 'application/octet-stream', OCI_INDEX],
    ['parameters', docker, `${DOCKER_MANIFEST}; charset=utf-8`, DOCKER_MANIFEST],
    ['another manifest type', docker, OCI_INDEX, DOCKER_MANIFEST],
  ])('case B3: believes the body, not a header of %s', async (_, manifest, header, expected) => {
    await using stub = await startStub((request, response) =>
      answerManifest(request, response, manifest, { 'content-type': header }),
    );
    using client = clientOf([stub]);
    const served = await client.getManifest(repositoryAt(stub), '1');
    expect(served.mediaType).toBe(expected);
    expect(served.digest).toBe(digestOf(manifest.bytes));
  });

  it('case B2: warns of a wrong digest header for a tag, and tells it of a digest whose bytes are right', async () => {
    const other = digestOf(index.bytes);
    await using stub = await startStub((request, response) =>
      answerManifest(request, response, image, { 'docker-content-digest': other }),
    );
    using client = clientOf([stub]);
    const served = await client.getManifest(repositoryAt(stub), '1');
    expect(served.digest).toBe(digest);
    expect(client.warnings).toHaveLength(1);
    expect(client.warnings[0]).toContain(other.slice(0, 19));
    expect(await client.getManifest(repositoryAt(stub), digest)).toMatchObject({ digest, claimed: other });
    expect(client.warnings).toHaveLength(1);
    // A host whose header is wrong for a body is not asked for headers alone.
    expect(await client.headManifest(repositoryAt(stub), '1')).toBeUndefined();
    expect(stub.lines().filter((line) => line.startsWith('HEAD'))).toEqual([]);
  });

  it.each([
    ['the registry does not have them', 404],
    ['it has other bytes under their digest', 200],
  ])('refuses bytes of another digest than the header says, for a tag, where %s', async (_, status) => {
    const damaged = jsonBytes({ ...JSON.parse(new TextDecoder().decode(image.bytes)), damaged: true });
    await using stub = await startStub((request, response) => {
      const { path: url } = request;
      if (!url.endsWith('/1') && status === 404)
        return answerError(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
      const bytes = url.endsWith('/1') ? damaged : image.bytes;
      answerManifest(request, response, { ...image, bytes }, { 'docker-content-digest': digest });
    });
    using client = clientOf([stub]);
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('digest');
    for (const named of [digest, digestOf(damaged)]) expect(error.message).toContain(named.slice(0, 19));
    expect(stub.lines()).toEqual([`GET ${PATH}1`, `GET ${PATH}${digestOf(damaged)}`]);
    expect(client.warnings).toEqual([]);
  });

  it('N1, case B2: takes a missing digest header for nothing', async () => {
    await using stub = await startStub((_, response) => void response.end(image.bytes));
    using client = clientOf([stub]);
    expect((await client.getManifest(repositoryAt(stub), digest)).digest).toBe(digest);
    expect(client.warnings).toEqual([]);
  });

  it('case B2: refuses other bytes for a pin, and does not ask again', async () => {
    await using stub = await startStub((_, response) => void response.end(index.bytes));
    using client = clientOf([stub]);
    const error = await failureOf(client.getManifest(repositoryAt(stub), digest));
    expect(error.code).toBe('digest');
    expect(error.message).toContain(`${stub.host}/team/app@${digest.slice(0, 19)}`);
    expect(error.message).toContain(digestOf(index.bytes).slice(0, 19));
    expect(stub.requests).toHaveLength(1);
  });

  it.each([
    ['schema 1', jsonBytes({ schemaVersion: 1, fsLayers: [] }), /schema 1/],
    ['a web page', new TextEncoder().encode('<html>login</html>'), /web page/],
    ['something else', jsonBytes({ hello: 1 }), /not a manifest/],
  ])('says in one sentence, with the registry, that it got %s', async (_, bytes, message) => {
    await using stub = await startStub((request, response) =>
      answerManifest(request, response, { bytes, mediaType: 'text/html' }),
    );
    using client = clientOf([stub]);
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('unsupported');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`${stub.host}/team/app:1`);
    expect(stub.requests).toHaveLength(1);
  });

  it('stops reading a manifest without end', async () => {
    const chunk = Buffer.alloc(64 * 1024, 32);
    const pour = (response: ServerResponse): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', () => pour(response));
    };
    await using stub = await startStub((_, response) => pour(response));
    using client = clientOf([stub]);
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('unsupported');
    expect(error.message).toContain(String(MAX_MANIFEST_BYTES));
    expect(stub.requests).toHaveLength(1);
  });

  it('retries a body that breaks off', async () => {
    await using stub = await startStub((request, response, nth) => {
      if (nth === 3) return answerManifest(request, response, image);
      response.writeHead(200, { 'content-length': image.bytes.length });
      response.write(image.bytes.subarray(0, 10), () => response.destroy());
    });
    using client = clientOf([stub]);
    expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digest);
    expect(stub.requests).toHaveLength(3);
  });

  it('refuses a reference that is neither tag nor digest without asking', async () => {
    await using stub = await startStub((request, response) => answerManifest(request, response, image));
    using client = clientOf([stub]);
    expect((await failureOf(client.getManifest(repositoryAt(stub), '../../x'))).code).toBe('unsupported');
    expect(stub.requests).toHaveLength(0);
  });
});

describe('headManifest', () => {
  it('claims what the headers say', async () => {
    await using stub = await startStub((request, response) => answerManifest(request, response, image));
    using client = clientOf([stub]);
    const expected = { digest, mediaType: OCI_MANIFEST, size: image.bytes.length };
    expect(await client.headManifest(repositoryAt(stub), '1')).toEqual(expected);
    expect(await client.headManifest(repositoryAt(stub), digest)).toEqual(expected);
    expect(stub.lines()).toEqual([`HEAD ${PATH}1`, `HEAD ${PATH}${digest}`]);
  });

  /** Resolves `count` images as callers do: HEAD, and GET where it tells nothing. */
  const resolve = async (stub: Stub, count: number): Promise<string[]> => {
    using client = clientOf([stub]);
    for (let nth = 1; nth <= count; nth += 1) {
      const head = await client.headManifest(repositoryAt(stub), `v${nth}`);
      if (!head) await client.getManifest(repositoryAt(stub), `v${nth}`);
    }
    return stub.requests.map(({ method }) => method);
  };

  it.each([403, 404, 405, 501, 400])(
    'N1, case B1: leaves a host that answers HEAD with %s alone after once',
    async (status) => {
      await using stub = await startStub((request, response) => {
        if (request.method === 'HEAD') return void response.writeHead(status).end();
        return answerManifest(request, response, image);
      });
      expect(await resolve(stub, 3)).toEqual(['HEAD', 'GET', 'GET', 'GET']);
    },
  );

  it.each([
    ['no digest', { 'content-length': '5' }],
    ['no length', { 'docker-content-digest': digest, 'transfer-encoding': 'chunked' }],
    ['a digest of another kind', { 'docker-content-digest': 'md5:0', 'content-length': '5' }],
  ])('N1: leaves a host that answers HEAD with %s alone after once', async (_, headers) => {
    await using stub = await startStub((request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(200, headers).end();
      return answerManifest(request, response, image);
    });
    expect(await resolve(stub, 2)).toEqual(['HEAD', 'GET', 'GET']);
  });

  it('does not give a host up for images that are not there', async () => {
    await using stub = await startStub((request, response) => {
      if (request.path.endsWith('/gone')) return answerError(response, 404, 'MANIFEST_UNKNOWN', 'unknown');
      return answerManifest(request, response, image);
    });
    using client = clientOf([stub]);
    expect(await client.headManifest(repositoryAt(stub), 'gone')).toBeUndefined();
    expect((await failureOf(client.getManifest(repositoryAt(stub), 'gone'))).code).toBe('not-found');
    expect(await client.headManifest(repositoryAt(stub), '1')).toBeDefined();
  });

  it('does not believe another digest than the one that was asked for', async () => {
    await using stub = await startStub((request, response) => answerManifest(request, response, index));
    using client = clientOf([stub]);
    expect(await client.headManifest(repositoryAt(stub), digest)).toBeUndefined();
  });

  it('survives a body after HEAD, and goes on over another connection', async () => {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDocker-Content-Digest: ${digest}\r\n\r\nhello`;
    await using stub = await startStub((request: StubRequest, response) => {
      if (request.method === 'HEAD') return void response.socket?.write(head);
      return answerManifest(request, response, image);
    });
    using client = clientOf([stub]);
    for (const tag of ['1', '2']) {
      expect((await client.headManifest(repositoryAt(stub), tag))?.digest).toBe(digest);
      expect((await client.getManifest(repositoryAt(stub), tag)).digest).toBe(digest);
    }
  });
});
