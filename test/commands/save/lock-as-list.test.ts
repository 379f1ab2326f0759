import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SaveResult } from '../../../src/commands/save/run.ts';
import { save } from '../../../src/commands/save/save.ts';
import { encodeLock, type Lock, type LockedImage } from '../../../src/lock/index.ts';
import { type Digest, hexOf, isDigest } from '../../../src/oci/digest.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { failureOf } from '../../support/failure.ts';
import {
  AMD64,
  ARM64,
  att,
  buildIndex,
  chart,
  cosignSignature,
  d2,
  dlist,
  emptyConfigArtifact,
  fallbackIndex,
  idx,
  nested,
  one,
  sbomOf,
  signatureOf,
  windows,
  writeOciLayout,
} from '../../support/fixtures/index.ts';
import { startPushRegistry } from '../../support/push-registry.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const small = { layerBytes: 100 };
const signed = idx({ ...small, seed: 'signed' });
const cosigns = cosignSignature(signed);
const sbom = sbomOf(signed);
const standIn = fallbackIndex(signed, [{ image: sbom, artifactType: 'application/octet-stream' }]);
const twice = one({ ...small, seed: 'twice', platform: AMD64 });
const IMAGES = {
  'app/one:1': one(small),
  'app/idx:1': idx(small),
  'app/nested:1': nested(small),
  'app/list:1': dlist(small),
  'app/docker:1': d2(small),
  'app/att:1': att(small),
  'app/chart:1': chart(),
  'app/artifact:1': emptyConfigArtifact(),
  'app/windows:1': windows(small),
  'app/signed:1': signed,
  // One child is listed for two platforms, and another one for the second of them.
  'app/twice:1': buildIndex([
    { image: twice, platform: AMD64 },
    { image: twice, platform: ARM64 },
    { image: one({ ...small, seed: 'arm', platform: ARM64 }), platform: ARM64 },
  ]),
  // The config alone has the platform of a child.
  'app/bare:1': buildIndex([
    { image: one({ ...small, seed: 'bare' }) },
    { image: one({ ...small, seed: 'bare arm', platform: ARM64 }) },
    { image: dlist({ ...small, seed: 'inner' }), platform: ARM64 },
  ]),
};
const NAMES = Object.keys(IMAGES);

let source: BadRegistry;
let temp: TempFolder;
let runs = 0;
beforeAll(async () => {
  temp = await tempFolder('lock-as-list');
  source = await startBadRegistry({ images: IMAGES });
  source.put('app/signed', cosigns.image, cosigns.tag);
  source.put('app/signed', signatureOf(sbom));
  source.put('app/signed', standIn.image, standIn.tag);
  source.put('app/signed', sbom);
});
afterAll(async () => {
  await source.close();
  await temp.close();
});

type Given = Readonly<Record<string, unknown>>;
type Saved = SaveResult & { readonly bundle: string };

const optionsOf = (bundle: string, given: Given) =>
  parseOptions({
    output: bundle,
    archive: 'tar',
    cacheDir: path.join(temp.path, `store-${runs}`),
    copier: 'direct',
    retries: 0,
    insecureRegistries: [source.host],
    ...given,
  });

/** Saves into a bundle and an archive of their own, from an empty store. */
async function run(given: Given, stdin?: string): Promise<Saved> {
  runs += 1;
  const bundle = path.join(temp.path, `run-${runs}`, 'bundle');
  const result = await save(optionsOf(bundle, given), {
    env: {},
    emit: () => {},
    ...(stdin === undefined ? {} : { stdin: Readable.from([Buffer.from(stdin)]) }),
  });
  return { ...result, bundle };
}

const at = (name: string): string => `${source.host}/${name}`;
const lockText = (lock: Lock): string => new TextDecoder().decode(encodeLock(lock));
const contentOf = ({ lock, report }: SaveResult): unknown => [lockText(lock), report.archive?.digest];

