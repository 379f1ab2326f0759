import fc from 'fast-check';
import type { Manifests } from '../../src/image/index.ts';
import {
  buildLock,
  type Lock,
  type LockedImage,
  repositoryPath,
  splitName,
  taggedDigest,
} from '../../src/lock/index.ts';
import { type Digest, digestOf, digestTag } from '../../src/oci/digest.ts';
import { blobsOf, parseManifest } from '../../src/oci/manifest.ts';
import { DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts';
import { jsonBytes, type WrittenDescriptor } from './image.ts';

/** The bytes of every blob that a random lock may have. */
const contents = new Map<Digest, Uint8Array>();

function put(bytes: Uint8Array): Digest {
  const digest = digestOf(bytes);
  contents.set(digest, bytes);
  return digest;
}

const of = (text: string): Digest => digestOf(new TextEncoder().encode(text));
const blob = (text: string): Digest => put(new TextEncoder().encode(text));
const sizeOf = (digest: Digest): number => contents.get(digest)?.length ?? 0;

/** The bytes of a blob of a random lock. */
export function contentOfBlob(digest: Digest): Uint8Array {
  const bytes = contents.get(digest);
  if (bytes === undefined) throw new Error(`no random lock has ${digest}`);
  return bytes;
}

/** The manifests of random locks. */
export function manifestsOf(lock: Lock): Manifests {
  const named = lock.images.flatMap((image) => [
    taggedDigest(image),
    image.root,
    ...[...image.leaves, ...image.referrers].map(({ digest }) => digest),
  ]);
  return new Map(
    [...new Set(named)].map((digest) => {
      const bytes = contentOfBlob(digest);
      return [digest, { digest, size: bytes.length, manifest: parseManifest(bytes) }];
    }),
  );
}

const descriptor = (mediaType: string, digest: Digest): WrittenDescriptor => ({
  mediaType,
  digest,
  size: sizeOf(digest),
});

const REPOSITORIES = [
  'docker.io/library/app',
  'docker.io/library/app/sub',
  'quay.io/team/app',
  'localhost:5000/x',
  'app',
];
const TAGS = ['1', '2', 'latest'];
const PLATFORMS = ['linux/amd64', 'linux/arm/v7', 'windows/amd64:10.0.1'];

/** One of a few images, so that two locks often have the same, or others under the same name. */
const anyContent = fc.record({
  what: fc.constantFrom('image', 'index', 'artifact', 'archive', 'converted'),
  which: fc.integer({ min: 0, max: 2 }),
  platforms: fc.subarray(PLATFORMS, { minLength: 1 }),
  narrow: fc.boolean(),
  signed: fc.constantFrom(0, 0, 1, 2),
});

const anyImage = fc.record({
  content: anyContent,
  repositories: fc.uniqueArray(fc.constantFrom(...REPOSITORIES), { minLength: 1, maxLength: 2 }),
  tag: fc.option(fc.constantFrom(...TAGS), { nil: undefined, freq: 4 }),
});
type AnyImage = typeof anyImage extends fc.Arbitrary<infer T> ? T : never;

type Content = Omit<LockedImage, 'ref' | 'names' | 'referrers'>;

type Leaf = LockedImage['leaves'][number];

/** An image manifest. Its first and its last layer are the same; some have layers that importers cannot unpack. */
function leafOf(name: string, which: number, role: Pick<Leaf, 'platform' | 'attests'>): Leaf {
  const config = blob(`${name} config`);
  const layers = [blob(`layer of ${which}`), blob(`${name} layer`), blob(`layer of ${which}`)];
  const isArtifact = role.platform === undefined;
  const type = isArtifact ? 'application/vnd.example.data' : LAYER_TYPES[which];
  const bytes = jsonBytes({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(isArtifact ? 'application/vnd.example.config' : OCI_CONFIG, config),
    layers: layers.map((layer) => descriptor(type ?? '', layer)),
  });
  return { digest: put(bytes), mediaType: OCI_MANIFEST, ...role, config, layers };
}

const LAYER_TYPES = [
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.docker.image.rootfs.diff.tar.zstd',
  'application/vnd.oci.image.layer.v1.tar+encrypted',
];

/** The bytes of an index of these leaves. Its first entry is named by an annotation of the second, as BuildKit does. */
function indexOf(leaves: readonly Leaf[]): Digest {
  const manifests = leaves.map(({ digest, platform, attests }) => ({
    ...descriptor(OCI_MANIFEST, digest),
    platform: platform === undefined ? { os: 'unknown', architecture: 'unknown' } : platformOf(platform),
    ...(attests === undefined ? {} : { annotations: { 'vnd.docker.reference.digest': attests } }),
  }));
  return put(jsonBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

function platformOf(text: string): Record<string, string> {
  const [path = '', version] = text.split(':');
  const [os = '', architecture = '', variant] = path.split('/');
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(version === undefined ? {} : { 'os.version': version }),
  };
}

function contentOf({ what, which, platforms, narrow }: AnyImage['content']): Content {
  const leaf = (name: string, role: Pick<Leaf, 'platform' | 'attests'>): Leaf => leafOf(name, which, role);
  const only = leaf(`${what} ${which}`, what === 'artifact' ? {} : { platform: 'linux/amd64' });
  const types = { mediaType: OCI_MANIFEST, rootMediaType: OCI_MANIFEST };
  if (what === 'index') {
    const all = platforms.length === PLATFORMS.length;
    const leavesOf = (chosen: readonly string[]): Leaf[] =>
      chosen.flatMap((platform) => {
        const image = leaf(`index ${which} ${platform}`, { platform });
        return [image, leaf(`index ${which} ${platform} attestation`, { attests: image.digest })];
      });
    const digest = indexOf(leavesOf(PLATFORMS));
    const leaves = leavesOf(platforms);
    const [first] = leaves;
    const root =
      all || first === undefined ? digest : platforms.length === 1 ? first.digest : indexOf(leaves);
    return {
      source: 'docker',
      digest,
      mediaType: OCI_INDEX,
      root,
      rootMediaType: root === first?.digest ? OCI_MANIFEST : OCI_INDEX,
      ...(narrow && !all ? { index: 'narrow' as const } : {}),
      platforms: platforms.toSorted(),
      leaves,
    };
  }
  const platformsOfOne = what === 'artifact' ? [] : ['linux/amd64'];
  const { mediaType, rootMediaType } = types;
  const plain = {
    digest: only.digest,
    mediaType,
    root: only.digest,
    rootMediaType,
    platforms: platformsOfOne,
    leaves: [only],
  };
  if (what === 'converted') {
    const served = of(`served ${which}`);
    return {
      source: 'docker',
      digest: served,
      mediaType: DOCKER_MANIFEST,
      root: only.digest,
      rootMediaType: OCI_MANIFEST,
      converted: { [served]: only.digest },
      format: 'oci',
      platforms: platformsOfOne,
      leaves: [only],
    };
  }
  if (what !== 'archive') return { source: 'docker', ...plain };
  const { platforms: own, leaves, ...rest } = plain;
  return {
    source: 'docker-archive',
    ...rest,
    converted: {},
    imageId: only.config,
    diffIds: [of('diff')],
    platforms: own,
    leaves,
  };
}

function lockedOf({ content, repositories, tag }: AnyImage): LockedImage {
  const own = contentOf(content);
  const [first = ''] = repositories;
  const tagged = own.index === 'narrow' ? own.root : (own.converted?.[own.digest] ?? own.digest);
  const full = first === 'app' ? 'docker.io/library/app' : first;
  const names = repositories.map((name) => `${name}:${tag ?? digestTag(tagged)}`).toSorted();
  const signature = content.signed === 0 ? undefined : signatureOf(tagged, own.mediaType, content.signed);
  const ref = tag === undefined ? `${full}@${own.digest}` : `${full}:${tag}`;
  const { platforms, leaves, ...head } = own;
  return {
    ref: own.source === 'docker' ? ref : (names[0] ?? ''),
    names,
    ...head,
    platforms,
    leaves,
    referrers:
      signature === undefined
        ? []
        : [
            {
              digest: signature,
              mediaType: OCI_MANIFEST,
              artifactType: 'application/vnd.example.signature',
              subject: tagged,
              ...(content.signed === 1 || content.which === 1
                ? { tag: `${tagged.replace(':', '-')}.sig` }
                : {}),
            },
          ],
  };
}

function signatureOf(subject: Digest, mediaType: string, nth: number): Digest {
  return put(
    jsonBytes({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.example.signature',
      config: descriptor('application/vnd.oci.empty.v1+json', blob('{}')),
      layers: [descriptor('application/vnd.example.signature', blob(`signature ${nth} of ${subject}`))],
      subject: descriptor(mediaType, subject),
    }),
  );
}

/** Locks of a few images, names and signatures, as saves make them: no two images have one name. */
export const anyLock: fc.Arbitrary<Lock> = fc.array(anyImage, { maxLength: 6 }).map((images) => {
  const taken = new Set<string>();
  const locked = images.map(lockedOf).filter((image) => {
    const { names } = image;
    // A save makes one image of what it reads twice.
    const same = JSON.stringify({ ...image, names: [] });
    if (taken.has(same)) return false;
    taken.add(same);
    const places = names.map((name) => `${repositoryPath(splitName(name).name)}:${splitName(name).tag}`);
    if (places.some((place) => taken.has(place))) return false;
    for (const place of places) taken.add(place);
    return true;
  });
  return buildLock(
    locked.map((image) => {
      const manifests = manifestsOf({ version: 1, images: [image], files: [], blobs: {} });
      const named = [...manifests].flatMap(([digest, { manifest }]) => [
        digest,
        ...(manifest.kind === 'index' ? [] : blobsOf(manifest).map((one) => one.digest)),
      ]);
      return { image, sizes: new Map(named.map((one) => [one, sizeOf(one)])), origins: [] };
    }),
  );
});
