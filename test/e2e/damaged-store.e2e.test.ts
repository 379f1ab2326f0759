import { shownReference } from '../../src/oci/reference.ts';
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm, stat, truncate, utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Digest, hexOf } from '../../src/oci/digest.ts';
import { type BadRegistry, startBadRegistry } from '../support/bad-registry.ts';
import { expectExit } from '../support/expect-exit.ts';
import { idx, one } from '../support/fixtures/index.ts';
import { type Image, largestBlobOf } from '../support/image.ts';
import { inThisProcess } from '../support/in-this-process.ts';
import { type Workplace, workplace } from '../support/oci-save.ts';
import { outputOf } from '../support/program.ts';
import { startReleaseService, WRITER } from '../support/release-service/index.ts';
import { startDockerRegistry } from '../support/servers/index.ts';
import { checkBundle, filesOf, namesIn } from '../support/whole-bundle.ts';

const KIB = 1024;
const LAYER = 1500 * KIB;

let registry: BadRegistry;
let work: Workplace;
let image: Image;
let layer: Digest;
let config: Digest | undefined;
beforeEach(async () => {
  registry = await startBadRegistry();
  work = await workplace({}, inThisProcess);
  image = one({ seed: 'stored', layerBytes: LAYER });
  layer = largestBlobOf(image);
  config = [...image.blobs.keys()].find((digest) => digest !== layer);
  registry.put('acme/one', image, '1');
});
afterEach(async () => {
  await work.close();
  await registry.close();
});

const args = (...more: readonly string[]): string[] => [
  'save',
  `${registry.host}/acme/one:1`,
  '-p',
  'linux/amd64',
  '--retries',
  '0',
  '--insecure-registries',
  registry.host,
  ...more,
];
const fileOf = (digest: Digest): string => work.file(`cache/oci-save/blobs/sha256/${hexOf(digest)}`);

/** Does something to a file, and gives it the times back that it had, to the nanosecond. */
async function unnoticed(file: string, change: () => Promise<unknown>): Promise<void> {
  const reference = work.file('times');
  await outputOf('touch', ['-r', file, reference]);
  await change();
  await outputOf('touch', ['-r', reference, file]);
  await rm(reference);
}

/** Overwrites 4 bytes in the midst of a stored blob; its stamp stays. */
async function damage(digest: Digest): Promise<void> {
  const file = fileOf(digest);
  await unnoticed(file, async () => {
    const handle = await open(file, 'r+');
    const { size } = await handle.stat();
    await handle.write(Buffer.from('\0bad'), 0, 4, size >> 1);
    await handle.close();
  });
}

const dropped = (digest: Digest): RegExp =>
  new RegExp(`blob ${digest.slice(0, 19)} in the store was damaged .*: dropped, and fetched again`);
const blobsAsked = (): (string | undefined)[] =>
  registry.requests({ kind: 'blob', method: 'GET' }).map(({ path: asked }) => asked.split('/').at(-1));
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** Every file of the run's results but the report, with its bytes. */
async function results(): Promise<Map<string, string>> {
  const files = await filesOf(work.folder);
  return new Map([...files].filter(([name]) => name.startsWith('out') && name !== 'out.report.json'));
}

