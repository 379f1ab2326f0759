import { OciSaveError } from '../errors.ts';
import { MAX_CONFIG_BYTES } from '../oci/config.ts';
import type { ManifestBytes } from '../image/index.ts';
import { attestedDigest, type Descriptor, platformOf } from '../oci/descriptor.ts';
import { type Digest, isDigest, shortDigest } from '../oci/digest.ts';
import { type ImageIndex, type ImageManifest, isImage } from '../oci/manifest.ts';
import {
  formatPlatform,
  missingPlatforms,
  normalizePlatform,
  type Platform,
  type PlatformChoice,
} from '../oci/platform.ts';
import { hint, option } from '../text/hint.ts';
import { distinct, type ManifestTree, type TreeNode, treeOf } from './node.ts';
import {
  attestationsOf,
  type Child,
  type Choice,
  isWanted,
  offeredPlatforms,
  refuseFaulty,
  selectChildren,
} from './select.ts';

/** How a tree is read, from a store or a source. */
export interface TreeReader {
  manifest(digest: Digest): Promise<ManifestBytes>;
  /** Called with descriptors of a manifest before what they describe is read: they may embed it. */
  embedded(descriptors: readonly Descriptor[], from: Digest): Promise<void>;
  /** The platform in an image's config. */
  configPlatform(manifest: ImageManifest): Promise<Platform>;
  /** Called with what is unusual and harmless. */
  note(message: string): void;
}

/** The platforms that are taken of an image, and what happens where it has only some of them. */
export interface WantedPlatforms {
  readonly choice: PlatformChoice;
  /** Exactly these manifests, where a lock has them. */
  readonly takes?: Choice['takes'];
  readonly onMissing: 'fail' | 'warn';
}

/** The limits of nested indexes, and of an image's manifests and their bytes. */
const MAX_DEPTH = 4;
const MAX_MANIFESTS = 5000;
const MAX_TREE_BYTES = 64 * 1024 * 1024;

/**
 * Reads all manifests of an image that the choice of platforms takes.
 * @throws OciSaveError `not-found` where a wanted platform is missing (with `warn`, where all are), naming those that are
 *   there; `unsupported` for what is not valid, and for nesting or numbers beyond reason
 */
export async function readTree(
  served: ManifestBytes,
  wanted: WantedPlatforms,
  reader: TreeReader,
): Promise<ManifestTree> {
  const choice: Choice = { platforms: wanted.choice, takes: wanted.takes };
  const offered: Platform[] = [];
  let count = 0;
  let treeBytes = 0;
  let claims = 0;

  const readNode = async (
    own: Pick<TreeNode, 'digest' | 'bytes' | 'manifest' | 'platforms' | 'attests'>,
    depth: number,
  ): Promise<TreeNode> => {
    count += 1;
    treeBytes += own.bytes.length;
    if (depth > MAX_DEPTH || count > MAX_MANIFESTS || treeBytes > MAX_TREE_BYTES) throw unreasonable();
    const { manifest } = own;
    if (manifest.kind === 'manifest') {
      refuseLargeConfig(manifest);
      await reader.embedded([manifest.config, ...manifest.layers], own.digest);
      return { ...own, children: [], absent: 0 };
    }
    offered.push(...offeredPlatforms(manifest));
    const children = await readChildren(manifest, own.digest, depth);
    const present = new Set(children.map((child) => child.digest));
    refuseFaulty(manifest, present, choice);
    const listed = new Set(manifest.manifests.map((child) => child.digest));
    return { ...own, children, absent: listed.size - present.size + manifest.faulty.length };
  };

  const readChild = async (
    child: Child,
    parent: Digest,
    depth: number,
    attests: readonly Digest[] = [],
  ): Promise<TreeNode> => {
    const platforms = attests.length > 0 ? [] : platformsOf(child);
    const digest = shortDigest(child.digest);
    try {
      await reader.embedded(child.entries, parent);
      const read = await reader.manifest(child.digest);
      const sizes = new Set(child.entries.map(({ size }) => size));
      sizes.delete(read.bytes.length);
      for (const size of sizes) {
        reader.note(`its index says that ${digest} has ${size} bytes; it has ${read.bytes.length}`);
      }
      if (read.claimed !== undefined && (claims += 1) === 1) {
        reader.note(
          `its registry says that ${digest} has the digest ${shortDigest(read.claimed)}; the bytes count`,
        );
      }
      const { bytes, manifest } = read;
      return await readNode({ digest: child.digest, bytes, manifest, platforms, attests }, depth + 1);
    } catch (error) {
      const role = attests.length > 0 ? 'attestation' : 'child';
      throw childError(`its ${role} ${[...platforms.map(formatPlatform), digest].join(', ')}`, parent, error);
    }
  };

  const readChildren = async (index: ImageIndex, digest: Digest, depth: number): Promise<TreeNode[]> => {
    const { leaves, indexes, unknown, attestations } = selectChildren(index, choice);
    if (count + leaves.length + indexes.length + unknown.length > MAX_MANIFESTS) throw unreasonable();
    const read = (children: readonly Child[]): Promise<TreeNode[]> =>
      Promise.all(children.map((child) => readChild(child, digest, depth)));
    const [known, configured] = await Promise.all([
      read([...leaves, ...indexes]),
      read(unknown).then((nodes) => Promise.all(nodes.map((node) => withConfigPlatform(node, reader)))),
    ]);
    for (const { platforms } of configured) offered.push(...platforms);
    const taken = [
      ...known,
      ...configured.filter(
        ({ platforms }) =>
          choice.takes !== undefined ||
          platforms.length === 0 ||
          platforms.some((one) => isWanted(one, choice.platforms)),
      ),
    ].filter(({ manifest, children }) => manifest.kind === 'manifest' || children.length > 0);
    const digests = new Set<string>(taken.map((node) => node.digest));
    const attesting = await Promise.all(
      attestationsOf(attestations, digests, choice).map((child) =>
        readChild(child, digest, depth, attestedDigests(child, digests)),
      ),
    );
    // As the index lists them, each digest once.
    const byDigest = new Map([...taken, ...attesting].map((node) => [node.digest, node]));
    return [...new Set(index.manifests.map(({ digest }) => byDigest.get(digest)))].filter(
      (node) => node !== undefined,
    );
  };

  const read = await readNode({ ...served, platforms: [], attests: [] }, 0);
  const tree = treeOf(await withConfigPlatform(read, reader));
  const found = tree.nodes.flatMap(({ platforms }) => platforms);
  if (tree.nodes.every(({ manifest }) => manifest.kind === 'index')) reader.note('its index lists nothing');
  if (wanted.takes !== undefined) return tree;
  refuseMissing(wanted, found, distinct(offered));
  const left = siblingsLeft(wanted.choice, found, distinct(offered));
  if (left.length > 0) reader.note(`it also has ${namesOf(left)}, not among the wanted platforms`);
  return tree;
}

