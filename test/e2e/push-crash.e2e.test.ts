import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushReportSchema } from '../../src/report/index.ts';
import { brokenTags, tagsOf } from '../support/broken-tags.ts';
import { until } from '../support/deadline.ts';
import { att, idx, nested, one, sharing } from '../support/fixtures/index.ts';
import type { Image } from '../support/image.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { pushImage } from '../support/push.ts';
import { saveBundle } from '../support/saving.ts';
import { type RequestKind, tally } from '../support/registry-request.ts';
import { type DockerRegistry, startDockerRegistry, startProxy } from '../support/servers/index.ts';
import { tempFolder } from '../support/temp.ts';

/** Of the requests of a kind, the share that is answered when a push is killed: each kind, and most of what changes the registry. */
const POINTS: readonly (readonly [method: string, kind: RequestKind, share: number])[] = [
  ['HEAD', 'manifest', 0.5],
  ['POST', 'upload', 0.1],
  ['HEAD', 'blob', 0.5],
  ['PATCH', 'upload', 0],
  ['PUT', 'upload', 0.1],
  ['PUT', 'upload', 0.7],
  ['PUT', 'manifest', 0],
  ['PUT', 'manifest', 0.5],
  ['PUT', 'manifest', 0.9],
  ['GET', 'manifest', 0],
  ['GET', 'manifest', 0.7],
];
const KINDS = [...new Set(['GET ping', ...POINTS.map(([method, kind]) => `${method} ${kind}`)])].toSorted();
const small = { layerBytes: 20_000 };
const IMAGES: Record<string, Image> = {
  idx: idx(small),
  nested: nested(small),
  att: att(small),
  one: one({ layerBytes: 6 * 1024 * 1024 }),
  ...Object.fromEntries(
    sharing(6, { layerBytes: 50_000, ownBytes: 2000 }).map((image, at) => [`s${at}`, image]),
  ),
};
const COUNT = Object.keys(IMAGES).length;

let source: DockerRegistry;
let work: Workplace;
beforeAll(async () => {
  source = await startDockerRegistry();
  work = await workplace({}, inThisProcess);
  for (const [name, image] of Object.entries(IMAGES))
    await pushImage(source.target, `fx/${name}`, image, '1');
  const list = Object.keys(IMAGES).map((name) => `${source.host}/fx/${name}:1 => r.example/fx/${name}:1`);
  await saveBundle(work, source.host, list);
});
afterAll(async () => {
  await work.close();
  await source.close();
});

const args = (host: string, ...more: readonly string[]): string[] => [
  'push',
  'bundle',
  `${host}${more[0]?.startsWith('/') === true ? more[0] : ''}`,
  '--insecure-registries',
  host,
  ...more.filter((word) => !word.startsWith('/')),
];

/**
 * The broken tags of a registry whose client was killed, as soon as it has finished what it was sent: until then it lists
 * a tag whose link it has not written.
 */
function settledTags(url: string, prefix: string): Promise<string[]> {
  return until('the registry finishes what it was sent', async () => {
    const broken = await brokenTags(url, prefix);
    return broken.some((line) => line.endsWith(': 1 is 404')) ? undefined : broken;
  });
}

async function ended(child: ChildProcess): Promise<string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode;
}