describe('case I1: a damaged blob in the store with the right size and time', () => {
  it.each(['skopeo', 'direct'])(
    'found A3: enters no new folder: it is dropped and fetched again with a warning, by the copier %s',
    async (copier) => {
      await work.succeed(...args('-o', 'first', '--copier', copier));
      await damage(layer);
      registry.clear();
      const { stderr } = await work.succeed(...args('-o', 'second', '--copier', copier));
      expect(stderr).toMatch(dropped(layer));
      // skopeo asks for the config of what it copies, too.
      expect(blobsAsked().filter((digest) => digest !== config)).toEqual([layer]);
      expect(await checkBundle(work.file('second'))).toHaveLength(1);
      const { totals, images } = await work.report('second.report.json');
      const bytes = image.blobs.get(layer)?.length ?? 0;
      expect([totals.fetchedBytes, totals.storedBytes]).toEqual([bytes, totals.bytes - bytes]);
      expect(images[0]?.status).toBe('partly stored');
    },
  );

  it.each(['zot', 'oci'])('found A3: enters no folder of the view %s alone', async (layout) => {
    await work.succeed(...args('-o', 'first'));
    await damage(layer);
    const { stderr } = await work.succeed(...args('-o', 'second', '--layout', layout));
    expect(stderr).toMatch(dropped(layer));
    const wrong = [...(await filesOf(work.file('second')))].filter(
      ([name, sum]) => name.includes('blobs/sha256/') && path.basename(name) !== sum,
    );
    expect(wrong).toEqual([]);
  });

  it.each([
    ['in one request', LAYER],
    ['in a stream', 6 * 1024 * KIB],
  ])('found A3: is not pushed %s: the target gets the right blob', async (_, layerBytes) => {
    await using target = await startDockerRegistry();
    const pushed = one({ seed: 'pushed', layerBytes });
    const blob = largestBlobOf(pushed);
    registry.put('acme/one', pushed, '1');
    await work.succeed(...args('-o', 'first'));
    await damage(blob);
    const push = ['--push', target.host, '--insecure-registries', target.host];
    const { stderr } = await work.succeed(...args('-o', 'none', ...push, '--retries', '5', '--verbose'));
    expect(stderr).toMatch(dropped(blob));
    // The network is not blamed for it.
    expect(stderr).not.toMatch(/attempt \d of/);
    const [name] = (await work.report()).push?.[0]?.images ?? [];
    const repository = name?.as.replace(`${target.host}/`, '').replace(/:1$/, '');
    const got = await fetch(`http://${target.host}/v2/${repository}/blobs/${blob}`);
    expect(sha(new Uint8Array(await got.arrayBuffer()))).toBe(hexOf(blob));
  });

  it('enters no release, although zeros fill it to its size', async () => {
    await using service = await startReleaseService();
    await using place = await workplace({
      ...work.env,
      GITHUB_API_URL: service.url,
      GITHUB_REPOSITORY: 'org/site',
      GH_TOKEN: WRITER,
    });
    await work.succeed(...args('-o', 'first'));
    await unnoticed(fileOf(layer), async () => {
      const { size } = await stat(fileOf(layer));
      await truncate(fileOf(layer), 1000);
      await truncate(fileOf(layer), size);
    });
    const { stderr } = await place.succeed(...args('-o', 'none', '--release', 'v1'));
    expect(stderr).toMatch(dropped(layer));
    const tar = service.releases[0]?.assets.find(({ name }) => name.endsWith('.tar'))?.bytes;
    expect(tar?.includes(Buffer.from(image.blobs.get(layer) ?? 'no layer'))).toBe(true);
  });

  it.each<[string, (of: Image) => Digest | undefined]>([
    ['a config', (of) => [...of.blobs.keys()].find((digest) => digest !== largestBlobOf(of))],
    ['a manifest', (of) => of.top],
  ])('that is %s is fetched again, too', async (_, pick) => {
    const digest = pick(image) ?? layer;
    await work.succeed(...args('-o', 'first'));
    await damage(digest);
    const { stderr } = await work.succeed(...args('-o', 'second'));
    expect(stderr).toMatch(dropped(digest));
    expect(await checkBundle(work.file('second'))).toHaveLength(1);
    // A config that cannot be read would cost the image its platform in silence.
    expect(await work.lock('second/oci-save.lock.json')).toEqual(await work.lock('first/oci-save.lock.json'));
  });

  it('that is a narrowed index, which no registry has, is written again', async () => {
    registry.put('acme/one', idx({ seed: 'narrowed', layerBytes: KIB }), '1');
    const both = args('-o', 'first', '--archive', 'tar', '-p', 'linux/amd64,linux/arm64');
    await work.succeed(...both);
    const [{ root, digest } = { root: layer, digest: layer }] = (await work.lock('first/oci-save.lock.json'))
      .images;
    expect(root).not.toBe(digest);
    await damage(root);
    await rm(work.file('first'), { recursive: true });
    expect((await work.succeed(...both)).stderr).toMatch(dropped(root));
    expect(await checkBundle(work.file('first'))).toHaveLength(1);
  });

  it('is named with its image where it cannot be fetched again, and the earlier folder stays', async () => {
    await work.succeed(...args('-o', 'out', '--layout', 'zot'));
    registry.put('acme/two', one({ seed: 'another', layerBytes: KIB }), '1');
    const before = await results();
    await damage(layer);
    registry.misbehave({
      faults: [{ path: new RegExp(layer), times: 99, failure: { kind: 'status', status: 404 } }],
    });
    const failed = await work.run(...args(`${registry.host}/acme/two:1`, '-o', 'out', '--layout', 'zot'));
    expectExit(failed, 1);
    expect(failed.stderr).toMatch(dropped(layer));
    expect(failed.stderr).toContain(`${registry.host}/acme/one:1`);
    const after = await results();
    expect([...after.keys()]).toEqual([...before.keys()]);
    expect(after.get('out.lock.json')).toBe(before.get('out.lock.json'));
  });
});

