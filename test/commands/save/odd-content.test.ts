import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { save } from '../../../src/commands/save/save.ts';
import type { Lock } from '../../../src/lock/index.ts';
import { digestOf, shortDigest } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_EMPTY, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-type.ts';
import { parseOptions } from '../../../src/options/index.ts';
import type { RunReport } from '../../../src/report/index.ts';
import { type BadRegistry, startBadRegistry } from '../../support/bad-registry.ts';
import { configOf } from '../../support/fixtures/build.ts';
import { AMD64, buildImage, buildIndex, filledLayer, one } from '../../support/fixtures/index.ts';
import {
  descriptorOf,
  descriptorOfImage,
  type Image,
  imageOf,
  jsonBytes,
  topOf,
  type WrittenDescriptor,
} from '../../support/image.ts';
import { KEPT } from '../../support/odd/savable.ts';
import { buildCacheManifest, REFUSED } from '../../support/odd/refused.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';

let registry: BadRegistry;
let temp: TempFolder;
let runs = 0;
beforeAll(async () => {
  registry = await startBadRegistry({ images: { 'good:1': one({ seed: 'good', layerBytes: 200 }) } });
  temp = await tempFolder('odd');
});
afterAll(async () => {
  await registry.close();
  await temp.close();
});

const atRegistry = (text: string): string => text.replaceAll('@/', `${registry.host}/`);

/** Saves a list into a bundle and with a store of its own; `@/` stands for the registry. */
async function run(
  lines: readonly string[],
  given: Readonly<Record<string, unknown>> = {},
): Promise<{ lock: Lock; report: RunReport }> {
  runs += 1;
  const options = parseOptions({
    images: lines.map(atRegistry),
    platforms: 'linux/amd64',
    output: path.join(temp.path, `bundle-${runs}`),
    cacheDir: path.join(temp.path, `store-${runs}`),
    copier: 'direct',
    onError: 'warn',
    retries: 0,
    insecureRegistries: [registry.host],
    ...given,
  });
  return save(options, { env: {}, emit: () => {} });
}

const refsOf = ({ images }: Lock): string[] =>
  images.map(({ ref }) => ref.replace(`${registry.host}/`, '@/'));
const pathsAsked = (): string[] => registry.requests().map((request) => request.path);
const notesOf = ({ images }: RunReport): string[] => images.flatMap(({ notes }) => notes);

/** What the bundle of the last run has wrongly of a lock. */
async function wrongBlobs(lock: Lock): Promise<string[]> {
  const wrong = Object.entries(lock.blobs).map(async ([digest, size]) => {
    const file = path.join(temp.path, `bundle-${runs}`, 'blobs/sha256', digest.slice('sha256:'.length));
    const bytes = await readFile(file);
    return digestOf(bytes) === digest && bytes.length === size ? [] : [digest];
  });
  return (await Promise.all(wrong)).flat();
}

