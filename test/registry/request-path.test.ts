import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OciSaveError } from '../../src/errors.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-type.ts';
import { parseReference } from '../../src/oci/reference.ts';
import type { RegistryClient, Repository } from '../../src/registry/index.ts';
import { registryUrl } from '../../src/registry/registry.ts';
import { requestPath, requestUrl } from '../../src/registry/request-path.ts';
import { uploadLocation } from '../../src/registry/uploads.ts';
import { jsonBytes } from '../support/image.ts';
import { answerError, startStub } from '../support/registry-stub.ts';
import { clientOf, failureOf } from './support.ts';

const bytes = jsonBytes({ schemaVersion: 2, manifests: [] });
const digest: Digest = digestOf(bytes);
const base = new URL('https://r.example');

/** The value, or undefined where it is refused as it should be. */
function unlessRefused<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    expect(error.code).toBe('unsupported');
    expect(error.message).not.toMatch(/\p{C}/u);
    return undefined;
  }
}

/** What a URL reads as something else, or leaves out. */
const HOSTILE = [
  '..',
  '.',
  '../..',
  'a/../b',
  'a/./b',
  'a//b',
  '/a',
  'a/',
  '',
  'a?b',
  'a#b',
  'a%2e%2e/b',
  '%2e%2e',
  String.raw`a\b`,
  '.\t./x',
  'a\n',
  ' a',
  'a ',
  'a:b/c@d',
  'A',
  'ä',
  '\u202Ea',
];
const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.stringMatching(/^[a-z0-9._/%?#\\:@-]{1,30}$/),
);

describe('the path of a request', () => {
  it('is sent exactly as it was put together, or refused', () => {
    fc.assert(
      fc.property(text, text, (repository, reference) => {
        const made = unlessRefused(() =>
          requestUrl(requestPath(repository, { kind: 'manifest', reference }), base),
        );
        const whole = `https://r.example/v2/${repository}/manifests/${reference}`;
        expect(made?.href ?? whole).toBe(whole);
      }),
      { numRuns: 3000 },
    );
  });

  it('names a repository to mount from in its query, and nothing else', () => {
    fc.assert(
      fc.property(text, (from) => {
        const made = unlessRefused(() =>
          requestUrl(requestPath('a/b', { kind: 'upload', mount: { digest, from } }), base),
        );
        if (made === undefined) return;
        expect(made.pathname).toBe('/v2/a/b/blobs/uploads/');
        expect([...made.searchParams]).toEqual([
          ['mount', digest],
          ['from', from],
        ]);
      }),
    );
  });

  it.each(HOSTILE)('is never made of the repository or the reference %j', (wrong) => {
    expect(unlessRefused(() => requestPath(wrong, { kind: 'manifest', reference: '1' }))).toBeUndefined();
    expect(unlessRefused(() => requestPath(wrong, { kind: 'upload' }))).toBeUndefined();
    expect(
      unlessRefused(() => requestPath('a', { kind: 'upload', mount: { digest, from: wrong } })),
    ).toBeUndefined();
  });

  it.each(['..', '../x', 'a/b', 'a?b', 'a#b', 'a b', '', `sha512:${'a'.repeat(128)}`, `${digest}/..`])(
    'is never made of the reference %j',
    (reference) => {
      expect(unlessRefused(() => requestPath('a', { kind: 'manifest', reference }))).toBeUndefined();
    },
  );

  it('is refused where reading it as a URL changes it, whoever made it', () => {
    for (const path of [
      '/v2/a/../b',
      '/v2/a\tb',
      '//evil.example/v2/',
      '/v2/ä',
      '/v2/a#b',
      'https://evil.example/',
    ])
      expect(unlessRefused(() => requestUrl(path, base))).toBeUndefined();
  });
});

describe('the address of a registry', () => {
  it.each([
    ['docker.io', 'https://registry-1.docker.io/'],
    ['r.example', 'https://r.example/'],
    ['r.example:443', 'https://r.example/'],
    ['localhost:5000', 'https://localhost:5000/'],
    ['REG', 'https://reg/'],
    ['127.0.0.1:5000', 'https://127.0.0.1:5000/'],
    ['[::1]:5000', 'https://[::1]:5000/'],
    ['[0:0::1]', 'https://[::1]/'],
  ])('of %s is %s', (domain, href) => {
    expect(registryUrl(domain, 'https:').href).toBe(href);
  });

  it.each([
    '127.1',
    '2130706433:5000',
    '0x7f.0.0.1',
    '1.2.3.999',
    'host:99999',
    'host:05000',
    'a.b@evil.example',
    'evil.example/x',
    'evil.example?x',
    'evil.example#x',
    String.raw`evil.example\x`,
    'a\tb.example',
    'ä.example',
    '[::1',
    '[1.2.3]',
    '',
  ])('is none of %j', (domain) => {
    expect(unlessRefused(() => registryUrl(domain, 'https:'))).toBeUndefined();
  });

  it('is the host that the domain names, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.domain(), fc.ipV4Extended(), fc.webAuthority()), (domain) => {
        fc.pre(!domain.startsWith('['));
        const host = domain.toLowerCase().replace(/:443$/, '');
        expect(unlessRefused(() => registryUrl(domain, 'https:'))?.host ?? host).toBe(host);
      }),
    );
  });
});