describe('folder, archive and sidecars over a damaged store', () => {
  const kinds = [
    ['a tar', []],
    ['parts', ['--split-size', String(600 * KIB)]],
  ] as const;

  it.each(kinds)(
    'found A4: with %s, are whole where the damaged blob can be fetched again',
    async (_, more) => {
      const saved = args('-o', 'out', '--archive', 'tar', ...more);
      await work.succeed(...saved);
      const before = await results();
      await damage(layer);
      const { stderr } = await work.succeed(...saved);
      expect(stderr).toMatch(dropped(layer));
      expect(await results()).toEqual(before);
      expect(await checkBundle(work.file('out'))).toHaveLength(1);
      await outputOf('sha256sum', ['-c', 'out.sha256'], { cwd: work.folder });
      expect((await namesIn(work.folder)).filter((name) => /\.part$|^\.out/.test(name))).toEqual([]);
    },
  );

  it.each(kinds)(
    'found A4: with %s, stay as they were, byte for byte, where the damaged blob cannot be fetched again',
    async (_, more) => {
      // Pinned, so that it is resolved from the store when the registry is gone.
      const [name, earlier] = [`${registry.host}/acme/one@${image.top}`, `${registry.host}/acme/earlier:1`];
      registry.put('acme/earlier', one({ seed: 'earlier', layerBytes: LAYER }), '1');
      const saved = args('-o', 'out', '--archive', 'tar', ...more).with(1, earlier);
      await work.succeed(...saved);
      await work.succeed(...args('-o', 'elsewhere').with(1, name));
      const before = await results();
      await damage(layer);
      await registry.close();
      const failed = await work.run(...saved.with(1, name));
      expectExit(failed, 1);
      expect(failed.stderr).toMatch(dropped(layer));
      expect(failed.stderr).toContain(shownReference(name));
      expect(await results()).toEqual(before);
      expect((await work.report('out.report.json')).failed).toMatchObject([{ ref: name }]);
      expect((await namesIn(work.folder)).filter((file) => /\.part$|^\.out/.test(file))).toEqual([]);
    },
  );

  it('stay those of the earlier run where a folder occupies the name of one of them', async () => {
    const saved = args('-o', 'out', '--archive', 'tar');
    await work.succeed(...saved);
    await rm(work.file('out.sha256'));
    await mkdir(work.file('out.sha256/full'), { recursive: true });
    const before = await results();
    registry.put('acme/one', one({ seed: 'moved', layerBytes: KIB }), '1');
    expectExit(await work.run(...saved), 2);
    expect(await results()).toEqual(before);
  });

  it('leave the archive of an earlier run and its lock where this run makes no archive', async () => {
    await work.succeed(...args('-o', 'out', '--archive', 'tar'));
    const lock = await readFile(work.file('out.lock.json'), 'utf8');
    registry.put('acme/one', one({ seed: 'moved', layerBytes: KIB }), '1');
    const { stderr } = await work.succeed(...args('-o', 'out'));
    expect(await readFile(work.file('out.lock.json'), 'utf8')).toBe(lock);
    expect(stderr).toContain('out.sha256 names is of an earlier run, and not of this bundle');
    expect((await work.succeed(...args('-o', 'out'))).stderr).not.toContain('an earlier run');
  });
});

describe('an unchanged bundle at the output', () => {
  const inode = async (name: string): Promise<number> => (await stat(work.file(name))).ino;

  it.each([[[]], [['--layout', 'zot']]])('is left as it is, with %j', async (more) => {
    await work.succeed(...args('-o', 'out', ...more));
    const before = await inode('out');
    await work.succeed(...args('-o', 'out', ...more));
    expect(await inode('out')).toBe(before);
    await work.succeed(...args('-o', 'out', ...more, '--archive', 'tar'));
    expect(await inode('out')).toBe(before);
    await outputOf('sha256sum', ['-c', 'out.sha256'], { cwd: work.folder });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a file is gone', () => rm(work.file('out/manifest.json'))],
    ['a blob is gone', () => rm(work.file(`out/blobs/sha256/${hexOf(layer)}`))],
    ['a blob was cut', () => truncate(work.file(`out/blobs/sha256/${hexOf(image.top)}`), 3)],
    [
      'a repository has another file for a blob',
      async () => {
        const [file = ''] = [...(await filesOf(work.file('out/registry'))).keys()].filter((name) =>
          name.endsWith(hexOf(layer)),
        );
        const bytes = await readFile(work.file(`out/registry/${file}`));
        await rm(work.file(`out/registry/${file}`));
        const handle = await open(work.file(`out/registry/${file}`), 'wx');
        await handle.writeFile(bytes.fill(0, 100, 200));
        await handle.close();
        await utimes(work.file(`out/registry/${file}`), 0, 0);
      },
    ],
  ])('is built anew where %s', async (_, change) => {
    await work.succeed(...args('-o', 'out'));
    const before = await filesOf(work.file('out'));
    await change();
    await work.succeed(...args('-o', 'out'));
    expect(await filesOf(work.file('out'))).toEqual(before);
    expect(await checkBundle(work.file('out'))).toHaveLength(1);
  });
});
