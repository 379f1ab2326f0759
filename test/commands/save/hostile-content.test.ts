import { readFile, statfs } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lock, type LockedImage, parseLock, taggedDigest } from '../../../src/lock/index.ts';
import { type Digest, digestOf, hexOf } from '../../../src/oci/digest.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-type.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { type RunReport, runReportSchema } from '../../../src/report/index.ts';
import { save } from '../../../src/commands/save/save.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { idx, seededBytes, writeOciLayout } from '../../support/fixtures/index.ts';
import { hostileChanges, hostileImage } from '../../support/hostile/image.ts';
import { imageWith } from '../../support/hostile/image-with.ts';
import { descriptorOf, type Image, jsonBytes } from '../../support/image.ts';
import { startPushRegistry } from '../../support/push-registry.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

const good = idx({ seed: 'good', layerBytes: 200 });
/** A layer of the good image that other images name, too. */
const shared = layerOfFirst(good);

function layerOfFirst({ manifests }: Image): Descriptor {
  const [first] = manifests.values();
  const manifest = first === undefined ? undefined : parseManifest(first.bytes);
  return (manifest?.kind === 'manifest' ? manifest.layers[0] : undefined) ?? expect.fail('no layer');
}

const VARIANTS = [
  { platforms: 'linux/amd64' },
  { platforms: 'all' },
  { platforms: 'linux/amd64,linux/arm64', index: 'narrow' },
  { platforms: 'linux/amd64', format: 'oci' },
];

let registry: BadRegistry;
let temp: TempFolder;
/** The good image as each of the variants locks it. */
let known: LockedImage[];
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'good:1': good } });
  registry.put('bad', good);
  temp = await tempFolder('hostile');
  known = [];
  for (const given of VARIANTS) {
    const { lock } = await run(['good'], given);
    known.push(imageIn(lock, 'good') ?? expect.fail('the good image was not saved'));
  }
});
afterAll(async () => {
  await registry.close();
  await temp.close();
});

const refOf = (name: string): string => `${registry.host}/${name}:1`;

const imageIn = (lock: Lock, name: string): LockedImage | undefined =>
  lock.images.find(({ ref }) => ref === refOf(name));

async function run(
  names: readonly string[],
  given: Readonly<Record<string, unknown>> = {},
): Promise<{ lock: Lock; report: RunReport }> {
  const options = parseOptions({
    images: names.map(refOf),
    platforms: 'linux/amd64',
    output: path.join(temp.path, 'bundle'),
    cacheDir: path.join(temp.path, 'store'),
    copier: 'direct',
    onError: 'warn',
    retries: 0,
    insecureRegistries: [registry.host],
    ...given,
  });
  return save(options, { env: {}, emit: () => {} });
}