/** Every call of the client that names something. */
const CALLS: Record<
  string,
  (client: RegistryClient, repository: Repository, reference: string) => Promise<unknown>
> = {
  headManifest: (client, repository, reference) => client.headManifest(repository, reference),
  getManifest: (client, repository, reference) => client.getManifest(repository, reference),
  findManifest: (client, repository, reference) => client.findManifest(repository, reference),
  putManifest: (client, repository, reference) =>
    client.putManifest(repository, reference, { bytes, digest, mediaType: OCI_INDEX }),
  headBlob: (client, repository) => client.headBlob(repository, digest),
  getBlob: (client, repository) => client.getBlob(repository, { digest, size: 1 }),
  deleteManifest: (client, repository) => client.deleteManifest(repository, digest),
  beginUpload: (client, repository) => client.beginUpload(repository),
  mountBlob: (client, repository) => client.mountBlob(repository, digest, 'a/b'),
  'mountBlob from there': (client, { domain, path }) =>
    client.mountBlob({ domain, path: 'a/b' }, digest, path),
  sendBlob: (client, repository) =>
    client.sendBlob(repository, { digest, size: bytes.length, open: () => Readable.from([bytes]) }),
};
const OF_REFERENCE = ['headManifest', 'getManifest', 'findManifest', 'putManifest'];

describe('found B1: the registry client', () => {
  it.each(Object.keys(CALLS))(
    'sends nothing and looks up nothing for a name outside the grammar: %s',
    async (name) => {
      await using stub = await startStub((_, response) => answerError(response, 401, 'UNAUTHORIZED', 'no'));
      const looked: Repository[] = [];
      const credentials = {
        find(repository: Repository) {
          looked.push(repository);
          return Promise.resolve({ username: 'alice', password: 'secret' });
        },
      };
      using client = clientOf([stub], { credentials });
      const call = CALLS[name];
      for (const wrong of HOSTILE) {
        const error = await failureOf(async () => call?.(client, { domain: stub.host, path: wrong }, '1'));
        expect(error.code).toBe('unsupported');
        if (!OF_REFERENCE.includes(name)) continue;
        // Capitals and a name of one letter are tags.
        if (/^\w+$/.test(wrong)) continue;
        expect(
          (await failureOf(async () => call?.(client, { domain: stub.host, path: 'a' }, wrong))).code,
        ).toBe('unsupported');
      }
      expect([stub.requests, stub.connections(), looked]).toEqual([[], 0, []]);
    },
  );

  it.each(['127.1:1', 'host:99999', 'evil.example/x', 'a@evil.example'])(
    'asks nobody at %s',
    async (domain) => {
      using client = clientOf([domain]);
      for (const call of Object.values(CALLS)) {
        expect((await failureOf(async () => call(client, { domain, path: 'a' }, '1'))).code).toBe(
          'unsupported',
        );
      }
      expect((await failureOf(client.reach(domain))).code).toBe('unsupported');
    },
  );

  it('asks for exactly what any reference of a list names', async () => {
    const lines: string[] = [];
    const server = createServer((request, response) => {
      if (request.url !== '/v2/') lines.push(request.url ?? '');
      response.writeHead(request.url === '/v2/' ? 200 : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    using client = clientOf([host]);
    await fc.assert(
      fc.asyncProperty(text, fc.oneof(text, fc.constant('1')), async (name, tag) => {
        lines.length = 0;
        let reference;
        try {
          reference = parseReference(`${host}/${name}:${tag}`);
        } catch {
          return;
        }
        await failureOf(client.getManifest(reference, reference.digest ?? reference.tag ?? ''));
        expect(lines).toEqual([`/v2/${name}/manifests/${tag}`]);
      }),
      { numRuns: 300 },
    );
    server.closeAllConnections();
    server.close();
  });
});

describe('where an upload goes on', () => {
  const answer = (location: string) => ({
    url: new URL('https://r.example/v2/a/blobs/uploads/'),
    host: 'r.example',
    peer: '203.0.113.5',
    headers: { location },
  });

  it.each([
    ['http://r.example/v2/a/blobs/uploads/1?state=x', 'https://r.example/v2/a/blobs/uploads/1?state=x'],
    ['http://r.example//evil.example/x', 'https://r.example//evil.example/x'],
    ['http://r.example//10.0.0.1:8080/x?y', 'https://r.example//10.0.0.1:8080/x?y'],
    ['http://r.example/..//evil.example/x#y', 'https://r.example//evil.example/x'],
  ])('found B1: stays at the registry that names itself by http: %s', (location, expected) => {
    expect(uploadLocation('r.example/a', answer(location), false).href).toBe(expected);
  });
});
