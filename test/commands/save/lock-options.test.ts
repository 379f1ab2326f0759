import { describe, expect, it } from 'vitest';
import { refuseContradictions } from '../../../src/commands/save/lock-options.ts';
import { OciSaveError } from '../../../src/errors.ts';
import { parseList, type ImageRequest } from '../../../src/list/index.ts';
import { encodeLock, type Lock, type LockedImage, type LockedReferrer } from '../../../src/lock/index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-type.ts';
import { describeOptions, parseOptions } from '../../../src/options/index.ts';
import { asFlag, kebab, spellHint } from '../../../src/text/hint.ts';

const of = (text: string) => digestOf(new TextEncoder().encode(text));
const REF = 'quay.io/acme/app:1';

const leafOf = (platform: string | undefined, name = platform ?? 'artifact', mediaType = OCI_MANIFEST) => ({
  digest: of(name),
  mediaType,
  ...(platform === undefined ? {} : { platform }),
  config: of(`${name} config`),
  layers: [],
});

/** An image that took every platform of its index. */
function whole(platforms: readonly string[], change: Partial<LockedImage> = {}): LockedImage {
  return {
    ref: REF,
    names: [REF],
    source: 'docker',
    digest: of('index'),
    mediaType: OCI_INDEX,
    root: of('index'),
    rootMediaType: OCI_INDEX,
    platforms: [...platforms],
    leaves: platforms.map((platform) => leafOf(platform)),
    referrers: [],
    ...change,
  };
}
/** One that left some out. */
const sparse = (platforms: readonly string[], change: Partial<LockedImage> = {}): LockedImage =>
  whole(platforms, { root: of('root'), ...change });
const docker = whole(['linux/amd64'], {
  mediaType: DOCKER_MANIFEST,
  rootMediaType: DOCKER_MANIFEST,
  leaves: [leafOf('linux/amd64', 'docker', DOCKER_MANIFEST)],
});
const converted: LockedImage = {
  ...docker,
  root: of('made'),
  rootMediaType: OCI_MANIFEST,
  converted: { [docker.digest]: of('made') },
  format: 'oci',
  leaves: [leafOf('linux/amd64', 'made')],
};
const artifact = whole([], { leaves: [leafOf(undefined)] });
const referrer = (artifactType: string, tag?: string): LockedReferrer => ({
  digest: of(artifactType),
  mediaType: OCI_MANIFEST,
  artifactType,
  subject: of('index'),
  ...(tag === undefined ? {} : { tag }),
});
const signature = referrer('application/vnd.dev.cosign.artifact.sig.v1+json');
const cosigns = referrer('application/vnd.oci.image.config.v1+json', `sha256-${of('index').slice(7)}.sig`);
const sbom = referrer('application/spdx+json');
const named = (...names: string[]): LockedImage => whole(['linux/amd64'], { names });

function requestsOf(images: readonly LockedImage[], file = 'site.lock'): readonly ImageRequest[] {
  const digests = images.flatMap((image) => [
    image.digest,
    image.root,
    ...Object.values(image.converted ?? {}),
    ...image.leaves.flatMap((leaf) => [leaf.digest, leaf.config]),
    ...image.referrers.flatMap((one) => [one.digest, one.subject]),
  ]);
  const blobs = Object.fromEntries(digests.map((digest) => [digest, 1]));
  const lock: Lock = { version: 1, images: [...images], files: [], blobs };
  const { requests, rejects } = parseList(encodeLock(lock), file, {
    format: 'auto',
    defaultRegistry: 'docker.io',
  });
  expect(rejects).toEqual([]);
  return requests;
}

function faultOf(given: Readonly<Record<string, unknown>>, requests: readonly ImageRequest[]) {
  try {
    refuseContradictions(parseOptions(given), requests);
    return undefined;
  } catch (error) {
    if (!(error instanceof OciSaveError)) throw error;
    const { code, message, hintParts, hint } = error;
    return { code, message, hint: spellHint(hintParts ?? hint ?? '', asFlag) };
  }
}

type Case = [option: string, value: string, image: LockedImage, contradicts: string | undefined];

