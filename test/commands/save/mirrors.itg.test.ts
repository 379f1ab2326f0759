import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { save, type SaveResult } from '../../../src/commands/index.ts';
import type { SaveEvent } from '../../../src/events.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { startBadRegistry } from '../../support/bad-registry.ts';
import { idx, one } from '../../support/fixtures/index.ts';
import { largestBlobOf } from '../../support/image.ts';
import { pushImage } from '../../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../../support/servers/index.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const images = { 'library/one': one({ layerBytes: 1_200_000 }), 'acme/web': idx() };

let mirror: DockerRegistry;
let target: DockerRegistry;
let temp: TempFolder;
beforeAll(async () => {
  temp = await tempFolder('mirrors');
  mirror = await startDockerRegistry();
  target = await startDockerRegistry();
  for (const [name, image] of Object.entries(images))
    await pushImage(mirror.target, `hub/${name}`, image, '1');
});
afterAll(async () => {
  await target.close();
  await mirror.close();
  await temp.close();
});

/** Saves in a home of its own. Docker Hub itself is behind a proxy that nobody serves: whatever asks it, fails. */
async function run(
  name: string,
  given: Readonly<Record<string, unknown>>,
): Promise<SaveResult & { readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const note = (event: SaveEvent): void => {
    if (event.type === 'log' && event.level === 'warning') warnings.push(event.message);
  };
  const result = await save(
    parseOptions({
      platforms: 'all',
      output: path.join(temp.path, name),
      cacheDir: path.join(temp.path, `${name}-store`),
      mirrors: `docker.io=${mirror.host}/hub`,
      insecureRegistries: [mirror.host, target.host],
      retries: 0,
      ...given,
    }),
    {
      env: {
        HOME: temp.path,
        PATH: process.env['PATH'],
        HTTPS_PROXY: 'http://127.0.0.1:9',
      },
      emit: note,
    },
  );
  return { ...result, warnings };
}

describe('S9: docker.io that is mirrored', () => {
  it.each(['skopeo', 'direct'])('is saved and pushed under its own names by copier %s', async (copier) => {
    const { report, lock, warnings } = await run(copier, {
      images: 'one:1, acme/web:1',
      copier,
      push: `${target.host}/${copier}`,
    });
    expect([report.outcome, warnings]).toEqual(['done', []]);
    expect(lock.images.map(({ ref, names, digest }) => [ref, names, digest])).toEqual([
      ['docker.io/acme/web:1', ['docker.io/acme/web:1'], images['acme/web'].top],
      ['docker.io/library/one:1', ['docker.io/library/one:1'], images['library/one'].top],
    ]);
    expect(report.images.map(({ notes }) => notes)).toEqual([
      [`read from the mirror ${mirror.host}`],
      [`read from the mirror ${mirror.host}`],
    ]);
    expect(report.push?.map(({ outcome }) => outcome)).toEqual(['done']);
    const written = await readFile(path.join(temp.path, copier, 'oci-save.lock.json'), 'utf8');
    expect(written).not.toContain(mirror.host);
  });

  it('is asked for the digest of an image that is pinned', async () => {
    const { lock, warnings } = await run('pinned', { images: `one:1@${images['library/one'].top}` });
    expect([lock.images.map(({ ref, digest }) => [ref, digest]), warnings]).toEqual([
      [['docker.io/library/one:1', images['library/one'].top]],
      [],
    ]);
  });

  it('has wrong bytes of a layer: the report notes that the registry gave it', async () => {
    const image = images['library/one'];
    const failure = { kind: 'flip' } as const;
    const bad = await startBadRegistry({ images: { 'bad/library/one:1': image } });
    bad.misbehave({ faults: [{ path: new RegExp(`blobs/${largestBlobOf(image)}`), failure }] });
    const { report, warnings } = await run('wrong', {
      images: `${mirror.host}/hub/library/one:1`,
      mirrors: `${mirror.host}/hub=${bad.host}/bad`,
      insecureRegistries: [mirror.host, bad.host],
      copier: 'direct',
    });
    await bad.close();
    expect([report.outcome, report.images.map(({ notes }) => notes), warnings]).toEqual([
      'done',
      [[`read from the mirror ${bad.host}`, `not all of it came from the mirror ${bad.host} (digest)`]],
      [expect.stringMatching(/came with bytes that hash to .*; the next place is asked$/)],
    ]);
  });

  it('is not needed by a run that finds all at its target: the tag is asked of the mirror', async () => {
    await mirror.clear();
    const { report } = await run('direct', {
      images: 'one:1, acme/web:1',
      output: 'none',
      push: `${target.host}/direct`,
    });
    expect(report.outcome).toBe('done');
    const asked = (await mirror.requests()).map(({ method, path: place }) => `${method} ${place}`);
    expect(asked.filter((line) => line.includes('/manifests/')).toSorted()).toEqual([
      'HEAD /v2/hub/acme/web/manifests/1',
      'HEAD /v2/hub/library/one/manifests/1',
    ]);
  });
});
