import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { outputOf } from '../support/program.ts';
import { errorCode, serveTree, type Serving } from './serving.ts';
import { absentChild, artifact, image, index, OCI_MANIFEST, type Image, type Repository } from './tree.ts';

interface Damaged {
  readonly serving: Serving;
  readonly repository: Repository;
  readonly image: Image;
}

/** A served repository `x` of one sound image under the tag 1, for a test to damage. */
async function serveOne(size = 0): Promise<Damaged & AsyncDisposable> {
  const serving = await serveTree();
  const repository = serving.repository('x');
  const built = await image(repository, {
    content: 'sound',
    ...(size > 0 ? { padding: randomBytes(size) } : {}),
  });
  repository.list(built.manifest, '1');
  await repository.write();
  return { serving, repository, image: built, [Symbol.asyncDispose]: serving.close };
}

describe('a damaged manifest', () => {
  it('is not served, by tag, by digest or as a blob', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await writeFile(repository.blobFile(image.manifest.digest), '{"schemaVersion":2}');
    for (const path of [
      'manifests/1',
      `manifests/${image.manifest.digest}`,
      `blobs/${image.manifest.digest}`,
    ]) {
      const answer = await serving.ask(`/v2/x/${path}`);
      expect(`${path} ${answer.status}`).toBe(`${path} 500`);
      expect(answer.body.toString()).toContain('another digest');
    }
    expect((await serving.ended('/v2/x/manifests/1')).problem).toContain(image.manifest.digest);
  });

  it('is unknown where its blob is missing', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await rm(repository.blobFile(image.manifest.digest));
    const answer = await serving.ask('/v2/x/manifests/1');
    expect([answer.status, errorCode(answer)]).toEqual([404, 'MANIFEST_UNKNOWN']);
  });

  it.each([
    ['no object', ['a']],
    ['a config that is no descriptor', { config: 'x' }],
  ])('is not served with %s', async (_, json) => {
    await using damaged = await serveOne();
    const { serving, repository } = damaged;
    const manifest = await repository.json(json, OCI_MANIFEST);
    await repository.writeIndex({ manifests: [manifest] });
    const answer = await serving.ask(`/v2/x/manifests/${manifest.digest}`);
    expect([answer.status, errorCode(answer)]).toEqual([500, 'MANIFEST_INVALID']);
  });

  it.each([
    '',
    'no type',
    'text/html',
    'application/vnd.oci.image.config.v1+json',
    'text/plain; charset=utf-8',
    'a/b\r\nx: y',
    `a/${'b'.repeat(200)}`,
  ])('found B10: is not served where index.json gives it the type %j', async (mediaType) => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await repository.writeIndex({ manifests: [{ ...image.manifest, mediaType }] });
    const answer = await serving.ask(`/v2/x/manifests/${image.manifest.digest}`);
    expect([answer.status, errorCode(answer)]).toEqual([500, 'MANIFEST_INVALID']);
  });

  it('is not served where its entry has a digest of another kind', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    const digest = `sha256:../../../../${'0'.repeat(52)}`;
    const annotations = { 'org.opencontainers.image.ref.name': 'bad' };
    await repository.writeIndex({ manifests: [{ ...image.manifest, digest, annotations }] });
    expect((await serving.ask('/v2/x/manifests/bad')).status).toBe(500);
  });

  it('is not read where it is larger than 8 MiB', async () => {
    await using damaged = await serveOne();
    const { serving, repository } = damaged;
    const manifest = await repository.blob(`{"a":"${'x'.repeat(8 * 1024 * 1024)}"}`, OCI_MANIFEST);
    await repository.writeIndex({ manifests: [manifest] });
    const answer = await serving.ask(`/v2/x/manifests/${manifest.digest}`);
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).toContain('too large');
  });
});