const CASES: Case[] = [
  ['platforms', 'linux/amd64', sparse(['linux/amd64']), undefined],
  ['platforms', 'windows/amd64:10.0.17763', sparse(['windows/amd64:10.0.17763.1']), undefined],
  ['platforms', 'linux/arm64', sparse(['linux/amd64']), 'the platforms linux/amd64'],
  [
    'platforms',
    'linux/amd64',
    sparse(['linux/amd64', 'linux/arm64']),
    'the platforms linux/amd64, linux/arm64',
  ],
  ['platforms', 'linux/amd64,linux/arm64', sparse(['linux/amd64']), 'the platforms linux/amd64'],
  ['platforms', 'all', whole(['linux/amd64']), undefined],
  ['platforms', 'all', sparse(['linux/amd64']), 'the platforms linux/amd64 alone'],
  ['platforms', 'all', sparse(['linux/amd64'], { index: 'narrow' }), 'the platforms linux/amd64 alone'],
  ['platforms', 'linux/arm64', artifact, undefined],
  [
    'platforms',
    'linux/amd64',
    sparse(['linux/amd64', 'linux/arm64'], {
      leaves: [leafOf('linux/amd64', 'both'), leafOf('linux/arm64', 'both')],
    }),
    undefined,
  ],
  ['naming', 'keep-domain', whole(['linux/amd64']), undefined],
  ['naming', 'strip-domain', whole(['linux/amd64']), `the names ${REF}`],
  ['naming', 'strip-domain', named('acme/app:1'), undefined],
  ['naming', 'keep-domain', named('acme/app:1'), 'the names acme/app:1'],
  ['naming', 'keep-domain,strip-domain', named(REF, 'acme/app:1'), undefined],
  ['naming', 'keep-domain', named(REF, 'acme/app:1'), `the names ${REF}, acme/app:1`],
  ['naming', 'keep-domain,strip-domain', named(REF), `the names ${REF}`],
  ['naming', 'quay.io/acme=site.example/x', named('site.example/x/app:1'), undefined],
  ['naming', 'quay.io/acme=site.example/y', named('site.example/x/app:1'), undefined],
  ['naming', 'quay.io/acme=site.example/y', named(REF), `the names ${REF}`],
  ['naming', 'keep-domain,strip-domain', named('db:1', 'registry.example/db:1'), undefined],
  [
    'naming',
    'strip-domain',
    whole(['linux/amd64'], {
      ref: `quay.io/acme/app@${of('index')}`,
      names: [`acme/app:digest-${of('index').slice(7, 19)}`],
    }),
    undefined,
  ],
  ['index', 'narrow', whole(['linux/amd64']), undefined],
  ['index', 'narrow', sparse(['linux/amd64'], { index: 'narrow' }), undefined],
  ['index', 'narrow', sparse(['linux/amd64']), 'index auto'],
  ['index', 'keep', sparse(['linux/amd64']), 'index auto'],
  ['index', 'keep', sparse(['linux/amd64'], { index: 'narrow' }), 'index narrow'],
  ['index', 'keep', sparse(['linux/amd64'], { index: 'keep' }), undefined],
  ['index', 'narrow', sparse(['linux/amd64'], { index: 'keep' }), 'index keep'],
  ['index', 'auto', sparse(['linux/amd64'], { index: 'narrow' }), undefined],
  ['format', 'oci', whole(['linux/amd64']), undefined],
  ['format', 'oci', docker, 'format keep'],
  ['format', 'oci', converted, undefined],
  ['format', 'keep', converted, undefined],
  ['referrers', 'none', whole([], { referrers: [sbom] }), undefined],
  ['referrers', 'all', whole([], { referrers: [sbom] }), undefined],
  ['referrers', 'all', whole([]), 'no referrers, as all of its images'],
  ['referrers', 'signatures', whole([]), 'no referrers, as all of its images'],
  ['referrers', 'signatures', whole([], { referrers: [signature, cosigns] }), undefined],
  [
    'referrers',
    'signatures',
    whole([], { referrers: [signature, sbom] }),
    'referrers that are no signatures',
  ],
];

