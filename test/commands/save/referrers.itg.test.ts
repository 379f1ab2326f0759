import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { save, type SaveResult } from '../../../src/commands/index.ts';
import { lockSchema } from '../../../src/lock/index.ts';
import type { Emit } from '../../../src/events.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-type.ts';
import { cosignTag, referrersTag } from '../../../src/oci/referrer.ts';
import { parseOptions } from '../../../src/options/index.ts';
import { type BadRegistry, type BadSwitches, startBadRegistry } from '../../support/bad-registry.ts';
import {
  att,
  cosignSignature,
  emptyConfigArtifact,
  fallbackIndex,
  idx,
  one,
  sbomOf,
  signatureOf,
} from '../../support/fixtures/index.ts';
import { call } from '../../support/http.ts';
import { descriptorOf, type Image, imageOf, jsonBytes, type StoredManifest } from '../../support/image.ts';
import { noteNotOnZot } from '../../support/not-on-zot.ts';
import { hasZot, startDockerRegistry, startZot } from '../../support/servers/index.ts';
import { type PushSwitches, startPushRegistry } from '../../support/push-registry.ts';
import { pushImage } from '../../support/push.ts';
import { toolPath } from '../../support/tools.ts';
import type { Closable } from '../../support/closable.ts';
import type { PushReport } from '../../../src/report/index.ts';
import { renderPushSummary } from '../../../src/view/index.ts';
import { pushBundleTo, type PushSettings } from '../push-to.ts';
import { tempFolder, type TempFolder } from '../../support/temp.ts';
import { checkBundle } from '../../support/whole-bundle.ts';

const small = { layerBytes: 100 };
const index = idx({ seed: 'signed', ...small });
const [child = fail()] = childrenOf(index);
const cosigns = cosignSignature(index);
const signature = signatureOf(child);
const sbom = sbomOf(index);
/** A signature of an SBOM: a referrer of a referrer. */
const deeper = signatureOf(sbom);
/** One more level, which is not followed. */
const deepest = signatureOf(deeper);
// Its type is wrong, as ghcr.io lists it.
const standIn = fallbackIndex(index, [{ image: sbom, artifactType: 'application/octet-stream' }]);

let registry: BadRegistry;
let temp: TempFolder;
let runs = 0;
beforeAll(async () => {
  temp = await tempFolder('referrers');
  registry = await startBadRegistry({ images: { 'team/app:1': index, 'team/plain:1': one(small) } });
  registry.put('team/app', cosigns.image, cosigns.tag);
  for (const image of [signature, deeper, deepest]) registry.put('team/app', image);
  registry.put('team/app', standIn.image, standIn.tag);
});
afterAll(async () => {
  await registry.close();
  await temp.close();
});

function fail(): never {
  throw new Error('the fixture has no children');
}

/** The image manifests below an index, each as an image. */
function childrenOf(image: Image): Image[] {
  return [...image.manifests].flatMap(([digest, manifest]: [string, StoredManifest]) =>
    digest === image.top ? [] : [imageOf(manifest, [...image.blobs.values()])],
  );
}

async function run(
  given: Readonly<Record<string, unknown>>,
  bad: BadSwitches = {},
  image = 'team/app:1',
): Promise<SaveResult & { readonly bundle: string }> {
  runs += 1;
  registry.misbehave(bad);
  registry.clear();
  const bundle = path.join(temp.path, `bundle-${runs}`);
  const options = parseOptions({
    images: `${registry.host}/${image} => site.example/${image}`,
    platforms: 'all',
    output: bundle,
    cacheDir: path.join(temp.path, `store-${runs}`),
    copier: 'direct',
    retries: 0,
    insecureRegistries: [registry.host],
    ...given,
  });
  return { ...(await save(options, { env: {}, emit: () => {} })), bundle };
}

const digestsOf = ({ lock }: SaveResult): Digest[] =>
  lock.images.flatMap(({ referrers }) => referrers.map(({ digest }) => digest));
const sorted = (...images: readonly Image[]): Digest[] => images.map(({ top }) => top).toSorted();
const notesOf = ({ report }: SaveResult): string[] => report.images.flatMap(({ notes }) => notes);
const listSchema = z.object({ manifests: z.array(z.object({ digest: z.string() })) });
const tagsSchema = z.object({ tags: z.array(z.string()) });