describe('a damaged blob', () => {
  it('is not served where it is small enough to be hashed first', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await writeFile(repository.blobFile(image.layer.digest), Buffer.alloc(image.layer.size));
    const answer = await serving.ask(`/v2/x/blobs/${image.layer.digest}`);
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).toContain('another digest');
  });

  it.each([{}, { range: 'bytes=0-' }])('never arrives whole where it is large (%j)', async (headers) => {
    await using damaged = await serveOne(2_000_000);
    const { serving, repository, image } = damaged;
    const path = `/v2/x/blobs/${image.layer.digest}`;
    expect((await serving.ask(path, { headers })).body).toHaveLength(image.layer.size);
    const { digest, size } = image.layer;
    await writeFile(repository.blobFile(digest), randomBytes(size));
    await expect(serving.ask(path, { headers })).rejects.toMatchObject({ code: 'ECONNRESET' });
    const entry = await serving.ended(path, 2);
    expect(entry.problem).toBe(`${digest} is damaged: its bytes have another digest`);
    expect(entry.bytes).toBeLessThan(size);
  });

  it('gives no part of it either, and those of a sound one', async () => {
    await using damaged = await serveOne(600_000);
    const { serving, repository, image } = damaged;
    const { digest, size } = image.layer;
    const ask = (range: string) => serving.ask(`/v2/x/blobs/${digest}`, { headers: { range } });
    expect((await ask('bytes=10-19')).body).toHaveLength(10);
    const bytes = await readFile(repository.blobFile(digest));
    bytes[size - 1] = (bytes[size - 1] ?? 0) ^ 1;
    await writeFile(repository.blobFile(digest), bytes);
    const answer = await ask('bytes=10-19');
    expect([answer.status, answer.body.toString()]).toEqual([500, expect.stringContaining('another digest')]);
    bytes[size - 1] = (bytes[size - 1] ?? 0) ^ 1;
    await writeFile(repository.blobFile(digest), bytes);
    expect((await ask('bytes=-1')).body).toEqual(bytes.subarray(-1));
  });

  it('is unknown to HEAD and Range where its size is not that of its descriptor', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await truncate(repository.blobFile(image.layer.digest), image.layer.size - 1);
    const path = `/v2/x/blobs/${image.layer.digest}`;
    expect((await serving.ask(path, { method: 'HEAD' })).status).toBe(404);
    expect((await serving.ask(path, { headers: { range: 'bytes=0-1' } })).status).toBe(404);
    expect((await serving.ask(path)).status).toBe(500);
  });

  it('is unknown where it is empty, unless it is the blob of nothing', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await truncate(repository.blobFile(image.layer.digest), 0);
    const answer = await serving.ask(`/v2/x/blobs/${image.layer.digest}`);
    expect([answer.status, errorCode(answer)]).toEqual([404, 'BLOB_UNKNOWN']);
    const nothing = await repository.blob('');
    const path = `/v2/x/blobs/${nothing.digest}`;
    expect((await serving.ask(path)).status).toBe(200);
    expect((await serving.ask(path, { method: 'HEAD' })).headers['content-length']).toBe('0');
    expect((await serving.ask(path, { headers: { range: 'bytes=0-' } })).status).toBe(416);
  });

  it('is also measured by manifests deep below the entries', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    const outer = await index(repository, [await index(repository, [image.manifest])]);
    await repository.writeIndex({ manifests: [outer] });
    const path = `/v2/x/blobs/${image.layer.digest}`;
    expect((await serving.ask(path, { method: 'HEAD' })).status).toBe(200);
    await truncate(repository.blobFile(image.layer.digest), image.layer.size - 1);
    expect((await serving.ask(path, { method: 'HEAD' })).status).toBe(404);
  });

  it('does not block a request where a named pipe is in its place', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await rm(repository.blobFile(image.layer.digest));
    await outputOf('mkfifo', [repository.blobFile(image.layer.digest)]);
    expect((await serving.ask(`/v2/x/blobs/${image.layer.digest}`)).status).toBe(404);
  });

  it('is unknown where something else is in its place', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await rm(repository.blobFile(image.layer.digest));
    await mkdir(repository.blobFile(image.layer.digest));
    expect((await serving.ask(`/v2/x/blobs/${image.layer.digest}`)).status).toBe(404);
  });
});