describe('a push that is killed', () => {
  it('at any point leaves every tag whole, and the next push completes it', async () => {
    await using registry = await startDockerRegistry();
    await using proxy = await startProxy(registry.host);
    await work.succeed(...args(proxy.host, '/r0'));
    const all = tally(proxy.requests());
    expect(Object.keys(all).toSorted()).toEqual(KINDS);
    let killed = 0;
    for (const [at, [method, kind, share]] of POINTS.entries()) {
      const round = at + 1;
      proxy.clear();
      const child = work.start(...args(proxy.host, `/r${round}`));
      const count = 1 + Math.floor(share * (all[`${method} ${kind}`] ?? 0));
      await Promise.race([proxy.answered(count, { method, kind }), ended(child)]);
      child.kill('SIGKILL');
      if ((await ended(child)) === 'SIGKILL') killed += 1;
      expect(await settledTags(registry.url, `r${round}/`)).toEqual([]);
      await work.succeed(...args(proxy.host, `/r${round}`));
      proxy.clear();
      await work.succeed(...args(proxy.host, `/r${round}`));
      const { 'GET ping': _, ...asked } = tally(proxy.requests());
      expect(asked).toEqual({ 'HEAD manifest': COUNT });
    }
    expect(killed).toBeGreaterThan(POINTS.length / 2);
    expect(await brokenTags(registry.url)).toEqual([]);
    const tops = new Set(Object.values(IMAGES).map(({ top }) => top as string));
    const tags = await tagsOf(registry.url);
    expect(tags.size).toBe((POINTS.length + 1) * COUNT);
    expect([...tags.values()].every((digest) => tops.has(digest))).toBe(true);
  });
});

describe('a registry that stops responding during a push', () => {
  it('at any point has only whole tags, and the next push sends only the rest', async () => {
    await using root = await tempFolder('root');
    for (const share of [0.2, 0.5, 0.8]) {
      const prefix = `/p${Math.round(share * 10)}`;
      const first = await startDockerRegistry({ root: root.path });
      const before = await startProxy(first.host);
      const child = work.start(...args(before.host, prefix, '--retries', '1', '--wait', '0'));
      // Some 12 requests an image; what is shared is mounted.
      await Promise.race([before.answered(share * 12 * COUNT), ended(child)]);
      await first.close();
      await ended(child);
      await before.close();

      await using registry = await startDockerRegistry({ root: root.path });
      const own = `${prefix.slice(1)}/`;
      // A tag that it ended in the midst of making is listed, and there for nobody.
      const broken = await brokenTags(registry.url, own);
      expect(broken.filter((line) => !line.endsWith(': 1 is 404'))).toEqual([]);
      const there = (await tagsOf(registry.url, own)).size;
      const { stdout } = await work.run(...args(registry.host, prefix, '--json'));
      const [target] = pushReportSchema.parse(JSON.parse(stdout)).targets;
      expect(await brokenTags(registry.url, own)).toEqual([]);
      expect(target?.totals).toMatchObject({ unchanged: there, pushed: COUNT - there, failed: 0 });
    }
  });

  it('while a blob is written gets that blob again', async () => {
    await using root = await tempFolder('root');
    await using registry = await startDockerRegistry({ root: root.path });
    await work.succeed(...args(registry.host, '/p0'));
    const repository = join(root.path, 'docker/registry/v2/repositories/p0/r.example/fx/one');
    const links = (await readdir(repository, { recursive: true })).filter((file) => file.endsWith('/link'));
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) await writeFile(join(repository, link), '');
    const { stderr } = await work.succeed(...args(registry.host, '/p0', '--retries', '1'));
    expect(stderr).toContain('it is sent again');
    expect(await brokenTags(registry.url)).toEqual([]);
  });

  it('is reported in one list, with a hint and exit code 1', async () => {
    const registry = await startDockerRegistry();
    const proxy = await startProxy(registry.host);
    const pushing = work.run(
      ...args(proxy.host, '--retries', '1', '--wait', '0', '--json', '--parallel', '2'),
    );
    await proxy.answered(4, { method: 'PUT' });
    await proxy.close();
    const { exitCode, stdout, stderr } = await pushing;
    await registry.close();
    expect(exitCode).toBe(1);
    const [target] = pushReportSchema.parse(JSON.parse(stdout)).targets;
    expect(target?.outcome).toBe('failed');
    expect(target?.failed.every((failure) => failure.class === 'network')).toBe(true);
    expect(target?.failed.length).toBeLessThan(COUNT);
    expect(stderr).toContain('only the rest is sent');
  });
});