describe('F6: referrers', () => {
  it('case D3: are nothing of a run that does not ask for them', async () => {
    const result = await run({});
    expect(digestsOf(result)).toEqual([]);
    expect(registry.requests().filter(({ path: asked }) => /referrers|sha256-/.test(asked))).toEqual([]);
    expect(result.report.images[0]?.referrers).toBeUndefined();
  });

  it('case D2: of all three schemes, of an index and of its child, are in the lock and in the bundle', async () => {
    const result = await run({ referrers: 'all' });
    expect(result.report.failed).toEqual([]);
    expect(digestsOf(result)).toEqual(sorted(cosigns.image, signature, sbom, deeper));
    expect(lockSchema.parse(result.lock)).toEqual(result.lock);
    expect(result.lock.images[0]?.referrers.find(({ tag }) => tag !== undefined)).toMatchObject({
      digest: cosigns.image.top,
      subject: index.top,
      tag: cosignTag(index.top, 'sig'),
    });
    expect(result.report.images[0]?.referrers).toBe(4);
    expect(await checkBundle(result.bundle)).toHaveLength(1);
  });

  it('case D2: are what zot serves from the bundle, and nothing of them is in its root', async () => {
    const { bundle } = await run({ referrers: 'all' });
    if (!hasZot()) return noteNotOnZot();
    await using zot = await startZot({ root: path.join(bundle, 'registry') });
    const base = `${zot.url}/v2/site.example/team/app`;
    const listed = async (subject: Image): Promise<string[]> => {
      const { body } = await call(`${base}/referrers/${subject.top}`);
      return listSchema.parse(JSON.parse(body.toString())).manifests.map(({ digest }) => digest);
    };
    expect(await listed(index)).toEqual([sbom.top]);
    expect(await listed(child)).toEqual([signature.top]);
    expect(await listed(sbom)).toEqual([deeper.top]);
    const tags = tagsSchema.parse(JSON.parse((await call(`${base}/tags/list`)).body.toString()));
    expect(tags.tags).toEqual(['1', cosigns.tag]);
    const { status, body } = await call(`${base}/manifests/${cosigns.tag}`);
    expect([status, new Uint8Array(body)]).toEqual([
      200,
      cosigns.image.manifests.get(cosigns.image.top)?.bytes,
    ]);
  });

  it('case D3: that are signatures alone leave SBOMs out', async () => {
    const result = await run({ referrers: 'signatures' });
    expect(digestsOf(result)).toEqual(sorted(cosigns.image, signature));
  });

  it('case B11: are found by the fallback tag where the list is a redirect to a page that is 404', async () => {
    const result = await run({ referrers: 'all' }, { referrers: '303' });
    expect(digestsOf(result)).toEqual(sorted(cosigns.image, sbom));
    const elsewhere = registry.requests().filter(({ path: asked }) => asked === '/packages');
    expect(elsewhere.length > 0 && elsewhere.every(({ authorization }) => !authorization)).toBe(true);
  });

  it.each<[string, BadSwitches]>([
    ['the list is 401', { referrers: 401 }],
    ['the list is 403', { referrers: 403 }],
    ['the list is 500', { referrers: 500 }],
    ['the list is 429', { referrers: 429 }],
    ['the list is a web page', { referrers: 'html' }],
    ...[401, 403, 429, 500].map((status): [string, BadSwitches] => [
      `a tag of cosign is ${status}`,
      { faults: [{ path: /\/manifests\/sha256-\w+\.sig/, failure: { kind: 'status', status } }] },
    ]),
    [
      'the fallback tag is a web page',
      { faults: [{ path: /\/manifests\/sha256-\w+$/, failure: { kind: 'html' } }] },
    ],
    [
      'a listed manifest is 403',
      {
        faults: [
          { path: new RegExp(`/manifests/${signature.top}`), failure: { kind: 'status', status: 403 } },
        ],
      },
    ],
    [
      'the payload of a signature is cut',
      { faults: [{ path: new RegExp([...signature.blobs.keys()].join('|')), failure: { kind: 'flip' } }] },
    ],
  ])('fail their image where %s', async (_, bad) => {
    const { report } = await run({ referrers: 'all', onError: 'warn' }, bad);
    expect([report.failed.length, report.images]).toEqual([1, []]);
  });

  it('fail their image where a fallback tag lists more than any image has, before one of them is read', async () => {
    const many = one({ seed: 'many', ...small });
    const manifests = Array.from({ length: 1001 }, (_, at) => ({
      mediaType: OCI_MANIFEST,
      digest: `sha256:${String(at).padStart(64, '0')}`,
      size: 2,
    }));
    const bytes = jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    registry.put('team/many', many, '1');
    registry.put('team/many', imageOf({ mediaType: OCI_INDEX, bytes }, []), referrersTag(many.top));
    const { report } = await run({ referrers: 'all' }, {}, 'team/many:1');
    expect(report.failed).toMatchObject([{ message: expect.stringContaining('beyond reason') }]);
    expect(registry.requests().length).toBeLessThan(12);
  });

  it('that are listed and gone, or belong to another image, are said', async () => {
    const stale = fallbackIndex(child, [
      { image: deepest, artifactType: 'a/b' },
      { image: sbomOf(deepest), artifactType: 'a/b' },
    ]);
    await using own = await startBadRegistry({ images: { 'team/app:1': index } });
    own.put('team/app', deepest);
    own.put('team/app', imageOf(topManifest(stale.image), []), stale.tag);
    const result = await run({
      referrers: 'all',
      images: `${own.host}/team/app:1`,
      insecureRegistries: [own.host],
    });
    expect(digestsOf(result)).toEqual([]);
    expect(notesOf(result)).toEqual([
      expect.stringContaining('does not name it'),
      expect.stringContaining('is not there'),
    ]);
  });

  it('are asked for again in a run in which nothing changed, and one that came since is saved', async () => {
    const cacheDir = path.join(temp.path, 'nightly');
    const signed = one({ seed: 'nightly', ...small });
    registry.put('team/nightly', signed, '1');
    const first = await run({ referrers: 'signatures', cacheDir }, {}, 'team/nightly:1');
    expect(digestsOf(first)).toEqual([]);
    registry.put('team/nightly', signatureOf(signed));
    const second = await run({ referrers: 'signatures', cacheDir }, {}, 'team/nightly:1');
    expect(digestsOf(second)).toEqual([signatureOf(signed).top]);
    expect(second.report.totals.fetchedBytes).toBeLessThan(2000);
    expect(registry.requests().length).toBeLessThan(16);
  });

  it.each<[string, Readonly<Record<string, unknown>>, BadSwitches, string | undefined]>([
    ['all are gone with the list', { referrers: 'all' }, { referrers: '303' }, '2 referrers that '],
    ['a signature is gone', { referrers: 'signatures' }, { referrers: '303' }, '1 signature that '],
    ['it is a dry run', { referrers: 'all', dryRun: true }, { referrers: '303' }, '2 referrers that '],
    ['only signatures are looked for', { referrers: 'signatures' }, {}, undefined],
    ['what is signed is not saved', { referrers: 'all', platforms: 'linux/arm64' }, {}, undefined],
  ])(
    'that an earlier save of the same digest has are missed with a warning: %s',
    async (_, given, bad, said) => {
      const { bundle: output, lock } = await run({ referrers: 'all' });
      const { report } = await run({ ...given, output }, bad);
      expect(report.failed).toEqual([]);
      const message = said && `${said}${output}/oci-save.lock.json has of the same digest`;
      expect(report.warnings).toMatchObject(
        message === undefined
          ? []
          : [{ text: lock.images[0]?.ref, message: expect.stringContaining(message), origin: {} }],
      );
    },
  );

  it('that were under a tag of cosign, which was written anew with fewer, are missed with a warning', async () => {
    const signed = one({ seed: 'rewritten', ...small });
    const payload = new TextEncoder().encode('what each key signs');
    /** Two keys sign the same payload: only the annotation differs. */
    const signedBy = (...keys: readonly string[]): Image => {
      const layers = keys.map((key) =>
        descriptorOf('application/vnd.dev.cosign.simplesigning.v1+json', payload, {
          annotations: { 'dev.cosignproject.cosign/signature': key },
        }),
      );
      const bytes = jsonBytes({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: descriptorOf(OCI_EMPTY, jsonBytes({})),
        layers,
      });
      return imageOf({ mediaType: OCI_MANIFEST, bytes }, [jsonBytes({}), payload]);
    };
    const tag = cosignTag(signed.top, 'sig');
    registry.put('team/rewritten', signed, '1');
    const output = path.join(temp.path, 'rewritten');
    const warningsOf = async (...keys: readonly string[]): Promise<unknown> => {
      registry.put('team/rewritten', signedBy(...keys), tag);
      const given = { referrers: 'signatures', output, cacheDir: path.join(temp.path, 'rewritten-store') };
      return (await run(given, {}, 'team/rewritten:1')).report.warnings;
    };
    expect(await warningsOf('a', 'b')).toEqual([]);
    expect(await warningsOf('b', 'a', 'c')).toEqual([]);
    const file = `${output}/oci-save.lock.json`;
    expect(await warningsOf('c')).toMatchObject([
      {
        text: `${registry.host}/team/rewritten:1`,
        message: `2 signatures that ${file} has of the same digest under the tag ${tag} are not found there any more: the tag was written anew without them`,
        origin: {},
      },
    ]);
    expect(await warningsOf('c')).toEqual([]);
  });

  it('of a dry run are shown, and not copied', async () => {
    const result = await run({ referrers: 'all', dryRun: true });
    expect(result.report.images[0]?.referrers).toBe(4);
    expect(registry.requests().filter(({ path: asked }) => asked.includes('/blobs/'))).toEqual([]);
  });

  it('are not the attestations that BuildKit lists in an index', async () => {
    registry.put('team/attested', att(small), '1');
    expect(digestsOf(await run({ referrers: 'all' }, {}, 'team/attested:1'))).toEqual([]);
  });
});