/** Writes a lock under a name that says nothing of what it is. */
async function written(lock: unknown): Promise<string> {
  const file = path.join(temp.path, `${(runs += 1)}.list`);
  await writeFile(file, typeof lock === 'string' ? lock : `${JSON.stringify(lock, null, 2)}\n`);
  return file;
}

/** What of the requests so far was asked for by a tag, or is a question about one. */
const byTag = (): string[] =>
  source
    .requests({ kind: 'manifest' })
    .filter(({ path: asked }) => !isDigest(decodeURIComponent(asked.split('/').at(-1) ?? '')))
    .map(({ method, path: asked }) => `${method} ${asked}`);

/** Saves a list, then its lock while every tag names another image. */
async function expectSame(given: Given, lines: readonly string[]): Promise<Lock> {
  const first = await run({ images: lines, ...given });
  expect(first.report.failed).toEqual([]);
  for (const name of NAMES) moveTag(name, one({ ...small, seed: 'moved' }));
  source.clear();
  try {
    const file = await written(lockText(first.lock));
    const { layout } = given;
    const again = await run({ imageList: file, ...(layout === undefined ? {} : { layout }) });
    expect(again.report.failed).toEqual([]);
    expect(byTag()).toEqual([]);
    expect(source.requests({ method: 'HEAD' })).toEqual([]);
    expect(source.requests({ kind: 'referrers' })).toEqual([]);
    expect(contentOf(again)).toEqual(contentOf(first));
  } finally {
    for (const [name, image] of Object.entries(IMAGES)) moveTag(name, image);
  }
  return first.lock;
}

function moveTag(name: string, image: Parameters<BadRegistry['put']>[1]): void {
  const [repository = '', tag] = name.split(':');
  source.put(repository, image, tag);
}

describe('L21: a lock as a list, while each tag names something else', () => {
  it.each<[string, Given]>([
    ['all platforms, and referrers', { platforms: 'all', referrers: 'all' }],
    ['one platform under several names', { platforms: 'linux/amd64', naming: 'keep-domain,strip-domain' }],
    [
      'two platforms under names that a rule gave',
      { platforms: 'linux/amd64,linux/arm64', naming: 'HOST/app=site.example/x' },
    ],
    [
      'indexes that are kept, and signatures',
      { platforms: 'linux/amd64', index: 'keep', referrers: 'signatures' },
    ],
    ['narrowed indexes', { platforms: 'linux/amd64,linux/arm64', index: 'narrow', layout: 'zot' }],
    ['leaves in place of indexes', { platforms: 'linux/amd64', index: 'narrow' }],
    ['conversions', { platforms: 'all', format: 'oci', layout: 'oci' }],
    ['conversions of some platforms', { platforms: 'linux/amd64', format: 'oci' }],
    ['narrowed conversions', { platforms: 'linux/amd64,linux/arm64', format: 'oci', index: 'narrow' }],
  ])('gives the same lock and archive, and no request by a tag: %s', async (_, given) => {
    const { naming } = given;
    const rules = typeof naming === 'string' ? { naming: naming.replace('HOST', source.host) } : {};
    const only = given['platforms'] === 'all' ? {} : { onMissingPlatform: 'warn' };
    const names = NAMES.filter((name) => name !== 'app/windows:1' || given['platforms'] === 'all');
    const lock = await expectSame({ ...only, ...given, ...rules }, names.map(at));
    expect(lock.images).toHaveLength(names.length);
    const served = new Map<string, Digest>(Object.entries(IMAGES).map(([name, { top }]) => [at(name), top]));
    for (const { ref, digest } of lock.images) expect([ref, digest]).toEqual([ref, served.get(ref)]);
  });

  it('gives the same where entries have platforms, names and digests of their own', async () => {
    const { top } = IMAGES['app/idx:1'];
    const lock = await expectSame({ platforms: 'linux/amd64' }, [
      `--platform=linux/arm64 ${at('app/idx:1')} => site.example/arm:1`,
      `${at('app/idx')}@${top}`,
      `--platform=windows/amd64:10.0.17763 ${at('app/windows:1')}`,
      `${at('app/signed:1')}@${signed.top} => site.example/signed:1`,
    ]);
    expect(lock.images).toHaveLength(4);
  });

  it('gives the same where two digests of one tag are locked', async () => {
    const [mine, other] = [IMAGES['app/idx:1'], idx({ ...small, seed: 'other' })];
    source.put('app/idx', other);
    const { images } = await expectSame({ platforms: 'linux/amd64' }, [
      `${at('app/idx:1')}@${mine.top} => site.example/a:1`,
      `${at('app/idx:1')}@${other.top} => site.example/b:1`,
    ]);
    expect(images.map(({ ref, digest }) => [ref, digest])).toEqual(
      [mine, other].map(({ top }) => [at('app/idx:1'), top]),
    );
  });
});

