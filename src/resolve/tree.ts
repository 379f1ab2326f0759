import { OciSaveError } from '../errors.ts';
import { attestedDigest, type Descriptor, platformOf } from '../oci/descriptor.ts';
import { type Digest, isDigest, shortDigest } from '../oci/digest.ts';
import { type ImageIndex, isImage, type Manifest, parseManifest } from '../oci/manifest.ts';
import {
  formatPlatform,
  matchesPlatform,
  normalizePlatform,
  type Platform,
  type PlatformChoice,
} from '../oci/platform.ts';
import { attestationsOf, offeredPlatforms, selectChildren } from './select.ts';

/** A manifest that was taken, with those below it. */
export interface TreeNode {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  readonly children: readonly TreeNode[];
  /** How many children of this index were left out. */
  readonly absent: number;
  readonly platform: Platform | undefined;
  /** The leaf to which this attestation belongs. */
  readonly attests: Digest | undefined;
}

export interface ManifestTree {
  readonly top: TreeNode;
  /** Every taken manifest once, parents before children. */
  readonly nodes: readonly TreeNode[];
}

/** How a tree is read. Both may ask a store or a source. */
export interface TreeReader {
  manifest(digest: Digest): Promise<Uint8Array>;
  /** The platform in an image's config; undefined where it is not to be read. */
  configPlatform(manifest: Manifest): Promise<Platform | undefined>;
  /** Told of what is odd and harmless. */
  note(message: string): void;
}

/** Indexes in indexes go no deeper than this, and no image has more manifests. */
const MAX_DEPTH = 4;
const MAX_MANIFESTS = 5000;

/**
 * Reads all manifests of an image that the choice of platforms takes. Throws `not-found` where a wanted platform
 * is missing, naming those that are there; `unsupported` for nesting or numbers beyond reason.
 */
export async function readTree(
  digest: Digest,
  bytes: Uint8Array,
  choice: PlatformChoice,
  reader: TreeReader,
): Promise<ManifestTree> {
  const offered = new Set<string>();
  let count = 0;

  const readNode = async (
    own: Pick<TreeNode, 'digest' | 'bytes' | 'platform' | 'attests'>,
    depth: number,
  ): Promise<TreeNode> => {
    count += 1;
    if (depth > MAX_DEPTH || count > MAX_MANIFESTS) {
      throw new OciSaveError({
        code: 'unsupported',
        message: 'its indexes hold more manifests than is reasonable',
      });
    }
    const manifest = parseManifest(own.bytes);
    if (manifest.kind === 'manifest') return { ...own, manifest, children: [], absent: 0 };
    for (const platform of offeredPlatforms(manifest.manifests)) offered.add(platform);
    const children = await readChildren(manifest, depth);
    const present = new Set(children.map((child) => child.digest));
    const absent = new Set(
      manifest.manifests.map((child) => child.digest).filter((child) => !present.has(child)),
    );
    return { ...own, manifest, children, absent: absent.size };
  };

  const readChild = async (child: Descriptor, depth: number): Promise<TreeNode> => {
    const childBytes = await reader.manifest(child.digest);
    if (childBytes.length !== child.size) {
      reader.note(
        `its index says that ${shortDigest(child.digest)} has ${child.size} bytes; it has ${childBytes.length}`,
      );
    }
    const attested = attestedDigest(child);
    const platform = platformOf(child);
    return readNode(
      {
        digest: child.digest,
        bytes: childBytes,
        platform: platform === undefined || attested !== undefined ? undefined : normalizePlatform(platform),
        attests: attested !== undefined && isDigest(attested) ? attested : undefined,
      },
      depth + 1,
    );
  };

  const readChildren = async (index: ImageIndex, depth: number): Promise<TreeNode[]> => {
    const selection = selectChildren(index, choice);
    const read = (children: readonly Descriptor[]): Promise<TreeNode[]> =>
      Promise.all(children.map((child) => readChild(child, depth)));
    const [leaves, indexes, unknown] = await Promise.all([
      read(selection.leaves),
      read(selection.indexes),
      read(selection.unknown),
    ]);
    const told = await Promise.all(unknown.map((node) => withConfigPlatform(node, reader)));
    const taken = [
      ...leaves,
      ...indexes.filter((node) => node.children.length > 0),
      ...told.filter((node) => node.platform === undefined || isChosen(node.platform, choice)),
    ];
    const digests = new Set<string>(taken.map((node) => node.digest));
    const all = [...taken, ...(await read(attestationsOf(selection.attestations, digests, choice)))];
    return inOrderOf(index, all);
  };

  const read = await readNode({ digest, bytes, platform: undefined, attests: undefined }, 0);
  const top = read.manifest.kind === 'manifest' ? await withConfigPlatform(read, reader) : read;
  const tree = { top, nodes: flatten(top) };
  refuseMissing(tree, choice, [...offered]);
  return tree;
}

function isChosen(platform: Platform, choice: PlatformChoice): boolean {
  return choice === 'all' || choice.some((wanted) => matchesPlatform(wanted, platform));
}

async function withConfigPlatform(node: TreeNode, reader: TreeReader): Promise<TreeNode> {
  if (node.manifest.kind !== 'manifest' || !isImage(node.manifest)) return node;
  const platform = await reader.configPlatform(node.manifest);
  return platform === undefined ? node : { ...node, platform: normalizePlatform(platform) };
}

/** The children as the index lists them, each digest once. */
function inOrderOf(index: ImageIndex, nodes: readonly TreeNode[]): TreeNode[] {
  const byDigest = new Map(nodes.map((node) => [node.digest, node]));
  const digests = new Set(index.manifests.map((child) => child.digest));
  return [...digests].flatMap((digest) => byDigest.get(digest) ?? []);
}

function flatten(top: TreeNode): TreeNode[] {
  const nodes = new Map<Digest, TreeNode>();
  const visit = (node: TreeNode): void => {
    if (nodes.has(node.digest)) return;
    nodes.set(node.digest, node);
    node.children.forEach(visit);
  };
  visit(top);
  return [...nodes.values()];
}

/** An artifact has no platform, and nothing that offers none can miss one. */
function refuseMissing(
  { top, nodes }: ManifestTree,
  choice: PlatformChoice,
  offered: readonly string[],
): void {
  if (choice === 'all') return;
  const found = nodes.flatMap((node) => (node.platform === undefined ? [] : [node.platform]));
  if (found.length === 0 && offered.length === 0) return;
  const missing = choice.filter((wanted) => !found.some((platform) => matchesPlatform(wanted, platform)));
  if (missing.length === 0) return;
  const names = missing.map(formatPlatform).join(', ');
  const there = top.manifest.kind === 'manifest' ? found.map(formatPlatform) : offered;
  throw new OciSaveError({
    code: 'not-found',
    message: `it has no ${names}; it has ${there.length > 0 ? there.join(', ') : 'no platform'}`,
    hint: `Choose others with --platforms, or for this image alone: '--platform=${there[0] ?? 'os/arch'} …' in the list.`,
  });
}