describe('a damaged index', () => {
  it('with one missing manifest fails the referrers of its repository, and nothing else', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    await repository.writeIndex({ manifests: [image.manifest, absentChild()] });
    const answer = await serving.ask(`/v2/x/referrers/${image.manifest.digest}`);
    expect([answer.status, errorCode(answer)]).toEqual([404, 'MANIFEST_UNKNOWN']);
    expect(answer.body.toString()).toContain(absentChild().digest);
    expect((await serving.ask(`/v2/x/manifests/${image.manifest.digest}`)).status).toBe(200);
  });

  it('lists a referrer with two entries once, and does not need the subject itself', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    const referrer = await artifact(repository, image.manifest, { artifactType: 'a/b' });
    await repository.writeIndex({ manifests: [image.manifest, referrer, referrer] });
    await rm(repository.blobFile(image.manifest.digest));
    const answer = await serving.ask(`/v2/x/referrers/${image.manifest.digest}`);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ manifests: [{ digest: referrer.digest }] });
  });

  it.each(['tags/list', 'manifests/1', `referrers/${absentChild().digest}`])('fails %s', async (path) => {
    await using damaged = await serveOne();
    const { serving, repository } = damaged;
    await writeFile(join(repository.folder, 'index.json'), '{"manifests": {}}');
    const answer = await serving.ask(`/v2/x/${path}`);
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).toContain('index.json of x');
  });

  it('makes its repository unknown where it is missing', async () => {
    await using damaged = await serveOne();
    const { serving, repository } = damaged;
    await rm(join(repository.folder, 'index.json'));
    for (const path of ['tags/list', 'manifests/1']) {
      const answer = await serving.ask(`/v2/x/${path}`);
      expect([answer.status, errorCode(answer)]).toEqual([404, 'NAME_UNKNOWN']);
    }
    expect((await serving.ask('/v2/_catalog')).body.toString()).toBe('{"repositories":[]}');
  });

  it.each(['oci-layout', 'blobs'])('hides its repository from the catalogue without %s', async (name) => {
    await using damaged = await serveOne();
    const { serving, repository } = damaged;
    await rm(join(repository.folder, name), { recursive: true });
    expect((await serving.ask('/v2/_catalog')).body.toString()).toBe('{"repositories":[]}');
    expect((await serving.ask('/v2/x/tags/list')).status).toBe(200);
  });

  it('hides its repository from the catalogue where blobs is not a folder', async () => {
    await using damaged = await serveOne();
    const { serving, repository } = damaged;
    await rm(join(repository.folder, 'blobs'), { recursive: true });
    await writeFile(join(repository.folder, 'blobs'), '');
    expect((await serving.ask('/v2/_catalog')).body.toString()).toBe('{"repositories":[]}');
  });
});

describe('links in a served folder', () => {
  it('are followed where they stay inside the root', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    const file = repository.blobFile(image.layer.digest);
    await rename(file, join(repository.folder, 'elsewhere'));
    await symlink('../../elsewhere', file);
    await symlink('x', join(serving.root, 'alias'));
    expect((await serving.ask(`/v2/alias/blobs/${image.layer.digest}`)).status).toBe(200);
    expect((await serving.ask('/v2/_catalog')).body.toString()).toBe('{"repositories":["alias","x"]}');
  });

  it('are not followed out of the root, neither for a blob, an index nor a repository', async () => {
    await using damaged = await serveOne();
    const { serving, repository, image } = damaged;
    const outside = join(serving.folder, 'outside');
    await rename(join(serving.root, 'x'), outside);
    await symlink('../outside', join(serving.root, 'x'));
    for (const path of ['tags/list', 'manifests/1', `blobs/${image.layer.digest}`]) {
      const { status } = await serving.ask(`/v2/x/${path}`);
      expect(`${path} ${status}`).toBe(`${path} 404`);
    }
    expect((await serving.ask('/v2/_catalog')).body.toString()).toBe('{"repositories":[]}');
    const inside = serving.repository('y');
    await inside.write();
    await rm(join(inside.folder, 'index.json'));
    await symlink('../../outside/index.json', join(inside.folder, 'index.json'));
    expect((await serving.ask('/v2/y/tags/list')).status).toBe(404);
    expect(repository.name).toBe('x');
  });

  it('that lead in circles do not stop the server', async () => {
    await using damaged = await serveOne();
    const { serving, repository } = damaged;
    await symlink('..', join(repository.folder, 'up'));
    await symlink('.', join(repository.folder, 'here'));
    await symlink('self', join(serving.root, 'self'));
    expect((await serving.ask('/v2/_catalog')).body.toString()).toBe('{"repositories":["x"]}');
    expect((await serving.ask('/v2/self/tags/list')).status).toBe(404);
  });
});