describe('L21: a lock', () => {
  let saved: Saved;
  beforeAll(async () => {
    saved = await run({ images: [at('app/idx:1'), at('app/docker:1')], platforms: 'linux/amd64' });
  });
  const alone = { archive: 'none' };
  const changed = (change: (image: LockedImage) => object): Lock | object => ({
    ...saved.lock,
    images: saved.lock.images.map((image) => ({ ...image, ...change(image) })),
  });

  it('V12, found A8: of a list that is pinned is the lock of the list by tags', async () => {
    const images = saved.lock.images.map(({ ref, digest }) => `${ref}@${digest}`);
    const pinned = await run({ images, platforms: 'linux/amd64' });
    expect(contentOf(pinned)).toEqual(contentOf(saved));
    expect(contentOf(await run({ imageList: await written(lockText(pinned.lock)) }))).toEqual(
      contentOf(saved),
    );
  });

  it('needs no registry where the store has its images', async () => {
    const store = path.join(temp.path, 'full-store');
    await run({ images: [at('app/idx:1')], platforms: 'linux/amd64', cacheDir: store, ...alone });
    const file = await written(
      lockText((await run({ images: [at('app/idx:1')], platforms: 'linux/amd64' })).lock),
    );
    source.clear();
    await run({ imageList: file, cacheDir: store });
    expect(source.requests()).toEqual([]);
  });

  it('is read from standard input, and where its JSON is written in another way', async () => {
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(saved.lock).toReversed()));
    for (const text of [lockText(saved.lock), reversed]) {
      const again = await run({ imageList: '-' }, text);
      expect(contentOf(again)).toEqual(contentOf(saved));
      expect(again.report.lists).toEqual([{ file: 'stdin', format: 'lock', count: 2 }]);
    }
  });

  it('S10: is taken from the folder of its bundle, whichever views that has', async () => {
    expect(contentOf(await run({ imageList: saved.bundle }))).toEqual(contentOf(saved));
    const file = path.join(saved.bundle, 'oci-save.lock.json');
    expect(contentOf(await run({ imageList: file }))).toEqual(contentOf(saved));
    const zot = await run({ images: [at('app/idx:1')], platforms: 'linux/amd64', layout: 'zot' });
    const again = await run({ imageList: `${zot.bundle}/`, layout: 'zot' });
    expect(contentOf(again)).toEqual(contentOf(zot));
    expect(again.report.images[0]?.origins).toEqual([{ file: `${zot.bundle}.lock.json`, line: 5 }]);
  });

  it.each([
    ['keep', 'all', {}],
    ['oci', 'linux/amd64', {}],
    ['keep', 'linux/amd64', { index: 'narrow' }],
    ['keep', 'all', { layout: 'oci' }],
  ])(
    'S10: has the images of local sources in its bundle: format %s, platforms %s, %j',
    async (format, platforms, also) => {
      const layout = path.join(temp.path, `layout-${(runs += 1)}`);
      await writeOciLayout(layout, [
        { image: dlist(small), name: 'site.example/list:1' },
        { image: att(small), name: 'site.example/att:2' },
      ]);
      const images = ['list:1', 'att:2'].map((name) => `oci:${layout}:site.example/${name}`);
      const first = await run({ images: [...images, at('app/one:1')], format, platforms, ...also });
      expect(first.report.failed).toEqual([]);
      await rm(layout, { recursive: true });
      const again = await run({ imageList: first.bundle, ...also });
      expect(again.report.failed).toEqual([]);
      expect(contentOf(again)).toEqual(contentOf(first));
    },
  );

  it('S10: fails the image of a local source that its bundle has lost, and names the file', async () => {
    const layout = path.join(temp.path, `layout-${(runs += 1)}`);
    await writeOciLayout(layout, [{ image: one(small), name: 'site.example/one:1' }]);
    const first = await run({
      images: [`oci:${layout}:site.example/one:1`, at('app/idx:1')],
      platforms: 'all',
    });
    await rm(path.join(first.bundle, 'blobs', 'sha256', hexOf(one(small).top)));
    const { report } = await run({ imageList: first.bundle });
    expect(report.failed.map(({ ref, class: kind }) => [ref, kind])).toEqual([
      [expect.stringContaining(`oci:${first.bundle}`), 'not-found'],
    ]);
  });

  it('names the line of each image, and says of none that it lacks a platform or a host', async () => {
    const { report } = await run({
      imageList: await written(lockText(saved.lock)),
      strictTags: true,
      ...alone,
    });
    const lines = lockText(saved.lock).split('\n');
    for (const { ref, origins } of report.images) {
      expect(lines[(origins[0]?.line ?? 0) - 1]).toBe(`      "ref": "${ref}",`);
    }
    expect(report.warnings).toEqual([]);
    expect(report.images.map(({ missingPlatforms }) => missingPlatforms)).toEqual([undefined, undefined]);
  });

  it('is joined with another list: the same image once, another one under the same name is an error', async () => {
    const file = await written(lockText(saved.lock));
    const both = await run({
      imageList: file,
      images: [at('app/idx:1'), at('app/chart:1')],
      platforms: 'linux/amd64',
    });
    expect(both.lock.images.map(({ ref }) => ref)).toEqual(
      ['app/chart:1', 'app/docker:1', 'app/idx:1'].map(at),
    );
    const other = await failureOf(
      run({ imageList: file, images: [`--platform=linux/arm64 ${at('app/idx:1')}`] }),
    );
    expect(other.message).toMatch(/two images would be stored as .* for linux\/amd64, .* for linux\/arm64, /);
    moveTag('app/idx:1', one(small));
    const failure = await failureOf(
      run({ imageList: file, images: [at('app/idx:1')], platforms: 'linux/amd64' }),
    );
    moveTag('app/idx:1', IMAGES['app/idx:1']);
    expect(failure.message).toContain(`two images would be stored as ${at('app/idx:1')}`);
  });

  it('fails an image whose digest is gone, and that image alone', async () => {
    const gone = `sha256:${'0'.repeat(64)}`;
    const [first] = saved.lock.images;
    const lock = {
      ...saved.lock,
      images: saved.lock.images.map((image) => (image === first ? { ...image, digest: gone } : image)),
      blobs: { ...saved.lock.blobs, [gone]: 10 },
    };
    const { report } = await run({ imageList: await written(lock), onError: 'warn', ...alone });
    expect(report.failed).toEqual([
      expect.objectContaining({
        ref: first?.ref,
        class: 'not-found',
        message: expect.stringContaining(`its lock names ${gone}, and not what a tag names today`),
        hint: expect.stringContaining('push it there again from a bundle that has it'),
      }),
    ]);
    expect(report.images.map(({ ref }) => ref)).toEqual([saved.lock.images[1]?.ref]);
  });

  it.each<[field: string, change: (image: LockedImage) => object]>([
    [
      'mediaType',
      () => ({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        rootMediaType: 'application/vnd.oci.image.manifest.v1+json',
      }),
    ],
    ['root', ({ digest, leaves: [leaf] }) => ({ root: digest === leaf?.digest ? leaf.config : digest })],
    ['converted', ({ digest, root }) => ({ converted: { [digest]: root } })],
    ['index', () => ({ index: 'keep' })],
    ['platforms', () => ({ platforms: ['linux/amd64', 'linux/arm64'] })],
    ['leaves', ({ leaves }) => ({ leaves: leaves.map((leaf) => ({ ...leaf, layers: [leaf.config] })) })],
    ['leaves', ({ leaves }) => ({ leaves: leaves.map((leaf) => ({ ...leaf, platform: undefined })) })],
    ['leaves', () => ({ leaves: [] })],
  ])('fails an image of which it says what is not so: other %s', async (field, change) => {
    const file = await written(changed(change));
    const { report } = await run({ imageList: file, onError: 'warn', ...alone });
    const failed = report.failed.map((failure) => [failure.class, failure.message]);
    expect(failed).toContainEqual([
      'digest',
      expect.stringMatching(new RegExp(`its lock is wrong: it has other (?:${field}|root|mediaType) than `)),
    ]);
  });

  it('fails an image whose referrer does not refer to it', async () => {
    const { lock } = await run({
      images: [at('app/signed:1')],
      platforms: 'all',
      referrers: 'all',
      ...alone,
    });
    const [image] = lock.images;
    const leaf = image?.leaves[0]?.digest;
    const wrong = {
      ...lock,
      images: [
        {
          ...image,
          referrers: image?.referrers.map((one) => (one.tag === undefined ? { ...one, subject: leaf } : one)),
        },
      ],
    };
    const { report } = await run({ imageList: await written(wrong), ...alone });
    expect(report.failed.map(({ message }) => message)).toEqual([
      expect.stringMatching(/its lock is wrong: \S+ does not refer to /),
    ]);
  });

  it('is not taken for one where a folder is no bundle', async () => {
    const folder = path.join(temp.path, 'copy');
    await cp(saved.bundle, folder, { recursive: true });
    await rm(path.join(folder, 'oci-save.lock.json'));
    expect((await failureOf(run({ imageList: folder }))).message).toContain('it is a folder, not a file');
  });

  it('P10: that push targets have already costs HEADs, by digest at its source and at the target', async () => {
    await using target = await startPushRegistry();
    const { lock } = await run({ images: [at('app/one:1'), at('app/signed:1')], platforms: 'all', ...alone });
    const signedToo = await run({
      images: [at('app/signed:1')],
      platforms: 'all',
      referrers: 'all',
      ...alone,
    });
    const files = [await written(lock), await written(signedToo.lock)];
    moveTag('app/one:1', one({ ...small, seed: 'moved' }));
    try {
      const push = async (file: string | undefined): Promise<SaveResult> =>
        run({
          imageList: file,
          output: 'none',
          push: target.host,
          insecureRegistries: [source.host, target.host],
          ...alone,
        });
      for (const file of files) await push(file);
      source.clear();
      const [first, second] = [await push(files[0]), await push(files[1])];
      expect([first.report.unchanged, second.report.unchanged]).toEqual([true, undefined]);
      expect(byTag()).toEqual([]);
      expect(second.report.push?.[0]?.images.map(({ status }) => status)).toEqual(['unchanged']);
      expect(second.lock).toEqual(signedToo.lock);
    } finally {
      moveTag('app/one:1', IMAGES['app/one:1']);
    }
  });

  it('without some of its images is what `ignore` leaves of it', async () => {
    const { lock } = await run({
      imageList: await written(lockText(saved.lock)),
      ignore: at('app/docker:*'),
      ...alone,
    });
    expect(lock.images).toEqual(saved.lock.images.filter(({ ref }) => ref === at('app/idx:1')));
  });

  it('comes out byte for byte as the file that was read', async () => {
    const file = path.join(saved.bundle, 'oci-save.lock.json');
    const again = await run({ imageList: file, ...alone });
    expect(await readFile(path.join(again.bundle, 'oci-save.lock.json'), 'utf8')).toBe(
      await readFile(file, 'utf8'),
    );
  });
});