const FOREIGN_WORDS =
  /Unexpected|Invalid|expected|received|Zod|undefined|call stack|Cannot read|\[object|fault in/;

async function expectWhole(image: LockedImage, lock: Lock): Promise<void> {
  const named = image.leaves.flatMap(({ digest, config, layers }) => [digest, config, ...layers]);
  for (const digest of new Set([taggedDigest(image), image.root, ...named])) {
    const bytes = await readFile(path.join(temp.path, 'bundle/blobs/sha256', hexOf(digest)));
    expect([digestOf(bytes), bytes.length]).toEqual([digest, lock.blobs[digest]]);
  }
}

/** Saves an image beside the good one, in the order of `names`, and checks what both became. */
async function expectAlone(
  names: readonly string[],
  top: Digest,
  variant: number,
  given: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const started = Date.now();
  const { lock, report } = await run(names, { ...VARIANTS[variant], ...given });
  const written = runReportSchema.parse(
    JSON.parse(await readFile(path.join(temp.path, 'bundle.report.json'), 'utf8')),
  );
  expect(written).toEqual(report);
  expect(Date.parse(written.startedAt)).toBeGreaterThanOrEqual(started);
  const lockFile = await readFile(path.join(temp.path, 'bundle/oci-save.lock.json'));
  expect(parseLock(lockFile, 'it')).toEqual(lock);
  expect(imageIn(lock, 'good')).toEqual(known[variant]);
  for (const image of lock.images) await expectWhole(image, lock);
  const bad = imageIn(lock, 'bad');
  const failed = report.failed.filter(({ ref }) => ref === refOf('bad'));
  expect(report.failed).toEqual(failed);
  expect(failed).toHaveLength(bad === undefined ? 1 : 0);
  if (bad !== undefined) expect(bad.digest).toBe(top);
  expect(report.outcome).toBe(bad === undefined ? 'warned' : 'done');
  for (const { origins, message, class: kind } of failed) {
    expect(origins).toHaveLength(1);
    expect(message).not.toMatch(FOREIGN_WORDS);
    expect(message.length).toBeLessThan(1000);
    expect(['unsupported', 'digest', 'not-found', 'network', 'local']).toContain(kind);
  }
}

const ARM = { platform: { architecture: 'arm64', os: 'linux' } };
const entry = (fields: object): object => ({
  ...descriptorOf(OCI_MANIFEST, seededBytes('nowhere', 10)),
  ...fields,
});

describe('images that together claim more than the disk has', () => {
  it('fail, those that claim the most first, until the others have room', async () => {
    const { bavail, bsize } = await statfs(temp.path);
    const claim = Math.floor(bavail * bsize * 0.6);
    for (const name of ['bad', 'worse'])
      registry.put(
        name,
        imageWith({ layer: { size: claim, digest: digestOf(new TextEncoder().encode(name)) } }),
        '1',
      );
    for (const names of [
      ['bad', 'good', 'worse'],
      ['bad', 'worse', 'good'],
    ]) {
      const { report, lock } = await run(names);
      expect(report.outcome).toBe('warned');
      expect(lock.images.map(({ ref }) => ref)).toEqual([refOf('good')]);
      expect(report.failed.map(({ ref }) => ref).toSorted()).toEqual([refOf('bad'), refOf('worse')]);
    }
  });
});

describe('a blob that two registries name', () => {
  it('comes from the one that serves it right', async () => {
    await using other = await startBadRegistry({ images: { 'a:1': good } });
    other.misbehave({ faults: [{ method: 'GET', path: /\/blobs\//, failure: { kind: 'flip' } }] });
    const insecureRegistries = [registry.host, other.host];
    for (const images of [
      [`${other.host}/a:1`, refOf('good')],
      [refOf('good'), `${other.host}/a:1`],
    ]) {
      const cacheDir = path.join(temp.path, `store-${images[0]?.length}-${images[0]?.includes(other.host)}`);
      const { report } = await run([], { images, insecureRegistries, cacheDir, platforms: 'all' });
      expect([report.outcome, report.failed]).toEqual(['done', []]);
    }
  });
});

describe('an image whose publisher wrote nonsense', () => {
  it.each<[string, Image, RegExp, string?]>([
    [
      'a config that is not JSON',
      imageWith({ config: new TextEncoder().encode('{"os":') }),
      /^linux\/amd64: config sha256:[0-9a-f]{12} is not a valid image config: it is not JSON$/,
    ],
    [
      'a config of a platform that no text carries',
      imageWith({ config: jsonBytes({ os: 'li/nux', architecture: 'amd64' }) }),
      /^linux\/amd64: config sha256:[0-9a-f]{12} .* its platform has characters that no platform has$/,
    ],
    [
      'a platform with os.version 1:2',
      imageWith({ platform: { os: 'linux', architecture: 'amd64', 'os.version': '1:2' } }),
      /^its index is not valid: platform has characters that no platform has \(child 1, sha256:[0-9a-f]{12}\)$/,
    ],
    [
      'a layer of 2^53 bytes',
      imageWith({ layer: { size: 2 ** 53 } }),
      /^its child linux\/amd64, sha256:.* layers\.0\.size is more than any disk holds \(layer 1, sha256:[0-9a-f]{12}\)$/,
    ],
    [
      'a layer of 2^53 - 1 bytes',
      imageWith({ layer: { size: 2 ** 53 - 1 } }),
      /size is more than any disk holds/,
    ],
    [
      'a layer of 8 TiB, more than is free,',
      imageWith({ layer: { size: 2 ** 43 } }),
      /^the disk is too small for it: 8\.0 TiB are needed, /,
      'local',
    ],
    [
      'another size of a layer of the good image, which comes later',
      imageWith({ layer: { digest: shared.digest, size: shared.size - 1 } }),
      /has \d+ bytes/,
      'digest',
    ],
    [
      'a larger size of a layer of the good image, which comes later',
      imageWith({ layer: { digest: shared.digest, size: shared.size + 1 } }),
      /^it says that blob sha256:[0-9a-f]{12} has \d+ bytes; it has \d+$/,
      'digest',
    ],
  ])('found B2: %s fails alone, in a run that goes on', async (_, image, words, kind = 'unsupported') => {
    registry.put('bad', image, '1');
    const cacheDir = path.join(temp.path, `store-${image.top.slice(-12)}`);
    await expectAlone(['bad', 'good'], image.top, 0, { cacheDir });
    const { report, lock } = await run(['bad', 'good'], { cacheDir, onError: 'fail' });
    expect(report.outcome).toBe('failed');
    expect(report.failed).toMatchObject([{ ref: refOf('bad'), class: kind }]);
    expect(report.failed[0]?.message).toMatch(words);
    expect(lock.images.map(({ ref }) => ref)).toEqual([refOf('good')]);
  });

  it.each<[string, Image]>([
    [
      'of another platform',
      imageWith({
        others: [
          entry({ ...ARM, size: -1 }),
          entry({ ...ARM, digest: `sha512:${'0'.repeat(128)}` }),
          entry({ platform: { os: 'linux', architecture: 'a/b' } }),
        ],
      }),
    ],
    [
      'that attests to another child',
      imageWith({
        others: [
          entry({
            size: -1,
            annotations: {
              'vnd.docker.reference.type': 'attestation-manifest',
              'vnd.docker.reference.digest': 'none',
            },
          }),
        ],
      }),
    ],
    [
      'with the digest of another image’s layer',
      imageWith({ others: [entry({ ...ARM, digest: shared.digest, size: shared.size })] }),
    ],
  ])('is saved where the nonsense stands in a child that is not taken, %s', async (_, image) => {
    registry.put('bad', image, '1');
    await expectAlone(['bad', 'good'], image.top, 0);
    const { lock } = await run(['bad', 'good']);
    expect(imageIn(lock, 'bad')?.digest).toBe(image.top);
    const { report } = await run(['bad', 'good'], { platforms: 'all' });
    expect(report.failed.map(({ ref }) => ref)).toEqual([refOf('bad')]);
  });

  it('found A10: fails where Go cannot read a child that is not taken: its index is unreadable then', async () => {
    const image = imageWith({ others: [entry({ platform: { os: 1, architecture: 'arm64' } })] });
    registry.put('bad', image, '1');
    await expectAlone(['bad', 'good'], image.top, 0);
    const { report } = await run(['bad', 'good']);
    expect(report.failed.map(({ ref, message }) => [ref, message])).toEqual([
      [refOf('bad'), expect.stringMatching(/: manifests\.\d\.platform\.os is not text \(child \d, sha256:/)],
    ]);
  });

  it.each([
    ['a name that zot lists nowhere', 'docker.io/library/blobs:1', /^its source names it .*ends in 'blobs'$/],
    ['a name that is none', '../../etc', /'\.\.\/\.\.\/etc'/],
  ])('fails where a layout calls it by %s', async (_, name, words) => {
    const layout = path.join(temp.path, `layout-${name.length}`);
    await writeOciLayout(layout, [{ image: good, name }]);
    const { report } = await run(['good'], { images: [refOf('good'), `oci:${layout}`] });
    expect(report.images.map(({ ref }) => ref)).toEqual([refOf('good')]);
    expect(report.failed.map(({ message }) => message)).toEqual([expect.stringMatching(words)]);
  });

  it('fails where a digest pins something else than a manifest, also in a run that only pushes', async () => {
    const [config = ''] = known[0]?.leaves.map((leaf) => leaf.config) ?? [];
    await using target = await startPushRegistry();
    const { report } = await run(['good'], {
      images: [refOf('good'), `${registry.host}/good@${config}`],
      output: 'none',
      push: target.host,
      insecureRegistries: [registry.host, target.host],
    });
    expect(report.images.map(({ ref }) => ref)).toEqual([refOf('good')]);
    expect(report.failed).toMatchObject([
      { class: 'unsupported', message: expect.stringContaining('not a manifest') },
    ]);
  });
});

describe('whatever a publisher wrote', () => {
  it('fails that image alone, named, in a sentence of our own; or it is saved bit for bit', async () => {
    const digests = [...good.manifests.keys(), ...good.blobs.keys()];
    const layer = good.blobs.get(shared.digest) ?? expect.fail('no layer');
    await fc.assert(
      fc.asyncProperty(
        hostileChanges(digests),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.nat(VARIANTS.length - 1),
        async (changes, indexed, docker, first, variant) => {
          const image = hostileImage(changes, { indexed, docker, shared: layer });
          registry.put('bad', image, '1');
          await expectAlone(first ? ['bad', 'good'] : ['good', 'bad'], image.top, variant);
        },
      ),
      { numRuns: 250 },
    );
  });
});