describe.each(['zot', 'docker-registry', 'registry'])('F6: referrers that are pushed to %s', (name) => {
  let target: (Closable & { readonly host: string; readonly url: string }) | undefined;
  let bundle: string;
  beforeAll(async () => {
    if (name === 'zot') target = hasZot() ? await startZot() : undefined;
    else target = await startDockerRegistry({ program: toolPath(name) });
    ({ bundle } = await run({ referrers: 'all' }));
  });
  afterAll(() => target?.close());

  const wanted = sorted(cosigns.image, signature, sbom, deeper);
  /** What a save finds at the target: the same, whichever way it lists them. */
  const found = async (prefix: string): Promise<Digest[]> => {
    const host = target?.host ?? '';
    const images = `${host}${prefix}/site.example/team/app:1`;
    return digestsOf(await run({ images, referrers: 'all', insecureRegistries: [host], dryRun: true }));
  };
  const pushed = async (prefix: string): Promise<PushReport['targets'][number]['images']> => {
    const { outcome, targets } = await pushBundleTo(bundle, target?.host ?? '', { prefix });
    expect(outcome).toBe('done');
    return targets.flatMap(({ images }) => images);
  };

  it('follow their image, and a second push sends nothing', async () => {
    if (target === undefined) return noteNotOnZot();
    expect(await pushed('/a')).toMatchObject([{ status: 'pushed', referrers: 4 }]);
    expect(await found('/a')).toEqual(wanted);
    const [again] = await pushed('/a');
    expect([again?.status, again?.referrers]).toEqual(['unchanged', undefined]);
    const tags = tagsSchema.parse(
      JSON.parse((await call(`${target.url}/v2/a/site.example/team/app/tags/list`)).body.toString()),
    ).tags;
    // Where a registry lists none, a tag for each manifest that has some stands in.
    expect(tags.filter((tag) => /^sha256-\w+$/.test(tag))).toHaveLength(name === 'zot' ? 0 : 3);
  });

  it('come to an image that is there without them, and leave what others have put there', async () => {
    if (target === undefined) return noteNotOnZot();
    const repository = 'b/site.example/team/app';
    const theirs = sbomOf(child);
    await pushImage(target, repository, index, '1');
    await pushImage(target, repository, theirs);
    const list = fallbackIndex(child, [{ image: theirs, artifactType: 'a/b' }]);
    if (name !== 'zot') await pushImage(target, repository, list.image, list.tag);
    // Of another signer: other layers under cosign's tag.
    await pushImage(target, repository, emptyConfigArtifact(), cosigns.tag);
    expect(await pushed('/b')).toMatchObject([{ status: 'unchanged', referrers: 3 }]);
    const all = await found('/b');
    expect(all).toEqual(expect.arrayContaining(sorted(signature, sbom, deeper, theirs)));
    expect(all).not.toContain(cosigns.image.top);
  });
});