/** The platforms for which an index lists a child. */
function platformsOf({ entries }: Child): Platform[] {
  return distinct(entries.flatMap((entry) => platformOf(entry) ?? []).map(normalizePlatform));
}

/** The children to which an attestation belongs: those that were taken, where any was. */
function attestedDigests({ entries }: Child, taken: ReadonlySet<string>): Digest[] {
  const digests = [...new Set(entries.map((entry) => attestedDigest(entry) ?? ''))].filter(isDigest);
  const present = digests.filter((digest) => taken.has(digest));
  return present.length > 0 ? present : digests;
}

async function withConfigPlatform(node: TreeNode, reader: TreeReader): Promise<TreeNode> {
  if (node.manifest.kind !== 'manifest' || !isImage(node.manifest)) return node;
  const platform = await reader.configPlatform(node.manifest);
  return { ...node, platforms: distinct([...node.platforms, normalizePlatform(platform)]) };
}

/** Configs are read into memory; of an artifact it may be anything. */
function refuseLargeConfig(manifest: ImageManifest): void {
  const { digest, size } = manifest.config;
  if (!isImage(manifest) || size <= MAX_CONFIG_BYTES) return;
  const message = `its config, ${shortDigest(digest)}, has ${size} bytes; no image config has more than ${MAX_CONFIG_BYTES}`;
  throw new OciSaveError({ code: 'unsupported', message });
}

function unreasonable(): OciSaveError {
  return new OciSaveError({
    code: 'unsupported',
    message: 'its indexes hold more manifests than is reasonable',
  });
}

/**
 * An error about a child's content names the child; one about reading it has its address, and where it is not there, its
 * index and why that may be.
 */
function childError(who: string, index: Digest, error: unknown): unknown {
  if (!(error instanceof OciSaveError)) return error;
  if (error.code === 'unsupported') return error.reworded(`${who}: ${error.message}`);
  // A child's own child has said it.
  if (error.code !== 'not-found' || error.hintParts === MISSING_CHILD) return error;
  const { code, message, cause } = error;
  return new OciSaveError({
    code,
    message: `${who}, of the index ${shortDigest(index)}, is not there: ${message}`,
    hint: MISSING_CHILD,
    cause,
  });
}

const MISSING_CHILD =
  'A proxy may give manifests by tag and not by digest: ask the registry behind it. Else the index is broken where it is: ' +
  'have it pushed again, or leave that platform out.';

/** How many platforms a message names. */
const MAX_NAMED = 20;

function namesOf(platforms: readonly Platform[]): string {
  const named = platforms.slice(0, MAX_NAMED).map(formatPlatform).join(', ');
  return platforms.length > MAX_NAMED ? `${named} and ${platforms.length - MAX_NAMED} more` : named;
}

/**
 * Refuses an image without a wanted platform, or with `warn` without any of them. Artifacts, and indexes that list no
 * platform, are never refused.
 * @param found the platforms of what was taken
 * @param offered the platforms that its indexes list; empty where there is no index
 * @throws OciSaveError `not-found`, naming what is there
 */
function refuseMissing(
  { choice, onMissing }: WantedPlatforms,
  found: readonly Platform[],
  offered: readonly Platform[],
): void {
  const there = offered.length > 0 ? offered : found;
  if (choice === 'all' || there.length === 0) return;
  const missing = found.length === 0 ? choice : missingPlatforms(choice, found);
  const hasSome = missing.length < choice.length;
  if (missing.length === 0 || (hasSome && onMissing === 'warn')) return;
  const [first] = there.map(formatPlatform);
  const others = hint`Choose others with ${option('platforms')}, or for this image alone: '--platform=${first ?? 'os/arch'} …' in the list.`;
  throw new OciSaveError({
    code: 'not-found',
    message: `it has no ${missing.map(formatPlatform).join(', ')}; it has ${namesOf(there)}`,
    hint: hasSome
      ? hint`${others} Or save those that it has: ${option('onMissingPlatform', 'warn')}.`
      : others,
  });
}

/** What an image offers for the system and architecture of a wanted platform, and was not taken: variants, builds. */
function siblingsLeft(
  choice: PlatformChoice,
  found: readonly Platform[],
  offered: readonly Platform[],
): Platform[] {
  if (choice === 'all') return [];
  const taken = new Set(found.map(formatPlatform));
  return offered.filter(
    (platform) =>
      !taken.has(formatPlatform(platform)) &&
      choice.some(({ os, architecture }) => os === platform.os && architecture === platform.architecture),
  );
}
