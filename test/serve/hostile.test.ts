import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw, serveTree, type Serving } from './serving.ts';
import { image, Repository, type Image } from './tree.ts';

const SECRET = 'a secret beside the root';

describe('hostile requests', () => {
  let serving: Serving;
  let outside: Image;
  beforeAll(async () => {
    serving = await serveTree();
    const repository = serving.repository('a/b');
    repository.list((await image(repository, { content: 'inside' })).manifest, '1');
    await repository.write();
    // A whole repository beside the root, as a writer of bundles might leave one, and links that lead there.
    const neighbour = new Repository(serving.folder, 'outside');
    outside = await image(neighbour, { content: SECRET });
    neighbour.list(outside.manifest, 'secret');
    await neighbour.write();
    await writeFile(join(serving.folder, 'secret'), SECRET);
    await symlink('../../../outside', join(serving.root, 'a', 'b', 'link'));
    await symlink('../secret', join(serving.root, 'index.json'));
    await symlink('../outside', join(serving.root, 'link'));
  });
  afterAll(() => serving.close());

  const ask = (path: string, method = 'GET') =>
    sendRaw(serving.address, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

  it('found B10: get nothing that a browser would take for a page: blobs have one type, and no response is guessed at', async () => {
    const page = '<!DOCTYPE html><script>alert(1)</script>';
    const repository = serving.repository('pages');
    const { manifest, layer } = await image(repository, { content: page });
    repository.list(manifest, '1');
    await repository.write();
    for (const path of [
      '/v2/',
      '/livez',
      '/v2/_catalog',
      '/v2/pages/tags/list?n=1',
      '/v2/pages/manifests/1',
      `/v2/pages/blobs/${layer.digest}`,
      `/v2/pages/referrers/${manifest.digest}`,
      '/v2/pages/manifests/<script>',
      '/<script>',
    ])
      expect([path, await ask(path)]).toEqual([
        path,
        expect.stringMatching(/^x-content-type-options: nosniff\r$/im),
      ]);
    expect(await ask(`/v2/pages/blobs/${layer.digest}`)).toMatch(
      /^content-type: application\/octet-stream\r$/im,
    );
    expect(await ask('/v2/pages/manifests/<script>')).toMatch(/^content-type: application\/json\r$/im);
  });

  it('never read what is outside the root', async () => {
    const secrets = [outside.manifest, outside.config, outside.layer].map(({ digest }) => digest);
    const up = fc.constantFrom(
      '..',
      '%2e%2e',
      '.%2E',
      '..%2f..',
      '..\\..',
      '%2e%2e%5c',
      '.',
      '',
      '/',
      '%00',
      '\xff',
    );
    const known = fc.constantFrom(
      'a',
      'b',
      'link',
      'outside',
      'registry',
      'index.json',
      'secret',
      'blobs',
      'sha256',
    );
    const ends = secrets.flatMap((digest) => [
      `manifests/${digest}`,
      `blobs/${digest}`,
      `blobs/sha256:../../../outside/blobs/sha256/${digest.slice(7)}`,
      `referrers/${digest}`,
    ]);
    const end = fc.constantFrom(
      'manifests/secret',
      'tags/list',
      'blobs/sha256:..%2f..%2fsecret',
      '',
      ...ends,
    );
    const path = fc
      .tuple(fc.array(fc.oneof(up, known), { maxLength: 6 }), end)
      .map(([pieces, end]) => `/v2/${[...pieces, end].join('/')}`);
    await fc.assert(
      fc.asyncProperty(path, async (path) => {
        const answer = await ask(path);
        // The only good answers are the probe, a repository inside, and no referrers.
        expect(answer).toMatch(/^HTTP\/1\.1 (4\d\d |200 [^]*(\r\n{}$|"manifests":\[\]|"name":"a\/b"))/);
        expect(answer).not.toContain(SECRET);
      }),
      { numRuns: 300 },
    );
  });

  it('are refused with a plain error', async () => {
    expect(await ask('/v2/a/b/../b/manifests/1')).toMatch(/^HTTP\/1\.1 404 [^]*NAME_INVALID/);
    expect(await ask('http://x/v2/')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await ask('*', 'OPTIONS')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await ask(`/v2/${'a'.repeat(5000)}/manifests/1`)).toMatch(/^HTTP\/1\.1 404 [^]*NAME_UNKNOWN/);
    expect(await ask(`/v2/${'a/'.repeat(2000)}a/manifests/1`)).toMatch(/^HTTP\/1\.1 404 [^]*NAME_UNKNOWN/);
    expect(await ask(`/v2/${'a'.repeat(50_000)}/manifests/1`)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await sendRaw(serving.address, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await ask('/v2/a/b/manifests/1')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(['\x9b31m', '\x1b[31m', '\x7f', '\xff', ' '])(
    'with %j in the path do not reach the log',
    async (text) => {
      const before = serving.entries.length;
      expect(await ask(`/v2/${text}/x`)).toMatch(/^HTTP\/1\.1 400 /);
      expect(serving.entries).toHaveLength(before);
    },
  );

  it('have a long path shortened in the log', async () => {
    await ask(`/v2/${'a'.repeat(2000)}`);
    expect((await serving.ended(`/v2/${'a'.repeat(1020)}`)).status).toBe(404);
  });
});