describe('F6: referrers at a target', () => {
  it('take the place of what they include under a tag of cosign, and of nothing else', async () => {
    const { bundle } = await run({ referrers: 'signatures' });
    await using target = await startPushRegistry();
    // An earlier signature by the same payload, which cosign adds to.
    const [payload] = topLayers(cosigns.image);
    const earlier = imageOf(
      {
        mediaType: OCI_MANIFEST,
        bytes: jsonBytes({
          schemaVersion: 2,
          mediaType: OCI_MANIFEST,
          annotations: { earlier: 'yes' },
          config: descriptorOf(OCI_EMPTY, jsonBytes({})),
          layers: [payload],
        }),
      },
      [jsonBytes({}), ...cosigns.image.blobs.values()],
    );
    await pushImage(target, 'site.example/team/app', earlier, cosigns.tag);
    const { targets } = await pushBundleTo(bundle, target.host);
    expect(targets[0]?.images).toMatchObject([{ status: 'pushed', referrers: 2 }]);
    const { body } = await call(`${target.url}/v2/site.example/team/app/manifests/${cosigns.tag}`);
    expect(new Uint8Array(body)).toEqual(topManifest(cosigns.image).bytes);
  });

  it('that came after their image are sent by a run that only pushes', async () => {
    const late = one({ seed: 'late', ...small });
    registry.put('team/late', late, '1');
    await using target = await startPushRegistry();
    const given = {
      referrers: 'signatures',
      output: 'none',
      push: target.host,
      insecureRegistries: [registry.host, target.host],
    };
    await run(given, {}, 'team/late:1');
    registry.put('team/late', signatureOf(late));
    const { report } = await run(given, {}, 'team/late:1');
    expect(report.push?.[0]?.images).toMatchObject([{ status: 'unchanged', referrers: 1 }]);
  });

  it('of what a narrowing target does not get are counted and said, in every push and before it', async () => {
    const { bundle } = await run({ referrers: 'all', platforms: 'linux/amd64' });
    await using target = await startPushRegistry({ sparse: 'none' });
    const warnings: string[] = [];
    const emit: Emit = (event) => {
      if (event.type === 'log' && event.level === 'warning') warnings.push(event.message);
    };
    const push = async (settings: PushSettings = {}): Promise<[PushReport, string]> => {
      const report = await pushBundleTo(bundle, target.host, { emit, ...settings });
      return [report, renderPushSummary(report, { color: false, width: 1000 })];
    };
    const [, planned] = await push({ dryRun: true });
    expect(planned).toContain('and up to 4 referrers');
    expect(planned).toContain(
      'narrowed, it comes without 3 referrers: they belong to what is not there then',
    );
    expect(warnings).toEqual([]);
    const name = `${target.host}/site.example/team/app:1`;
    for (const [sent, status] of [
      [1, 'pushed'],
      [undefined, 'unchanged'],
    ]) {
      warnings.length = 0;
      const [{ targets, outcome }, text] = await push();
      expect(outcome).toBe('done');
      expect(warnings).toEqual([
        expect.stringContaining(`${target.host} got 1 image narrowed, and 3 referrers of the whole left out`),
      ]);
      expect(targets[0]?.images).toMatchObject([{ status, narrowed: true, referrersLeftOut: 3 }]);
      expect(targets[0]?.images[0]?.referrers).toBe(sent);
      expect(text).toMatch(
        new RegExp(`${name}: narrowed, .*; 3 referrers left out: they belong to what is not there`),
      );
    }
  });

  it('that come to an image that is there are said with what was sent', async () => {
    const { bundle } = await run({ referrers: 'all' });
    await using target = await startPushRegistry();
    await pushImage(target, 'site.example/team/app', index, '1');
    const outcomes: string[] = [];
    const emit: Emit = (event) => {
      if (event.type === 'step' && event.stage === 'push') outcomes.push(event.outcome);
    };
    const report = await pushBundleTo(bundle, target.host, { emit });
    const text = renderPushSummary(report, { color: false, width: 1000 });
    expect(outcomes).toEqual(['pushed']);
    await pushBundleTo(bundle, target.host, { emit });
    expect(outcomes).toEqual(['pushed', 'stored']);
    expect(text).toContain('1 unchanged');
    expect(text).toMatch(/sent \d+ blobs, .*; 4 referrers sent/);
    expect(text).toContain(`${target.host}/site.example/team/app:1: there before, got 4 referrers`);
    expect(text).not.toContain('left out');
  });

  it.each<[string, Partial<PushSwitches>, string]>([
    [
      'is refused',
      { faults: [{ method: 'PUT', path: /\/manifests\/sha256-/, times: 9, status: 403 }] },
      'denied',
    ],
    [
      'is not known to be there',
      { faults: [{ method: 'GET', path: /\/referrers\//, times: 9, status: 403 }] },
      'denied',
    ],
  ])('fail their image where one %s', async (_, switches, kind) => {
    const { bundle } = await run({ referrers: 'all' });
    await using target = await startPushRegistry(switches);
    const { outcome, targets } = await pushBundleTo(bundle, target.host);
    expect(outcome).toBe('failed');
    expect(targets[0]?.failed).toMatchObject([{ class: kind }]);
  });
});

function topLayers(image: Image): readonly unknown[] {
  const manifest = parseManifest(topManifest(image).bytes);
  return manifest.kind === 'manifest' ? manifest.layers : fail();
}

function topManifest(image: Image): StoredManifest {
  return image.manifests.get(image.top) ?? fail();
}
