import fc from 'fast-check';
import { buildLock, type Lock, type LockedImage, splitName, repositoryPath } from '../../src/lock/index.ts';
import { type Digest, digestOf, digestTag } from '../../src/oci/digest.ts';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts';

const of = (text: string): Digest => digestOf(new TextEncoder().encode(text));

const sizes = new Map<Digest, number>();
/** A digest of a text, whose blob has always the same size. */
function blob(text: string): Digest {
  const digest = of(text);
  sizes.set(digest, text.length * 37);
  return digest;
}

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

function contentOf({ what, which, platforms, narrow }: AnyImage['content']): Content {
  type Leaf = LockedImage['leaves'][number];
  const leaf = (name: string, role: Pick<Leaf, 'platform' | 'attests'>): Leaf => ({
    digest: blob(name),
    mediaType: OCI_MANIFEST,
    ...role,
    config: blob(`${name} config`),
    layers: [blob(`layer of ${which}`), blob(`${name} layer`), blob(`layer of ${which}`)],
  });
  const only = leaf(`${what} ${which}`, what === 'artifact' ? {} : { platform: 'linux/amd64' });
  const types = { mediaType: OCI_MANIFEST, rootMediaType: OCI_MANIFEST };
  if (what === 'index') {
    const all = platforms.length === PLATFORMS.length;
    const digest = blob(`index ${which}`);
    const leaves = platforms.flatMap((platform) => {
      const image = leaf(`index ${which} ${platform}`, { platform });
      return [image, leaf(`index ${which} ${platform} attestation`, { attests: image.digest })];
    });
    const [first] = leaves;
    const root =
      all || first === undefined
        ? digest
        : platforms.length === 1
          ? first.digest
          : blob(`narrowed ${which} ${platforms.join()}`);
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
  const signature = content.signed === 0 ? undefined : blob(`signature ${content.signed} of ${tagged}`);
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

/** Locks of a few images, names and signatures, as saves make them: no two images have one name. */
export const anyLock: fc.Arbitrary<Lock> = fc.array(anyImage, { maxLength: 6 }).map((images) => {
  const taken = new Set<string>();
  const locked = images.map(lockedOf).filter(({ names }) => {
    const places = names.map((name) => `${repositoryPath(splitName(name).name)}:${splitName(name).tag}`);
    if (places.some((place) => taken.has(place))) return false;
    for (const place of places) taken.add(place);
    return true;
  });
  return buildLock(
    locked.map((image) => {
      const named = [
        image.root,
        image.source === 'docker' && image.converted !== undefined ? image.root : image.digest,
        ...image.leaves.flatMap((leaf) => [leaf.digest, leaf.config, ...leaf.layers]),
        ...image.referrers.flatMap(({ digest, subject }) => [digest, subject]),
      ];
      return { image, sizes: new Map(named.map((one) => [one, sizes.get(one) ?? 0])), origins: [] };
    }),
  );
});
