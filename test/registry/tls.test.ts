import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-type.ts';
import { isTemporary } from '../../src/registry/index.ts';
import { jsonBytes } from '../support/image.ts';
import { answerJson, answerManifest, startStub, type StubOptions } from '../support/registry-stub.ts';
import { makeCertificates } from '../support/servers/certificates.ts';
import { tempFolder, type TempFolder } from '../support/temp.ts';
import { always, clientOf, failureOf, repositoryAt } from './support.ts';

const index = { mediaType: OCI_INDEX, bytes: jsonBytes({ schemaVersion: 2, manifests: [] }) };
const digest = digestOf(index.bytes);
const credentials = always({ username: 'u', password: 'p' });

let folder: TempFolder;
let secure: StubOptions;
let authority: string;

beforeAll(async () => {
  folder = await tempFolder('tls');
  const certificates = await makeCertificates(folder.path);
  authority = readFileSync(certificates.ca, 'utf8');
  secure = {
    tls: {
      cert: readFileSync(certificates.serverCert, 'utf8'),
      key: readFileSync(certificates.serverKey, 'utf8'),
    },
  };
});

afterAll(() => folder.close());

/** What a test does while this process trusts the private authority. */
async function trusting(run: () => Promise<void>): Promise<void> {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, authority]);
  try {
    await run();
  } finally {
    tls.setDefaultCACertificates(before);
  }
}

describe('a registry that is not named as insecure', () => {
  it('is never spoken to in plain HTTP, nor sent credentials', async () => {
    await using stub = await startStub((request, response) => answerManifest(request, response, index));
    using client = clientOf([], { credentials });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('network');
    expect(isTemporary(error)).toBe(false);
    expect(error.hint).toContain('insecure-registries');
    expect(stub.requests).toHaveLength(0);
    expect(stub.connections()).toBe(1);
  });

  it('is not taken for insecure by another port or host that is', async () => {
    await using stub = await startStub((request, response) => answerManifest(request, response, index));
    using client = clientOf(['127.0.0.1', '127.0.0.1:1', stub.host.replace('127.0.0.1', 'localhost')]);
    await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(stub.requests).toHaveLength(0);
  });

  it('has to have a certificate that is trusted', async () => {
    await using stub = await startStub(
      (request, response) => answerManifest(request, response, index),
      secure,
    );
    using client = clientOf([], { credentials });
    const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
    expect(error.code).toBe('network');
    expect(isTemporary(error)).toBe(false);
    expect(error.hint).toContain('--ca-file');
    expect(stub.requests).toHaveLength(0);
    expect(stub.connections()).toBe(1);
  });

  it('is read over TLS where it is trusted, over one connection', async () => {
    await using stub = await startStub(
      (request, response) => answerManifest(request, response, index),
      secure,
    );
    await trusting(async () => {
      using client = clientOf([]);
      expect((await client.headManifest(repositoryAt(stub), '1'))?.digest).toBe(digest);
      expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digest);
      expect(stub.connections()).toBe(1);
    });
  });

  it('may not lead to plain HTTP', async () => {
    await using plain = await startStub((_, response) => void response.end(index.bytes));
    await using stub = await startStub(
      (_, response) => void response.writeHead(307, { location: `${plain.url}/x` }).end(),
      secure,
    );
    await trusting(async () => {
      using client = clientOf([]);
      const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
      expect(error.code).toBe('unsupported');
      expect(plain.requests).toHaveLength(0);
    });
  });

  it('may not name a token service of plain HTTP', async () => {
    await using plain = await startStub((_, response) => answerJson(response, 200, { token: 't' }));
    await using stub = await startStub(
      (_, response) =>
        void response.writeHead(401, { 'www-authenticate': `Bearer realm="${plain.url}/token"` }).end(),
      secure,
    );
    await trusting(async () => {
      using client = clientOf([], { credentials });
      const error = await failureOf(client.getManifest(repositoryAt(stub), '1'));
      expect(error.code).toBe('unsupported');
      expect(error.message).toContain('not https');
      expect(plain.requests).toHaveLength(0);
      expect(plain.connections()).toBe(0);
    });
  });
});

describe('a registry that is named as insecure', () => {
  it('is spoken to in TLS, whatever its certificate, where it speaks it', async () => {
    await using stub = await startStub(
      (request, response) => answerManifest(request, response, index),
      secure,
    );
    using client = clientOf([stub]);
    expect((await client.getManifest(repositoryAt(stub), '1')).digest).toBe(digest);
  });

  it('is probed once, however many ask at once', async () => {
    await using stub = await startStub((request, response) => answerManifest(request, response, index));
    using client = clientOf([stub], { sockets: 1 });
    await Promise.all(['1', '2', '3'].map((tag) => client.getManifest(repositoryAt(stub), tag)));
    await client.getManifest(repositoryAt(stub), '4');
    // One attempt of TLS, and one connection that is kept.
    expect(stub.connections()).toBe(2);
  });

  it('gives nobody else the same freedom: where it leads to, certificates count', async () => {
    await using storage = await startStub((_, response) => void response.end(index.bytes), secure);
    await using stub = await startStub(
      (_, response) => void response.writeHead(307, { location: `${storage.url}/x` }).end(),
    );
    using client = clientOf([stub]);
    const blob = { digest, size: index.bytes.length };
    const error = await failureOf(client.getBlob(repositoryAt(stub), blob));
    expect(error.hint).toContain('--ca-file');
    expect(error.message).toContain(storage.host);
    await trusting(async () => {
      using trusted = clientOf([stub]);
      const { body } = await trusted.getBlob(repositoryAt(stub), blob);
      expect(await buffer(body)).toHaveLength(blob.size);
    });
  });

  it('that hangs up on TLS once, and speaks nothing but TLS, is not downgraded', async () => {
    const refused = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
    let plain = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        if (!bytes.toString('latin1').startsWith('GET ')) return void socket.destroy();
        plain += 1;
        return void socket.end(refused);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const host = `127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
    using client = clientOf([host], { retries: 1, credentials });
    const error = await failureOf(client.getManifest({ domain: host, path: 'a' }, '1'));
    expect(error.code).toBe('network');
    // Only the knock, once an attempt; never the request itself.
    expect(plain).toBe(2);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
});
