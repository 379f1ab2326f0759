import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDigest } from '../../src/oci/digest.ts';
import { expectExit } from '../support/expect-exit.ts';
import { chart, d2, dlist, idx, one } from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { pushImage } from '../support/push.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/servers/index.ts';

const IMAGES: Record<string, Image> = { one: one(), idx: idx(), d2: d2(), dlist: dlist(), chart: chart() };

let registry: DockerRegistry;
let work: Workplace;
beforeAll(async () => {
  registry = await startDockerRegistry();
  work = await workplace();
  await Promise.all(
    Object.entries(IMAGES).map(([name, image]) => pushImage(registry.target, `app/${name}`, image, '1')),
  );
  const lines = Object.keys(IMAGES).map((name) => `${registry.host}/app/${name}:1\n`);
  await writeFile(work.file('images.txt'), lines.join(''));
  const pinned = Object.entries(IMAGES).map(([name, { top }]) => `${registry.host}/app/${name}:1@${top}\n`);
  await writeFile(work.file('pinned.txt'), pinned.join(''));
});
afterAll(async () => {
  await work.close();
  await registry.close();
});

let stores = 0;
/** Saves with an archive from an empty store, into the folder `bundle` in one of its own. */
const saved = async (input: string, ...args: readonly string[]): Promise<{ lock: string; tar: Buffer }> => {
  const folder = `run-${(stores += 1)}`;
  const places = ['-o', `${folder}/bundle`, '--archive', 'tar', '--cache-dir', `${folder}-store`];
  const always = [...places, '--insecure-registries', registry.host];
  expectExit(await work.runWith(input, 'save', ...args, ...always), 0);
  const lock = await readFile(work.file(`${folder}/bundle.lock.json`), 'utf8');
  return { lock, tar: await readFile(work.file(`${folder}/bundle.tar`)) };
};

describe('L21: the lock of a bundle, given as a list to the command', () => {
  it('gives the same lock and archive when each tag names another image, and asks for no tag', async () => {
    const first = await saved('', '-f', 'images.txt', '-p', 'linux/amd64');
    const pinned = await saved('', '-f', 'pinned.txt', '-p', 'linux/amd64');
    const two = ['-p', 'linux/amd64,linux/arm64', '--on-missing-platform', 'warn'];
    const changes = ['--index', 'narrow', '--format', 'oci', '--naming', 'keep-domain,strip-domain'];
    const made = await saved('', '-f', 'images.txt', ...two, ...changes);
    expect(made.lock).toContain('"index": "narrow"');
    expect(pinned).toEqual(first);
    const moved = one({ seed: 'moved' });
    await Promise.all(
      Object.keys(IMAGES).map((name) => pushImage(registry.target, `app/${name}`, moved, '1')),
    );
    await registry.clear();
    for (const { lock, tar } of [first, made]) {
      const again = await saved(lock, '-f', '-');
      expect(again.lock).toBe(lock);
      expect(again.tar.equals(tar)).toBe(true);
    }
    expect(await registry.requests({ method: 'HEAD' })).toEqual([]);
    const manifests = await registry.requests({ kind: 'manifest' });
    expect(manifests.length).toBeGreaterThan(0);
    expect(manifests.filter(({ path }) => !isDigest(path.split('/').at(-1) ?? ''))).toEqual([]);
  });

  it('ends with exit code 2 and no request where an option contradicts it, or -f is forgotten', async () => {
    await writeFile(work.file('site.lock'), (await saved('', '-f', 'pinned.txt', '-p', 'linux/amd64')).lock);
    await registry.clear();
    const contradicts = await work.run('save', '-f', 'site.lock', '-p', 'linux/arm64', '--format', 'oci');
    expectExit(contradicts, 2);
    expect(contradicts.stderr).toContain('platforms: linux/arm64 contradicts site.lock:');
    expect(contradicts.stderr).toContain('format: oci contradicts site.lock:');
    expect(contradicts.stderr).toContain('leave out --platforms, --format');
    const forgotten = await work.run('save', 'images.txt');
    expectExit(forgotten, 2);
    expect(forgotten.stderr).toContain("'images.txt': a file of that name is here");
    expect(await registry.requests()).toEqual([]);
  });
});