/** Options beside a lock that mean what they mean beside any list. */
const FITTING = [
  'source',
  'offline',
  'vars',
  'expandTags',
  'ignore',
  'images',
  'imageList',
  'listFormat',
  'defaultRegistry',
  'imageRules',
  'onCandidate',
  'vars',
  'expandTags',
  'ignore',
  'onMissingPlatform',
  'authFile',
  'credentials',
  'certsDir',
  'caFile',
  'insecureRegistries',
  'mirrors',
  'strictTags',
  'output',
  'layout',
  'archive',
  'archiveName',
  'splitSize',
  'cacheDir',
  'cacheMaxSize',
  'push',
  'pushPolicy',
  'release',
  'releasePolicy',
  'copier',
  'parallel',
  'retries',
  'onError',
  'dryRun',
  'skopeo',
];

describe('L21: options beside a lock', () => {
  it.each(CASES)('%s %s beside an image: case %#', (option, value, image, contradicts) => {
    const fault = faultOf({ [option]: value }, requestsOf([image]));
    const expected = {
      code: 'usage',
      message: `${kebab(option)}: ${value} contradicts site.lock:5, which has ${image.ref} with ${contradicts}`,
      hint: `A lock is saved as it is: leave out --${kebab(option)}, or save the list of which the lock was made.`,
    };
    expect(fault).toEqual(contradicts === undefined ? undefined : expected);
  });

  it('fit, or stand in the table above: each option of a save', () => {
    const judged = new Set(CASES.map(([option]) => option));
    const all = [...describeOptions().keys()];
    expect(all.filter((name) => !judged.has(name) && !FITTING.includes(name))).toEqual([]);
  });

  it('contradict nothing where they have their defaults', () => {
    const images = CASES.map(([, , image]) => image);
    expect(faultOf({}, requestsOf(images))).toBeUndefined();
  });

  it('that lack platforms which may be missing fit', () => {
    const requests = requestsOf([sparse(['linux/amd64'])]);
    const both = { platforms: 'linux/amd64,linux/arm64' };
    expect(faultOf({ ...both, onMissingPlatform: 'warn' }, requests)).toBeUndefined();
    expect(faultOf({ platforms: 'linux/arm64', onMissingPlatform: 'warn' }, requests)).toBeDefined();
  });

  it('are named together, each with one image and the number of the others', () => {
    const other = { ...docker, ref: 'quay.io/acme/b:1', names: ['quay.io/acme/b:1'] };
    const requests = requestsOf([docker, other, artifact]);
    const fault = faultOf({ platforms: 'linux/s390x', format: 'oci', naming: 'strip-domain' }, requests);
    expect(fault?.message.split('\n')).toEqual([
      `platforms: linux/s390x contradicts site.lock:5, which has ${REF} with the platforms linux/amd64; it contradicts 1 more image`,
      `naming: strip-domain contradicts site.lock:5, which has ${REF} with the names ${REF}; it contradicts 2 more images`,
      `format: oci contradicts site.lock:5, which has ${REF} with format keep; it contradicts 1 more image`,
    ]);
    expect(fault?.hint).toContain('leave out --platforms, --naming, --format,');
  });

  it('concern only the images of locks: of several locks each is judged for itself', () => {
    const plain = parseList(new TextEncoder().encode('quay.io/acme/other:1\n'), 'images.txt', {
      format: 'auto',
      defaultRegistry: 'docker.io',
    }).requests;
    expect(faultOf({ platforms: 'linux/arm64', referrers: 'all' }, plain)).toBeUndefined();
    const signed = requestsOf([whole([], { referrers: [sbom] })], 'signed.lock');
    expect(faultOf({ referrers: 'all' }, [...plain, ...signed])).toBeUndefined();
    const fault = faultOf({ referrers: 'all' }, [...plain, ...signed, ...requestsOf([artifact])]);
    expect(fault?.message).toBe(
      `referrers: all contradicts site.lock:5, which has ${REF} with no referrers, as all of its images`,
    );
  });
});
