import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveSample } from './serving.ts';

describe('found G3: a client that names the host by ns', () => {
  let serving: Awaited<ReturnType<typeof serveSample>>;
  beforeAll(async () => {
    serving = await serveSample();
  });
  afterAll(() => serving.close());

  const status = async (path: string): Promise<number> => (await serving.ask(path)).status;

  it('gets the name that the host and the path make, by every kind of path', async () => {
    const direct = await serving.ask('/v2/docker.io/library/one/manifests/1.0');
    const mirrored = await serving.ask('/v2/library/one/manifests/1.0?ns=docker.io');
    expect([mirrored.status, mirrored.headers['docker-content-digest']]).toEqual([
      200,
      direct.headers['docker-content-digest'],
    ]);
    const digest = String(direct.headers['docker-content-digest']);
    for (const path of ['manifests/1.0', `manifests/${digest}`, 'tags/list', `referrers/${digest}`]) {
      expect([path, await status(`/v2/library/one/${path}?ns=docker.io`)]).toEqual([path, 200]);
    }
  });

  it('gets a name whose path has the host already, as a mirror with override_path asks for it', async () => {
    expect(await status('/v2/docker.io/library/one/manifests/1.0?ns=docker.io')).toBe(200);
  });

  it('gets nothing of another host, whatever it names', async () => {
    for (const ns of [
      'quay.io',
      'DOCKER.IO/..',
      '..',
      'docker.io/library/..',
      'x'.repeat(5000),
      'docker.io?',
      '%2e%2e',
    ]) {
      expect([ns, await status(`/v2/library/one/manifests/1.0?ns=${encodeURIComponent(ns)}`)]).toEqual([
        ns,
        404,
      ]);
    }
    expect(await status('/v2/docker.io/library/one/manifests/1.0?ns=quay.io')).toBe(404);
    expect(await status('/v2/docker.io/library/one/manifests/1.0?ns=')).toBe(200);
  });

  it('gets the name of a host with capital letters as a bundle has it', async () => {
    expect(await status('/v2/library/one/manifests/1.0?ns=Docker.IO')).toBe(200);
  });
});