/** Words of a parser or a validator, and JSON. */
const FOREIGN_WORDS = /[{}[\]"]|Unexpected|Invalid|expected|received|Zod|undefined/;

describe('content that no reader takes', () => {
  it.each(REFUSED)('%s fails its image alone, in a sentence of its own', async (kind, image, words) => {
    const name = `refused-${REFUSED.findIndex(([other]) => other === kind)}`;
    registry.put(name, image, '1');
    for (const given of [{}, { platforms: 'all' }, { dryRun: true }]) {
      registry.clear();
      const { lock, report } = await run([`@/${name}:1`, '@/good:1'], given);
      expect([refsOf(lock), report.outcome]).toEqual([['@/good:1'], 'warned']);
      const [failed, ...others] = report.failed;
      expect([failed?.class, others]).toEqual(['unsupported', []]);
      expect(failed?.message).toMatch(words);
      expect(failed?.message).not.toMatch(FOREIGN_WORDS);
      // No layer is asked for as a manifest.
      const asked = registry.requests({ repository: name }).filter(({ status }) => status !== 200);
      expect(asked).toEqual([]);
    }
  });

  it('found D1: a build cache as an image manifest is saved as an artifact, and said', async () => {
    const image = buildCacheManifest();
    registry.put('cache', image, 'manifest');
    const { lock, report } = await run(['@/cache:manifest']);
    expect(lock.images.map(({ digest, platforms }) => [digest, platforms])).toEqual([[image.top, []]]);
    expect(notesOf(report)).toEqual(['it is a build cache of BuildKit, not an image']);
    expect(await wrongBlobs(lock)).toEqual([]);
  });

  it('a child whose config has more layers than its manifest fails its image alone, once it is here', async () => {
    const layers = [filledLayer('many', 100), filledLayer('more', 100)];
    const manifest = { layers: layers.slice(1).map(({ bytes }) => descriptorOf(`${OCI_LAYER}+gzip`, bytes)) };
    registry.put('child', buildIndex([{ image: buildImage({ layers, manifest }), platform: AMD64 }]), '1');
    const { lock, report } = await run(['@/child:1', '@/good:1']);
    expect(refsOf(lock)).toEqual(['@/good:1']);
    const message = expect.stringMatching(
      /^linux\/amd64: config sha256:\w+ .*: it lists 2 layers, its manifest 1$/,
    );
    expect(report.failed).toMatchObject([{ class: 'unsupported', message }]);
  });

  it('an image with a layer that no runtime unpacks is saved whatever its config lists, and said', async () => {
    const { 'a-layer-of-text': image } = KEPT;
    registry.put('text', image ?? expect.fail(), '1');
    const { lock, report } = await run(['@/text:1']);
    expect(lock.images.map(({ digest, platforms }) => [digest, platforms])).toEqual([
      [image?.top, ['linux/amd64']],
    ]);
    expect(notesOf(report)).toEqual([
      'importers cannot unpack its layers of type text/plain: it is last in index.json, and manifest.json leaves out what has them',
    ]);
  });

  it('an index that names itself fails its image alone: the registry lies about one of the two', async () => {
    const self = `sha256:${'5'.repeat(64)}`;
    const platform = { os: 'linux', architecture: 'amd64' };
    const manifests = [{ mediaType: OCI_INDEX, digest: self, size: 300, platform }];
    const index = jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    registry.put('self', imageOf({ mediaType: OCI_INDEX, bytes: index }, []), '1');
    const body = new TextDecoder().decode(index);
    const headers = { 'content-type': OCI_INDEX, 'docker-content-digest': self };
    const lie = {
      path: /\/self\/manifests\//,
      failure: { kind: 'status', status: 200, headers, body },
    } as const;
    registry.misbehave({ faults: [lie] });
    const { lock, report } = await run(['@/self:1', '@/good:1']);
    registry.misbehave({});
    expect(refsOf(lock)).toEqual(['@/good:1']);
    const message = expect.stringContaining(`served bytes of the digest ${shortDigest(digestOf(index))}`);
    expect(report.failed).toMatchObject([{ class: 'digest', message }]);
  });
});

describe('an image pinned by a sha512 digest', () => {
  const SHA512 = `sha512:${'a'.repeat(128)}`;
  const SHA384 = `sha384:${'a'.repeat(96)}`;

  it.each<[where: string, line: string, ref?: string]>([
    ['in its reference', `@/good@${SHA512}`],
    ['after its tag', `@/good:9@${SHA512}`],
    ['in a column', `@/good:9 ${SHA512}`, `@/good:9@${SHA512}`],
    ['by sha384', `@/good@${SHA384}`],
    ['under another name', `@/good@${SHA512} => x.example/good:9`, `@/good@${SHA512}`],
    ['beside latest, with strict tags', `@/good:latest@${SHA512}`],
  ])('found D2: fails alone, with its place in the list: %s', async (_, line, ref = line) => {
    registry.clear();
    const { lock, report } = await run(['@/good:1', line], { strictTags: true });
    expect([refsOf(lock), report.outcome]).toEqual([['@/good:1'], 'warned']);
    expect(report.failed).toMatchObject([
      {
        ref: atRegistry(ref),
        origins: [{ file: 'images', line: 2 }],
        class: 'unsupported',
        message: expect.stringMatching(/^it is pinned by a sha\d+ digest, and only sha256 is supported$/),
        hint: 'Pin it by its sha256 digest, or by its tag.',
      },
    ]);
    // Its tag may be another image.
    expect(pathsAsked().filter((asked) => /\/manifests\/(?:9|latest)$/.test(asked))).toEqual([]);
  });

  it('is not taken for what a push target has already', async () => {
    const there = { output: 'none', push: registry.host, naming: 'strip-domain', platforms: 'all' };
    const { report } = await run([`@/good:1@${SHA512}`], there);
    expect(report.failed).toMatchObject([{ class: 'unsupported' }]);
  });

  it('which a sha256 digest pins, too, is an error of the list', async () => {
    const line = `@/good@sha256:${'a'.repeat(64)} ${SHA512}`;
    await expect(run([line])).rejects.toThrow('name different digests');
  });
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const embeds = (mediaType: string, bytes: Uint8Array, data: unknown = base64(bytes)): WrittenDescriptor =>
  descriptorOf(mediaType, bytes, { data });
const manifestOf = (fields: object, blobs: readonly Uint8Array[]): Image =>
  imageOf(
    { mediaType: OCI_MANIFEST, bytes: jsonBytes({ schemaVersion: 2, mediaType: OCI_MANIFEST, ...fields }) },
    blobs,
  );

/** An image whose manifest embeds its config and its layer. */
function embedded(seed: string, layerBytes = 200): Image {
  const layer = filledLayer(seed, layerBytes, 'none');
  const config = configOf({ layers: [layer] });
  const fields = { config: embeds(OCI_CONFIG, config), layers: [embeds(OCI_LAYER, layer.bytes)] };
  return manifestOf(fields, [config, layer.bytes]);
}

describe('content that a descriptor embeds', () => {
  const gone = { kind: 'status', status: 404 } as const;
  const empty = { kind: 'status', status: 200, body: '' } as const;

  it.each([
    ['direct', 'gone from', gone],
    ['direct', 'empty at', empty],
    ['skopeo', 'gone from', gone],
    ['skopeo', 'empty at', empty],
  ] as const)(
    'found D3: is the blob, by the copier %s, where that is %s the registry',
    async (copier, where, failure) => {
      const image = embedded(`${copier} ${where}`, 1300 * 1024);
      registry.put('embedded', image, '1');
      registry.misbehave({ faults: [{ path: /\/blobs\//, failure }] });
      registry.clear();
      const { lock, report } = await run(['@/embedded:1'], { copier });
      registry.misbehave({});
      expect([report.failed, notesOf(report)]).toEqual([[], []]);
      expect(lock.images.map(({ digest }) => digest)).toEqual([image.top]);
      expect(await wrongBlobs(lock)).toEqual([]);
      expect(pathsAsked().filter((asked) => asked.includes('/blobs/'))).toEqual([]);
    },
  );

  it('is the manifest of a child, too, and the empty config of an artifact', async () => {
    const child = embedded('child');
    const platform = { os: 'linux', architecture: 'amd64' };
    const manifests = [descriptorOfImage(child, { platform, data: base64(topOf(child).bytes) })];
    const index = jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    registry.put('index', imageOf({ mediaType: OCI_INDEX, bytes: index }, []), '1');
    // The second descriptor of the same blob embeds nothing.
    const layers = [descriptorOf(OCI_EMPTY, jsonBytes({}))];
    const fields = { artifactType: 'application/x', config: embeds(OCI_EMPTY, jsonBytes({})), layers };
    registry.put('artifact', manifestOf(fields, []), '1');
    const { lock, report } = await run(['@/index:1', '@/artifact:1']);
    expect(report.failed).toEqual([]);
    expect(lock.images).toHaveLength(2);
    expect(await wrongBlobs(lock)).toEqual([]);
  });

  it.each<[string, (bytes: Uint8Array) => unknown]>([
    ['other bytes', (bytes) => base64(bytes.map((byte) => byte ^ 1))],
    ['fewer bytes', (bytes) => base64(bytes.subarray(3))],
    ['no base64', (bytes) => base64(bytes).replace(/./, '*')],
    ['base64 without its end', (bytes) => base64(bytes).replaceAll('=', '')],
    ['the alphabet for addresses', (bytes) => base64(bytes).replaceAll('+', '-').replaceAll('/', '_')],
    ['a line end in it', (bytes) => `\n${base64(bytes).slice(1)}`],
    ['no text', () => 17],
  ])('found A10: fails its image where it is wrong: %s', async (what, dataOf) => {
    const bytes = Uint8Array.from([251, 255, 254, ...Buffer.from(what.slice(0, 7))]);
    const layers = [embeds('text/plain', bytes, dataOf(bytes))];
    const fields = { artifactType: 'application/x', config: embeds(OCI_EMPTY, jsonBytes({})), layers };
    registry.put('wrong', manifestOf(fields, [bytes]), '1');
    const { lock, report } = await run(['@/wrong:1']);
    expect(lock.images).toEqual([]);
    expect(report.failed.map((failed) => failed.class)).toEqual(['unsupported']);
    expect(report.failed[0]?.message).toMatch(
      new RegExp(
        `^(what it embeds as|.*layers\\.0\\.data is not base64 \\(layer 1,) ${shortDigest(digestOf(bytes))}`,
      ),
    );
  });
});
